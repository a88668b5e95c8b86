"""What to compare, as data."""

import tomllib
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from regard.errors import DataError, UsageError, nearest
from regard.files import read_bounded
from regard.studies.design import parse_design
from regard.training.recipe import Recipe

Control = Literal["frozen", "equal parameters", "equal time", "shuffled"]
FORMAT = 1
MAX_BYTES = 1 << 20


class Study(BaseModel):
    """The settings of a study: arms that differ in their attention and in nothing else.

    Attributes:
        recipe: Network, data and how to train; its seed is set by each training.
        designs: Attention to put into the network, such as `"pixel:units=32"`, at least one; the
            network without attention is always compared with.
        controls: What each design is compared with beside no attention: `"frozen"`, its layer as
            it starts; `"equal parameters"` and `"equal time"`, convolutions in its places;
            `"shuffled"`, its own network with the attention of other images.
        seeds: Seeds of the trainings, all different, at least 2; each is of the split, the weights
            and the order of the images, and the same for all arms.
        images: Training images, drawn anew with each seed, of each class its share, at least 10;
            None for all.
        worth: Difference in accuracy that is worth having, from 0 to 1.
        level: Share of studies without a difference that may say there is one, between 0 and 1.
        until_decided: Whether to look at the results after each seed from the fifth on and to stop
            when all designs are decided; the level is spent over the looks.
        tune: Learning rates that are tried for each arm, on validation images; 0 for the
            recipe's.
        format: Version of this description.

    Example:
        >>> Study(designs=["cbam"], seeds=[0, 1, 2]).worth
        0.005
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    recipe: Recipe = Recipe()
    designs: Annotated[tuple[str, ...], Field(min_length=1)]
    controls: tuple[Control, ...] = ("frozen", "equal parameters", "equal time", "shuffled")
    seeds: tuple[Annotated[int, Field(ge=0, lt=2**32 - 1)], ...]
    images: int | None = Field(None, ge=10)
    worth: float = Field(0.005, ge=0, le=1)
    level: float = Field(0.05, gt=0, lt=1)
    until_decided: bool = False
    tune: int = Field(0, ge=0, le=100)
    format: Literal[1] = FORMAT

    @field_validator("designs")
    @classmethod
    def _different_designs(cls, designs):
        seen = {}
        for design in designs:
            key = parse_design(design).key
            if key is None:
                raise ValueError("the network without attention is always compared with")
            if key in seen:
                raise ValueError(f"{design!r} and {seen[key]!r} are the same")
            seen[key] = design
        return designs

    @field_validator("controls")
    @classmethod
    def _different_controls(cls, controls):
        if len(set(controls)) < len(controls):
            raise ValueError("a control is named twice")
        return controls

    @field_validator("recipe")
    @classmethod
    def _same_order_for_all(cls, recipe):
        if recipe.loop != "regard":
            raise ValueError("only the loop regard gives all arms the images in the same order")
        return recipe

    @field_validator("seeds")
    @classmethod
    def _different_seeds(cls, seeds):
        if len(seeds) < 2:
            raise ValueError("one seed tells no difference from chance; give at least 2, better 10")
        if len(set(seeds)) < len(seeds):
            raise ValueError("a seed given twice would count the same training twice")
        return seeds


def make_study(settings: dict) -> Study:
    """Makes a study from its settings by name.

    Raises:
        UsageError: If a setting is unknown, missing or out of range; in one line.

    Example:
        >>> make_study({"designs": ["cbam"], "seeds": [3]})
        Traceback (most recent call last):
        regard.errors.UsageError: seeds: One seed tells no difference from chance; give at least \
2, better 10.
    """
    try:
        return Study(**settings)
    except ValidationError as error:
        raise UsageError(_explained(error)) from None


def read_study(file: Path) -> dict:
    """Returns the settings of a study in a TOML file.

    Raises:
        UsageError: If the file cannot be read or is no TOML.
    """
    try:
        return tomllib.loads(read_bounded(Path(file), MAX_BYTES).decode("utf-8"))
    except DataError as error:
        raise UsageError(f"The study is not read: {error}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise UsageError(f"The study {file} is no TOML: {error}.") from None


def _explained(error):
    errors = error.errors(include_url=False)
    for other in errors:  # first, as another version explains what else is wrong
        if other["loc"] == ("format",):
            return f"The study is of version {other['input']!r}; this regard reads {FORMAT}."
    first = errors[0]
    name = ".".join(str(part) for part in first["loc"])
    if first["type"] == "extra_forbidden":
        of_recipe = first["loc"][0] == "recipe"
        known = Recipe.model_fields if of_recipe else Study.model_fields
        return f"There is no setting {name!r}. {nearest(str(first['loc'][-1]), known)}"
    message = first["msg"].removeprefix("Value error, ").removesuffix(".")
    return f"{name}: {message[0].upper() + message[1:]}."
