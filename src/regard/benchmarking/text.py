"""A result in lines for people: the ratios first."""


def lines(result, earlier=None):
    """Yields the lines of a result.

    Args:
        result: What `compare` returns.
        earlier: The result to compare with, or None.
    """
    for name, ratio in result["ratios"].items():
        yield f"{name + ' ÷ regard':22} {_spread(ratio)}"
    if earlier is not None:
        yield _since(result, earlier)
    yield ""
    for name, times in result["contenders"].items():
        step = times["milliseconds_per_step"]
        yield (
            f"{name:13} {_spread(step, '.1f')} ms a step, {times['compile_seconds']:.1f} s to "
            f"compile; {_percent(result['peak']['share'][name])} of the peak ({times['about']})"
        )
    for name, package in result["left_out"].items():
        yield f"{name:13} left out: {package} is not installed"
    yield ""
    yield _about_losses(result["losses"])
    yield _about_peak(result["peak"])
    yield _about_machine(result)


def _spread(values, form=".2f"):
    return f"{values['median']:{form}} (10-90 %: {values['low']:{form}}-{values['high']:{form}})"


def _percent(share):
    return f"{share['median']:.0%} (10-90 %: {share['low']:.0%}-{share['high']:.0%})"


def _since(result, earlier):
    now, then = (one["ratios"]["stock"]["median"] for one in (result, earlier))
    return (
        f"stock ÷ regard was {then:.2f} on {earlier['date'][:10]} with regard "
        f"{earlier['versions']['regard']}: {now / then - 1:+.0%} since"
    )


def _about_losses(losses):
    told = ", ".join(
        f"{name} {found['first']['difference']:.1e} ({found['all']['difference']:.1e})"
        for name, found in losses["differences"].items()
    )
    return (
        f"The same work: in the first {losses['decisive_steps']} steps (in {losses['steps']}, by "
        f"rounding that grows) the losses differ from stock's by {told}"
    )


def _about_peak(peak):
    rate = max(peak["multiply_adds_per_second"])
    return (
        f"The peak: {rate / 1e9:.0f} thousand million multiply-adds a second in a float32 matrix "
        f"product; a step of the folded network needs {peak['multiply_adds_per_step'] / 1e6:.0f} M"
    )


def _about_machine(result):
    machine, load = result["machine"], result["load"]
    versions = ", ".join(f"{name} {number}" for name, number in result["versions"].items())
    rounds = len(result["ratios"]["stock"]["pairs"])
    return (
        f"{machine['cpu']}, {machine['cores']} cores, {machine['system']}, load {load['before']} "
        f"before and {load['after']} after; {versions}; Keras on {result['backend']}; "
        f"{rounds} pairs of {result['steps']} steps of {result['batch_size']} images"
    )
