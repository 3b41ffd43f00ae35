"""Rows of tracks or truth as columns of bytes: building after building, each by month."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from sn7fast.errors import InputError
from sn7fast.report.packing import folded, varints

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from sn7fast.report.comparison import Verdicts
    from sn7fast.stack import Stack

# Whole numbers that a browser can hold exactly.
_LARGEST_EXACT = 2**53


class Rows:
    """Rows of tracks or truth, building after building.

    Attributes:
        ids: int64 (n,), ascending; a building's number is its place here.
        order: int64 (rows,), rows of the stack in the order of the page.

    Raises:
        InputError: An id comes twice in a month.
    """

    def __init__(self, stack: Stack, months: Sequence[str]) -> None:
        self.ids, self.number = np.unique(np.asarray(stack.ids), return_inverse=True)
        place = np.array([months.index(month) for month in stack.months], np.int64)
        month = place[stack.month_index] if len(stack) else np.empty(0, np.int64)
        self.order = np.lexsort((month, self.number))
        repeated = (np.diff(self.number[self.order]) == 0) & (np.diff(month[self.order]) == 0)
        if repeated.any():
            row = self.order[1:][repeated][0]
            raise InputError(
                f"AOI {stack.aoi}: id {self.ids[self.number[row]]} comes twice in month "
                f"{months[month[row]]}, wanted each once"
            )
        self._building, self._month = self.number[self.order], month[self.order]

    def described(self) -> dict[str, Any]:
        """For the header: the identifiers, as text where a browser could not hold them."""
        ids = self.ids.tolist()
        exact = all(-_LARGEST_EXACT < name < _LARGEST_EXACT for name in ids)
        return {"ids": ids if exact else [str(name) for name in ids], "rows": len(self.order)}

    def columns(self, name: str, shapes: NDArray[np.int64], *, seen: int) -> dict[str, bytes]:
        """Rows of each building, their months and shapes; ``seen`` is the last shape before."""
        is_first = np.diff(self._building, prepend=-1) > 0
        step = np.where(is_first, self._month, np.diff(self._month, prepend=0))
        before = np.maximum.accumulate(np.concatenate([[seen], shapes]))[:-1]
        # The shape of the row before, the next new one, or any other.
        same = ~is_first & (np.diff(shapes, prepend=-1) == 0)
        code = np.where(same, 0, np.where(shapes > before, 1, shapes + 2))
        return {
            f"{name}_counts": varints(np.bincount(self._building, minlength=len(self.ids))),
            f"{name}_months": varints(step),
            f"{name}_shapes": varints(code),
        }

    def compared(
        self, name: str, verdicts: Verdicts, *, partners: Rows | None = None
    ) -> dict[str, bytes]:
        """Flags of each row; with partners, building and IoU (in 1/1000) of each pair too."""
        columns = {f"{name}_flags": verdicts.flags[self.order].tobytes()}
        if partners is not None:
            partner = verdicts.partner[self.order]
            rows = np.flatnonzero(partner >= 0)
            building = partners.number[partner[rows]]
            iou = np.round(verdicts.iou[self.order][rows] * 1000).astype(np.int64)
            columns[f"{name}_partners"] = varints(folded(np.diff(building, prepend=0)))
            columns[f"{name}_iou"] = varints(folded(np.diff(iou, prepend=0)))
        return columns
