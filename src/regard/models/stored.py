"""The network of a run on disk: a description in JSON, which is checked, and its weights."""

import hashlib
import re
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from regard.arrays import MAX_BYTES
from regard.errors import DataError, UsageError
from regard.files import read_bounded, whole_file, write_text
from regard.models import PRESETS

MODEL = "model.json"
MAX_JSON_BYTES = 4096
_WEIGHTS = re.compile(r"model-[0-9a-f]{16}\.safetensors")

_Side = Annotated[int, Field(ge=1, le=4096)]
_Channels = Annotated[int, Field(ge=1, le=64)]


class Description(BaseModel):
    """What `model.json` holds; from it the network is built anew, by a name that regard knows.

    Attributes:
        format: Of this description.
        network: Name of the network, one of `regard.models.PRESETS`.
        input_shape: Rows, columns and channels of the images, at most 4096, 4096 and 64.
        classes: Number of classes, 2 to 100,000.
        sha256: Of the bytes of the weights' file, hexadecimal.

    Example:
        >>> Description(network="resnet9", input_shape=(32, 32, 3), classes=5, sha256="0" * 64).file
        'model-0000000000000000.safetensors'
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    format: Literal[1] = 1
    network: Literal[PRESETS]
    input_shape: Annotated[tuple[_Side, _Side, _Channels], Field(strict=False)]
    classes: int = Field(ge=2, le=100_000)
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")

    @property
    def file(self):
        """Name of the weights' file, which follows from their digest."""
        return f"model-{self.sha256[:16]}.safetensors"


def write(model, folder: Path, network: str) -> None:
    """Writes a network that a preset made: `model-….safetensors`, then `model.json`.

    The weights' file is named by its digest, so that the one before stays valid until the new
    description is in place; a kill at any instant leaves one of both whole.

    Args:
        model: The network.
        folder: An existing folder.
        network: The preset's name.

    Raises:
        RegardError: If the disk is full.
    """
    from regard.models.weights import pack

    payload = pack(model)
    description = Description(
        network=network,
        input_shape=model.input_shape[1:],
        classes=model.output_shape[-1],
        sha256=hashlib.sha256(payload).hexdigest(),
    )
    with whole_file(folder / description.file) as temporary:
        temporary.write_bytes(payload)
    write_text(folder / MODEL, description.model_dump_json(indent=2) + "\n")
    for file in folder.iterdir():
        if _WEIGHTS.fullmatch(file.name) and file.name != description.file:
            file.unlink(missing_ok=True)


def read(folder: Path):
    """Builds the network of a run and gives it its weights; nothing that a file names is imported.

    Args:
        folder: The run folder.

    Returns:
        The Keras model, not compiled.

    Raises:
        DataError: If a file is missing, too large, altered or does not fit the network, or if
            weights are not finite.
    """
    description = read_description(folder)
    file = folder / description.file
    payload = read_bounded(file, MAX_BYTES)
    if hashlib.sha256(payload).hexdigest() != description.sha256:
        raise DataError(f"{file} is altered: its SHA-256 is not the one in {MODEL}.")
    if len(payload) < _bytes_at_least(description):
        raise DataError(f"{file} is too small for images of {description.input_shape}.")
    from regard.models.weights import unpack_into

    model = _built(description, folder / MODEL)
    unpack_into(model, payload, file)
    return model


def read_description(folder: Path) -> Description:
    """Reads `model.json`.

    Raises:
        DataError: If it is missing, over 4096 bytes, or not as `Description` says.
    """
    file = folder / MODEL
    text = read_bounded(file, MAX_JSON_BYTES)
    try:
        return Description.model_validate_json(text)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(map(str, first["loc"]))[:80] or "JSON"
        reason = f"{place}: {first['msg']}"
        raise DataError(f"{file} describes no network of regard: {reason}.") from None


def _built(description, file):
    from regard.models import presets

    try:
        return getattr(presets, description.network)(description.input_shape, description.classes)
    except UsageError as error:
        raise DataError(f"{file} describes no network: {error}") from None


def _bytes_at_least(description):
    """What the network's weights take at least, known before any memory is asked for.

    Only the tutorial's network grows with the image: its first dense layer has a weight for each
    value of the feature map and each of 128 units.
    """
    rows, columns, _ = description.input_shape
    dense = 128 * 64 * ((rows - 4) // 2) * ((columns - 4) // 2)
    per_class = 64 if description.network != "tutorial" else 128
    return 4 * (description.classes * per_class + dense * (description.network == "tutorial"))
