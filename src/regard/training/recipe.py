"""What to train and how, as data."""

import tomllib
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from regard.errors import UsageError, nearest
from regard.models import PRESETS

NAMED = {file.stem: file for file in (Path(__file__).parent / "recipes").glob("*.toml")}


class Recipe(BaseModel):
    """The settings of one training, the tutorial's by default.

    Attributes:
        dataset: Name of the data set; or a folder with a folder of photos for each class, a CSV
            file that names photos, a `.npz` file, or a folder of IDX files.
        image_size: Rows and columns that photos are stretched to, at least 6; None for their own
            size if it is the same for all and at most 64 x 64, else 96 x 96.
        group_by: What photos must not be torn apart: `"folder"`, the folder inside the class folder
            or a CSV file's column `group`; or a pattern with one capturing group, searched for in
            each photo's path; or None.
        network: Name of the network, one of `regard.models.PRESETS`.
        epochs: Passes over the training images, at least 1.
        batch_size: Images a step, at least 1.
        learning_rate: Adam's learning rate, over 0 and at most 1; with a schedule its highest.
        schedule: `"constant"`, or `"one-cycle"` for a linear rise from 0 over the first tenth of
            the steps and a cosine down to 0 over the rest.
        weight_decay: AdamW's, from 0 to 1; 0 for plain Adam.
        shift: Most pixels, at least 0, by which each training image is moved along each axis, anew
            at each step; what comes in is black.
        label_smoothing: Part of each label that is spread over all classes, from 0 to below 1.
        class_weights: `"none"`, or `"balanced"` for weights in the training loss with which all
            classes count the same.
        seed: Seed of the split, the weights and the order of the images, at least 0.
        validation_fraction: Part of the training images that is held out to choose the epoch,
            between 0 and 1.
        loop: `"regard"` for `regard.training.fit`, `"keras"` for Keras's own `model.fit`.

    Example:
        >>> Recipe(epochs=3).batch_size
        64
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    dataset: str = "fashion-mnist"
    image_size: int | None = Field(None, ge=6)
    group_by: str | None = None
    network: Literal[PRESETS] = "tutorial"
    epochs: int = Field(10, ge=1)
    batch_size: int = Field(64, ge=1)
    learning_rate: float = Field(1e-3, gt=0, le=1)
    schedule: Literal["constant", "one-cycle"] = "constant"
    weight_decay: float = Field(0.0, ge=0, le=1)
    shift: int = Field(0, ge=0)
    label_smoothing: float = Field(0.0, ge=0, lt=1)
    class_weights: Literal["none", "balanced"] = "none"
    seed: int = Field(0, ge=0, lt=2**32)
    validation_fraction: float = Field(0.1, gt=0, lt=1)
    loop: Literal["regard", "keras"] = "regard"


def read_recipe(file: Path | None = None, name: str | None = None, **overrides) -> Recipe:
    """Makes a recipe from one that comes with regard, a TOML file, and settings; later ones win.

    Args:
        file: A TOML file with any of the settings of `Recipe`, or None.
        name: A name in `NAMED`, or None for the tutorial's settings.
        **overrides: Settings; those that are None are left to the file or the default.

    Raises:
        UsageError: If the file cannot be read, or if a name or setting is unknown or out of range.

    Example:
        >>> read_recipe(name="fast", epochs=3).epochs
        3
    """
    settings = _read_toml(_named(name)) if name else {}
    settings |= _read_toml(file) if file else {}
    return changed(settings, **overrides)


def changed(settings, **overrides) -> Recipe:
    """Makes a recipe from settings by name and others that win over them.

    Args:
        settings: Values by name, such as `recipe.model_dump()`.
        **overrides: Settings; those that are None change nothing.

    Raises:
        UsageError: If a setting is unknown or out of range.

    Example:
        >>> changed(Recipe().model_dump(), epochs=3, seed=None).epochs
        3
    """
    given = {name: value for name, value in overrides.items() if value is not None}
    try:
        return Recipe(**settings | given)
    except ValidationError as error:
        raise UsageError(_explain(error)) from None


def _named(name):
    if name not in NAMED:
        raise UsageError(f"There is no recipe {name!r}. {nearest(name, NAMED)}")
    return NAMED[name]


def _read_toml(file):
    try:
        return tomllib.loads(Path(file).read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"The config {file} cannot be read: {error.strerror}.") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"The config {file} is no TOML: {error}.") from None


def _explain(error):
    first = error.errors()[0]
    name = ".".join(str(part) for part in first["loc"])
    if first["type"] == "extra_forbidden":
        return f"There is no setting {name!r}. {nearest(name, Recipe.model_fields)}"
    message = first["msg"]
    return f"{name}: {message[0].lower()}{message[1:]}, but got {first['input']!r}."
