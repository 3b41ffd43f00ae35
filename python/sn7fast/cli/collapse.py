"""``sn7fast collapse``: from the probabilities of all months to buildings and their dates."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from sn7fast.cli import options
from sn7fast.cli.console import Console, Timer

if TYPE_CHECKING:
    from pathlib import Path

    from sn7fast.cube import Cube
    from sn7fast.stack import Stack


@click.command(
    "collapse",
    short_help="All months at once: buildings, tracks and dates.",
    epilog="Example: sn7fast collapse probabilities/ --out tracks.csv --buildings dates.csv",
)
@click.argument("source_path", metavar="IN", type=options.input_path)
@click.option(
    "--out",
    required=True,
    type=options.input_path,
    metavar="OUT",
    help="A file if it ends in .csv (SN7), .parquet, .gpkg, .fgb or .geojson, else a folder of "
    "GeoJSON in pixels with Id.",
)
@click.option(
    "--variant",
    type=click.Choice(["default", "stc1", "stc2"]),
    default="default",
    show_default=True,
    help="Ours, or the winner's with one or two passes.",
)
@click.option(
    "--set",
    "changes",
    multiple=True,
    metavar="NAME=VALUE",
    help="A parameter of the variant; see sn7fast.CollapseParams and sn7fast.StcParams (lengths "
    "and areas of which are in pixels at scale 3). May be repeated.",
)
@click.option(
    "--buildings",
    "dates",
    type=options.input_path,
    metavar="CSV",
    help="Also write a table of buildings with their first and last months (default variant).",
)
@click.option(
    "--scale",
    type=click.IntRange(1, 4),
    default=1,
    show_default=True,
    help="Pixels of IN along one pixel of the image.",
)
@click.option(
    "--images",
    type=options.input_path,
    metavar="FOLDER",
    help="SpaceNet 7 folders whose masked images or UDM masks tell what is hidden.",
)
@options.overwrite
@options.quiet
def command(
    source_path: Path,
    out: Path,
    variant: str,
    changes: tuple[str, ...],
    dates: Path | None,
    scale: int,
    images: Path | None,
    overwrite: bool,
    quiet: bool,
) -> int:
    """Find the buildings in IN and the months in which they stand, from all months at once.

    IN is a folder of monthly probability rasters or masks (one AOI, or a subfolder for each), as
    "predict" writes them or others, or of <AOI>.npz or <AOI>.zarr. Hidden are NaN, nodata other
    than 0, what "predict" had no data for, and what --images says.
    """
    from sn7fast.io.vector import FORMATS

    to_file = options.is_file_name(out, FORMATS, "GeoJSON")
    options.check_output(out, is_file=to_file, overwrite=overwrite, inputs=[source_path])
    if dates is not None:
        options.check_different({"--out": out, "--buildings": dates})
        options.check_output(dates, is_file=True, overwrite=overwrite, inputs=[source_path])
        if variant != "default":
            raise click.UsageError(f"--buildings: the variant {variant} has no dates")

    from sn7fast.buildings import write_buildings
    from sn7fast.cli.aois import AoiRun, tracks_text, write_tracks
    from sn7fast.cli.status import OK, SOME_FAILED
    from sn7fast.data.catalog import Catalog
    from sn7fast.postprocess import postprocess
    from sn7fast.postprocess.cubes import cube_loaders

    method, preset = ("collapse", None) if variant == "default" else ("stc", variant)
    chosen = options.read_method(method, preset, changes)
    console, timer = Console(quiet=quiet), Timer()
    catalog = None if images is None else Catalog.scan(images)
    loaders = cube_loaders(source_path, scale=scale, images=catalog)

    def work(aoi: str, cube: Cube) -> Stack:
        return postprocess(cube, chosen, aoi=aoi)

    run = AoiRun(console)
    stacks = dict(run.each(loaders, "collapse", work))
    write_tracks(out, stacks, _names(source_path), own=len(loaders) > 1)
    if dates is not None:
        dates.parent.mkdir(parents=True, exist_ok=True)
        tables = {
            aoi: (stack.months, stack.buildings)
            for aoi, stack in stacks.items()
            if stack.buildings is not None
        }
        write_buildings(dates, tables)
    console.result(f"{out}: {tracks_text(stacks)}, {timer.lap():.2f} s")
    return SOME_FAILED if run.failed else OK


def _names(source_path: Path) -> dict[tuple[str, str], str]:
    """Names of the monthly rasters; a cube in one file has none."""
    from sn7fast.cli.aois import stems
    from sn7fast.data.discover import discover
    from sn7fast.errors import InputError

    try:
        return stems(discover(source_path, kinds=["masks"]))
    except InputError:
        return {}
