"""Progress of work that is counted in pixels: a bar at a terminal, sparse lines in a log."""

from __future__ import annotations

import sys
from time import perf_counter
from typing import TYPE_CHECKING, Any

import click

from sn7fast.nn.predicting import Progress

if TYPE_CHECKING:
    from pathlib import Path

    from sn7fast.cli.console import Console
    from sn7fast.errors import InputError

_LINE_EVERY_S = 30.0


class PixelProgress(Progress):
    """Shows how far a prediction is, unless the console is quiet."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._bar: Any = None
        self._total = self._done = 0
        self._start = self._last = perf_counter()

    def start(self, pixels: int) -> None:
        """See `Progress`."""
        self._total = pixels
        self._start = self._last = perf_counter()
        if pixels and not self._console.quiet and sys.stderr.isatty():
            from tqdm import tqdm

            self._bar = tqdm(total=pixels / 1e6, desc="predict", unit="Mpx", leave=False,
                             bar_format="{desc}: {percentage:3.0f}%|{bar}| {n:.1f}/{total:.1f} Mpx "
                             "[{elapsed}<{remaining}, {rate_fmt}]")  # fmt: skip

    def advance(self, pixels: int) -> None:
        """See `Progress`."""
        self._done += pixels
        if self._bar is not None:
            self._bar.update(pixels / 1e6)
            return
        now = perf_counter()
        if not self._console.quiet and now - self._last >= _LINE_EVERY_S:
            self._last = now
            rate = self._done / (now - self._start)
            left = (self._total - self._done) / rate
            click.echo(
                f"predict: {100 * self._done / self._total:.0f} %, {rate / 1e6:.2f} Mpx/s, "
                f"{left:.0f} s to go",
                err=True,
            )

    def failed(self, path: Path, error: InputError) -> None:
        """See `Progress`."""
        text = " ".join(str(error).split())
        where = "" if text.startswith(str(path)) else f"{path}: "
        click.echo(f"error: left out: {where}{text}", err=True)

    def close(self) -> None:
        """Take the bar away."""
        if self._bar is not None:
            self._bar.close()
