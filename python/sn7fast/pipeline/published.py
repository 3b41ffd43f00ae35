"""Identifiers that stay: what a building was called in the last run it is called in this one.

A stack that gained a month is tracked anew, as all months together say more; outlines and dates may
change by it, and the numbers of the tracker are its own. ``state/<AOI>/ids.npz`` therefore keeps
each identifier that was ever given out, with the last outline of its building and the month of it.
The buildings of a new result take theirs from there:

1. In each month, outlines that were last seen in it are compared with those of the new result in
   the same month. Pairs with an IoU of 0.25 or more are taken in the order of their IoU, each
   building once.
2. The last outlines of what is left are compared whatever the month, in the same way: a building
   may be dated otherwise now, or its last month may be gone.
3. What is left takes back the identifier of a building of its place (an IoU of 0.5 or more) that an
   earlier result had and the last one had not.
4. The others get new ones, counted up from the highest that ever was.

So an identifier never stands for another place, and one that no result shows any more is not given
out again. Ties go to the older identifier. Numbers that were given out for a result are kept with
it: the same result gets the same again.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from sn7fast.errors import InputError
from sn7fast.footprints import Footprints
from sn7fast.large import NamedStack
from sn7fast.matching import iou_pairs
from sn7fast.pipeline.stacks import StoredStack, write_stack
from sn7fast.stack import Stack

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from sn7fast.buildings import Buildings
    from sn7fast.grid import Grid
    from sn7fast.large import LargeStack

_SAME, _BACK = 0.25, 0.5


@dataclass(frozen=True, slots=True, eq=False)
class Published:
    """The identifiers that were given out for an AOI.

    Attributes:
        last: Each identifier once, in the month in which its building was last seen, with the
            outline of that month.
        retired: bool (n,), True for those that the last result has not; rows as ``last``.
        next_id: The lowest that was never given out.
        result: Of which result the numbers are, as text.
        own: int64 (m,), numbers of the tracker in that result, ascending.
        given: int64 (m,), what they were called.
    """

    last: Stack
    retired: NDArray[np.bool_]
    next_id: int
    result: str
    own: NDArray[np.int64]
    given: NDArray[np.int64]

    @property
    def current(self) -> Stack:
        """The last outlines of the last result."""
        return self.last.take(~self.retired) if self.retired.any() else self.last


def published(
    stack: LargeStack, before: Published | None, result: str
) -> tuple[LargeStack, Published]:
    """Give the buildings of a result the identifiers that they had before.

    In memory are a month of footprints at a time, and the last one of each building.

    Args:
        stack: A new result, with the ids of its tracker.
        before: What was given out, or None if this is the first result.
        result: A text that tells the result from others.

    Returns:
        The stack with its identifiers, and what is given out now.

    Raises:
        InputError: The pixels lie elsewhere than before and cannot be compared.
    """
    own, row = np.unique(stack.ids, return_inverse=True)
    last = last_outlines(stack)
    if before is None:
        given = own
    elif before.result == result and np.array_equal(before.own, own):
        given = before.given
    else:
        given = _taken_over(stack, own, row, last, before)
    last = replace(last, ids=given[np.searchsorted(own, np.asarray(last.ids))])
    retired = np.zeros(len(last), bool)
    next_id = max(int(given.max(initial=-1)) + 1, 0 if before is None else before.next_id)
    if before is not None:
        moved = _on_grid(before.last, stack.grid)
        gone = ~np.isin(np.asarray(moved.ids), given)
        last = _joined(last, moved.take(gone))
        retired = ~np.isin(np.asarray(last.ids), given)
    named = NamedStack(stack, given[row], stack.iou, _renamed(stack, own, given))
    return named, Published(last, retired, next_id, result, own, given)


def last_outlines(stack: LargeStack) -> Stack:
    """The last footprint of each building, and nothing else; rows as in the stack."""
    rows = np.sort(_last_rows(stack.ids))
    counts = np.bincount(stack.month_index[rows], minlength=len(stack.months))
    offsets = np.cumsum([0, *counts])
    return Stack(
        stack.aoi, stack.months, stack.take(rows), offsets, stack.ids[rows], grid=stack.grid
    )


def recovered(stack: LargeStack) -> Published:
    """What was given out, as far as a stack with published identifiers tells."""
    last = last_outlines(stack)
    own = np.unique(stack.ids)
    next_id = int(own.max(initial=-1)) + 1
    return Published(last, np.zeros(len(last), bool), next_id, "", own, own)


def write_published(path: Path, found: Published) -> None:
    """Write it, whole or not at all.

    Raises:
        OSError: The file cannot be written.
    """
    write_stack(
        path,
        found.last,
        about={"next_id": found.next_id, "result": found.result},
        arrays={"retired": found.retired, "own": found.own, "given": found.given},
    )


def read_published(path: Path) -> Published:
    """Read what `write_published` wrote.

    Raises:
        FormatError: The file is none, or a damaged one.
        OSError: It cannot be read.
    """
    stored = StoredStack(path)
    about, arrays = stored.about, stored.arrays
    return Published(
        stored.to_stack(),
        arrays["retired"],
        int(about["next_id"]),
        str(about["result"]),
        arrays["own"],
        arrays["given"],
    )


def _taken_over(
    stack: LargeStack,
    own: NDArray[np.int64],
    row: NDArray[np.int64],
    last: Stack,
    before: Published,
) -> NDArray[np.int64]:
    """What the buildings ``own`` are called."""
    known = _on_grid(before.last, stack.grid)
    ids = np.asarray(known.ids)
    given = np.full(len(own), -1, np.int64)
    active, retired = np.flatnonzero(~before.retired), np.flatnonzero(before.retired)
    newest = np.argsort(np.asarray(last.ids))

    def take(pairs: tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]) -> None:
        old, new, iou = pairs
        taken = set(given[given >= 0].tolist())
        for index in np.lexsort((new, ids[old], -iou)).tolist():
            building, name = int(new[index]), int(ids[old[index]])
            if given[building] < 0 and name not in taken:
                given[building] = name
                taken.add(name)

    take(_by_month(stack, row, known, active))
    for candidates, least in ((active, _SAME), (retired, _BACK)):
        left = np.flatnonzero(given < 0)
        free = candidates[~np.isin(ids[candidates], given)]
        old, new, iou = iou_pairs(known.footprints[free], last.footprints[newest[left]])
        enough = iou >= least
        take((free[old[enough]], left[new[enough]], iou[enough]))
    fresh = given < 0
    given[fresh] = before.next_id + np.arange(fresh.sum())
    return given


def _by_month(
    stack: LargeStack, row: NDArray[np.int64], known: Stack, active: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """Pairs of known buildings and new ones, by what they look like in the last month known."""
    found: list[tuple[NDArray[Any], ...]] = []
    months = known.month_index[active]
    for index, month in enumerate(known.months):
        here = active[months == index]
        if not len(here) or month not in stack.months:
            continue
        position = stack.months.index(month)
        start = int(stack.frame_offsets[position])
        outlines = known.footprints[here]
        bounds = outlines.bounds
        for _, shapes in stack.shapes(range(position, position + 1)):
            # They lie beside each other: few of the known ones are near.
            low = np.fmin.reduce(shapes.bounds[:, 1], initial=np.inf)
            high = np.fmax.reduce(shapes.bounds[:, 3], initial=-np.inf)
            near = np.flatnonzero((bounds[:, 1] < high) & (bounds[:, 3] > low))
            old, new, iou = iou_pairs(outlines[near], shapes)
            enough = iou >= _SAME
            found.append((here[near[old[enough]]], row[start + new[enough]], iou[enough]))
            start += len(shapes)
    if not found:
        none = np.empty(0, np.int64)
        return none, none, np.empty(0)
    old, new, iou = (np.concatenate(column) for column in zip(*found, strict=True))
    return old, new, iou


def _last_rows(row: NDArray[np.int64]) -> NDArray[np.int64]:
    """The last row of each building, of rows in order of months."""
    _, from_end = np.unique(row[::-1], return_index=True)
    return len(row) - 1 - from_end


def _joined(one: Stack, other: Stack) -> Stack:
    """Stacks of different buildings and months as one."""
    if not len(other) and {*other.months} <= {*one.months}:
        return one
    months = sorted({*one.months, *other.months})
    labels = np.concatenate(
        [np.array(part.months, object)[part.month_index] for part in (one, other)]
    )
    index = np.array([months.index(label) for label in labels], np.int64)
    order = np.argsort(index, kind="stable")
    ids = np.concatenate([np.asarray(one.ids), np.asarray(other.ids)])
    offsets = np.concatenate([[0], np.cumsum(np.bincount(index, minlength=len(months)))])
    shapes = Footprints.concatenate([one.footprints, other.footprints])[order]
    return Stack(one.aoi, tuple(months), shapes, offsets, ids[order], grid=one.grid)


def _on_grid(known: Stack, grid: Grid | None) -> Stack:
    """What is known, in pixels of another grid."""
    if known.grid == grid:
        return known
    one, other = known.grid, grid
    if one is None or other is None or one.crs is None or one.crs != other.crs:
        raise InputError(
            f"{known.aoi}: the images lie elsewhere than those of the last run ({_told(one)} "
            f"against {_told(other)} now), so that its identifiers cannot be kept; choose another "
            f"folder, or remove state/{known.aoi} to number anew"
        )
    return replace(known, footprints=other.crs_to_px(one.px_to_crs(known.footprints)), grid=grid)


def _told(grid: Grid | None) -> str:
    if grid is None:
        return "no grid"
    rows, columns = grid.shape_yx
    return f"{rows} x {columns} in {grid.crs or 'no CRS'}"


def _renamed(
    stack: LargeStack, own: NDArray[np.int64], given: NDArray[np.int64]
) -> Buildings | None:  # fmt: skip
    """The dates of buildings that are shown, under their new names."""
    if stack.buildings is None:
        return None
    # Those that are hidden in all their months have dates and no footprints.
    dates = stack.buildings.take(np.isin(stack.buildings.ids, own))
    names = given[np.searchsorted(own, dates.ids)]
    order = np.argsort(names)
    return replace(dates, ids=names).take(order)
