"""``sn7fast pipeline``: images to tracked buildings."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

from sn7fast.cli import options
from sn7fast.cli.console import Console, Timer, counted
from sn7fast.cli.networks import load_networks, network_options, tile_options, tile_settings

if TYPE_CHECKING:
    from pathlib import Path

    from sn7fast.pipeline import PipelineResult

_SUFFIXES = {"geojson": ".geojson", "gpkg": ".gpkg", "parquet": ".parquet", "fgb": ".fgb"}


@click.command(
    "pipeline",
    short_help="Images to tracked buildings, with everything in between.",
    epilog="Example: sn7fast pipeline SN7/train --out run/ --set method=filtered",
)
@click.argument("source", metavar="DATA", type=options.input_path)
@click.option("--out", required=True, type=options.input_path, metavar="DIR", help="Folder.")
@network_options
@tile_options
@click.option(
    "--config",
    "config_path",
    type=options.input_path,
    metavar="FILE",
    help='YAML with the settings of the post-processing, such as "search" writes.',
)
@click.option(
    "--set",
    "changes",
    multiple=True,
    metavar="KEY=VALUE",
    help="Another value for a key of the post-processing, such as method=baseline or "
    "params.min_iou=0.3; may be repeated.",
)
@click.option(
    "--format",
    "file_format",
    type=click.Choice(list(_SUFFIXES)),
    default="geojson",
    show_default=True,
    help="Of the footprints; all but geojson need the extra vector.",
)
@click.option("--overwrite", is_flag=True, help="Predict again what is in DIR already.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@options.quiet
def command(
    source: Path,
    out: Path,
    config_path: Path | None,
    changes: tuple[str, ...],
    file_format: str,
    overwrite: bool,
    as_json: bool,
    quiet: bool,
    **given: Any,  # noqa: ANN401 - options of networks and tiles
) -> int:
    """Find the buildings in the images of DATA and follow them through time.

    DATA is a folder in the layout of SpaceNet 7, a folder with a subfolder of monthly rasters for
    each area, or the CSV of a manifest. DIR gets the probabilities of each month, the footprints of
    each area with their identifiers and a table of its buildings, and the tracks of all as SN7 CSV.
    If DATA has labels with identifiers, the tracks are scored against them. A run that was stopped
    goes on where it was.
    """
    from sn7fast.cli.group import OK, SOME_FAILED
    from sn7fast.cli.progress import PixelProgress
    from sn7fast.errors import InputError
    from sn7fast.nn.settings import PredictSettings
    from sn7fast.pipeline import run_pipeline
    from sn7fast.postprocess import PostProcessing

    console, timer = Console(quiet=quiet or as_json), Timer()
    try:
        settings = PredictSettings(**tile_settings(given))
    except InputError as error:
        raise click.UsageError(f"--{error}") from error
    if config_path is None:
        post = PostProcessing.from_dict({}, changes, source="--set")
    else:
        post = PostProcessing.from_yaml(config_path, changes)
    models = load_networks(given)
    console.note(f"network: {', '.join(model.backend.name for model in models)}")
    console.note(f"post-processing: {post.method}")
    progress = PixelProgress(console)
    result = run_pipeline(
        source,
        out,
        weights=models,
        settings=settings,
        post=post,
        suffix=_SUFFIXES[file_format],
        overwrite=overwrite,
        progress=progress,
        tell=lambda aoi, text: click.echo(f"error: AOI {aoi} left out: {text}", err=True),
    )
    progress.close()
    if as_json:
        click.echo(json.dumps(_report(result), indent=1))
    _tell(console, result, out, timer.lap())
    return SOME_FAILED if result.failed or result.predicted.failed else OK


def _report(result: PipelineResult) -> dict[str, Any]:
    scores = {
        "scot": None if result.scot is None else result.scot.to_dict(),
        "f1": None if result.f1 is None else result.f1.to_dict(),
    }
    failed = {str(path): text for path, text in result.predicted.failed.items()}
    return {
        "aois": {
            aoi: {"footprints": len(stack), "buildings": stack.building_count}
            for aoi, stack in result.tracks.items()
        },
        "failed": result.failed | failed,
        **scores,
    }


def _tell(console: Console, result: PipelineResult, out: Path, seconds: float) -> None:
    from sn7fast.cli.table import score_table

    if result.scot is not None:
        console.result(f"{score_table(result.scot, result.f1)}\n")
    footprints = sum(map(len, result.tracks.values()))
    buildings = sum(stack.building_count for stack in result.tracks.values())
    images = len(result.predicted.written)
    kept = f" ({len(result.predicted.kept)} more were there)" if result.predicted.kept else ""
    console.result(
        f"{out}: {counted(len(result.tracks), 'AOI')}, {counted(images, 'image')}{kept}, "
        f"{counted(buildings, 'building')}, {counted(footprints, 'footprint')}, {seconds:.1f} s"
    )
