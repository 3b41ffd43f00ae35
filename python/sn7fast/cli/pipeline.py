"""``sn7fast pipeline``: images to tracked buildings."""

from __future__ import annotations

import json
from contextlib import ExitStack, closing
from typing import TYPE_CHECKING, Any, Literal

import click

from sn7fast.cli import options
from sn7fast.cli.console import Console, Timer, counted
from sn7fast.cli.networks import named_networks, network_options, tile_options, tile_settings

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from sn7fast.pipeline import PipelineResult, Shard, Told
    from sn7fast.postprocess import PostProcessing

_SUFFIXES = {name: f".{name}" for name in ("geojson", "parquet", "gpkg", "fgb", "csv")}


def _shard(_: click.Context, __: click.Parameter, text: str | None) -> Shard | None:
    """A shard that is none is wrong usage."""
    from sn7fast.errors import InputError
    from sn7fast.pipeline.shards import Shard

    try:
        return None if text is None else Shard.parse(text)
    except InputError as error:
        raise click.BadParameter(str(error).removeprefix("shard: ")) from error


@click.command(
    "pipeline",
    short_help="Images to tracked buildings, with everything in between.",
    epilog="Example: sn7fast pipeline SN7/train --out run/ --format parquet --workers 4",
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
    "file_formats",
    type=click.Choice(list(_SUFFIXES)),
    multiple=True,
    default=["geojson"],
    show_default=True,
    help="Of the footprints, may be repeated; parquet, gpkg and fgb need the extra vector.",
)
@click.option(
    "--workers",
    type=click.IntRange(1, 256),
    default=1,
    show_default=True,
    help="Processes that do the AOIs side by side.",
)
@click.option(
    "--dask",
    metavar="tcp://HOST:PORT|local:N",
    help="Let a Dask cluster do the AOIs, or one of N processes; needs the extra dask.",
)
@click.option(
    "--shard",
    metavar="I/N",
    callback=_shard,
    help="Only the AOIs I, I + N, I + 2 N, ... in order of their names; the last shard to end "
    "gathers all.",
)
@click.option("--retry-failed", is_flag=True, help="Only AOIs that failed in an earlier run.")
@click.option(
    "--log-json",
    type=options.input_path,
    metavar="FILE",
    help="Add a line of JSON for each event.",
)
@click.option(
    "--kind",
    type=click.Choice(["auto", "images", "probabilities"]),
    default="auto",
    show_default=True,
    help="What the rasters of DATA are; probabilities, masks among them, need no network.",
)
@click.option(
    "--scale",
    type=click.IntRange(1, 4),
    default=1,
    show_default=True,
    help="Pixels of probabilities along one of the image, where their files do not tell.",
)
@click.option("--change", is_flag=True, help="Also maps of when each pixel was built up.")
@click.option("--no-report", is_flag=True, help="No page to look at for each area.")
@click.option("--overwrite", is_flag=True, help="Do again what is in DIR already.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@options.quiet
def command(
    source: Path,
    out: Path,
    config_path: Path | None,
    changes: tuple[str, ...],
    file_formats: tuple[str, ...],
    workers: int,
    dask: str | None,
    shard: Shard | None,
    retry_failed: bool,
    log_json: Path | None,
    kind: Literal["auto", "images", "probabilities"],
    scale: int,
    change: bool,
    no_report: bool,
    overwrite: bool,
    as_json: bool,
    quiet: bool,
    **given: Any,  # noqa: ANN401 - options of networks and tiles
) -> int:
    """Find the buildings in the images of DATA and follow them through time.

    DATA is a folder in the layout of SpaceNet 7, a folder with a subfolder of monthly rasters for
    each area, or the CSV of a manifest. Rasters of one band, cubes and what "predict" wrote are
    taken as probabilities, which need no network. DIR gets the probabilities of each month, the
    footprints of each area with their identifiers and a table of its buildings, and the tracks of
    all as SN7 CSV. If DATA has labels with identifiers, the tracks are scored against them.

    A run that was stopped goes on where it was. An AOI that fails is left out, and the others are
    done; the status is then 4. An AOI whose pixels need more than --memory is post-processed in
    parts, with the same result. The same DATA gives the same bytes with any number of workers or
    shards. Shards may run at the same time, on machines that share DIR.
    """
    from sn7fast.cli.aoi_progress import AoiProgress
    from sn7fast.cli.status import OK, SOME_FAILED
    from sn7fast.errors import InputError
    from sn7fast.nn.settings import PredictSettings
    from sn7fast.pipeline import plan, run_jobs
    from sn7fast.pipeline.events import EventLog
    from sn7fast.pipeline.layout import Layout
    from sn7fast.pipeline.run import WAIT_S, chosen

    if dask is not None and workers > 1:
        raise click.UsageError("--dask: got it beside --workers, wanted one of them")
    console, timer = Console(quiet=quiet or as_json), Timer()
    try:
        settings = PredictSettings(**tile_settings(given))
    except InputError as error:
        raise click.UsageError(f"--{error}") from error
    jobs = plan(
        source,
        out,
        weights=named_networks(given),
        settings=settings,
        post=_post(config_path, changes),
        formats=[_SUFFIXES[one] for one in file_formats],
        overwrite=overwrite,
        kind=kind,
        scale=scale,
        memory_mb=given["memory_mb"],
        change=change,
        report=not no_report,
        wait_s=WAIT_S,
    )
    common = jobs[0].settings
    if common.networks:
        console.note(f"network: {', '.join(network.name for network in common.networks)}")
    console.note(f"post-processing: {common.post.method}")
    mine = chosen(jobs, shard=shard, retry_failed=retry_failed)
    if shard is not None:
        console.note(f"shard {shard}: {len(mine)} of {counted(len(jobs), 'AOI')}")
    with ExitStack() as stack:
        listeners: list[Any] = [stack.enter_context(closing(AoiProgress(console, len(mine))))]
        if log_json is not None:
            listeners.append(stack.enter_context(EventLog(log_json)))
        result = run_jobs(
            jobs,
            workers=workers,
            dask=dask,
            shard=shard,
            retry_failed=retry_failed,
            tell=lambda told: _each(listeners, told),
        )
    if as_json:
        click.echo(json.dumps(_report(result), indent=1))
    _tell(console, result, timer.lap())
    pages = [page for aoi in result.gathered.counts if (page := Layout(out, aoi).report).is_file()]
    if pages:
        several = f" and {len(pages) - 1} more" if len(pages) > 1 else ""
        console.note(f"to look at in a browser: {pages[0]}{several}")
    return SOME_FAILED if result.failed or result.predicted.failed else OK


def _post(config_path: Path | None, changes: Sequence[str]) -> PostProcessing:
    from sn7fast.postprocess import PostProcessing

    if config_path is None:
        return PostProcessing.from_dict({}, changes, source="--set")
    return PostProcessing.from_yaml(config_path, changes)


def _each(listeners: Sequence[Any], told: Told) -> None:
    for listener in listeners:
        listener(told)


def _report(result: PipelineResult) -> dict[str, Any]:
    scot, f1 = result.scot, result.f1
    failed = {str(path): text for path, text in result.predicted.failed.items()}
    return {
        "aois": {
            aoi: {name: counts[name] for name in ("footprints", "buildings")}
            for aoi, counts in result.gathered.counts.items()
        },
        "failed": result.failed | failed,
        "scot": None if scot is None else scot.to_dict(),
        "f1": None if f1 is None else f1.to_dict(),
    }


def _tell(console: Console, result: PipelineResult, seconds: float) -> None:
    from sn7fast.cli.table import score_table

    gathered = result.gathered
    if gathered.scot is not None:
        console.result(f"{score_table(gathered.scot, gathered.f1)}\n")
    total = {
        name: sum(counts[name] for counts in gathered.counts.values())
        for name in ("buildings", "footprints")
    }
    written, kept = len(result.predicted.written), len(result.predicted.kept)
    more = f" ({kept} more were there)" if kept else ""
    images = f"{counted(written, 'image')}{more}, " if written or kept else ""
    others = len(gathered.counts) - (len(result.outcomes) - len(result.failed))
    there = f" ({others} of them from other runs)" if others > 0 else ""
    console.result(
        f"{result.out}: {counted(len(gathered.counts), 'AOI')}{there}, "
        f"{images}{counted(total['buildings'], 'building')}, "
        f"{counted(total['footprints'], 'footprint')}, {seconds:.1f} s"
    )
    if result.failed:
        console.result(
            f"{counted(len(result.failed), 'AOI')} failed; to try them again: --retry-failed"
        )
