"""`.keras` files, and others, that somebody made to do harm."""

import io
import json
import pickle
import zipfile

import h5py
import numpy as np

from tests.models.hostile.case import Case, Payload

CONFIG, WEIGHTS = "config.json", "model.weights.h5"


def parts(base):
    with zipfile.ZipFile(base.keras) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def packed(members, method=zipfile.ZIP_STORED):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", method) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return stream.getvalue()


def file(content, name="model.keras"):
    """A file of other bytes, from the good parts."""

    def make(folder, base):
        path = folder / name
        path.write_bytes(content(parts(base)) if callable(content) else content)
        return path

    return make


def beside(name, content=b"hostile"):
    """An archive with one more member."""
    return file(lambda members: packed([*members.items(), (name, content)]))


def zipped(**changes):
    """An archive with other members."""

    def content(members):
        method = changes.pop("method", zipfile.ZIP_DEFLATED)
        changed = members | {
            {"config": CONFIG, "weights": WEIGHTS}[n]: c for n, c in changes.items()
        }
        return packed([(n, c) for n, c in changed.items() if c is not None], method)

    return file(content)


def doubled(members):
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return packed([*members.items(), (CONFIG, b"{}")])


def bytes_at(content, name, offset, value):
    """Sets bytes in the directory's entry of a member."""
    content = bytearray(content)
    at = content.rindex(name.encode()) - 46 + offset
    content[at : at + len(value)] = value
    return bytes(content)


def lying(members):
    """The directory says that the weights unpack to 100 bytes; there are 50 million."""
    content = packed((members | {WEIGHTS: bytes(50_000_000)}).items(), zipfile.ZIP_DEFLATED)
    return bytes_at(content, WEIGHTS, 24, (100).to_bytes(4, "little"))


def overlapping(members):
    """Two members are the same bytes."""
    content = packed(members.items())
    start = content[content.rindex(WEIGHTS.encode()) - 4 :][:4]
    return bytes_at(content, CONFIG, 42, start)


def many(members):
    return packed([(f"{n}.txt", b"") for n in range(60_000)])


def configured(change):
    """A model whose configuration is changed; `change(config, layers)`."""

    def content(members):
        config = json.loads(members[CONFIG])
        config = change(config, config["config"]["layers"]) or config
        text = config if isinstance(config, bytes) else json.dumps(config).encode()
        return packed((members | {CONFIG: text}).items())

    return file(content)


def layered(module, class_name, registered_name=None, **config):
    """A model with one layer more, which is named so."""
    layer = {"module": module, "class_name": class_name, "config": {"name": "more"} | config}
    return configured(lambda _, layers: layers.append(layer | {"registered_name": registered_name}))


def set_layer(**values):
    """A model whose first convolution has other arguments."""
    return configured(lambda _, layers: layers[1]["config"].update(values))


def without_module(_, layers):
    del layers[1]["module"]


def function(name, module="builtins"):
    named = {"module": module, "class_name": "function", "config": name}
    return set_layer(activation=named | {"registered_name": "function"})


LAMBDA = {
    "class_name": "__lambda__",
    "config": {"value": "4wAAAAAAAAAA", "defaults": None, "closure": None},
}
LAMBDA_LAYER = {
    "module": "keras.layers",
    "class_name": "Lambda",
    "config": {"name": "l", "function": LAMBDA},
    "registered_name": None,
}


def nested(levels):
    value = []
    for _ in range(levels):
        value = [value]
    return value


def h5(write):
    """An archive whose weights are another HDF5 file."""

    def content(members):
        stream = io.BytesIO()
        stream.write(members[WEIGHTS])
        with h5py.File(stream, "r+") as found:
            write(found["layers/conv2d/vars"])
        return packed((members | {WEIGHTS: stream.getvalue()}).items())

    return file(content)


def replace(place, put):
    del place["0"]
    put(place)


def bomb(place):
    """A dataset of 64 GiB of which nothing is stored."""
    place.create_dataset("0", shape=(1 << 34,), dtype="float32", chunks=(1 << 20,))


def link(place):
    place["0"] = h5py.ExternalLink("/etc/passwd", "/")


def to_nan(place):
    place["0"][...] = np.nan


def other_shape(place):
    place["0"] = np.zeros((1, 1, 1, 1), "float32")


