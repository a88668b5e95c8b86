"""Training by a recipe, into a run folder."""

from regard.training.recipe import Recipe, read_recipe

__all__ = ["Recipe", "Stopped", "Trained", "fit", "read_recipe"]


def __getattr__(name):
    if name in ("Stopped", "Trained", "fit"):
        from regard.training import fitting

        return getattr(fitting, name)
    raise AttributeError(f"module 'regard.training' has no attribute {name!r}")
