"use strict";
const data = JSON.parse(document.getElementById("data").textContent);
const slider = document.getElementById("slider");
const play = document.getElementById("play");
const maps = [...document.querySelectorAll(".frames .over")];
const notes = [...document.querySelectorAll(".frames .note")];
let timer = null;

function draw() {
  const frame = Number(slider.value);
  maps.forEach((map, image) => { map.src = data.maps[frame][image]; });
  notes.forEach((note, image) => { note.textContent = data.flat[frame][image] ? ", uniform" : ""; });
  document.getElementById("label").textContent = data.labels[frame];
  slider.setAttribute("aria-valuetext", data.labels[frame]);
}

function stop() {
  clearInterval(timer);
  timer = null;
  play.textContent = "Play";
}

function start() {
  if (Number(slider.value) === data.labels.length - 1) slider.value = -1;
  timer = setInterval(() => {
    slider.value = Number(slider.value) + 1;
    draw();
    if (Number(slider.value) === data.labels.length - 1) stop();
  }, 500);
  play.textContent = "Pause";
}

slider.addEventListener("input", () => { stop(); draw(); });
play.addEventListener("click", () => (timer === null ? start() : stop()));
draw();