def wide(config, layers):
    """A dense layer of 2^24 x 2^24 weights."""
    layers[0]["config"]["batch_shape"] = [None, 1 << 24]
    dense = layers[-1]
    dense["config"] |= {"units": 1 << 24}
    dense.pop("build_config", None)
    config["config"]["layers"] = [layers[0], dense]
    config["config"]["build_input_shape"] = [None, 1 << 24]


def onnx_outside(folder, base):
    import onnx

    tensor = onnx.TensorProto(name="w", dims=[4], data_type=1, data_location=1)
    tensor.external_data.add(key="location", value="../../../etc/passwd")
    output = onnx.helper.make_tensor_value_info("w", 1, [4])
    graph = onnx.helper.make_graph([], "g", [], [output], [tensor])
    (folder / "model.onnx").write_bytes(onnx.helper.make_model(graph).SerializeToString())
    return str(folder / "model.onnx")


NO_ARCHIVE, HARMLESS, BOUNDS = "is no .keras file", "known to be harmless", "out of bounds"
T = "trusted"
FOREIGN = [
    Case("archive without trust", file(lambda m: packed(m.items())), "only if you trust"),
    Case("HDF5", file(b"\x89HDF\r\n\x1a\n", "model.h5"), "is an HDF5 file", T),
    Case("HDF5 named .keras", file(lambda m: m[WEIGHTS]), "is an HDF5 file", T),
    Case("pickle", file(pickle.dumps(Payload()), "model.pkl"), "is a pickle", T),
    Case("pickle named .keras", file(pickle.dumps(Payload())), "is a pickle", T),
    Case("weights of PyTorch", file(packed([("data.pkl", b"")]), "model.pt"), "is a pickle", T),
    Case("graph of TensorFlow", file(b"\x08\x01", "saved_model.pb"), "is a TensorFlow graph", T),
    Case("ONNX with weights elsewhere", onnx_outside, "in another file", "onnx"),
    Case("member that leaves the folder", beside("../../hostile.py"), NO_ARCHIVE, T),
    Case("member at the root", beside("/tmp/hostile.py"), NO_ARCHIVE, T),
    Case("assets", beside("assets/layers/hostile/vocabulary.txt"), NO_ARCHIVE, T),
    Case("member twice", file(doubled), NO_ARCHIVE, T),
    Case("no configuration", zipped(config=None), NO_ARCHIVE, T),
    Case("60,000 members", file(many), "directory is too large", T),
    Case("bomb as configuration", zipped(config=b" " * 15_000_000), "which is too much", T),
    Case("long configuration", zipped(config=b" " * 17_000_000, method=0), "too much", T),
    Case("bomb as weights", zipped(weights=bytes(300_000_000)), "which is too much", T),
    Case("bomb that lies", file(lying), NO_ARCHIVE, T),
    Case("members that overlap", file(overlapping), NO_ARCHIVE, T),
    Case("packed by LZMA", zipped(method=zipfile.ZIP_LZMA), "in a way that Keras does not", T),
    Case("encrypted", file(lambda m: bytes_at(packed(m.items()), CONFIG, 8, b"\1")), NO_ARCHIVE, T),
    Case(
        "program before the archive",
        file(lambda m: b"#!/bin/sh\n" + packed(m.items())),
        NO_ARCHIVE,
        T,
    ),
    Case(
        "program after the archive", file(lambda m: packed(m.items()) + b"\0" * 30), NO_ARCHIVE, T
    ),
    Case("cut archive", file(lambda m: packed(m.items())[:-9]), NO_ARCHIVE, T),
    Case("weights that are no HDF5", zipped(weights=b"hostile", method=0), "is no HDF5", T),
    Case("Lambda", layered("keras.layers", "Lambda", function=LAMBDA), "a Lambda layer", T),
    Case(
        "Lambda in a layer",
        layered("keras.layers", "TimeDistributed", layer=LAMBDA_LAYER),
        "a Lambda layer",
        T,
    ),
    Case(
        "Lambda in a model",
        configured(
            lambda c, layers: layers.append(
                {**c, "config": {**c["config"], "layers": [LAMBDA_LAYER]}}
            )
        ),
        "a Lambda layer",
        T,
    ),
    Case("Lambda of an older Keras", layered("keras.src.legacy.layers", "Lambda"), "a Lambda", T),
    Case("code as activation", set_layer(activation=LAMBDA), "a function as code", T),
    Case(
        "code for training",
        configured(lambda c, _: c.update(compile_config={"loss": LAMBDA})),
        None,
        T,
    ),
    Case("eval as function", function("eval"), "needs the function 'eval'", T),
    Case("function of os", function("system", "os"), "needs the function 'system'", T),
    Case("download as function", function("get_file", "keras.utils"), "needs the function", T),
    Case("layer of a module that is here", layered("hostile", "Layer"), HARMLESS, T),
    Case("class of os", layered("os", "system"), HARMLESS, T),
    Case("class of Keras that is no layer", layered("keras.utils", "Sequence"), HARMLESS, T),
    Case("class inside Keras", layered("keras.src.saving.saving_lib", "load_model"), HARMLESS, T),
    Case(
        "layer that reads a folder", layered("keras.layers", "TFSMLayer", filepath="/"), HARMLESS, T
    ),
    Case("layer that unpickles", layered("keras.layers", "TorchModuleWrapper"), HARMLESS, T),
    Case(
        "layer that reads a file",
        layered("keras.layers", "StringLookup", vocabulary="/etc/passwd"),
        HARMLESS,
        T,
    ),
    Case(
        "registered name of another", layered("keras.layers", "Dense", "hostile>Dense"), "names", T
    ),
    Case(
        "registered name in disguise",
        layered("regard.layers.coordinate", "CoordinateAttention", "hostile>Layer"),
        "names 'hostile>Layer'",
        T,
    ),
    Case("layer that regard has not", layered("regard.layers.hostile", "Layer"), HARMLESS, T),
    Case("layer without module", configured(without_module), HARMLESS, T),
    Case(
        "model whose class is a list",
        configured(lambda config, _: config.update(class_name=[])),
        "not a model",
        T,
    ),
    Case(
        "module that is a list",
        configured(lambda _, layers: layers[1].update(module=["keras.layers"])),
        "by what is no text",
        T,
    ),
    Case(
        "class that is a list",
        configured(lambda _, layers: layers[1].update(class_name=[])),
        "by what is no text",
        T,
    ),
    Case(
        "type of TensorFlow", set_layer(x={"class_name": "__typespec__", "config": {}}), HARMLESS, T
    ),
    Case("array bomb", set_layer(x={"class_name": "__numpy__", "config": {}}), HARMLESS, T),
    Case("model that is a layer", configured(lambda c, layers: layers[1]), "not a model", T),
    Case("list as model", configured(lambda *_: b"[]"), NO_ARCHIVE, T),
    Case("NaN", configured(lambda *_: b'{"a": NaN}'), NO_ARCHIVE, T),
    Case(
        "infinite number",
        configured(lambda *_: b'{"module": "keras", "class_name": "Sequential", "a": 1e999}'),
        BOUNDS,
        T,
    ),
    Case(
        "name twice",
        configured(lambda *_: b'{"class_name": "Sequential", "class_name": "x"}'),
        NO_ARCHIVE,
        T,
    ),
    Case("nested configuration", configured(lambda *_: b"[" * 100_000), NO_ARCHIVE, T),
    Case("nested values", set_layer(x=nested(100)), "nested too deeply", T),
    Case("two million values", set_layer(x=[0] * 2_000_000), "values in its configuration", T),
    Case("long text", set_layer(activation="x" * 100_000), "has a text of", T),
    Case("filters out of bounds", set_layer(filters=10**30), BOUNDS, T),
    Case("fraction out of bounds", set_layer(filters=1e300), BOUNDS, T),
    Case("kernel out of bounds", set_layer(kernel_size=[1 << 20, 1 << 20]), BOUNDS, T),
    Case("argument that is unknown", set_layer(on_load="hostile"), "can be built", T),
    Case("dense bomb", configured(wide), "cannot be read", T),
    Case(
        "damaged HDF5",
        file(lambda m: packed((m | {WEIGHTS: m[WEIGHTS][:600]}).items())),
        "do not fit",
        T,
    ),
    Case("HDF5 with a link outside", h5(lambda v: replace(v, link)), "do not fit", T),
    Case("HDF5 bomb", h5(lambda v: replace(v, bomb)), "do not fit", T),
    Case("NaN in HDF5", h5(to_nan), "not finite", T),
    Case("another shape in HDF5", h5(lambda v: replace(v, other_shape)), "do not fit", T),
]
