"""``sn7fast predict``: images to probabilities."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

from sn7fast.cli import options
from sn7fast.cli.console import Console, Timer, counted
from sn7fast.cli.networks import load_networks, network_options, tile_options, tile_settings

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from sn7fast.nn.settings import PredictSettings


@click.command(
    "predict",
    short_help="Images to probabilities, by a network.",
    epilog="Example: sn7fast predict SN7/test_public --weights net.safetensors --out predicted/",
)
@click.argument("source", metavar="IN", type=options.input_path)
@click.option("--out", required=True, type=options.input_path, metavar="DIR", help="Folder.")
@network_options
@tile_options
@click.option("--baseline", is_flag=True, help="Tiles of 512 without overlap, logits, clouds kept.")
@click.option("--kind", type=click.Choice(["probability", "logit"]), help="What is written.")
@click.option("--dtype", type=click.Choice(["float32", "uint8"]), help="As what.")
@click.option("--outputs", help="Which outputs of the network, with commas; all if not set.")
@click.option("--clouds", type=click.Choice(["nodata", "keep"]), help="Pixels that are not valid.")
@click.option("--format", "file_format", type=click.Choice(["GTiff", "COG"]), help="Of the files.")
@click.option("--overwrite", is_flag=True, help="Predict again what is in DIR already.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@options.quiet
def command(
    source: Path,
    out: Path,
    baseline: bool,
    outputs: str | None,
    file_format: str | None,
    overwrite: bool,
    as_json: bool,
    quiet: bool,
    **given: Any,  # noqa: ANN401 - options of networks and tiles
) -> int:
    """Let a network say where in the images of IN the buildings are.

    IN is a folder in the layout of SpaceNet 7, any other folder of rasters, one raster, or the CSV
    of a manifest. DIR gets one GeoTIFF for each image, with a band for each output of the network.
    A run that was stopped goes on where it was: files that are whole are kept.
    """
    from sn7fast.cli.progress import PixelProgress
    from sn7fast.cli.status import OK, SOME_FAILED
    from sn7fast.errors import InputError
    from sn7fast.nn.settings import PredictSettings
    from sn7fast.predict import predict

    console, timer = Console(quiet=quiet or as_json), Timer()
    chosen = tile_settings(given) | {name: given[name] for name in ("kind", "dtype", "clouds")}
    chosen |= {"format": file_format}
    settings = _settings(PredictSettings.baseline if baseline else PredictSettings, chosen, outputs)
    models = load_networks(given)
    console.note(f"network: {', '.join(model.backend.name for model in models)}")
    progress = PixelProgress(console)
    done = predict(source, models, out, settings=settings, overwrite=overwrite, progress=progress)
    progress.close()
    if done.failed and not done.written and not done.kept:
        raise InputError(f"{source}: none of {counted(len(done.failed), 'image')} could be used")
    if as_json:
        click.echo(json.dumps({
            "written": [str(path) for path in done.written],
            "kept": [str(path) for path in done.kept],
            "failed": {str(path): text for path, text in done.failed.items()},
        }))  # fmt: skip
    kept = f", {len(done.kept)} there already" if done.kept else ""
    seconds = timer.lap()
    rate = f", {len(done.written) / seconds:.2f} images/s" if done.written else ""
    console.result(f"{out}: {counted(len(done.written), 'image')}{kept}, {seconds:.2f} s{rate}")
    return SOME_FAILED if done.failed else OK


def _settings(
    make: Callable[..., PredictSettings], given: dict[str, Any], outputs: str | None
) -> PredictSettings:
    """The settings; one that is out of range is wrong usage."""
    from sn7fast.errors import InputError

    chosen = {name: value for name, value in given.items() if value is not None}
    if outputs is not None:
        chosen["outputs"] = tuple(name.strip() for name in outputs.split(","))
    try:
        return make(**chosen)
    except InputError as error:
        raise click.UsageError(f"--{error}") from error
