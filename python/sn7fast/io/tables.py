"""The SN7 table of footprints: CSV with the columns filename, id, geometry (WKT)."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Literal, TypeAlias

from sn7fast import _core
from sn7fast.errors import InputError
from sn7fast.footprints import Footprints
from sn7fast.io.outputs import whole_file
from sn7fast.stack import Stack

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

DuplicateIds: TypeAlias = Literal["error", "keep"]

MAX_DECIMALS = 20


class StackTable(dict[str, Stack]):
    """Stacks by AOI name, in the order of the names, as one CSV holds them.

    Attributes:
        empty_rows: For each AOI the number of rows that had an id of 0 or more and an empty
            geometry and were left out. The original scorer counts each of them as a false positive.
    """

    empty_rows: dict[str, int]

    def __init__(self, stacks: Mapping[str, Stack], empty_rows: Mapping[str, int]) -> None:
        super().__init__(stacks)
        self.empty_rows = dict(empty_rows)


def read_csv(
    path: str | os.PathLike[str],
    *,
    keep_empty: bool = False,
    duplicate_ids: DuplicateIds = "error",
) -> StackTable:
    """Read a truth or a submission in the SN7 format.

    The columns ``filename``, ``id`` and ``geometry`` may come in any order among others. The file
    name gives AOI and month: ``global_monthly_YYYY_MM_mosaic_<AOI>``, or any name with one YYYY_MM
    or YYYY-MM in it. The geometry is a WKT polygon or multipolygon in pixels; Z and M are dropped.
    A file of 0 bytes or with a header alone is valid and holds no AOI. The file is streamed: memory
    is needed for the result and a few megabytes more.

    Args:
        path: The CSV file.
        keep_empty: What to do with rows whose geometry is empty. False leaves them out, and counts
            those with an id of 0 or more in ``empty_rows``. True keeps all of them as empty
            footprints: the scorer counts each as a false positive, as the original does.
        duplicate_ids: ``"error"``, or ``"keep"`` rows that repeat an id in one image.

    Returns:
        A Stack for each AOI, sorted by name. Its months are sorted, the footprints of a month in
        file order. An image whose rows are all ``POLYGON EMPTY`` is a month without footprints.

    Raises:
        FormatError: A column is missing, an id is no integer, a name holds no month, a geometry is
            no WKT, an id repeats; the message names the file and the line.
        GeometryError: Another kind of geometry, an unclosed ring, coordinates beyond 1e9.
        InputError: ``duplicate_ids`` is neither of the two.
        OSError: The file cannot be read.
    """
    return _read(os.fspath(path), keep_empty, duplicate_ids)


def loads_csv(
    data: bytes, *, keep_empty: bool = False, duplicate_ids: DuplicateIds = "error"
) -> StackTable:
    """As `read_csv`, from the content of a file."""
    return _read(bytes(data), keep_empty, duplicate_ids)


def _read(source: str | bytes, keep_empty: bool, duplicate_ids: DuplicateIds) -> StackTable:
    if duplicate_ids not in ("error", "keep"):
        raise InputError(f"duplicate_ids: got {duplicate_ids!r}, wanted 'error' or 'keep'")
    tables = _core.read_csv(source, keep_empty, duplicate_ids == "keep")
    stacks = {
        aoi: Stack(aoi, tuple(months), Footprints._trusted(arrays), frame_offsets, ids)
        for aoi, months, frame_offsets, arrays, ids, _ in tables
    }
    return StackTable(stacks, {table[0]: table[5] for table in tables})


def write_csv(
    path: str | os.PathLike[str],
    stacks: Stack | Mapping[str, Stack],
    *,
    decimals: int | None = None,
) -> None:
    """Write stacks in the SN7 format, a truth or a submission.

    One row for each footprint, AOIs and months in the order of the stacks. A month without
    footprints gets one row with ``POLYGON EMPTY`` and the id -1: readers leave out negative ids, so
    it says that the image was looked at and cannot be mistaken for a building.

    Args:
        path: The file to write. It is replaced only once everything is written.
        stacks: A Stack, or a Stack for each AOI name. They need ids, and months as ``YYYY_MM``.
        decimals: Decimals of coordinates; None writes the shortest text that reads back to the same
            bits. Zeros at the end are left out.

    Raises:
        InputError: A stack has no ids or repeats one in a month; a month or AOI name could not be
            read back from a file name; ``decimals`` is not from 0 to 20.
        OSError: The file cannot be written.
    """
    rows = _rows(stacks)
    check_decimals(decimals)
    with whole_file(path) as part:
        _core.write_csv(str(part), rows, decimals)


def write_csv_parts(
    path: str | os.PathLike[str], parts: Iterable[Stack], *, decimals: int | None = None
) -> None:
    """Write the parts of stacks that are larger than memory, as `write_csv` writes them.

    Args:
        path: As in `write_csv`.
        parts: AOI after AOI, each by month; a month without footprints is one empty part.
        decimals: As in `write_csv`.

    Raises:
        InputError: As in `write_csv`, but for an identifier that two parts repeat in a month.
        OSError: The file cannot be written.
    """
    header = dumps_csv({})
    with whole_file(path) as part, part.open("wb") as file:
        file.write(header)
        for stack in parts:
            file.write(memoryview(dumps_csv(stack, decimals=decimals))[len(header) :])


def dumps_csv(stacks: Stack | Mapping[str, Stack], *, decimals: int | None = None) -> bytes:
    """As `write_csv`, but return the content of the file."""
    rows = _rows(stacks)
    check_decimals(decimals)
    return _core.write_csv(None, rows, decimals) or b""


def _rows(stacks: Stack | Mapping[str, Stack]) -> Sequence[_core._CsvRows]:
    by_aoi = {stacks.aoi: stacks} if isinstance(stacks, Stack) else stacks
    rows: list[_core._CsvRows] = []
    for aoi, stack in by_aoi.items():
        if stack.ids is None:
            raise InputError(f"{aoi}: got a stack without ids, wanted one with: run track first")
        arrays = stack.footprints.arrays
        rows.append((aoi, list(stack.months), stack.frame_offsets, arrays, stack.ids))
    return rows


def check_decimals(decimals: int | None) -> None:
    """Refuse a number of decimals that cannot be written.

    Raises:
        InputError: It is not from 0 to 20.
    """
    if decimals is not None and not 0 <= decimals <= MAX_DECIMALS:
        raise InputError(f"decimals: got {decimals}, wanted None or 0 to {MAX_DECIMALS}")
