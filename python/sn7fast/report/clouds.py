"""What is hidden in each month, as runs of pixels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sn7fast.errors import InputError
from sn7fast.report.packing import varints

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Hidden:
    """What is hidden in a month.

    Attributes:
        runs: Visible and hidden pixels in turn, row after row, beginning with visible ones: how
            many, as varints.
        share: Of the pixels.
        shape_yx: Rows and columns.
    """

    runs: bytes
    share: float
    shape_yx: tuple[int, int]


def masks_by_month(
    valid: Mapping[str, NDArray[np.bool_]] | NDArray[np.bool_] | None, months: Sequence[str]
) -> dict[str, NDArray[np.bool_]]:
    """Masks of what is valid, checked.

    Args:
        valid: As in `sn7fast.report.write_report`.
        months: Those of an array.

    Raises:
        InputError: A mask has another form or type.
    """
    if valid is None:
        return {}
    if not isinstance(valid, Mapping):
        if np.ndim(valid) != 3 or len(valid) != len(months):
            raise InputError(
                f"valid: got shape {np.shape(valid)}, wanted ({len(months)}, rows, columns)"
            )
        valid = dict(zip(months, valid, strict=True))
    masks = {month: np.asarray(mask) for month, mask in valid.items()}
    for month, mask in masks.items():
        if mask.ndim != 2 or mask.dtype != bool:
            raise InputError(
                f"valid: month {month}: got {mask.dtype} of shape {mask.shape}, wanted bool "
                "(rows, columns)"
            )
    return masks


def hidden_of(masks: Mapping[str, NDArray[np.bool_]]) -> dict[str, Hidden]:
    """The months in which something is hidden."""
    return {
        month: Hidden(_runs(~mask.ravel()), float((~mask).mean()), (mask.shape[0], mask.shape[1]))
        for month, mask in masks.items()
        if not mask.all()
    }


def _runs(hidden: NDArray[np.bool_]) -> bytes:
    changes = np.flatnonzero(hidden[1:] != hidden[:-1]) + 1
    first = [0] if hidden[0] else []
    return varints(np.diff(np.concatenate([[0], first, changes, [len(hidden)]])))
