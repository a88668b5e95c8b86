"""An axis of differences on which small and large ones can be read."""

import numpy as np
from matplotlib.ticker import FixedLocator, FuncFormatter

from regard.reports.study.words import number

_FAR = 10


def fit_scale(axes, which, points):
    """Makes an axis logarithmic outside of -1 to 1 where a difference is beyond 10 points.

    Args:
        axes: Of matplotlib.
        which: `"x"` or `"y"`.
        points: The differences, in points.
    """
    if not np.nanmax(np.abs(points)) > _FAR:
        return
    getattr(axes, f"set_{which}scale")("symlog", linthresh=1)
    axis = getattr(axes, f"{which}axis")
    axis.set_major_locator(FixedLocator([-100, -30, -10, -3, -1, 0, 1, 3, 10, 30, 100]))
    axis.set_major_formatter(FuncFormatter(lambda value, _: number(value, "g")))
    axis.set_minor_locator(FixedLocator([]))
