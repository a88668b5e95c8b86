"""The arms of a study, and how the network of each is built."""

from dataclasses import asdict, dataclass

from regard.studies.design import parse_design
from regard.studies.results import Arm


@dataclass(frozen=True)
class PlannedArm:
    """An arm, and what its network is made by.

    Attributes:
        arm: Name, role and size.
        design: The design whose layer, or places, the arm has; `"none"` for no attention.
        share: For `"equal time"`, hidden channels of the convolutions for each channel.
    """

    arm: Arm
    design: str
    share: float = 0.0

    def network(self, recipe, input_shape, classes, plain):
        """Builds the arm's network; `plain` is the one without attention."""
        from regard.studies import networks

        if self.arm.role == "none":
            return plain
        model = networks.with_attention(recipe, input_shape, classes, parse_design(self.design))
        return _MAKERS[self.arm.role](model, plain, self.share)

    def to_dict(self):
        """Returns the arm as plain JSON types."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values):
        """Makes an arm from what `to_dict` gave."""
        return cls(Arm(**values["arm"]), values["design"], values["share"])


def _as_it_is(model, plain, share):
    return model


def _frozen(model, plain, share):
    from regard.studies.networks import attention_layers

    for layer in attention_layers(model, plain):
        layer.trainable = False
    return model


def _as_many_parameters(model, plain, share):
    from regard.studies import networks

    return networks.with_convolutions(model, plain, networks.hidden_for_parameters, 1)


def _as_much_time(model, plain, share):
    from regard.studies import networks

    return networks.with_convolutions(model, plain, networks.hidden_for_share(share), 3)


_MAKERS = {
    "design": _as_it_is,
    "frozen": _frozen,
    "equal parameters": _as_many_parameters,
    "equal time": _as_much_time,
}
