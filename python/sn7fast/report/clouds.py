"""What is hidden in each month, as runs of pixels."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from sn7fast.errors import InputError
from sn7fast.report.packing import varints

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sn7fast.stack import Stack


def hidden_runs(
    valid: Mapping[str, NDArray[np.bool_]] | NDArray[np.bool_] | None, tracks: Stack
) -> dict[str, tuple[bytes, float, tuple[int, int]]]:
    """Months in which something is hidden.

    Args:
        valid: As in `sn7fast.report.write_report`.
        tracks: Its months are those of an array.

    Returns:
        For each such month runs of visible and hidden pixels in turn, row after row, beginning
        with visible ones, as varints; the share that is hidden; rows and columns.

    Raises:
        InputError: A mask has another form or type.
    """
    if valid is None:
        return {}
    if not isinstance(valid, Mapping):
        if np.ndim(valid) != 3 or len(valid) != len(tracks.months):
            raise InputError(
                f"valid: got shape {np.shape(valid)}, wanted ({len(tracks.months)}, rows, columns)"
            )
        valid = dict(zip(tracks.months, valid, strict=True))
    found = {}
    for month in valid:
        mask = np.asarray(valid[month])
        if mask.ndim != 2 or mask.dtype != bool:
            raise InputError(
                f"valid: month {month}: got {mask.dtype} of shape {mask.shape}, wanted bool "
                "(rows, columns)"
            )
        if not mask.all():
            rows, columns = mask.shape
            found[month] = (_runs(~mask.ravel()), float((~mask).mean()), (rows, columns))
    return found


def _runs(hidden: NDArray[np.bool_]) -> bytes:
    changes = np.flatnonzero(hidden[1:] != hidden[:-1]) + 1
    first = [0] if hidden[0] else []
    return varints(np.diff(np.concatenate([[0], first, changes, [len(hidden)]])))
