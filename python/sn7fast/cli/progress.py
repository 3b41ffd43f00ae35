"""Progress of work that is counted in pixels."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from sn7fast.cli.meter import Meter
from sn7fast.nn.predicting import Progress

if TYPE_CHECKING:
    from pathlib import Path

    from sn7fast.cli.console import Console
    from sn7fast.errors import InputError


class PixelProgress(Progress):
    """Shows how far a prediction is, unless the console is quiet."""

    def __init__(self, console: Console) -> None:
        self._meter = Meter(console, unit="Mpx", scale=1e6)

    def start(self, pixels: int) -> None:
        """See `Progress`."""
        self._meter.start("predict", pixels)

    def advance(self, pixels: int) -> None:
        """See `Progress`."""
        self._meter.advance(pixels)

    def failed(self, path: Path, error: InputError) -> None:
        """See `Progress`."""
        text = " ".join(str(error).split())
        where = "" if text.startswith(str(path)) else f"{path}: "
        click.echo(f"error: left out: {where}{text}", err=True)

    def close(self) -> None:
        """Take the bar away."""
        self._meter.close()
