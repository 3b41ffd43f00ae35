"""``sn7fast track``: identifiers that stay with a building through the months."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import click

from sn7fast.cli import options
from sn7fast.cli.console import Console, Timer

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from sn7fast.data.catalog import Catalog
    from sn7fast.filters import FilterParams
    from sn7fast.stack import Stack

_PRESETS = ("motokimura", "cannab", "selim_sef")


@click.command(
    "track",
    short_help="Footprints to tracks: identifiers through time.",
    epilog="Example: sn7fast track masks/ --out tracks.csv --min-area 4 --method filtered",
)
@click.argument("source_path", metavar="IN", type=options.input_path)
@click.option(
    "--out",
    required=True,
    type=options.input_path,
    metavar="OUT",
    help="A file if it ends in .csv (SN7), .parquet, .gpkg, .fgb or .geojson, else a folder of "
    "GeoJSON in pixels with Id and iou_score.",
)
@click.option(
    "--method",
    type=click.Choice(["baseline", "filtered"]),
    default="baseline",
    show_default=True,
    help="The tracker of the SpaceNet 7 baseline, alone or with rules that drop what flickers and "
    "fill gaps.",
)
@click.option(
    "--preset",
    type=click.Choice(_PRESETS),
    help="Rules of --method filtered, by who published them. [default: motokimura]",
)
@click.option(
    "--set",
    "changes",
    multiple=True,
    metavar="RULE=VALUE",
    help="Change one rule of the preset, such as num_ahead_frames=2; see sn7fast.FilterParams.",
)
@click.option(
    "--clouds",
    type=options.input_path,
    metavar="DIR",
    help="AOIs of SpaceNet 7 whose images or UDM_masks say what was seen; gaps are filled with "
    "that only. [default: IN, if it has such files]",
)
@click.option(
    "--min-iou",
    type=click.FloatRange(0, 1),
    help="Least IoU at which a footprint takes over an identifier. [default: 0.25, or that of the "
    "preset]",
)
@click.option("--reverse", is_flag=True, help="Follow the buildings from the last month back.")
@options.mask_options
@options.overwrite
@options.quiet
def command(
    source_path: Path,
    out: Path,
    method: str,
    preset: str | None,
    changes: Sequence[str],
    clouds: Path | None,
    min_iou: float | None,
    reverse: bool,
    threshold: float,
    min_area_px: float,
    connectivity: str,
    overwrite: bool,
    quiet: bool,
) -> int:
    """Give each building in IN one identifier through all months.

    IN is a folder of monthly masks or GeoJSON (one AOI, or a subfolder for each), an SN7 CSV or
    GeoParquet. Masks are polygonized first. Identifiers that IN has are replaced.
    """
    from sn7fast.io.vector import FORMATS

    to_file = options.is_file_name(out, FORMATS, "GeoJSON")
    options.check_output(out, is_file=to_file, overwrite=overwrite, inputs=[source_path])
    if method == "baseline":
        for option, value in (("--preset", preset), ("--set", changes), ("--clouds", clouds)):
            if value:
                raise click.UsageError(f"{option}: is for --method filtered")

    from sn7fast.cli.aois import AoiRun, stems, tracks_text, write_tracks
    from sn7fast.cli.status import OK, SOME_FAILED
    from sn7fast.data.discover import discover
    from sn7fast.data.load import stack_readers
    from sn7fast.tracking import track

    console, timer = Console(quiet=quiet), Timer()
    source = discover(source_path)
    if method == "filtered":
        rules = options.read_method(method, preset or _PRESETS[0], changes).params
        follow: Callable[[Stack], Stack] = _Filtered(
            rules, _clouds(clouds, source_path), clouds is not None, min_iou, reverse, console
        )
    else:
        follow = partial(track, min_iou=min_iou, reverse=reverse)

    def work(_: str, untracked: Callable[[], Stack]) -> Stack:
        return follow(untracked())

    readers = stack_readers(
        source,
        threshold=threshold,
        min_area_px=min_area_px,
        connectivity=int(connectivity),
    )
    run = AoiRun(console)
    stacks = dict(run.each(readers, "track", work))
    write_tracks(out, stacks, stems(source), own=len(readers) > 1)
    console.result(f"{out}: {tracks_text(stacks)}, {timer.lap():.2f} s")
    return SOME_FAILED if run.failed else OK


def _clouds(given: Path | None, source_path: Path) -> Catalog | None:
    """The files that say what was seen: those asked for, else those beside the input, if any."""
    from sn7fast.data.catalog import Catalog
    from sn7fast.errors import InputError, StackError

    if given is not None:
        return Catalog.scan(given)
    if not source_path.is_dir():
        return None
    try:
        return Catalog.scan(source_path)
    except StackError:
        raise
    except InputError:
        # A folder without any file of SpaceNet 7.
        return None


@dataclass(frozen=True)
class _Filtered:
    """The filtered tracker, with clouds where there are files that show them."""

    rules: FilterParams
    clouds: Catalog | None
    were_asked_for: bool
    min_iou: float | None
    reverse: bool
    console: Console

    def __call__(self, stack: Stack) -> Stack:
        from sn7fast.data.clouds import valid_stack
        from sn7fast.tracking import track

        valid = None
        if self.clouds is not None and (self.were_asked_for or stack.aoi in self.clouds.names):
            shape = None if stack.grid is None else stack.grid.shape_yx
            valid = valid_stack(self.clouds[stack.aoi], stack.months, shape_yx=shape)
        if valid is not None:
            clouded = int((~valid).any(axis=(1, 2)).sum())
            self.console.note(f"AOI {stack.aoi}: clouds in {clouded} of {len(valid)} months")
        return track(
            stack,
            method="filtered",
            min_iou=self.min_iou,
            reverse=self.reverse,
            params=self.rules,
            valid=valid,
        )
