"""A manifest: the table of images of a user whose folders are not those of SpaceNet 7.

A CSV file in UTF-8, with a header and one image a row::

    path,aoi,date,udm,bands,scale,offset
    north/a.tif,north,2020-01-15,north/a_scl.tif,4 3 2,0.0001,-0.1
    north/b.tif,north,2020-02-14,north/b_scl.tif,,,

=====  =======================================================================================
path   GeoTIFF or PNG; relative to the folder of the manifest, unless absolute
aoi    name of the area; the images of one area make one stack
date   YYYY-MM or YYYY-MM-DD (``_`` will do for ``-``)
valid  raster that is 0 where the image is not valid
udm    raster with values that are not valid
=====  =======================================================================================

Further columns are those of `ImageSettings`: ``bands``, ``scale``, ``offset`` and ``unusable`` take
numbers with blanks in between, ``nodata``, ``alpha`` and ``mask_band`` one number. ``none`` stands
for None (not in scale and offset), ``file`` for what the file says (in nodata and alpha).

The first three are needed. An empty cell, like a column that is not there, means the value for all
images. Lines without text are passed over.
"""

from __future__ import annotations

import csv
import datetime
import difflib
import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sn7fast.data.images import ImageEntry, ImageSettings, read_image
from sn7fast.errors import FormatError, InputError, StackError

if TYPE_CHECKING:
    import os
    from collections.abc import Callable

__all__ = ["ImageEntry", "ImageSettings", "Manifest", "read_image", "read_manifest"]

