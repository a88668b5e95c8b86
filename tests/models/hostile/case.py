"""What the hostile files have in common."""

import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np


class Payload:
    """An object whose pickle runs a program."""

    def __reduce__(self):
        return os.system, ("echo hostile",)


@dataclass(frozen=True)
class Case:
    """A hostile file.

    Attributes:
        name: What it tries.
        make: Makes it in a folder, from the good files, and returns its path.
        message: Part of what is said when it is refused; None where it is read without harm.
        how: Which function of `reader.py` reads it, without `read_`.
    """

    name: str
    make: Callable
    message: str | None
    how: str = "run"


@dataclass(frozen=True)
class Base:
    """Good files to alter."""

    run: Path
    keras: Path

    two = np.zeros(2, "float32")

    @property
    def weights(self):
        return next(self.run.glob("model-*")).name

    def copy_run(self, folder):
        shutil.copytree(self.run, folder, dirs_exist_ok=True)
