"""Run folders and states of trainings that somebody altered: name, how it is read, what is said."""

import hashlib
import json
import os
import pickle

from tests.models.hostile.case import Case, Payload

DEEP = 100_000


def described(change):
    """A run whose `model.json` has other values; the digest of the weights stays right."""

    def make(folder, base):
        value = json.loads((base.run / "model.json").read_text()) | change
        return as_text(json.dumps(value).encode())(folder, base)

    return make


def as_text(content):
    """A run whose `model.json` has other bytes."""

    def make(folder, base):
        base.copy_run(folder)
        (folder / "model.json").write_bytes(content)
        return folder

    return make


def instead(name, put):
    """A run with something else in place of a file."""

    def make(folder, base):
        base.copy_run(folder)
        file = folder / (base.weights if name == "weights" else name)
        file.unlink()
        put(file)
        return folder

    return make


def weighed(change):
    """A run with other weights' bytes, for which the digest is right."""

    def make(folder, base):
        base.copy_run(folder)
        payload = change((folder / base.weights).read_bytes())
        digest = hashlib.sha256(payload).hexdigest()
        (folder / base.weights).unlink()
        (folder / f"model-{digest[:16]}.safetensors").write_bytes(payload)
        value = json.loads((folder / "model.json").read_text()) | {"sha256": digest}
        (folder / "model.json").write_text(json.dumps(value))
        return folder

    return make


def headed(change):
    """A run whose weights have another header."""

    def changed(payload):
        size = int.from_bytes(payload[:8], "little")
        header = json.loads(payload[8 : 8 + size])
        header.pop("__metadata__", None)
        header = change(header) or header
        text = header if isinstance(header, bytes) else json.dumps(header).encode()
        return len(text).to_bytes(8, "little") + text + payload[8 + size :]

    return weighed(changed)


def set_in(header, **values):
    header["000/kernel"] |= values


def valued(number):
    """A run with a float that is not finite as the last of the weights."""
    import struct

    return weighed(lambda payload: payload[:-4] + struct.pack("<f", number))


def double(header):
    text = json.dumps(header)
    return (text[:-1] + ', "000/kernel": ' + json.dumps(header["000/kernel"]) + "}").encode()


def sparse(file):
    with file.open("wb") as stream:
        stream.truncate(5 << 30)


def without(header):
    """Drops the last array and the bytes stay: a gap at the end."""
    del header["000/kernel"]


def state(change, text=None):
    """A training's state; `change` alters its facts before the digest is taken."""

    def make(folder, base):
        from regard.training.checkpoint import write_arrays

        facts = {"epoch": 0, "step": 1, "seed": 0, "shape": {}, "variables": [[2]]}
        facts |= {"callbacks": [], "random": []} | change
        file = folder / "steps-000000001.safetensors"
        write_arrays(file, {"variable/0": base.two}, facts)
        if text is not None:
            file.with_suffix(".json").write_bytes(text)
        return file

    return make


