"""What is hidden in each month, as runs of pixels."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from sn7fast.errors import InputError
from sn7fast.report.packing import varints
from sn7fast.report.strips import as_strips, strips_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from sn7fast.report.strips import Strips


# That are looked at together: runs of pixels one by one take many times the pixels.
_PIECE_PX = 2**20


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


class Masks(Mapping[str, "Strips"]):
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
        valid: Mapping[str, Any] | NDArray[np.bool_] | None,
        months: Sequence[str],
    ) -> None:
        if valid is not None and not isinstance(valid, Mapping):
            if np.ndim(valid) != 3 or len(valid) != len(months):
                raise InputError(
                    f"valid: got shape {np.shape(valid)}, wanted ({len(months)}, rows, columns)"
                )
            valid = dict(zip(months, valid, strict=True))
        self._valid: Mapping[str, Any] = {} if valid is None else valid

    def __getitem__(self, month: str) -> Strips:
        mask = as_strips(self._valid[month])
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


def hidden_of(masks: Mapping[str, Strips]) -> dict[str, Hidden]:
    """The months in which something is hidden."""
    found = {}
    for month, mask in masks.items():
        rows, columns = mask.shape
        runs = _Runs()
        for strip in strips_of(mask):
            runs.add(~strip.ravel())
        if runs.hidden:
            found[month] = Hidden(runs.ended(), runs.hidden / (rows * columns), (rows, columns))
    return found


class _Runs:
    """Visible and hidden pixels in turn, of a mask that comes in strips.

    Attributes:
        hidden: How many there are so far.
    """

    def __init__(self) -> None:
        self.hidden = 0
        self._pieces: list[bytes] = []
        # Of the run that may go on.
        self._is_hidden, self._length = False, 0

    def add(self, hidden: NDArray[np.bool_]) -> None:
        """The next pixels."""
        for start in range(0, len(hidden), _PIECE_PX):
            self._add(hidden[start : start + _PIECE_PX])

    def _add(self, hidden: NDArray[np.bool_]) -> None:
        count = int(np.count_nonzero(hidden))
        self.hidden += count
        if count or self._is_hidden:
            changes = np.flatnonzero(hidden[1:] != hidden[:-1]) + 1
            if hidden[0] != self._is_hidden:
                changes = np.concatenate([[0], changes])
            if len(changes):
                self._pieces.append(varints(np.diff(changes, prepend=-self._length)))
                self._is_hidden, self._length = bool(hidden[-1]), -int(changes[-1])
        self._length += len(hidden)

    def ended(self) -> bytes:
        """All runs."""
        return b"".join([*self._pieces, varints(np.array([self._length]))])
