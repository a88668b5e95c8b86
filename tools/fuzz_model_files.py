"""Feeds the readers of model files with inputs that a coverage-guided fuzzer makes.

    pip install atheris numpy pydantic safetensors ml_dtypes
    PYTHONPATH=src python tools/fuzz_model_files.py --inputs 100000

Atheris (libFuzzer) mutates good files, byte by byte and value by value of the JSON inside, and
keeps each mutant that reaches new branches of regard's readers: `model.json`, `config.toml`, the
arrays of weights and states, a state's manifest, the parts of a `.keras` archive and its
configuration. A reader may give a value or raise `DataError`; anything else is a finding, and so
is what safetensors' own library reads otherwise. A hook of Python (`sys.addaudithook`) ends the run
at code that is compiled, at a program, a socket, a pickle, at a module that was not loaded before,
or at a file that is written. Keras is not loaded.
"""

import argparse
import copy
import io
import json
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
import zipfile
from pathlib import Path

import atheris
import ml_dtypes
import numpy as np
import safetensors

with atheris.instrument_imports(include=["regard", "zipfile", "json", "tomllib"]):
    from regard import arrays
    from regard.errors import DataError
    from regard.models import stored
    from regard.models.foreign import archive, config
    from regard.training import checkpoint, facts, run

FOLDER = Path(tempfile.mkdtemp(prefix="fuzz-"))
MEMORY = 4 << 30
NEVER = (
    "compile",
    "marshal.loads",
    "os.",
    "pickle.find_class",
    "pty.spawn",
    "shutil.",
    "socket.",
    "subprocess.Popen",
)
READS = ("os.listdir", "os.scandir", "os.walk", "os.fwalk", "os.stat", "os.putenv", "os.unsetenv")
counts = {"inputs": 0, "refused": 0, "longest": 0.0}
watching = False
READER, INPUTS, KNOWN = 0, 0, set()


def watch(event, arguments):
    if not watching or event in READS:
        return
    is_write = event == "open" and (arguments[2] or 0) & (os.O_WRONLY | os.O_RDWR)
    if event == "import" and arguments[0].split(".")[0] not in KNOWN:
        raise SystemError(f"an input led to the import of {arguments[0]}")
    if is_write or event.startswith(NEVER):
        raise SystemError(f"an input led to {event} {arguments!r:.200}")


def read_description(data):
    (FOLDER / stored.MODEL).write_bytes(data)
    yield
    stored.read_description(FOLDER)


def read_config(data):
    (FOLDER / "config.toml").write_bytes(data)
    yield
    run.read_config(FOLDER)


def read_arrays(data):
    yield
    found = arrays.from_bytes(data, "x")
    library = dict(safetensors.deserialize(data))
    same = {n: (tuple(e["shape"]), bytes(e["data"])) for n, e in library.items()}
    if same != {n: (a.shape, a.tobytes()) for n, a in found.items()}:
        raise AssertionError("the library of safetensors reads it otherwise")


def read_state(data):
    """A state whose digest is right: the input is its arrays, a zero byte and its facts."""
    text, _, payload = data.partition(b"\0")
    file = FOLDER / "state.safetensors"
    file.write_bytes(payload)
    try:
        found = json.loads(text)
        if isinstance(found, dict):
            found["sha256"] = checkpoint._digest(payload, found)
            text = json.dumps(found).encode()
    except (ValueError, RecursionError):
        pass
    file.with_suffix(".json").write_bytes(text)
    yield
    facts.checked_facts(*reversed(checkpoint.read_arrays(file)), FOLDER)


def read_archive(data):
    file = FOLDER / "model.keras"
    file.write_bytes(data)
    yield
    found, _ = archive.read_archive(file)
    config.checked_config(found, "x")


def read_model_config(data):
    yield
    try:
        found = archive.parse(data)
    except ValueError as error:
        raise DataError("no JSON object") from error
    config.checked_config(found, "x")


