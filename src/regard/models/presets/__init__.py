"""Networks that carry attention, by name."""

from regard.models.presets.convnext import convnext_nano
from regard.models.presets.mobilenet import mobilenetv2_small
from regard.models.presets.regard_fast import regard_fast
from regard.models.presets.resnet import resnet9, resnet20
from regard.models.presets.tutorial_network import tutorial

__all__ = ["convnext_nano", "mobilenetv2_small", "regard_fast", "resnet9", "resnet20", "tutorial"]
