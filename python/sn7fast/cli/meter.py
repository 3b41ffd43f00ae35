"""How far a count has come: a bar at a terminal, sparse lines in a log."""

from __future__ import annotations

import sys
from time import perf_counter
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from sn7fast.cli.console import Console

_LINE_EVERY_S = 30.0


class Meter:
    """Shows a count, unless the console is quiet.

    Args:
        console: Whether to show it at all.
        unit: Of what is shown, such as ``Mpx``.
        scale: What is counted in one unit.
    """

    def __init__(self, console: Console, *, unit: str, scale: float) -> None:
        self._console = console
        self._unit = unit
        self._scale = scale
        self._bar: Any = None
        self._label = ""
        self._total = self._done = self._first = 0
        self._start = self._last = perf_counter()

    def start(self, label: str, total: int, done: int = 0) -> None:
        """So many are to come in all, and so many are there already."""
        self._label, self._total, self._done, self._first = label, total, done, done
        self._start = self._last = perf_counter()
        if total and not self._console.quiet and sys.stderr.isatty():
            from tqdm import tqdm

            self._bar = tqdm(total=total / self._scale, initial=done / self._scale, desc=label,
                             unit=self._unit, leave=False,
                             bar_format="{desc}: {percentage:3.0f}%|{bar}| {n:.1f}/{total:.1f} "
                             f"{self._unit} [{{elapsed}}<{{remaining}}, {{rate_fmt}}]")  # fmt: skip

    def advance(self, count: int) -> None:
        """So many more are done."""
        self._done += count
        if self._bar is not None:
            self._bar.update(count / self._scale)
            return
        now = perf_counter()
        if not self._console.quiet and now - self._last >= _LINE_EVERY_S:
            self._last = now
            rate = (self._done - self._first) / (now - self._start)
            left = (self._total - self._done) / rate if rate else float("inf")
            click.echo(
                f"{self._label}: {100 * self._done / self._total:.0f} %, "
                f"{rate / self._scale:.2f} {self._unit}/s, {left:.0f} s to go",
                err=True,
            )

    def say(self, text: str) -> None:
        """A line beside the bar."""
        if self._bar is None:
            click.echo(text, err=True)
        else:
            self._bar.write(text, file=sys.stderr)

    def close(self) -> None:
        """Take the bar away."""
        if self._bar is not None:
            self._bar.close()
            self._bar = None
