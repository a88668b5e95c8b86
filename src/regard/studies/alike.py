"""What trainings must have in common to be of one study."""

from regard.training.run import what_decides


def differences(before: dict, now: dict) -> list[str]:
    """Says what of two environments differs that decides the numbers of a training.

    Args:
        before: What `regard.training.run.environment` told then, or on another machine.
        now: What it tells now.

    Example:
        >>> arm = {"backend": "jax", "machine": "arm64", "packages": {"jax": "0.5"}}
        >>> differences(arm, arm | {"machine": "x86_64"})
        ['machine was arm64 and is x86_64']
    """
    then, today = what_decides(before), what_decides(now)
    return [
        f"{name} was {then.get(name)} and is {value}"
        for name, value in today.items()
        if then.get(name) != value
    ]
