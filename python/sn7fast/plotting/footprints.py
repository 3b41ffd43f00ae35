"""Footprints and stacks as shapes on a plane."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from sn7fast._optional import require
from sn7fast.errors import InputError
from sn7fast.plotting import colours
from sn7fast.plotting.axes import axes_or_new, in_pixels
from sn7fast.rings import rewound

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.collections import PathCollection
    from numpy.typing import ArrayLike, NDArray

    from sn7fast.footprints import Footprints
    from sn7fast.stack import Stack

_SIZE = (6.4, 6.4)


def plot_footprints(
    footprints: Footprints,
    *,
    ax: Axes | None = None,
    image: ArrayLike | None = None,
    y_down: bool = True,
    color: Any = colours.BLUE,  # noqa: ANN401 - whatever matplotlib takes for a colour
    **style: Any,  # noqa: ANN401 - of a PathCollection
) -> Axes:
    """Draw footprints, holes left open.

    Args:
        footprints: In pixels, or in units of a CRS with ``y_down=False``.
        ax: Where to draw; None makes a figure.
        image: What lies below, (rows, columns) or (rows, columns, 3 or 4), in pixels.
        y_down: Whether y points down, as in pixels.
        color: One colour, or one for each footprint.
        **style: Properties of a ``matplotlib.collections.PathCollection``, such as ``alpha``.

    Returns:
        The Axes; the footprints are its last collection, one path each.

    Raises:
        InputError: ``image`` has another shape, or ``y_down`` is False with one.
        MissingDependencyError: matplotlib is not installed.
    """
    ax = axes_or_new(ax, size=_SIZE)
    if image is not None:
        if not y_down:
            raise InputError("image: got one with y_down=False, wanted footprints in its pixels")
        _draw_image(ax, np.asarray(image))
    shapes = _collection(footprints, {"facecolor": color, "linewidth": 0.5} | style)
    ax.add_collection(shapes)
    ax.set_aspect("equal")
    if image is None:
        ax.autoscale_view()
        # Axes that were drawn into before may point down already.
        if y_down and not ax.yaxis_inverted():
            ax.invert_yaxis()
    return ax


def plot_stack(
    stack: Stack,
    month: str | None = None,
    *,
    by: Literal["id", "first_month"] = "id",
    ax: Axes | None = None,
    image: ArrayLike | None = None,
    **style: Any,  # noqa: ANN401 - of a PathCollection
) -> Axes:
    """Draw the footprints of one month of a stack; see `Stack.plot`."""
    if by not in ("id", "first_month"):
        raise InputError(f"by: got {by!r}, wanted 'id' or 'first_month'")
    if by == "first_month" and stack.ids is None:
        raise InputError(f"{stack.aoi}: by: got 'first_month' without ids, wanted a tracked stack")
    if month is None:
        if not stack.months:
            raise InputError(f"{stack.aoi}: got a stack without months, wanted one to draw")
        month = stack.months[-1]
    rows = stack.rows(month)
    footprints = stack.footprints[rows]
    ax = axes_or_new(ax, size=_SIZE)
    if by == "first_month":
        firsts = _first_months(stack)[rows]
        plot_footprints(footprints, ax=ax, image=image, **style)
        _colour_by_month(ax, firsts, stack.months)
    elif stack.ids is None:
        plot_footprints(footprints, ax=ax, image=image, **({"color": colours.GREY} | style))
    else:
        own = {"color": colours.of_ids(stack.ids[rows])}
        plot_footprints(footprints, ax=ax, image=image, **(own | style))
    in_pixels(ax, *_extent(stack, image))
    ax.set_title(f"{stack.aoi}, {month.replace('_', '-')}")
    return ax


def _draw_image(ax: Axes, image: NDArray[Any]) -> None:
    if image.ndim not in (2, 3) or (image.ndim == 3 and image.shape[2] not in (3, 4)):
        raise InputError(
            f"image: got shape {image.shape}, wanted (rows, columns) or (rows, columns, 3 or 4)"
        )
    rows, columns = image.shape[:2]
    # The outer edge of the first pixel is at 0, as in footprints; alpha would let white through.
    ax.imshow(image[..., :3] if image.ndim == 3 else image, extent=(0, columns, rows, 0),
              cmap="gray", interpolation="nearest")  # fmt: skip


def _collection(footprints: Footprints, style: dict[str, Any]) -> PathCollection:
    """One path a footprint, its rings one after the other.

    What is filled is what rings run around more often one way than the other, so holes must run
    against their outer ring.
    """
    footprints = rewound(footprints)
    path = require("matplotlib.path", extra="plot").Path
    codes = np.full(len(footprints.coords), path.LINETO, path.code_type)
    starts, ends = footprints.ring_offsets[:-1], footprints.ring_offsets[1:]
    full = ends > starts
    codes[starts[full]] = path.MOVETO
    codes[ends[full] - 1] = path.CLOSEPOLY
    bounds = _point_offsets(footprints)
    paths = [
        path(footprints.coords[start:end], codes[start:end])
        for start, end in itertools.pairwise(bounds)
    ]
    shapes: PathCollection = require("matplotlib.collections").PathCollection(paths, **style)
    return shapes


def _point_offsets(footprints: Footprints) -> list[int]:
    """Where the points of each footprint start, and the end."""
    _, rings, polygons, several = footprints.arrays
    offsets: list[int] = rings[polygons if several is None else polygons[several]].tolist()
    return offsets


def _extent(stack: Stack, image: ArrayLike | None) -> tuple[float, float]:
    """Columns and rows that are in sight: of the image, the grid, or the footprints."""
    if image is not None:
        rows, columns = np.asarray(image).shape[:2]
        return columns, rows
    if stack.grid is not None:
        return stack.grid.shape_yx[1], stack.grid.shape_yx[0]
    if not len(stack.footprints.coords):
        return 1.0, 1.0
    right, bottom = stack.footprints.coords.max(axis=0).tolist()
    return max(right, 1.0), max(bottom, 1.0)


def _first_months(stack: Stack) -> NDArray[np.int64]:
    """For each row the position of the month in which its building comes first."""
    known = stack.buildings
    ids = np.asarray(stack.ids)
    if known is not None:
        return known.first_month[np.searchsorted(known.ids, ids)]
    _, first, which = np.unique(ids, return_index=True, return_inverse=True)
    firsts: NDArray[np.int64] = stack.month_index[first][which]
    return firsts


def _colour_by_month(ax: Axes, firsts: NDArray[np.int64], months: tuple[str, ...]) -> None:
    """Colour the last collection by month, and say what the colours mean."""
    colors = require("matplotlib.colors")
    shapes = ax.collections[-1]
    # One colour a month, in the middle of its step; the new ones are dark, as the paper is white.
    steps = np.arange(len(months) + 1) - 0.5
    colormap = require("matplotlib").colormaps["cividis_r"].resampled(max(len(months), 2))
    shapes.set(cmap=colormap, norm=colors.BoundaryNorm(steps, colormap.N) if len(months) > 1 else
               colors.Normalize(-0.5, 0.5))  # fmt: skip
    shapes.set_array(firsts)
    every = max(1, -(-len(months) // 8))
    places = list(range(0, len(months), every))
    bar = ax.figure.colorbar(shapes, ax=ax, ticks=places, label="first month", shrink=0.8)
    bar.ax.set_yticklabels([months[k].replace("_", "-") for k in places])
    bar.ax.minorticks_off()
