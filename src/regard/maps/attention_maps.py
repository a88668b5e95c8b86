"""The attention of a network on some images: arrays with named axes, and as images."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from regard.errors import UsageError, nearest
from regard.maps.geometry import Geometry
from regard.maps.project import nearest_pixel, to_image

PROJECTIONS = ("received", "query")


@dataclass(frozen=True)
class LayerAttention:
    """What one attention layer attended to.

    Attributes:
        values: The attention, one axis for each name in `axes`.
        axes: Names of the axes, such as `("batch", "query", "key")`; queries and keys are the
            pixels of the feature map in row-major order.
        kind: `"distribution"` or `"gate"`.
        geometry: Where the pixels of the layer's feature map lie on the image; None where they
            have no place on it.
    """

    values: np.ndarray
    axes: tuple[str, ...]
    kind: str
    geometry: Geometry | None

    @property
    def is_drawable(self):
        """Whether the map tells of pixels: by queries and keys, or by row and column."""
        return self._is_pairs() or {"row", "column"} <= set(self.axes)

    def received(self):
        """Returns what each pixel of the feature map receives, `(batch, rows, columns)`.

        The mean over all axes that tell of no key: queries, heads, channels.
        """
        keep = ("key",) if self._is_pairs() else ("row", "column")
        others = tuple(n for n, axis in enumerate(self.axes) if axis not in ("batch", *keep))
        return self._as_map(self.values.mean(axis=others))

    def of_query(self, place):
        """Returns what the pixel at `place` of the feature map attends to, as the heads' mean."""
        row, column = place
        at = self.values.take(row * self.geometry.axes[1].size + column, self.axes.index("query"))
        return self._as_map(at.mean(axis=tuple(range(1, at.ndim - 1))))

    def _is_pairs(self):
        if not {"query", "key"} <= set(self.axes) <= {"batch", "head", "query", "key"}:
            return False
        return self.values.shape[-1] == math.prod(axis.size for axis in self.geometry.axes)

    def _as_map(self, flat):
        return flat.reshape(len(flat), *(axis.size for axis in self.geometry.axes))


@dataclass(frozen=True)
class AttentionMaps(Mapping):
    """Attention by layer: a mapping from the layer's path to its `LayerAttention`.

    A layer with several maps has the name of each after its path, such as `cbam/spatial`.

    Attributes:
        layers: The layers in the order of the network.
        default: Path of the layer that `to_images` draws where none is named.
        image_size: `(rows, columns)` of the images.
    """

    layers: dict[str, LayerAttention]
    default: str
    image_size: tuple[int, int]

    def __getitem__(self, path):
        return self.layers[path]

    def __iter__(self):
        return iter(self.layers)

    def __len__(self):
        return len(self.layers)

    def to_images(self, projection="received", query=None, layer=None):
        """Projects a layer's attention to the image plane.

        Args:
            projection: `"received"`, the attention that each pixel receives, as the mean over
                all queries, heads and channels; or `"query"`, what the pixel at `query` attends to.
            query: `(row, column)` on the image, for `"query"` only.
            layer: Path of the layer; `default` if None.

        Returns:
            Array `(batch, rows, columns)` of the image's size. A value is a share of one
            query's attention on one map pixel: where attention is uniform, it is one divided by
            the number of map pixels.

        Raises:
            UsageError: If projection, query or layer are not as described, or if the map tells of
                no pixels, such as a gate for each channel.
        """
        layer = self.default if layer is None else layer
        if layer not in self.layers:
            raise UsageError(f"No attention layer is called {layer!r}. {nearest(layer, self)}")
        if projection not in PROJECTIONS:
            raise UsageError(
                f"No projection is called {projection!r}. {nearest(projection, PROJECTIONS)}"
            )
        if (query is not None) != (projection == "query"):
            raise UsageError('Give query=(row, column) with projection="query", and only then.')
        attention = self.layers[layer]
        if not attention.is_drawable or (projection == "query" and "query" not in attention.axes):
            raise UsageError(
                f"The map of {layer} has the axes {attention.axes}: it tells of no pixels for the "
                f"projection {projection!r}. Read its numbers: maps[{layer!r}].values."
            )
        if projection == "received":
            values = attention.received()
        else:
            self._check_query(query)
            values = attention.of_query(nearest_pixel(attention.geometry, query))
        return to_image(values, attention.geometry, self.image_size)

    def _check_query(self, query):
        inside = np.shape(query) == (2,) and all(
            0 <= place < size for place, size in zip(query, self.image_size, strict=True)
        )
        if not inside:
            raise UsageError(
                f"query must be (row, column) on the image of {self.image_size}, not {query!r}."
            )
