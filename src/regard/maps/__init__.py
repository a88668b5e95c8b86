"""Attention maps: read from a model, projected to the image."""

from regard.maps.attention_maps import AttentionMaps, LayerAttention
from regard.maps.read import attention_maps, iter_attention_maps

__all__ = ["AttentionMaps", "LayerAttention", "attention_maps", "iter_attention_maps"]
