"""Scores of whole submissions, as ``solaris.eval.challenges``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sn7fast._arguments import number_from_zero
from sn7fast.compat.scot import mean_score, score_stacks, stack_of
from sn7fast.compat.vectors import column_of, footprints_of, load_table
from sn7fast.errors import InputError
from sn7fast.stack import Stack

if TYPE_CHECKING:
    import os

# Where AOI and month stand in ``global_monthly_YYYY_MM_mosaic_<AOI>``.
_MONTH = slice(15, 22)
_AOI = slice(30, 58)


def multi_temporal_buildings(
    prop_csv: str | os.PathLike[str],
    grnd_csv: str | os.PathLike[str],
    miniou: float = 0.25,
    min_area: float | None = 4.0,
    beta: float = 2.0,
    stats: bool = False,
    verbose: bool = False,
) -> Any:  # noqa: ANN401 - as the original: one thing or two
    """SCOT of an SN7 submission in CSV.

    Quirks, numbered as in DESIGN.md, besides those of `scot_one_aoi`:

    * 16: the original reads identifiers as text. Here they are whole numbers, so that 9 comes
      before 10; only assignments that tie can differ.

    Args:
        prop_csv: The submission: columns filename, id, geometry (WKT).
        grnd_csv: The ground truth, in the same form.
        miniou: IoU that a pair must exceed.
        min_area: Ground truth of less area is dropped, in squared pixels; None keeps all. The
            proposal is not filtered.
        beta: Weight of the tracking score in the harmonic mean.
        stats: Whether to return the numbers too.
        verbose: Say them.

    Returns:
        As `scot_multi_aoi`.

    Raises:
        FormatError, GeometryError, InputError: A file does not hold what it should, or the ground
            truth has no rows; the message names it.
    """
    miniou = number_from_zero("miniou", miniou)
    truth, proposal = _stacks(grnd_csv, min_area), _stacks(prop_csv, None)
    if not truth:
        raise InputError(f"{grnd_csv}: got no rows of at least min_area, wanted ground truth")
    nothing = Stack.from_frames([], months=[], aoi="", ids=[])
    results = {
        aoi: score_stacks(stack, proposal.get(aoi, nothing), miniou, 100.0, beta, aoi)
        for aoi, stack in truth.items()
    }
    return mean_score(results, stats=stats, verbose=verbose)


def _stacks(path: str | os.PathLike[str], min_area: float | None) -> dict[str, Stack]:
    """Stack of each AOI, from the rows as they are.

    `sn7fast.read_csv` leaves out rows with a negative identifier, which stand for an image without
    buildings; the original scores them (quirk 13).
    """
    table = load_table(Path(path))
    identifiers = column_of(table, "id", str(path))
    if len(table) and identifiers.dtype.kind not in "iu":
        raise InputError(f"{path}: id: got {identifiers.dtype}, wanted whole numbers")
    names = column_of(table, "filename", str(path)).astype(str)
    footprints = footprints_of(table["geometry"], str(path))
    kept = np.ones(len(table), bool) if min_area is None else footprints.areas >= min_area
    rows = np.flatnonzero(kept)
    aoi = names.str[_AOI].to_numpy(str)[rows]
    month = names.str[_MONTH].to_numpy(str)[rows]
    numbers = identifiers.to_numpy(np.int64)[rows]
    return {
        str(name): stack_of(month[own], numbers[own], footprints[rows[own]])
        for name in np.unique(aoi)
        for own in [np.flatnonzero(aoi == name)]
    }
