"""Persistent building identifiers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from sn7fast import _core
from sn7fast._arguments import real_number
from sn7fast.errors import InputError

if TYPE_CHECKING:
    from sn7fast.stack import Stack


def track(
    stack: Stack,
    *,
    method: Literal["baseline"] = "baseline",
    min_iou: float = 0.25,
    reverse: bool = False,
    master: Literal["first", "latest"] = "first",
) -> Stack:
    """Give the footprints of an AOI identifiers that persist over months.

    The tracker of the SpaceNet 7 baseline: month by month, largest footprint first (ties in input
    order), each takes the identifier of the free known building with the highest IoU (the lowest
    identifier wins a tie) if that is at least ``min_iou``, else it founds a new one that can be
    matched from the next month on. An empty month changes nothing.

    Args:
        stack: Footprints of all months; existing ids are ignored.
        method: ``baseline``.
        min_iou: Least IoU (not strict) for taking an identifier. At 0 touching is enough. The
            published baseline score used 0.2.
        reverse: Go from the last month to the first.
        master: Which shape stands for a building: the one it was ``first`` seen with, as in the
            baseline, or the ``latest``.

    Returns:
        The same rows in the same order with ``ids`` (from 0 without gaps, in the order of founding)
        and ``iou`` (with the building's shape; 0 for the first of an identifier).

    Raises:
        InputError: ``min_iou`` is no number, or an unknown method or master.
    """
    if method != "baseline":
        raise InputError(f"method: got {method!r}, wanted 'baseline'")
    if master not in ("first", "latest"):
        raise InputError(f"master: got {master!r}, wanted 'first' or 'latest'")
    ids, iou = _core.track(
        stack.footprints.arrays,
        stack.frame_offsets,
        real_number("min_iou", min_iou),
        bool(reverse),
        master,
    )
    return stack.with_ids(ids, iou)
