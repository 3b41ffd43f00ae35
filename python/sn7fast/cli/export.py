"""``sn7fast export``: weights to an ONNX file."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from sn7fast.cli import options
from sn7fast.cli.console import Console, Timer

if TYPE_CHECKING:
    from pathlib import Path


@click.command(
    "export",
    short_help="Weights of a network to an ONNX file, which runs without torch.",
    epilog="Example: sn7fast export net.safetensors --out net.onnx",
)
@click.argument("weights", metavar="WEIGHTS", type=options.input_path)
@click.option("--out", required=True, type=options.input_path, metavar="FILE", help="ONNX file.")
@options.model_spec
@click.option("--overwrite", is_flag=True, help="Replace FILE if it is there already.")
@options.quiet
def command(weights: Path, out: Path, spec: str | None, overwrite: bool, quiet: bool) -> None:
    """Write the network of WEIGHTS as an ONNX file, with its spec, and compare the two."""
    if out.suffix.lower() != ".onnx":
        raise click.UsageError(f"--out: got {out}, wanted a name that ends in .onnx")
    options.check_output(out, is_file=True, overwrite=overwrite, inputs=[weights])

    from sn7fast.nn.export import export_onnx
    from sn7fast.nn.weights import load_weights

    console, timer = Console(quiet=quiet), Timer()
    network, own = load_weights(weights, options.read_model_spec(spec))
    difference = export_onnx(out, network, own)
    console.result(
        f"{out}: {out.stat().st_size / 1e6:.2f} MB, differs from torch by {difference:.1g} of the "
        f"largest number, {timer.lap():.2f} s"
    )
