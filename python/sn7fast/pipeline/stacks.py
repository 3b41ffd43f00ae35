"""A stack as one file, to the bit: what steps hand to each other between runs.

It is written and read part by part, so that a stack larger than memory is no other case.
"""

from __future__ import annotations

import json
import tempfile
from contextlib import ExitStack
from dataclasses import asdict, fields
from typing import TYPE_CHECKING, Any

import numpy as np

from sn7fast.buildings import Buildings
from sn7fast.errors import FormatError, InputError
from sn7fast.footprints import Footprints
from sn7fast.grid import Grid
from sn7fast.io.npz import Pieces, open_npz, read_npz, write_npz
from sn7fast.large import BATCH, LargeStack, WholeStack
from sn7fast.stack import Stack

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from numpy.typing import NDArray

_ABOUT = "about"
# Coordinates of pixels shrink tenfold at the fastest level, and hardly more at others.
_LEVEL = 1
_VERSION = 1

# Bytes of coordinates that wait in memory, not on disk, until their number is known.
_WAITING = 1 << 24

_OFFSETS = ("ring_offsets", "polygon_offsets", "footprint_offsets")
_LARGE = tuple(f"stack.{name}" for name in ("coords", *_OFFSETS))
_DATES = fields(Buildings)


def write_stack(
    path: Path,
    stack: Stack | LargeStack,
    *,
    about: Mapping[str, Any] | None = None,
    arrays: Mapping[str, NDArray[Any]] | None = None,
) -> None:
    """Write a stack with ids as npz, whole or not at all; equal input, equal bytes.

    Args:
        path: File to write; its folder is there.
        stack: With all it knows.
        about: Anything else worth keeping, as JSON can hold it.
        arrays: The same as arrays, by names that do not start with ``stack.``.

    Raises:
        OSError: The file cannot be written.
    """
    rows = stack if isinstance(stack, LargeStack) else WholeStack(stack)
    head = {
        "version": _VERSION,
        "aoi": rows.aoi,
        "months": rows.months,
        "grid": None if rows.grid is None else asdict(rows.grid),
        "about": dict(about or {}),
    }
    text = json.dumps(head, sort_keys=True, allow_nan=False)
    with tempfile.SpooledTemporaryFile(_WAITING, dir=str(path.parent)) as waiting:
        known: dict[str, NDArray[Any] | Pieces | None] = {
            **_shapes_of(rows, waiting),
            "frame_offsets": rows.frame_offsets.astype(np.int32),
            "ids": rows.ids,
            "iou": rows.iou,
        }
        if rows.buildings is not None:
            known |= {f"buildings.{one.name}": getattr(rows.buildings, one.name) for one in _DATES}
        columns = {f"stack.{name}": values for name, values in known.items() if values is not None}
        write_npz(path, {_ABOUT: np.array(text)} | columns | dict(arrays or {}), level=_LEVEL)


def _shapes_of(rows: LargeStack, waiting: Any) -> dict[str, NDArray[Any] | Pieces | None]:  # noqa: ANN401 - a file
    """The arrays of all footprints; coordinates wait in a file."""
    columns: dict[str, list[NDArray[np.int64]]] = {
        name: [np.zeros(1, np.int64)] for name in _OFFSETS
    }
    ends = dict.fromkeys(_OFFSETS, 0)
    several, points = False, 0
    for part in rows.parts():
        shapes = part.footprints
        footprints = shapes.footprint_offsets
        several |= footprints is not None
        if footprints is None:
            footprints = np.arange(len(shapes) + 1, dtype=np.int32)
        levels = (shapes.ring_offsets, shapes.polygon_offsets, footprints)
        for name, offsets in zip(_OFFSETS, levels, strict=True):
            columns[name].append(offsets[1:].astype(np.int64) + ends[name])
            ends[name] += int(offsets[-1])
        waiting.write(np.ascontiguousarray(shapes.coords).tobytes())
        points += len(shapes.coords)
    if points > np.iinfo(np.int32).max:
        raise InputError(f"{rows.aoi}: got {points} points, wanted at most {2**31 - 1}")
    found = {name: np.concatenate(parts).astype(np.int32) for name, parts in columns.items()}

    def coords() -> Iterator[NDArray[np.float64]]:
        waiting.seek(0)
        while content := waiting.read(_WAITING):
            yield np.frombuffer(content, np.float64)

    return {
        "coords": Pieces((points, 2), np.dtype(np.float64), coords()),
        "ring_offsets": found["ring_offsets"],
        "polygon_offsets": found["polygon_offsets"],
        "footprint_offsets": found["footprint_offsets"] if several else None,
    }


