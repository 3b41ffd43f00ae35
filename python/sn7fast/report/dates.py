"""Dates of construction: from a table of buildings, and as columns of a page."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sn7fast.buildings import COLUMNS, Buildings
from sn7fast.errors import FormatError

if TYPE_CHECKING:
    import os
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from sn7fast.stack import Stack


def read_dates(path: str | os.PathLike[str], months: Sequence[str]) -> Buildings | None:
    """Dates of construction from a table of buildings, or None if it has none.

    Args:
        path: CSV as `sn7fast.io.buildings` or `sn7fast.buildings` write it.
        months: Labels of the stack.

    Raises:
        FormatError: A cell cannot be read; names the line.
    """
    path = Path(path)
    place = {month: float(index) for index, month in enumerate(months)}
    found: list[list[float]] = []
    with path.open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        if not set(COLUMNS.values()) <= set(reader.fieldnames or ()):
            return None
        for row in reader:
            try:
                cells = [row[name] for name in COLUMNS.values()]
                found.append([place[cell] if cell in place else float(cell) for cell in cells])
            except (ValueError, TypeError) as error:
                raise FormatError(f"{path}: line {reader.line_num}: {error}") from None
    table = np.array(found, float).reshape(len(found), len(COLUMNS))
    return Buildings(*(table[:, at] for at in range(len(COLUMNS))))


def date_columns(
    dates: Buildings, ids: NDArray[np.int64], tracks: Stack, months: Sequence[str]
) -> dict[str, list[Any]]:
    """Columns of the dates by building, months by their place in the page; -1 for the unknown."""
    place = np.array([months.index(month) for month in tracks.months], np.int64)
    order = np.argsort(dates.ids, kind="stable")
    at = np.minimum(np.searchsorted(dates.ids[order], ids), max(len(order) - 1, 0))
    row = order[at] if len(order) else np.zeros(len(ids), np.int64)
    known = dates.ids[row] == ids if len(order) else np.zeros(len(ids), bool)

    def column(values: NDArray[Any]) -> list[Any]:
        listed: list[Any] = np.where(known, values[row] if len(order) else -1, -1).tolist()
        return listed

    named = ("first_month", "first_month_lo", "first_month_hi", "last_month")
    first, low, high, last = (column(place[getattr(dates, name)]) for name in named)
    return {
        "first": first, "low": low, "high": high, "last": last,
        "confidence": column(dates.confidence.round(4)), "observed": column(dates.observed),
    }  # fmt: skip