NO_NETWORK, NO_FILE, DIGEST = "describes no network", "no safetensors file", "its SHA-256"
SHAPE = {"input_shape": [4096, 4096, 1]}
RUNS = [
    Case("extra field", described({"on_load": "import hostile"}), NO_NETWORK),
    Case("code as network", described({"network": "__import__('hostile')"}), NO_NETWORK),
    Case("module as network", described({"network": "hostile:network"}), NO_NETWORK),
    Case("attribute as network", described({"network": "__class__"}), NO_NETWORK),
    Case("helper as network", described({"network": "importlib"}), NO_NETWORK),
    Case("list as network", described({"network": ["tutorial"]}), NO_NETWORK),
    Case("huge side", described({"input_shape": [10**30, 12, 1]}), NO_NETWORK),
    Case("negative side", described({"input_shape": [-12, 12, 1]}), NO_NETWORK),
    Case("four sides", described({"input_shape": [12, 12, 1, 1]}), NO_NETWORK),
    Case("text as side", described({"input_shape": ["12", 12, 1]}), NO_NETWORK),
    Case("true as side", described({"input_shape": [True, 12, 1]}), NO_NETWORK),
    Case("shape bomb", described(SHAPE), "too small for images"),
    Case("shape bomb of channels", described({"input_shape": [12, 12, 10**9]}), NO_NETWORK),
    Case("class bomb", described({"classes": 10**9}), NO_NETWORK),
    Case("many classes", described({"classes": 100_000}), "too small for images"),
    Case("small side", described({"input_shape": [1, 1, 1]}), NO_NETWORK),
    Case("other network", described({"network": "resnet20", "input_shape": [16, 16, 1]}), "lacks"),
    Case("format of tomorrow", described({"format": 2}), NO_NETWORK),
    Case("digest that leaves the folder", described({"sha256": "../" * 21 + "x"}), NO_NETWORK),
    Case("wrong digest", described({"sha256": "0" * 64}), "cannot be read"),
    Case("nested JSON", as_text(b"[" * 4000), NO_NETWORK),
    Case("long JSON", as_text(b" " * 5_000_000), "larger than"),
    Case("long number", as_text(b'{"format":' + b"9" * 4000 + b"}"), NO_NETWORK),
    Case("NaN in JSON", as_text(b'{"format": NaN}'), NO_NETWORK),
    Case("no UTF-8", as_text(b'{"format": "\xff\xfe"}'), NO_NETWORK),
    Case("empty JSON", as_text(b""), NO_NETWORK),
    Case("pickle as JSON", as_text(pickle.dumps(Payload())), NO_NETWORK),
    Case("JSON and more", as_text(b"{} import hostile"), NO_NETWORK),
    Case("pipe as JSON", instead("model.json", os.mkfifo), "no plain file"),
    Case(
        "zero device as JSON", instead("model.json", lambda f: f.symlink_to("/dev/zero")), "no pl"
    ),
    Case("folder as JSON", instead("model.json", lambda f: f.mkdir()), "no plain file"),
    Case("pipe as weights", instead("weights", os.mkfifo), "no plain file"),
    Case(
        "random as weights", instead("weights", lambda f: f.symlink_to("/dev/urandom")), "no plain"
    ),
    Case("sparse weights of 5 GiB", instead("weights", sparse), "larger than"),
    Case("no weights", instead("weights", lambda f: None), "cannot be read"),
    Case("altered weights", instead("weights", lambda f: f.write_bytes(b"x" * 99)), DIGEST),
    Case("pickle as weights", weighed(lambda p: pickle.dumps(Payload())), "too small"),
    Case("long pickle", weighed(lambda p: pickle.dumps([Payload(), p])), NO_FILE),
    Case("cut weights", weighed(lambda p: p[:-4]), NO_FILE),
    Case("zip after the weights", weighed(lambda p: p + b"PK\3\4 hostile"), NO_FILE),
    Case("endless header", weighed(lambda p: b"\xff" * 8 + p[8:]), NO_FILE),
    Case("header beyond the end", weighed(lambda p: b"\0\0\x20\0\0\0\0\0" + p[8:]), NO_FILE),
    Case("nested header", headed(lambda h: b"[" * DEEP + b"]" * DEEP), NO_FILE),
    Case("list as header", headed(lambda h: b"[1, 2]"), NO_FILE),
    Case("no JSON as header", headed(lambda h: b"import hostile"), NO_FILE),
    Case("objects as dtype", headed(lambda h: set_in(h, dtype="O")), NO_FILE),
    Case("list as dtype", headed(lambda h: set_in(h, dtype=["F32"])), NO_FILE),
    Case("tensor bomb", headed(lambda h: set_in(h, shape=[1 << 40])), NO_FILE),
    Case("negative tensor", headed(lambda h: set_in(h, shape=[-3, -3, 1, 32])), NO_FILE),
    Case("tensor of 10,000 axes", headed(lambda h: set_in(h, shape=[1] * 10_000)), NO_FILE),
    Case("tensor outside", headed(lambda h: set_in(h, data_offsets=[1 << 40, 1 << 41])), NO_FILE),
    Case("tensor backwards", headed(lambda h: set_in(h, data_offsets=[64, 0])), NO_FILE),
    Case("tensors on one place", headed(lambda h: set_in(h, **h["001/bias"])), NO_FILE),
    Case("tensor twice", headed(double), NO_FILE),
    Case("tensor with a callback", headed(lambda h: set_in(h, on_load="hostile")), NO_FILE),
    Case("gap between tensors", headed(without), NO_FILE),
    Case("renamed tensor", headed(lambda h: h.update(x=h.pop("000/kernel"))), "lacks the weights"),
    Case(
        "another tensor",
        headed(
            lambda h: h.update({"../../x": dict(h["000/kernel"], shape=[0], data_offsets=[0, 0])})
        ),
        "has not: '../../x'",
    ),
    Case("turned tensor", headed(lambda h: set_in(h, shape=[3, 3, 32, 1])), "but the network has"),
    Case(
        "tensor of whole numbers", headed(lambda h: set_in(h, dtype="I32")), "but the network has"
    ),
    Case("NaN as weight", valued(float("nan")), "not finite"),
    Case("infinity as weight", valued(float("inf")), "not finite"),
    Case("state without a digest", state({}, b"{}"), DIGEST, "state"),
    Case("state of nested JSON", state({}, b"[" * DEEP), "cannot be read", "state"),
    Case("state of a long number", state({}, b"9" * 50_000), "cannot be read", "state"),
    Case("state of no UTF-8", state({}, b'{"\xff": 1}'), "cannot be read", "state"),
    Case("state of a wrong digest", state({}, b'{"sha256": "0"}'), DIGEST, "state"),
    Case("state at no step", state({"step": -1}), "of another version", "state"),
    Case("state of text", state({"epoch": "hostile"}), "of another version", "state"),
    Case("state with a variable bomb", state({"variables": [[1 << 40]]}), "lack var", "state"),
    Case("state of missing arrays", state({"random": [{"array": "../x"}]}), "lack '../x'", "state"),
    Case("state of callbacks by text", state({"callbacks": ["hostile"]}), "of another", "state"),
]