class StoredStack(LargeStack):
    """The stack of a file that `write_stack` wrote, whose footprints are read when asked for.

    Args:
        path: File.

    Attributes:
        about: What else `write_stack` was given.
        arrays: The same as arrays, by name.

    Raises:
        FormatError: It is none, or a damaged one; names it. Also when footprints are read.
        OSError: The file cannot be read.
    """

    def __init__(self, path: Path) -> None:
        with open_npz(path) as archive:
            found = {name: archive.read(name) for name in archive.names if name not in _LARGE}
            self._levels = [name for name in reversed(_LARGE) if name in archive.names]
        try:
            head = _head(found)
            ids, offsets = found.pop("stack.ids"), found.pop("stack.frame_offsets")
            # The class checks what it gets: here with footprints that have no points yet.
            none = np.zeros(np.size(ids) + 1, np.int32)
            shapes = Footprints(np.empty((0, 2)), none[:1], none)
            months, iou = tuple(head["months"]), found.pop("stack.iou", None)
            stack = Stack(head["aoi"], months, shapes, offsets, ids, iou, _grid(head["grid"]))
            dates = {one.name: found.pop(f"stack.buildings.{one.name}", None) for one in _DATES}
            super().__init__(
                aoi=stack.aoi,
                months=stack.months,
                counts=tuple(np.diff(stack.frame_offsets).tolist()),
                ids=np.asarray(stack.ids),
                iou=stack.iou,
                grid=stack.grid,
                buildings=_buildings(dates),
                may_be_several=len(self._levels) == len(_LARGE),
            )
        except (ValueError, KeyError, TypeError) as error:
            raise FormatError(f"{path}: is no stack of sn7fast: {error}") from error
        self._path = path
        self.about: dict[str, Any] = head["about"]
        self.arrays = found

    def shapes(self, months: range) -> Iterator[tuple[int, Footprints]]:
        """See `LargeStack`."""
        offsets = self.frame_offsets.tolist()
        with open_npz(self._path) as archive, ExitStack() as files:
            *levels, coords = [files.enter_context(archive.reader(name)) for name in self._levels]
            ends = [0] * len(levels)
            for level in levels:
                level.take(1)
            for month in range(months.stop):
                for first in range(offsets[month], offsets[month + 1], BATCH):
                    count = min(BATCH, offsets[month + 1] - first)
                    # From footprints to polygons to rings to points.
                    arrays = []
                    for index, level in enumerate(levels):
                        values = np.concatenate([[0], level.take(count) - ends[index]])
                        count = int(values[-1])
                        ends[index] += count
                        arrays.append(values)
                    footprints = Footprints(coords.take(count), *reversed(arrays))
                    if month in months:
                        yield month, footprints
            if months.stop == len(self.months) and any(one.left for one in (*levels, coords)):
                raise FormatError(f"{self._path}: has more footprints than rows")


def read_stack(path: Path) -> Stack:
    """The stack of a file that `write_stack` wrote, in memory; errors as `StoredStack`."""
    return StoredStack(path).to_stack()


def read_about(path: Path) -> dict[str, Any]:
    """What `write_stack` was told about a stack, without the stack; errors as `StoredStack`."""
    try:
        about: dict[str, Any] = _head(read_npz(path, (_ABOUT,)))["about"]
    except (ValueError, KeyError, TypeError) as error:
        if isinstance(error, FormatError):
            raise
        raise FormatError(f"{path}: is no stack of sn7fast: {error}") from error
    return about


def _head(found: dict[str, NDArray[Any]]) -> dict[str, Any]:
    head: dict[str, Any] = json.loads(str(found.pop(_ABOUT)))
    if head["version"] != _VERSION:
        raise ValueError(f"got version {head['version']!r}, this sn7fast reads {_VERSION}")
    return head


def _grid(about: dict[str, Any] | None) -> Grid | None:
    if about is None:
        return None
    return Grid(tuple(about["shape_yx"]), tuple(about["transform"]), about["crs"])


def _buildings(columns: dict[str, Any]) -> Buildings | None:
    """The table of buildings, if the stack had one."""
    if any(values is None for values in columns.values()):
        return None
    return Buildings(**columns)
