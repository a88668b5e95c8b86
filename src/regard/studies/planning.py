"""Makes the arms of a study: builds their networks, counts, and sizes the controls."""

import dataclasses
import itertools

from regard.errors import UsageError
from regard.models.cost import count_multiply_adds
from regard.studies import networks
from regard.studies.design import parse_design
from regard.studies.part import part_of
from regard.studies.plan import PlannedArm
from regard.studies.results import Arm
from regard.studies.timing import step_seconds
from regard.training.job import prepare

SAME_TIME = 0.1  # of a step, below which two networks take the same time
CLOSE = 0.05  # of a step, within which a control takes the time of its design
TRIES = 4
MOST = 4  # times wider or narrower from one try to the next


def plan_arms(study, dataset):
    """Plans the arms of a study.

    Args:
        study: A `regard.studies.study.Study`.
        dataset: A `regard.datasets.Dataset`.

    Returns:
        `(arms, left_out)`: a list of `PlannedArm`, the one without attention first, each design
        followed by its controls; and by the name of each control that the study asks for and
        cannot have, in words why.

    Raises:
        UsageError: If a design does not fit into the network, or two are the same.
        DataError: If the images cannot be used.
    """
    dataset = part_of(dataset, study.images, seed=0)
    job = prepare(study.recipe, dataset, networks.builder(_without()))
    shape, classes = job.model.input_shape[1:], len(dataset.class_names)
    models = {}
    for name in study.designs:
        models[name] = networks.with_attention(study.recipe, shape, classes, parse_design(name))
    _refuse_same(models, job.model)
    arms, left_out = [_counted(_without(), job.model, "no attention")], {}
    times = _Times(study, dataset) if "equal time" in study.controls else None
    for name, model in models.items():
        design = PlannedArm(_arm(name, "design"), name)
        layers = networks.attention_layers(model, job.model)
        arms.append(_counted(design, model, _described(layers)))
        for control in study.controls:
            made = _CONTROLS[control](name, model, job.model, times)
            if isinstance(made, str):
                left_out[f"{name}, {control}"] = made
            else:
                arms.append(made)
    return arms, left_out


def _without():
    return PlannedArm(_arm("none", "none"), "none")


def _arm(name, role, of=None):
    return Arm(name if of is None else f"{of}, {role}", role, of, 0, 0, "")


def _counted(planned, model, made_of):
    arm = dataclasses.replace(
        planned.arm,
        parameters=model.count_params(),
        multiply_adds=count_multiply_adds(model),
        made_of=made_of,
    )
    return dataclasses.replace(planned, arm=arm)


def _refuse_same(models, plain):
    made = {
        name: [_settings(layer) for layer in networks.attention_layers(model, plain)]
        for name, model in models.items()
    }
    for name, layers in made.items():
        if not layers:
            raise UsageError(f"The design {name} puts no attention into this network.")
    for one, other in itertools.combinations(made, 2):
        if made[one] == made[other]:
            raise UsageError(
                f"The designs {one} and {other} are the same network. Leave one of them out."
            )


def _settings(layer):
    config = {key: value for key, value in layer.get_config().items() if key != "name"}
    return type(layer).__name__, repr(sorted(config.items()))


def _described(layers):
    kind, several = type(layers[0]).__name__, "s" if len(layers) > 1 else ""
    return f"{len(layers)} {kind} layer{several}"


def _frozen(name, model, plain, times):
    layers = networks.attention_layers(model, plain)
    if all(getattr(layer, "starts_as_identity", False) for layer in layers):
        return "the layer starts as the identity, so frozen it is the network without attention"
    if not any(layer.trainable_weights for layer in layers):
        return "the layer has no weights to freeze"
    planned = PlannedArm(_arm(name, "frozen", name), name)
    return _counted(planned, model, "the attention as it starts, not trained")


def _equal_parameters(name, model, plain, times):
    layers = networks.attention_layers(model, plain)
    hidden = [networks.hidden_for_parameters(layer) for layer in layers]
    if not all(hidden):
        spent = sum(layer.count_params() for layer in layers)
        return (
            f"its {spent:,} parameters are too few for a convolution; the network without "
            f"attention is as large but for {spent / model.count_params():.2g} of it"
        )
    planned = PlannedArm(_arm(name, "equal parameters", name), name)
    control = networks.with_convolutions(model, plain, networks.hidden_for_parameters, 1)
    return _counted(planned, control, f"two 1 x 1 convolutions, {_hidden(hidden)}")


def _equal_time(name, model, plain, times):
    share, told = times.share_for(name)
    if share is None:
        return told
    planned = PlannedArm(_arm(name, "equal time", name), name, share)
    control = networks.with_convolutions(model, plain, networks.hidden_for_share(share), 3)
    layers = networks.attention_layers(model, plain)
    hidden = [networks.hidden_for_share(share)(layer) for layer in layers]
    made_of = f"two 3 x 3 convolutions, {_hidden(hidden)}; {told}"
    return _counted(planned, control, made_of)


def _shuffled(name, model, plain, times):
    planned = PlannedArm(_arm(name, "shuffled", name), name)
    return _counted(planned, model, "the trained design with the attention of other images")


_CONTROLS = {
    "frozen": _frozen,
    "equal parameters": _equal_parameters,
    "equal time": _equal_time,
    "shuffled": _shuffled,
}


def _hidden(numbers):
    """Says how many hidden channels there are in each place."""
    different = list(dict.fromkeys(numbers))
    several = "" if different == [1] else "s"
    return f"{', '.join(map(str, different))} hidden channel{several}"


class _Times:
    """Finds how wide convolutions must be to take the time of attention."""

    def __init__(self, study, dataset):
        self._study, self._dataset = study, dataset
        self._none = self._job(_without())

    def share_for(self, name):
        """Returns the hidden channels for each channel, or None, and in words what was found."""
        try:
            return self._found(name)
        except Exception as error:  # one design's trouble, such as no memory, is not the others'
            return None, f"a step was not timed: {type(error).__name__}: {str(error)[:400]}"

    def _found(self, name):
        none, design = self._none, self._job(PlannedArm(_arm(name, "design"), name))
        seconds = step_seconds({"none": none, "design": design})
        if seconds["design"] < (1 + SAME_TIME) * seconds["none"]:
            ratio = seconds["design"] / seconds["none"]
            return None, f"a step takes {ratio:.2f} times that of the network without attention"
        share, found = 1.0, {}
        for _ in range(TRIES):
            timed = {"none": none, "design": design, "control": self._control(name, share)}
            seconds = step_seconds(timed)
            found[share] = seconds["control"] / seconds["design"]
            if abs(found[share] - 1) < CLOSE:
                break
            share *= _wider(**seconds)
        share = min(found, key=lambda one: abs(found[one] - 1))
        told = f"a step took {found[share]:.2f} times as long as the design's"
        if abs(found[share] - 1) > SAME_TIME:
            return (
                None,
                f"no width of the convolutions takes the design's time; at the nearest {told}",
            )
        return share, told

    def _control(self, name, share):
        return self._job(PlannedArm(_arm(name, "equal time", name), name, share))

    def _job(self, arm):
        return prepare(self._study.recipe, self._dataset, networks.builder(arm))


def _wider(none, design, control):
    """Returns how many times wider the control must be, were its time straight in its width."""
    if control <= none:
        return MOST
    return min(max((design - none) / (control - none), 1 / MOST), MOST)
