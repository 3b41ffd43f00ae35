"""The Axes that a picture is drawn into."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sn7fast._optional import require

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def axes_or_new(ax: Axes | None, *, size: tuple[float, float] | None = None) -> Axes:
    """``ax``, or the Axes of a new figure.

    Args:
        ax: Given by the caller, or None.
        size: Width and height of a new figure in inches; None is matplotlib's default.

    Raises:
        MissingDependencyError: matplotlib is not installed.
    """
    if ax is not None:
        return ax
    pyplot = require("matplotlib.pyplot", extra="plot")
    new: Axes = pyplot.subplots(figsize=size, layout="constrained")[1]
    return new


def in_pixels(ax: Axes, width: float, height: float) -> None:
    """Pixels of a raster: square, the first row on top, and the whole of it in sight."""
    ax.set_aspect("equal")
    ax.set_xlim(0, width)
    ax.set_ylim(height, 0)
    ax.set_xlabel("column (px)")
    ax.set_ylabel("row (px)")


def month_ticks(ax: Axes, months: list[str]) -> None:
    """Months along x at 0, 1, 2, ..., as many labels as there is room for."""
    step = max(1, -(-len(months) // 12))
    places = range(0, len(months), step)
    ax.set_xticks(list(places), [months[k].replace("_", "-") for k in places])
    ax.tick_params(axis="x", rotation=45 if len(months) > 4 else 0)
    ax.set_xlim(-0.6, max(len(months), 1) - 0.4)