_NEEDED = ("path", "aoi", "date")
_DATE = re.compile(r"(\d{4})[-_](\d{2})(?:[-_](\d{2}))?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Manifest:
    """The images of a manifest.

    Attributes:
        path: The CSV file.
        entries: Sorted by AOI and date.
    """

    path: Path
    entries: tuple[ImageEntry, ...]

    def by_aoi(self) -> dict[str, list[ImageEntry]]:
        """The images of each AOI in time order, AOIs in order of their names."""
        groups: dict[str, list[ImageEntry]] = {}
        for entry in self.entries:
            groups.setdefault(entry.aoi, []).append(entry)
        return groups


def read_manifest(path: str | os.PathLike[str], settings: ImageSettings | None = None) -> Manifest:
    """Read a manifest; see the top of this module. Opens none of its rasters.

    Args:
        path: The CSV file.
        settings: For images whose row says nothing else.

    Raises:
        FormatError: No CSV in UTF-8, a column is missing or unknown, or a cell cannot be used, a
            file that does not exist among them; names the line and the column.
        StackError: Two images of one AOI with one date, or one file twice in an AOI; names both
            lines.
        InputError: The manifest cannot be opened, or has no images.
    """
    path = Path(path)
    settings = settings or ImageSettings()
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(file, strict=True)
            header: list[str] | None = None
            found: list[tuple[int, ImageEntry]] = []
            for cells in reader:
                if not any(cell.strip() for cell in cells):
                    continue
                if header is None:
                    header = _header(path, reader.line_num, cells)
                else:
                    row = _row(path, reader.line_num, header, cells)
                    found.append((reader.line_num, _entry(path, reader.line_num, row, settings)))
    except OSError as error:
        raise InputError(f"{path}: cannot be opened: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise FormatError(f"{path}: is no text in UTF-8: {error}") from error
    except csv.Error as error:
        raise FormatError(f"{path}: line {reader.line_num}: no CSV: {error}") from error
    if not found:
        raise InputError(f"{path}: has no images, wanted a header with {', '.join(_NEEDED)} and "
                         "at least one line")  # fmt: skip
    _check_single(path, found)
    entries = sorted((entry for _, entry in found), key=lambda entry: (entry.aoi, entry.label))
    return Manifest(path, tuple(entries))


def _header(path: Path, line: int, cells: list[str]) -> list[str]:
    header = [cell.strip() for cell in cells]
    for name in header:
        if name not in _COLUMNS:
            if ";" in name or "\t" in name:
                raise FormatError(
                    f"{path}: line {line}: got {name[:80]!r}, wanted commas between columns"
                )
            close = difflib.get_close_matches(name, _COLUMNS, 1)
            hint = f"; did you mean {close[0]}?" if close else ""
            raise FormatError(
                f"{path}: line {line}: got column {name[:80]!r}, wanted {', '.join(_NEEDED)} and "
                f"any of {', '.join(_COLUMNS[len(_NEEDED) :])}{hint}"
            )
        if header.count(name) > 1:
            raise FormatError(f"{path}: line {line}: got column {name} twice")
    for name in _NEEDED:
        if name not in header:
            raise FormatError(f"{path}: line {line}: got no column {name}")
    return header


def _row(path: Path, line: int, header: list[str], cells: list[str]) -> dict[str, str]:
    """The cells that are not empty."""
    if len(cells) != len(header):
        raise FormatError(
            f"{path}: line {line}: got {len(cells)} cells, the header has {len(header)}"
        )
    row = {name: cell.strip() for name, cell in zip(header, cells, strict=True) if cell.strip()}
    for name in _NEEDED:
        if name not in row:
            raise FormatError(f"{path}: line {line}, column {name}: got nothing")
    return row


def _entry(path: Path, line: int, row: dict[str, str], settings: ImageSettings) -> ImageEntry:
    try:
        given = {name: parse(name, row[name]) for name, parse in _SETTINGS.items() if name in row}
        settings = replace(settings, **given)
        if settings.bands is not None:
            settings.check_lengths(len(settings.bands))
        files = {
            name: _file(name, path.parent, row[name])
            for name in ("path", "valid", "udm")
            if name in row
        }
        date, label = _date(row["date"])
        return ImageEntry(
            aoi=aoi_name(row["aoi"]), date=date, label=label, settings=settings, **files
        )
    except InputError as error:
        raise FormatError(f"{path}: line {line}, column {error}") from error


def _check_single(path: Path, found: list[tuple[int, ImageEntry]]) -> None:
    dates: dict[tuple[str, str], int] = {}
    files: dict[tuple[str, Path], int] = {}
    for line, entry in found:
        other = dates.setdefault((entry.aoi, entry.label), line)
        if other != line:
            raise StackError(
                f"{path}: lines {other} and {line}: two images of {entry.aoi} for {entry.label}"
            )
        other = files.setdefault((entry.aoi, entry.path), line)
        if other != line:
            raise StackError(f"{path}: lines {other} and {line}: {entry.path} twice in {entry.aoi}")


def _file(name: str, folder: Path, text: str) -> Path:
    file = folder / text
    try:
        exists = file.is_file()
    except (OSError, ValueError):  # too long, or with a zero byte
        exists = False
    if not exists:
        raise InputError(f"{name}: got {text[:200]!r}, no such file: {str(file)[:300]}")
    return file


def aoi_name(text: str) -> str:
    """The name of an area, to whose folder outputs go.

    Raises:
        InputError: It cannot be the name of a folder.
    """
    if text in ("", ".", "..") or any(
        letter in "/\\" or not letter.isprintable() for letter in text
    ):
        raise InputError(f"aoi: got {text[:80]!r}, which cannot be the name of a folder")
    return text


def _date(text: str) -> tuple[datetime.date, str]:
    parts = _DATE.fullmatch(text)
    try:
        if parts is None:
            raise ValueError
        date = datetime.date(int(parts[1]), int(parts[2]), int(parts[3] or 1))
    except ValueError:
        raise InputError(f"date: got {text[:80]!r}, wanted YYYY-MM or YYYY-MM-DD") from None
    day = f"_{parts[3]}" if parts[3] else ""
    return date, f"{parts[1]}_{parts[2]}{day}"


def _numbers(
    kind: type[int] | type[float], *, none: bool
) -> Callable[[str, str], tuple[Any, ...] | None]:
    """Numbers with blanks in between, or ``none`` if that is allowed."""

    def parse(name: str, text: str) -> tuple[Any, ...] | None:
        if text == "none" and none:
            return None
        return tuple(_number(name, part, kind) for part in text.split())

    return parse


def _word_or(kind: type[int] | type[float], *, file: bool) -> Callable[[str, str], Any]:
    """``none``, a number, and ``file`` if that is allowed."""

    def parse(name: str, text: str) -> Any:  # noqa: ANN401 - a number, text or None
        if text == "none":
            return None
        return "file" if file and text == "file" else _number(name, text, kind)

    return parse


def _number(name: str, text: str, kind: type[int] | type[float]) -> Any:  # noqa: ANN401
    try:
        return kind(text)
    except ValueError:
        what = "a whole number" if kind is int else "a number"
        raise InputError(f"{name}: got {text[:80]!r}, wanted {what}") from None


_SETTINGS: dict[str, Callable[[str, str], Any]] = {
    "bands": _numbers(int, none=True),
    "scale": _numbers(float, none=False),
    "offset": _numbers(float, none=False),
    "nodata": _word_or(float, file=True),
    "alpha": _word_or(int, file=True),
    "unusable": _numbers(int, none=True),
    "mask_band": _word_or(int, file=False),
}
_COLUMNS = (*_NEEDED, "valid", "udm", *_SETTINGS)
