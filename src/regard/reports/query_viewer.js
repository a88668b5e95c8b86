"use strict";
const data = JSON.parse(document.getElementById("data").textContent);
const [rows, columns] = data.axes;
const pixels = rows.size * columns.size;
const byId = (id) => document.getElementById(id);
const state = { query: Math.floor(rows.size / 2) * columns.size + Math.floor(columns.size / 2), key: null, head: 0 };

const bytes = Uint8Array.from(atob(data.attention), (letter) => letter.charCodeAt(0));
const attention = new Float32Array(bytes.buffer);

function attended(head, query) {
  const heads = head < data.heads ? [head] : [...Array(data.heads).keys()];
  const values = new Float64Array(pixels);
  for (const each of heads) {
    const start = (each * pixels + query) * pixels;
    for (let key = 0; key < pixels; key++) values[key] += attention[start + key] / heads.length;
  }
  const isFlat = data.flat[head][query] === "1";
  return isFlat ? values.fill(values.reduce((sum, value) => sum + value) / pixels) : values;
}

function ends(values) {
  return state.isOwn ? [Math.min(...values), Math.max(...values)] : data.ends[state.head];
}

function color(value, [low, high]) {
  const far = Math.max(Math.abs(low), Math.abs(high));
  let place = 0.5;
  if (data.signed) place = far ? 0.5 + value / far / 2 : 0.5;
  else if (high > low) place = (value - low) / (high - low);
  return data.colors[Math.max(0, Math.min(255, Math.floor(place * 256)))];
}

function text(value, [low, high]) {
  const far = Math.max(Math.abs(low), Math.abs(high));
  const digits = high > low ? 2 + Math.ceil(Math.log10(far / (high - low))) : 3;
  return String(Number(value.toPrecision(Math.max(3, Math.min(digits, 8)))));
}

const rowOf = (index) => Math.floor(index / columns.size);
const columnOf = (index) => index % columns.size;
const named = (index) => `row ${rowOf(index)}, column ${columnOf(index)}`;

function box(index, width, height) {
  const span = (axis, n, length, limit) => {
    const middle = axis.start + axis.step * n;
    const from = Math.max(middle - length / 2, -0.5), to = Math.min(middle + length / 2, limit - 0.5);
    return [from, Math.max(to - from, 0)];
  };
  const [y, h] = span(rows, rowOf(index), height, data.image[0]);
  const [x, w] = span(columns, columnOf(index), width, data.image[1]);
  return `x="${x}" y="${y}" width="${w}" height="${h}"`;
}

const cell = (index) => box(index, columns.step, rows.step);
const edge = (place, kind) => ["dark", "light"].map((tone) => `<rect class="edge ${kind} ${tone}" ${place}/>`).join("");
const everyCell = Array.from({ length: pixels }, (_, index) => `<rect ${cell(index)}/>`).join("");
byId("grid").innerHTML = everyCell;
byId("map").innerHTML = everyCell;
const drawn = [...byId("map").children];

function drawBar([low, high]) {
  const stops = Array.from({ length: 33 }, (_, n) => color(low + (n / 32) * (high - low), [low, high]));
  byId("colors").style.background = `linear-gradient(to right, ${stops.join(", ")})`;
  const [from, to] = [text(low, [low, high]), text(high, [low, high])];
  byId("low").textContent = from;
  byId("high").textContent = high > low ? to : "";
  const zero = low < 0 && high > 0 ? -low / (high - low) : 0;
  byId("zero").textContent = zero > 0.15 && zero < 0.85 ? "0" : "";
  byId("zero").style.left = `${100 * zero}%`;
  byId("colors").setAttribute("aria-label", `Colours of the values from ${from} to ${to}`);
}

function tell(values, range) {
  const textOf = (key) => text(values[key], range);
  const order = [...values.keys()].sort((a, b) => values[b] - values[a]).slice(0, 3);
  const isFlat = data.flat[state.head][state.query] === "1";
  byId("told").textContent = isFlat
    ? `The pixel at ${named(state.query)} attends to all pixels alike: uniform, ${textOf(0)} each.`
    : `The pixel at ${named(state.query)} attends most to ${order.map((key) => `${named(key)} (${textOf(key)})`).join("; ")}.`;
  byId("value").textContent = state.key === null
    ? "Point at a pixel of the right picture to read its value."
    : `${named(state.key)[0].toUpperCase()}${named(state.key).slice(1)} gets ${textOf(state.key)}.`;
}

function draw() {
  const values = attended(state.head, state.query);
  const range = ends(values);
  drawn.forEach((rect, key) => rect.setAttribute("fill", color(values[key], range)));
  byId("query").innerHTML = edge(box(state.query, columns.field, rows.field), "field") + edge(cell(state.query), "");
  byId("origin").innerHTML = edge(cell(state.query), "field");
  byId("key").innerHTML = state.key === null ? "" : edge(cell(state.key), "");
  drawBar(range);
  tell(values, range);
}

function nearest(axis, place) {
  return Math.max(0, Math.min(axis.size - 1, Math.round((place - axis.start) / axis.step)));
}

function under(panel, event) {
  const svg = panel.querySelector("svg");
  const point = new DOMPoint(event.clientX, event.clientY).matrixTransform(svg.getScreenCTM().inverse());
  return nearest(rows, point.y) * columns.size + nearest(columns, point.x);
}

const steps = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };

function follow(panel, what) {
  const move = (event) => {
    state[what] = under(panel, event);
    draw();
  };
  panel.addEventListener("pointerdown", move);
  panel.addEventListener("pointermove", move);
  panel.addEventListener("keydown", (event) => {
    if (!(event.key in steps)) return;
    event.preventDefault();
    const [down, right] = steps[event.key];
    const from = state[what] ?? state.query;
    const row = Math.max(0, Math.min(rows.size - 1, rowOf(from) + down));
    const column = Math.max(0, Math.min(columns.size - 1, columnOf(from) + right));
    state[what] = row * columns.size + column;
    draw();
  });
}

follow(byId("from"), "query");
follow(byId("to"), "key");
byId("head")?.addEventListener("change", (event) => { state.head = Number(event.target.value); draw(); });
byId("range").addEventListener("change", (event) => { state.isOwn = event.target.value === "own"; draw(); });
state.head = Number(byId("head")?.value ?? 0);
state.isOwn = byId("range").value === "own";
draw();
