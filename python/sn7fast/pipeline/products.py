"""The files of a tracked AOI that are for others: footprints, tables, maps, scores, a page."""

from __future__ import annotations

import importlib.util
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from sn7fast.data.discover import Source
from sn7fast.data.load import stack_loaders
from sn7fast.io.buildings import building_table, write_buildings_csv
from sn7fast.io.change import write_change_map
from sn7fast.io.outputs import write_json
from sn7fast.io.vector import format_of, write_vector
from sn7fast.large import WholeStack
from sn7fast.pipeline.evidence import STATUS
from sn7fast.pipeline.stacks import StoredStack, read_stack, write_stack
from sn7fast.pipeline.steps import versioned
from sn7fast.scoring import score_f1, score_scot
from sn7fast.windows.writing import IN_PARTS, write_large

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from sn7fast.data.discover import Frame
    from sn7fast.io.placement import Place
    from sn7fast.large import LargeStack
    from sn7fast.pipeline.steps import Steps
    from sn7fast.stack import Stack

# What the official scorer leaves out of the truth.
_TRUTH_MIN_AREA_PX = 4.0

_FOOTPRINTS = "footprints"
_CONFIDENCE_DECIMALS = 4

# So many footprints are read once and stay in memory while files are made of them: some 40 MB.
_FEW = 262_144


class Tracks:
    """The tracked buildings of an AOI as they were written; looked at once, and only if needed."""

    def __init__(self, steps: Steps) -> None:
        self.path = steps.layout.tracks
        self.sha256 = steps.hashes.of(self.path)

    @cached_property
    def stored(self) -> StoredStack:
        """The file."""
        return StoredStack(self.path)

    @cached_property
    def rows(self) -> LargeStack:
        """Footprints with published ids, for those who go through them in parts."""
        return WholeStack(self.stack) if len(self.stored) <= _FEW else self.stored

    @cached_property
    def stack(self) -> Stack:
        """All of them in memory, for those who need that."""
        return self.stored.to_stack()

    @property
    def shape_yx(self) -> tuple[int, int]:
        """Rows and columns of the images."""
        rows, columns = self.stored.about["shape_yx"]
        return int(rows), int(columns)

    @property
    def columns(self) -> dict[str, NDArray[Any]]:
        """Of each footprint: confidence, observed, status of its building."""
        arrays = self.stored.arrays
        row = np.searchsorted(arrays["buildings"], self.stored.ids)
        return {
            "confidence": arrays["confidence"].round(_CONFIDENCE_DECIMALS),
            "observed": arrays["observed"],
            "status": np.array(STATUS, object)[arrays["status"][row]],
        }

    @property
    def building_columns(self) -> dict[str, NDArray[Any]]:
        """Of each building that has footprints: status, and dates if the method has them."""
        stored, arrays = self.stored, self.stored.arrays
        # Dates and these are of the same buildings, by ascending identifier.
        dates = {} if stored.buildings is None else stored.buildings.columns(stored.months)
        status = np.array(STATUS, object)[arrays["status"]]
        return {"id": arrays["buildings"], "status": status} | dates


def write_products(steps: Steps, tracks: Tracks) -> None:
    """Footprints in all formats, the table, the change map: what depends on the tracks alone.

    Raises:
        InputError: A format cannot hold the footprints.
        MissingDependencyError: A package that a format needs is not installed.
        OSError: A file cannot be written.
    """
    layout, settings = steps.layout, steps.job.settings

    def footprints(path: Path) -> None:
        stored = tracks.stored
        is_placed = stored.grid is not None and stored.grid.crs is not None
        place: Place | None = None if is_placed else "pixel"
        if path.suffix == ".csv":
            write_large(path, tracks.rows)
        elif format_of(path) in IN_PARTS:
            write_large(path, tracks.rows, columns=tracks.columns, place=place)
        else:
            write_vector(path, tracks.stack, columns=tracks.columns, place=place)

    def table(path: Path) -> None:
        columns = tracks.building_columns
        write_buildings_csv(path, building_table(tracks.rows, columns=columns))

    def change(path: Path) -> None:
        shape_yx = None if tracks.stored.grid is not None else tracks.shape_yx
        write_change_map(path, tracks.stack, shape_yx)

    inputs = {"tracks": tracks.sha256}
    for suffix in settings.formats:
        steps.make(f"{_FOOTPRINTS}{suffix}", inputs, layout.footprints(suffix), footprints)
    steps.make("table", inputs, layout.table, table)
    if settings.change:
        steps.make("change", inputs, layout.change, change)
    for name in steps.manifest.steps:
        if name == "change" or name.startswith(_FOOTPRINTS):
            steps.drop_outdated(name, inputs)


def write_item(steps: Steps, tracks: Tracks, probabilities: Sequence[Frame]) -> None:
    """The STAC item of the files that there are; a note if pystac is not installed."""
    layout, job = steps.layout, steps.job
    assets = {f"footprints_{suffix[1:]}": layout.footprints(suffix) for suffix in
              job.settings.formats} | {"buildings": layout.table}  # fmt: skip
    if job.settings.change:
        assets["change"] = layout.change
    if job.kind == "images":
        assets |= {f"probability_{frame.month}": frame.path for frame in probabilities}
    inputs = {"assets": {name: steps.hashes.of(path) for name, path in assets.items()}}
    is_able = importlib.util.find_spec("pystac") is not None
    if not job.settings.item or not is_able:
        steps.drop_outdated("item", inputs)
        if job.settings.item:
            steps.tell("item", "note", "no STAC item: pystac is not installed, which comes with "
                       "'sn7fast[vector]'")  # fmt: skip
        return
    from sn7fast.io.stac import stac_item, write_stac_item

    def write(path: Path) -> None:
        stack = tracks.stored
        item = stac_item(stack.aoi, stack.months, assets, grid=stack.grid)
        write_stac_item(path, item, folder=layout.item.parent)

    steps.make("item", inputs, layout.item, write)


def write_scores(steps: Steps, tracks: Tracks) -> None:
    """The labels and the scores against them, if there are labels with identifiers.

    Raises:
        InputError: The labels cannot be read.
        OSError: A file cannot be written.
    """
    layout, job = steps.layout, steps.job
    labels = {frame.month: steps.hashes.of(frame.path) for frame in job.labels}
    inputs = versioned({"labels": labels})
    if not labels:
        for name in ("truth", "scores"):
            steps.manifest.forget(name)
        return
    truth: Stack | None = None
    if not steps.is_kept("truth", inputs):
        with steps.timed("truth"):
            truth = stack_loaders(Source(job.out, "geojson", job.labels))[job.aoi]()
            has_ids = truth.ids is not None
            if has_ids:
                with steps.staged(layout.truth) as part:
                    write_stack(part, truth)
            else:
                steps.manifest.forget("truth")
        steps.finish("truth", inputs, [layout.truth] if has_ids else [])
    if not steps.manifest.outputs("truth"):
        steps.manifest.forget("scores")
        return

    def scores(path: Path) -> None:
        known = read_stack(layout.truth) if truth is None else truth
        scot = score_scot(known, tracks.stack, truth_min_area_px=_TRUTH_MIN_AREA_PX)
        f1 = score_f1(known, tracks.stack)
        write_json(path, {"scot": scot.aois[job.aoi].to_dict(), "f1": f1.aois[job.aoi].to_dict()})

    steps.make(
        "scores", {"tracks": tracks.sha256, "truth": steps.hashes.of(layout.truth)}, layout.scores,
        scores,
    )  # fmt: skip
