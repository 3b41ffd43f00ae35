"""Identifiers through time, as ``track_footprint_identifiers`` of the SN7 baseline."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sn7fast._optional import require
from sn7fast.compat.vectors import footprints_of, read_vector, write_vector
from sn7fast.errors import InputError
from sn7fast.stack import Stack
from sn7fast.tracking import track

if TYPE_CHECKING:
    import os


def track_footprint_identifiers(
    json_dir: str | os.PathLike[str],
    out_dir: str | os.PathLike[str],
    min_iou: float = 0.25,
    iou_field: str = "iou_score",
    id_field: str = "Id",
    reverse_order: bool = False,
    verbose: bool = True,
    super_verbose: bool = False,
) -> None:
    """Give the buildings of a folder of monthly GeoJSON files persistent identifiers.

    Each file is written to ``out_dir`` under its name, its features by descending area, with the
    properties ``id_field``, ``iou_field``, ``area`` and those they had, except ``value``. All
    months are tracked before the first is written.

    Quirks, numbered as in DESIGN.md:

    * 6: the original orders by area with a sort that is not stable; equal areas here keep the
      order of the file.
    * 7: the original fails on a month without features or without the property ``value``, and
      gives NaN identifiers if the first month is empty. Here such a month has no detections (its
      file is an empty collection) and identifiers start at 0 in the first month that has any.
    * 8: months go in the text order of the file names, so m10 comes before m2. Kept.
    * 9: matching is greedy, the largest polygon first, and an identifier keeps the shape with
      which it was first seen. Kept; `sn7fast.track` offers ``master="latest"``.
    * 10: an IoU equal to ``min_iou`` is a match (SCOT and F1 want more than the limit). Kept.
    * 11: with ``min_iou=0`` polygons that only touch are matched. Kept.

    A match with a polygon without area has IoU 0, where the original raises.

    Args:
        json_dir: Folder with one ``*.geojson`` a month.
        out_dir: Folder to write to; made if absent.
        min_iou: Least IoU with an earlier polygon for its identifier to be taken.
        iou_field: Property that gets the IoU of the match, 0 for a new identifier.
        id_field: Property that gets the identifier, from 0.
        reverse_order: From the last month to the first.
        verbose: Say how many identifiers each month has and adds.
        super_verbose: Without further effect; for old calls.

    Raises:
        InputError: ``json_dir`` is no folder or has no GeoJSON, or ``min_iou`` is no share.
        FormatError, GeometryError: A file cannot be read; the message names it.
    """
    source, target = Path(json_dir), Path(out_dir)
    if not source.is_dir():
        raise InputError(f"json_dir: got {source}, wanted a folder")
    names = sorted(path.name for path in source.glob("*.geojson"))
    if not names:
        raise InputError(f"json_dir: got {source}, which has no *.geojson, wanted one a month")
    tables = [read_vector(source / name) for name in names]
    frames = [
        footprints_of(table.geometry, str(source / name))
        for name, table in zip(names, tables, strict=True)
    ]
    stack = Stack.from_frames(frames, months=names, aoi=source.name)
    tracked = track(stack, min_iou=min_iou, reverse=reverse_order)
    results = _by_area(tracked, tables, id_field, iou_field)
    target.mkdir(parents=True, exist_ok=True)
    for name, table in zip(names, results, strict=True):
        write_vector(target / name, table)
    if verbose or super_verbose:
        _say(results, names[::-1] if reverse_order else names, names, id_field)


def _by_area(tracked: Stack, tables: list[Any], id_field: str, iou_field: str) -> list[Any]:
    """Each month's table with its new columns, by descending area."""
    areas = tracked.footprints.areas
    results = []
    for month, table in zip(tracked.months, tables, strict=True):
        rows = tracked.rows(month)
        order = np.argsort(-areas[rows], kind="stable")
        result = table.drop(columns=[name for name in ("value",) if name in table]).iloc[order]
        result = result.reset_index(drop=True)
        result["area"] = areas[rows][order]
        result[iou_field] = np.asarray(tracked.iou)[rows][order]
        result[id_field] = np.asarray(tracked.ids)[rows][order]
        results.append(result)
    return results


def _say(results: list[Any], processed: list[str], names: list[str], id_field: str) -> None:
    tqdm = require("tqdm").tqdm
    seen: set[int] = set()
    for name in processed:
        ids = set(results[names.index(name)][id_field].tolist())
        tqdm.write(f"{name}: {len(ids)} buildings, {len(ids - seen)} of them new")
        seen |= ids
