"""Identifiers through time, as ``track_footprint_identifiers`` of the SN7 baseline."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from sn7fast._optional import require
from sn7fast.errors import InputError
from sn7fast.io.geojson import read_geojson, write_geojson
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
    months = [read_geojson(source / name) for name in names]
    stack = Stack.from_frames([m.footprints for m in months], months=names, aoi=source.name)
    tracked = track(stack, min_iou=min_iou, reverse=reverse_order)
    target.mkdir(parents=True, exist_ok=True)
    areas, ids, iou = tracked.footprints.areas, np.asarray(tracked.ids), np.asarray(tracked.iou)
    for name, month in zip(names, months, strict=True):
        rows = tracked.rows(name)
        order = np.argsort(-areas[rows], kind="stable")
        new = {"area": areas[rows], iou_field: iou[rows], id_field: ids[rows]}
        kept = {k: v for k, v in month.columns.items() if k != "value" and k not in new}
        write_geojson(
            target / name,
            month.footprints[order],
            columns={column: values[order] for column, values in {**kept, **new}.items()},
            crs=month.crs,
        )
    if verbose or super_verbose:
        _say(tracked, reverse=reverse_order)


def _say(tracked: Stack, *, reverse: bool) -> None:
    tqdm = require("tqdm").tqdm
    seen: set[int] = set()
    for month in tracked.months[::-1] if reverse else tracked.months:
        found = set(np.asarray(tracked.ids)[tracked.rows(month)].tolist())
        tqdm.write(f"{month}: {len(found)} buildings, {len(found - seen)} of them new")
        seen |= found
