"""What is hidden in each month, as runs of pixels."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
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


class Masks(Mapping[str, "NDArray[np.bool_]"]):
    """Masks of what is valid by month, checked one by one when they are asked for.

    Args:
        valid: As in `sn7fast.report.write_report`.
        months: Those of an array.

    Raises:
        InputError: An array has another shape; when it is asked for, a mask has another form or
            type.
    """

    def __init__(
        self,
        valid: Mapping[str, NDArray[np.bool_]] | NDArray[np.bool_] | None,
        months: Sequence[str],
    ) -> None:
        if valid is not None and not isinstance(valid, Mapping):
            if np.ndim(valid) != 3 or len(valid) != len(months):
                raise InputError(
                    f"valid: got shape {np.shape(valid)}, wanted ({len(months)}, rows, columns)"
                )
            valid = dict(zip(months, valid, strict=True))
        self._valid: Mapping[str, NDArray[np.bool_]] = {} if valid is None else valid

    def __getitem__(self, month: str) -> NDArray[np.bool_]:
        mask = np.asarray(self._valid[month])
        if mask.ndim != 2 or mask.dtype != bool:
            raise InputError(
                f"valid: month {month}: got {mask.dtype} of shape {mask.shape}, wanted bool "
                "(rows, columns)"
            )
        return mask

    def __contains__(self, month: object) -> bool:
        return month in self._valid

    def __iter__(self) -> Iterator[str]:
        return iter(self._valid)

    def __len__(self) -> int:
        return len(self._valid)


def hidden_of(masks: Mapping[str, NDArray[np.bool_]]) -> dict[str, Hidden]:
    """The months in which something is hidden."""
    found = {}
    for month, mask in masks.items():
        if not mask.all():
            rows, columns = mask.shape
            found[month] = Hidden(_runs(~mask.ravel()), float((~mask).mean()), (rows, columns))
    return found


def _runs(hidden: NDArray[np.bool_]) -> bytes:
    changes = np.flatnonzero(hidden[1:] != hidden[:-1]) + 1
    first = [0] if hidden[0] else []
    return varints(np.diff(np.concatenate([[0], first, changes, [len(hidden)]])))
