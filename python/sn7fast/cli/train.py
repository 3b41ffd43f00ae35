"""``sn7fast train``: weights by a recipe."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import click

from sn7fast.cli import options
from sn7fast.cli.console import Console, Timer, counted

if TYPE_CHECKING:
    from pathlib import Path


@click.command(
    "train",
    short_help="Train a network by a recipe.",
    epilog="Example: sn7fast train training/sn7fast.yaml --set data.prepared=prepared --out run",
)
@click.argument("recipe", type=options.input_path)
@click.option("--out", required=True, type=options.input_path, metavar="DIR", help="Folder.")
@click.option(
    "--set",
    "changes",
    multiple=True,
    metavar="KEY=VALUE",
    help="Another value for a key of the recipe, such as optimiser.lr=0.001; may be repeated.",
)
@click.option(
    "--overwrite", is_flag=True, help="Begin anew, where DIR has the results of a run before."
)
@click.option("--json", "as_json", is_flag=True, help="Print the best epoch's figures as JSON.")
@options.quiet
def command(
    recipe: Path,
    out: Path,
    changes: tuple[str, ...],
    overwrite: bool,
    as_json: bool,
    quiet: bool,
) -> int:
    """Train a network by RECIPE, a YAML file, on masks that "sn7fast prep" wrote.

    DIR gets best.safetensors and last.safetensors, metrics.csv with the figures of each epoch,
    recipe.yaml with all settings, versions.json, log.jsonl, and checkpoint.pt. If a run was
    interrupted, the same command goes on from its checkpoint. For several GPUs put "torchrun
    --nproc-per-node=N -m sn7fast.run" before "train".
    """
    if out.exists() and not out.is_dir():
        raise click.UsageError(f"--out: {out} is a file, wanted a folder")

    from sn7fast.cli.status import INTERRUPTED, OK
    from sn7fast.train import train

    first = os.environ.get("RANK", "0") == "0"
    console, timer = Console(quiet=quiet or as_json or not first), Timer()

    def say(text: str) -> None:
        if not console.quiet:
            click.echo(text, err=True)

    bars = not console.quiet and sys.stderr.isatty()
    try:
        done = train(recipe, out, changes=changes, overwrite=overwrite, say=say, bars=bars)
    except KeyboardInterrupt:
        click.echo("interrupted; the same command goes on from the last checkpoint", err=True)
        return INTERRUPTED
    best = done.history[done.best_epoch]
    if as_json and first:
        import json

        click.echo(json.dumps({"best": best, "weights": str(done.best)}))
    console.result(
        f"{done.best}: val_iou {best['val_iou']:.4f}, val_loss {best['val_loss']:.4f} in epoch "
        f"{done.best_epoch + 1} of {counted(len(done.history), 'epoch')}, {timer.lap():.1f} s"
    )
    return OK
