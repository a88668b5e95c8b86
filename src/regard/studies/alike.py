"""What trainings must have in common to be of one study."""


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
    then, today = _what_decides(before), _what_decides(now)
    return [
        f"{name} was {then.get(name)} and is {value}"
        for name, value in today.items()
        if then.get(name) != value
    ]


def _what_decides(environment):
    packages, backend = environment["packages"], environment["backend"]
    names = ("regard", "keras", "numpy", backend)
    versions = {name: packages[name] for name in names if name in packages}
    return {"backend": backend, "machine": environment["machine"]} | versions
