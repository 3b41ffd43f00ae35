"""``sn7fast track``: identifiers that stay with a building through the months."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import click

from sn7fast.cli import options
from sn7fast.cli.console import Console, Timer, counted

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from sn7fast.stack import Stack


@click.command(
    "track",
    short_help="Footprints to tracks: identifiers through time.",
    epilog="Example: sn7fast track masks/ --out tracks.csv --min-area 4",
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
@options.min_iou
@click.option("--reverse", is_flag=True, help="Follow the buildings from the last month back.")
@options.mask_options
@options.overwrite
@options.quiet
def command(
    source_path: Path,
    out: Path,
    min_iou: float,
    reverse: bool,
    threshold: float,
    min_area_px: float,
    connectivity: str,
    overwrite: bool,
    quiet: bool,
) -> int:
    """Give each building in IN one identifier through all months.

    IN is a folder of monthly masks or GeoJSON (one AOI, or a subfolder for each), or an SN7 CSV.
    Masks are polygonized first. Identifiers that IN has are replaced.
    """
    from sn7fast.io.vector import FORMATS, write_vector

    to_file = out.suffix.lower() in FORMATS
    options.check_output(out, is_file=to_file, overwrite=overwrite, inputs=[source_path])

    import numpy as np

    from sn7fast.cli.aois import AoiRun, stems
    from sn7fast.cli.group import OK, SOME_FAILED
    from sn7fast.data.discover import discover
    from sn7fast.data.load import stack_loaders
    from sn7fast.tracking import track

    def load(untracked: Callable[[], Stack]) -> Stack:
        return track(untracked(), min_iou=min_iou, reverse=reverse)

    console, timer = Console(quiet=quiet), Timer()
    source = discover(source_path)
    loaders = stack_loaders(
        source,
        threshold=threshold,
        min_area_px=min_area_px,
        connectivity=int(connectivity),
    )
    run = AoiRun(console)
    todo = {aoi: partial(load, loader) for aoi, loader in loaders.items()}
    stacks = dict(run.each(todo, "track"))
    if to_file:
        out.parent.mkdir(parents=True, exist_ok=True)
        write_vector(out, stacks)
    else:
        from sn7fast.cli.aois import write_geojson_folder
        from sn7fast.io.outputs import whole_folder

        with whole_folder(out) as folder:
            for stack in stacks.values():
                write_geojson_folder(folder, stack, stems(source), own=len(loaders) > 1)
    footprints = sum(map(len, stacks.values()))
    buildings = sum(len(np.unique(np.asarray(stack.ids))) for stack in stacks.values())
    console.result(
        f"{out}: {counted(footprints, 'footprint')} of {counted(buildings, 'building')} in "
        f"{counted(len(stacks), 'AOI')}, {timer.lap():.2f} s"
    )
    return SOME_FAILED if run.failed else OK
