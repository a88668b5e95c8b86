"""The attention of a network on some images: arrays with named axes, and as images."""

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
        geometry: Where the pixels of the layer's feature map lie on the image.
    """

    values: np.ndarray
    axes: tuple[str, ...]
    kind: str
    geometry: Geometry


@dataclass(frozen=True)
class AttentionMaps(Mapping):
    """Attention by layer: a mapping from the layer's path to its `LayerAttention`.

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
                all queries; or `"query"`, what the pixel at `query` attends to.
            query: `(row, column)` on the image, for `"query"` only.
            layer: Path of the layer; `default` if None.

        Returns:
            Array `(batch, rows, columns)` of the image's size. A value is a share of one
            query's attention on one map pixel: where attention is uniform, it is one divided by
            the number of map pixels.

        Raises:
            UsageError: If projection, query or layer are not as described.
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
        geometry = attention.geometry
        if projection == "received":
            flat = attention.values.mean(axis=attention.axes.index("query"))
        else:
            self._check_query(query)
            row, column = nearest_pixel(geometry, query)
            flat = attention.values[:, row * geometry.axes[1].size + column]
        shape = (len(flat), *(axis.size for axis in geometry.axes))
        return to_image(flat.reshape(shape), geometry, self.image_size)

    def _check_query(self, query):
        inside = np.shape(query) == (2,) and all(
            0 <= place < size for place, size in zip(query, self.image_size, strict=True)
        )
        if not inside:
            raise UsageError(
                f"query must be (row, column) on the image of {self.image_size}, not {query!r}."
            )
