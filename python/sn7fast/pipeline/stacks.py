"""A stack as one file, to the bit and at once: what steps hand to each other between runs."""

from __future__ import annotations

import json
import zipfile
import zlib
from dataclasses import asdict, fields
from typing import TYPE_CHECKING, Any

import numpy as np

from sn7fast.buildings import Buildings
from sn7fast.errors import FormatError, InputError
from sn7fast.footprints import Footprints
from sn7fast.grid import Grid
from sn7fast.io.outputs import whole_file
from sn7fast.stack import Stack

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray

_ABOUT = "about"
# Coordinates of pixels shrink tenfold at the fastest level, and hardly more at others.
_LEVEL = 1
_VERSION = 1

# What reading a damaged file raises.
_DAMAGE = (ValueError, EOFError, KeyError, TypeError, zipfile.BadZipFile, zlib.error)


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
    with whole_file(path) as part, zipfile.ZipFile(
        part, "w", zipfile.ZIP_DEFLATED, compresslevel=_LEVEL
    ) as archive:  # fmt: skip
        text = json.dumps(head, sort_keys=True, allow_nan=False)
        _add(archive, _ABOUT, np.array(text))
        for name, values in known.items():
            if values is not None:
                _add(archive, f"stack.{name}", values)
        for name, values in (arrays or {}).items():
            _add(archive, name, values)


def read_stack(path: Path) -> Stack:
    """The stack of a file that `write_stack` wrote.

    Raises:
        FormatError: It is none, or a damaged one; names it.
        OSError: The file cannot be read.
    """
    return read_all(path)[0]


def read_about(path: Path) -> dict[str, Any]:
    """What `write_stack` was told about a stack, without reading it; errors as `read_stack`."""
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
            about: dict[str, Any] = json.loads(str(archive[_ABOUT]))["about"]
    except _DAMAGE as error:
        raise FormatError(f"{path}: is no stack of sn7fast, or a damaged one: {error}") from error
    return about


def read_all(path: Path) -> tuple[Stack, dict[str, Any], dict[str, NDArray[Any]]]:
    """The stack of a file, and what else `write_stack` was given; errors as `read_stack`."""
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
            found = {name: archive[name] for name in archive.files}
        head = json.loads(str(found.pop(_ABOUT)))
        if head["version"] != _VERSION:
            raise FormatError(
                f"{path}: got version {head['version']!r}, this sn7fast reads {_VERSION}"
            )
        get = {name: found.pop(f"stack.{name}", None) for name in _PLAIN}
        columns = [found.pop(f"stack.buildings.{one.name}", None) for one in fields(Buildings)]
        shapes = [get.pop(name) for name in _SHAPES]
        if any(array is None for array in shapes[:3]):
            raise FormatError(f"{path}: has no footprints")
        grid = head["grid"]
        stack = Stack(
            head["aoi"],
            tuple(head["months"]),
            Footprints(*shapes),
            grid=None if grid is None else Grid(
                tuple(grid["shape_yx"]), tuple(grid["transform"]), grid["crs"]
            ),
            buildings=None if any(one is None for one in columns) else Buildings(*columns),
            **get,
        )  # fmt: skip
    except _DAMAGE as error:
        if isinstance(error, InputError) and str(error).startswith(str(path)):
            raise
        raise FormatError(f"{path}: is no stack of sn7fast, or a damaged one: {error}") from error
    return stack, head["about"], found


_SHAPES = ("coords", "ring_offsets", "polygon_offsets", "footprint_offsets")
_PLAIN = (*_SHAPES, "frame_offsets", "ids", "iou")


def _add(archive: zipfile.ZipFile, name: str, values: NDArray[Any]) -> None:
    """One array; members that are opened by name have a fixed date."""
    with archive.open(f"{name}.npy", "w", force_zip64=True) as file:
        np.lib.format.write_array(file, np.asanyarray(values), allow_pickle=False)
