"""Buildings: what is known about each building of an AOI, one row a building."""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sn7fast.errors import StackError

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping, Sequence

    from numpy.typing import ArrayLike, NDArray


@dataclass(frozen=True, slots=True, eq=False)
class Buildings:
    """When the buildings of an AOI were built. Months are positions in ``Stack.months``.

    Attributes:
        ids: int64 (n,), ascending; the identifiers of the stack.
        first_month: int64 (n,), the month from which on a building stands. 0 also means that it
            was there before the first month.
        first_month_lo: int64 (n,), the earliest month of the interval that holds the true first
            month with a probability of 80 %.
        first_month_hi: int64 (n,), the latest one.
        last_month: int64 (n,), the last month in which it stands; the last of all if it still
            does.
        confidence: float64 (n,), probability that ``first_month`` is right to the month.
        observed: int64 (n,), number of months in which at least half of the building could be
            seen, whether it stood or not.

    Raises:
        StackError: The columns have unequal lengths.
    """

    ids: NDArray[np.int64]
    first_month: NDArray[np.int64]
    first_month_lo: NDArray[np.int64]
    first_month_hi: NDArray[np.int64]
    last_month: NDArray[np.int64]
    confidence: NDArray[np.float64]
    observed: NDArray[np.int64]

    def __post_init__(self) -> None:
        for field in fields(self):
            values = np.asarray(getattr(self, field.name))
            if values.shape != (len(self.ids),):
                raise StackError(
                    f"buildings: {field.name}: got shape {values.shape}, wanted "
                    f"({len(self.ids)},), one value for each building"
                )
            dtype = np.float64 if field.name == "confidence" else np.int64
            object.__setattr__(self, field.name, values.astype(dtype, copy=False))

    def __len__(self) -> int:
        """Number of buildings."""
        return len(self.ids)

    def take(self, index: ArrayLike) -> Buildings:
        """The rows of a boolean mask or an index array, in that order."""
        return Buildings(*(getattr(self, field.name)[index] for field in fields(self)))

    def columns(self, months: Sequence[str]) -> dict[str, NDArray[Any]]:
        """The table by the names of its columns in files, months as their labels.

        Args:
            months: Of the stack.
        """
        labels = np.array(months, object)
        return {
            column: labels[getattr(self, name)] if name in _MONTHS else getattr(self, name)
            for name, column in COLUMNS.items()
        }


def write_buildings(
    path: str | os.PathLike[str], buildings: Mapping[str, tuple[tuple[str, ...], Buildings]]
) -> None:
    """Write a CSV, one row a building: AOI, id, the months by their labels, and the numbers.

    Args:
        path: Where; written whole or not at all.
        buildings: AOI to (labels of its months, its buildings).

    Raises:
        OSError: The file cannot be written.
    """
    import csv
    import io

    from sn7fast.io.outputs import whole_file

    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(["aoi", *(name for name in COLUMNS.values())])
    for aoi, (months, table) in buildings.items():
        columns = table.columns(months)
        columns["confidence"] = np.char.mod("%.4f", columns["confidence"])
        rows.writerows(
            (aoi, *row)
            for row in zip(*(values.tolist() for values in columns.values()), strict=True)
        )
    with whole_file(Path(path)) as temporary:
        temporary.write_text(text.getvalue())


# Attribute -> column of the file.
COLUMNS = {
    "ids": "id",
    "first_month": "first_month",
    "first_month_lo": "first_month_lo",
    "first_month_hi": "first_month_hi",
    "last_month": "last_month",
    "confidence": "confidence",
    "observed": "observed",
}
_MONTHS = ("first_month", "first_month_lo", "first_month_hi", "last_month")