TARGETS = (read_description, read_config, read_arrays, read_state, read_archive, read_model_config)
LAYER = {
    "module": "keras.layers",
    "class_name": "Dense",
    "config": {"name": "d", "units": 2, "activation": "relu", "kernel_regularizer": None},
    "registered_name": None,
    "build_config": {"input_shape": [None, 3]},
}
TENSOR = {"class_name": "__keras_tensor__", "config": {"shape": [None, 3], "dtype": "float32"}}
FUNCTION = {"module": "builtins", "class_name": "function", "config": "relu"}
OURS = {
    "module": "regard.layers.attention",
    "class_name": "Attention",
    "config": {"units": 2, "activation": FUNCTION},
    "registered_name": "regard>Attention",
}
MODEL = {
    "module": "keras",
    "class_name": "Sequential",
    "config": {"name": "s", "layers": [LAYER, OURS], "args": [TENSOR]},
    "registered_name": None,
    "compile_config": {"loss": {"class_name": "Lambda"}},
}
VALUES = (None, True, 0, -1, 1, 2**24, 2**48, 10**30, 0.5, 1e300, "", "x" * 2000, [], {}, [[1]])
STATE = {
    "epoch": 1,
    "step": 2,
    "seed": 3,
    "shape": {"samples": 4},
    "variables": [[2, 3]],
    "callbacks": [["History", {"epoch": [0], "best": {"array": "array/0"}}]],
    "random": [{"array": "array/0"}],
}


def seeds():
    """Yields good inputs for each target."""
    yield (
        0,
        stored.Description(network="tutorial", input_shape=(28, 28, 1), classes=10, sha256="0" * 64)
        .model_dump_json()
        .encode(),
    )
    yield 1, b'[recipe]\nepochs = 3\n[data]\nname = "x"\nclass_names = ["a", "b"]\n'
    payload = arrays.to_bytes({"variable/0": np.ones((2, 3), "f4"), "array/0": np.arange(3)})
    yield 2, payload
    yield 2, arrays.to_bytes({"b": np.ones(2, ml_dtypes.bfloat16)})
    yield 2, arrays.to_bytes({"": np.zeros((0, 2), "f2"), "ü": np.array(True)})
    yield 3, json.dumps(STATE).encode() + b"\0" + payload
    text = json.dumps(MODEL).encode()
    for method in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        yield 4, zipped(text, method)
    yield 5, text


def zipped(text, method=zipfile.ZIP_STORED):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", method) as file:
        file.writestr("metadata.json", "{}")
        file.writestr("config.json", text)
        file.writestr("model.weights.h5", archive._HDF5 + b"weights")
    return stream.getvalue()


def json_of(target, data):
    """Returns the JSON inside an input, and a function that makes an input of other JSON."""
    if target == 2:
        size = int.from_bytes(data[:8], "little")
        rest = data[8 + size :]
        return data[8 : 8 + size], lambda text: len(text).to_bytes(8, "little") + text + rest
    if target == 3:
        text, _, payload = data.partition(b"\0")
        return text, lambda text: text + b"\0" + payload
    if target == 4:
        with zipfile.ZipFile(io.BytesIO(data)) as file:
            return file.read("config.json"), zipped
    return data, lambda text: text


def mutated(data, max_size, seed):
    """Changes a value of the JSON inside an input, or its bytes."""
    chance = random.Random(seed)
    if chance.random() < 0.4:
        return atheris.Mutate(data, max_size)
    try:
        text, made = json_of(READER, bytes(data))
        value = json.loads(text)
    except Exception:  # what was mutated before may be no archive and no JSON
        return atheris.Mutate(data, max_size)
    for _ in range(chance.choice((1, 1, 2, 4))):
        change(value, chance)
    try:
        return made(json.dumps(value).encode())
    except (RecursionError, UnicodeEncodeError):
        return atheris.Mutate(data, max_size)


