"""A stack as one file, to the bit and at once: what steps hand to each other between runs."""

from __future__ import annotations

import json
from dataclasses import asdict, fields
from typing import TYPE_CHECKING, Any

import numpy as np

from sn7fast.buildings import Buildings
from sn7fast.errors import FormatError
from sn7fast.footprints import Footprints
from sn7fast.grid import Grid
from sn7fast.io.npz import read_npz, write_npz
from sn7fast.stack import Stack

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray

_ABOUT = "about"
# Coordinates of pixels shrink tenfold at the fastest level, and hardly more at others.
_LEVEL = 1
_VERSION = 1


def write_stack(
    path: Path,
    stack: Stack,
    *,
    about: Mapping[str, Any] | None = None,
    arrays: Mapping[str, NDArray[Any]] | None = None,
) -> None:
    """Write a stack as npz, whole or not at all; equal input, equal bytes.

    Args:
        path: File to write; its folder is there.
        stack: With all it knows.
        about: Anything else worth keeping, as JSON can hold it.
        arrays: The same as arrays, by names that do not start with ``stack.``.

    Raises:
        OSError: The file cannot be written.
    """
    shapes = stack.footprints
    known: dict[str, NDArray[Any] | None] = {
        "coords": shapes.coords,
        "ring_offsets": shapes.ring_offsets,
        "polygon_offsets": shapes.polygon_offsets,
        "footprint_offsets": shapes.footprint_offsets,
        "frame_offsets": stack.frame_offsets,
        "ids": stack.ids,
        "iou": stack.iou,
    }
    if stack.buildings is not None:
        known |= {
            f"buildings.{one.name}": getattr(stack.buildings, one.name) for one in fields(Buildings)
        }
    head = {
        "version": _VERSION,
        "aoi": stack.aoi,
        "months": stack.months,
        "grid": None if stack.grid is None else asdict(stack.grid),
        "about": dict(about or {}),
    }
    text = json.dumps(head, sort_keys=True, allow_nan=False)
    columns = {f"stack.{name}": values for name, values in known.items() if values is not None}
    write_npz(path, {_ABOUT: np.array(text)} | columns | dict(arrays or {}), level=_LEVEL)


def read_stack(path: Path) -> Stack:
    """The stack of a file that `write_stack` wrote.

    Raises:
        FormatError: It is none, or a damaged one; names it.
        OSError: The file cannot be read.
    """
    return read_all(path)[0]


def read_about(path: Path) -> dict[str, Any]:
    """What `write_stack` was told about a stack, without the stack; errors as `read_stack`."""
    try:
        about: dict[str, Any] = json.loads(str(read_npz(path, (_ABOUT,))[_ABOUT]))["about"]
    except (ValueError, KeyError, TypeError) as error:
        raise FormatError(f"{path}: is no stack of sn7fast: {error}") from error
    return about


def read_all(path: Path) -> tuple[Stack, dict[str, Any], dict[str, NDArray[Any]]]:
    """The stack of a file, and what else `write_stack` was given; errors as `read_stack`."""
    found = read_npz(path)
    try:
        head = json.loads(str(found.pop(_ABOUT)))
        if head["version"] != _VERSION:
            raise FormatError(f"got version {head['version']!r}, this sn7fast reads {_VERSION}")
        # The classes check what they get; None fits none of those that must be there.
        optional: dict[str, Any] = {name: found.pop(f"stack.{name}", None) for name in _OPTIONAL}
        coords, rings, polygons = (found.pop(f"stack.{name}") for name in _SHAPES)
        frame_offsets = found.pop("stack.frame_offsets")
        footprints = Footprints(coords, rings, polygons, optional.pop("footprint_offsets"))
        dates = {one.name: found.pop(f"stack.buildings.{one.name}", None) for one in _DATES}
        stack = Stack(
            head["aoi"],
            tuple(head["months"]),
            footprints,
            frame_offsets,
            **optional,
            grid=_grid(head["grid"]),
            buildings=_dates(dates),
        )
    except (ValueError, KeyError, TypeError) as error:
        raise FormatError(f"{path}: is no stack of sn7fast: {error}") from error
    return stack, head["about"], found


def _grid(about: dict[str, Any] | None) -> Grid | None:
    if about is None:
        return None
    return Grid(tuple(about["shape_yx"]), tuple(about["transform"]), about["crs"])


def _dates(columns: dict[str, Any]) -> Buildings | None:
    """The table of buildings, if the stack had one."""
    if any(values is None for values in columns.values()):
        return None
    return Buildings(**columns)


_SHAPES = ("coords", "ring_offsets", "polygon_offsets")
_OPTIONAL = ("footprint_offsets", "ids", "iou")
_DATES = fields(Buildings)
