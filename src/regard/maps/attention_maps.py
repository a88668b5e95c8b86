"""The attention of a network on some images: arrays with named axes, and as images."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from regard.errors import UsageError, nearest
from regard.maps.geometry import Geometry, placed
from regard.maps.planes import planes, spatial_names
from regard.maps.project import nearest_pixel, to_image
from regard.maps.rollout import rollout

KEPT = ("head", "group", "branch", "channel")
PROJECTIONS = ("received", "gate", "query", "rollout", *KEPT)


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
        sum_axes: Axes over which a distribution sums to one.
    """

    values: np.ndarray
    axes: tuple[str, ...]
    kind: str
    geometry: Geometry | None
    sum_axes: tuple[str, ...] = ()

    @property
    def is_drawable(self):
        """Whether the map tells of pixels: by queries and keys, or by row and column."""
        return self.geometry is not None and spatial_names(self.axes, self.sum_axes) is not None

    @property
    def projections(self):
        """The projections of this map: the one that is natural for it first."""
        if not self.is_drawable:
            own = []
        elif self.kind == "gate" and "key" not in self.axes:
            own = ["gate"]
        else:
            own = ["received"]
        if self._is_pairs() and own:
            own += ["query", "rollout"] if self.kind == "distribution" else ["query"]
        return [*own, *(name for name in KEPT if self._keeps(name))]

    def planes(self, keep=None):
        """Returns what each pixel of the feature map receives, or its gate.

        The mean over all axes that tell of no key: queries, heads, channels.

        Args:
            keep: Name of an axis that is not averaged, such as `"head"`.

        Returns:
            `(batch, rows, columns)`, or `(batch, keep, rows, columns)`.
        """
        return planes(self.values, self.axes, self.geometry, keep, self.sum_axes)

    def of_query(self, place):
        """Returns what the pixel at `place` of the feature map attends to, as the heads' mean."""
        row, column = place
        sizes = [axis.size for axis in self.geometry.axes]
        at = self.values.take(row * sizes[1] + column, self.axes.index("query"))
        return at.mean(axis=tuple(range(1, at.ndim - 1))).reshape(len(at), *sizes)

    def of_pairs(self):
        """Returns the attention of each pixel to each as the heads' mean: `(batch, query, key)`."""
        return self.values.mean(axis=tuple(range(1, self.values.ndim - 2)))

    def _is_pairs(self):
        return {"query", "key"} <= set(self.axes) <= {"batch", "head", "query", "key"}

    def _keeps(self, name):
        sums = tuple(axis for axis in self.sum_axes if axis != name)
        return (
            name in self.axes
            and self.geometry is not None
            and spatial_names(self.axes, sums) is not None
        )


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

    def to_images(self, projection=None, query=None, layer=None):
        """Projects a layer's attention to the image plane.

        Args:
            projection: One of

                - `"received"`: the attention that each pixel receives, as the mean over all
                  queries, heads and channels;
                - `"gate"`: the factor of each pixel, as the mean over channels and groups;
                - `"query"`: what the pixel at `query` attends to, as the mean over heads;
                - `"head"`, `"group"`, `"branch"` or `"channel"`: the first two for each of these;
                - `"rollout"`: what is received through all layers of queries and keys, up to
                  this one, each with its residual (arXiv:2005.00928).

                By default `"received"` or `"gate"`, as the map is.
            query: `(row, column)` on the image, for `"query"` only.
            layer: Path of the layer; `default` if None.

        Returns:
            Array `(batch, rows, columns)` of the image's size; `(batch, heads, rows, columns)`
            for each head, and so on. A value of attention is a share of one query's attention on
            one map pixel: where attention is uniform, it is one divided by the number of map
            pixels. A gate is in the layer's `attention_range`.

        Raises:
            UsageError: If projection, query or layer are not as described, or if the map has no
                such projection, as a gate for each channel.
        """
        layer = self.default if layer is None else layer
        if layer not in self.layers:
            raise UsageError(f"No attention layer is called {layer!r}. {nearest(layer, self)}")
        attention = self.layers[layer]
        projection = self._projection(layer, projection)
        if (query is not None) != (projection == "query"):
            raise UsageError('Give query=(row, column) with projection="query", and only then.')
        if projection == "query":
            self._check_query(query)
            values = attention.of_query(nearest_pixel(attention.geometry, query))
        elif projection == "rollout":
            pairs = self._up_to(layer)
            return to_image(rollout(pairs), pairs[0][1], self.image_size)
        else:
            values = attention.planes(projection if projection in KEPT else None)
        return to_image(values, attention.geometry, self.image_size)

    def on_picture(self, size, box=None):
        """Returns the same maps for the pictures from which the model's images were made.

        Args:
            size: `(rows, columns)` of the pictures, upright.
            box: `(top, left, bottom, right)` of the part that was cut out and resized to the
                model's images, in pixels of the picture; by default the whole picture.

        Returns:
            `AttentionMaps` whose `to_images` gives maps of the pictures' size; outside of the
            box, the nearest value holds.

        Raises:
            UsageError: If the box does not lie on the picture.

        Example:
            >>> from regard import attention_maps, models
            >>> maps = attention_maps(models.tutorial(), np.zeros((1, 28, 28)))
            >>> maps.on_picture((112, 90)).to_images().shape
            (1, 112, 90)
        """
        top, left, bottom, right = box or (0, 0, *size)
        if not (0 <= top < bottom <= size[0] and 0 <= left < right <= size[1]):
            raise UsageError(
                f"box must be (top, left, bottom, right) on the picture of {tuple(size)}, not "
                f"{box!r}."
            )
        ends = ((top, bottom), (left, right))
        moved = {
            path: replace(one, geometry=placed(one.geometry, self.image_size, ends))
            for path, one in self.layers.items()
        }
        return AttentionMaps(moved, self.default, tuple(size))

    def _projection(self, layer, projection):
        if projection is not None and projection not in PROJECTIONS:
            raise UsageError(
                f"No projection is called {projection!r}. {nearest(projection, PROJECTIONS)}"
            )
        own = self.layers[layer].projections
        if own and (projection is None or projection in own):
            return projection or own[0]
        lacks = f" and no projection {projection!r}" if projection else ""
        has = f"Its projections: {', '.join(own)}" if own else "It tells of no pixels on the image"
        raise UsageError(
            f"The map of {layer} has the axes {self.layers[layer].axes}{lacks}. {has}. "
            f"Its numbers: maps[{layer!r}].values."
        )

    def _up_to(self, layer):
        """The attention of pixels to pixels and its place, in the order of the network."""
        paths = list(self.layers)
        before = [self.layers[path] for path in paths[: paths.index(layer) + 1]]
        return [(one.of_pairs(), one.geometry) for one in before if "rollout" in one.projections]

    def _check_query(self, query):
        inside = np.shape(query) == (2,) and all(
            0 <= place < size for place, size in zip(query, self.image_size, strict=True)
        )
        if not inside:
            raise UsageError(
                f"query must be (row, column) on the image of {self.image_size}, not {query!r}."
            )