def change(value, chance):
    """Changes one place of a tree: another value, another name, a copy of another place, none."""
    places = []

    def walk(tree):
        for key in tree if isinstance(tree, dict) else range(len(tree)):
            places.append((tree, key))
            if isinstance(tree[key], dict | list):
                walk(tree[key])

    if isinstance(value, dict | list):
        walk(value)
    if not places:
        return
    tree, key = chance.choice(places)
    way = chance.randrange(4)
    if way == 0:
        del tree[key]
    elif way == 1 and isinstance(tree, dict):
        tree[chance.choice(WORDS)] = tree.pop(key)
    else:
        other, at = chance.choice(places)
        values = [*VALUES, *WORDS, other.get(at) if isinstance(other, dict) else None]
        tree[key] = copy.deepcopy(chance.choice(values))


def dictionary():
    """Writes the words of the formats for the fuzzer to insert, and returns the file's path."""
    file = FOLDER / "dictionary"
    file.write_text("".join(f'"{word}"\n' for word in WORDS))
    return file


def words():
    """Returns the words of the formats."""
    words = {*archive._MEMBERS, *stored.Description.model_fields, *facts.Facts.model_fields}
    words |= {"Lambda", "__lambda__", "__numpy__", "__slice__", "F64", "BF16", "Infinity", "1e999"}
    words |= {word for word in json.dumps([MODEL, STATE]).split('"') if word.isidentifier()}
    return sorted(words)


WORDS = words()


def one_input(data):
    """Reads one input."""
    global watching
    counts["inputs"] += 1
    reading = TARGETS[READER](data)
    started = time.process_time()
    next(reading)  # what a reader reads from is written first, which is not watched
    watching = True
    try:
        for _ in reading:
            pass
    except DataError as error:
        counts["refused"] += 1
        if "\n" in str(error) or len(str(error)) > 1000:
            raise AssertionError(f"a message of {len(str(error))} letters") from None
    finally:
        watching = False
        counts["longest"] = max(counts["longest"], time.process_time() - started)
    if counts["inputs"] == INPUTS:
        report()


def report():
    """Prints what was read, and what it took."""
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**10
    print(
        f"{TARGETS[READER].__name__}: {counts['inputs']:,} inputs, {counts['refused']:,} refused, "
        f"longest {counts['longest']:.2f} s, at most {memory:.0f} MiB",
        flush=True,
    )


def fuzz(inputs, seed):
    """Fuzzes one reader; does not return."""
    global INPUTS, KNOWN
    corpus = FOLDER / "corpus"
    corpus.mkdir()
    good = [data for target, data in seeds() if target == READER]
    for number, data in enumerate(good):
        one_input(data)
        (corpus / str(number)).write_bytes(data)
    if counts["refused"]:
        raise SystemExit("a good input was refused")
    INPUTS, KNOWN = inputs, {name.split(".")[0] for name in sys.modules}
    counts.update(inputs=0, longest=0.0)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    sys.addaudithook(watch)
    arguments = [f"-runs={inputs}", f"-seed={seed}", "-max_len=8192", "-timeout=20"]
    arguments += [f"-dict={dictionary()}", "-rss_limit_mb=2048", f"-artifact_prefix={FOLDER}/"]
    atheris.Setup([sys.argv[0], *arguments, str(corpus)], one_input, custom_mutator=mutated)
    atheris.Fuzz()


def main():
    """Fuzzes each reader in a process of its own."""
    global READER
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--inputs", type=int, default=100_000, help="of all readers")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--reader", type=int, help="number of the one to fuzz")
    options = parser.parse_args()
    if options.reader is not None:
        READER = options.reader
        fuzz(options.inputs, options.seed)
    failed = 0
    for number in range(len(TARGETS)):
        share = ["--inputs", str(-(-options.inputs // len(TARGETS))), "--seed", str(options.seed)]
        command = [sys.executable, __file__, "--reader", str(number), *share]
        done = subprocess.run(command, stderr=subprocess.PIPE, text=True)
        if done.returncode:
            print(f"{TARGETS[number].__name__}: a finding\n{done.stderr[-3000:]}")
            failed += 1
    print(f"{failed} of {len(TARGETS)} readers have findings")
    raise SystemExit(bool(failed))


if __name__ == "__main__":
    main()
