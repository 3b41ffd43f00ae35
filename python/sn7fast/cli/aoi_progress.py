"""Progress over AOIs and their steps: one bar at a terminal, sparse lines in a log."""

from __future__ import annotations

import sys
from time import perf_counter
from typing import TYPE_CHECKING, Any

import click

from sn7fast.cli.console import counted

if TYPE_CHECKING:
    from sn7fast.cli.console import Console
    from sn7fast.pipeline import Told

_LINE_EVERY_S = 30.0

# Images of an AOI that are told of when they are left out; of more only the number.
_MOST_IMAGES = 3

# Parts of the work on an AOI: up to the end of the prediction, and of the post-processing. A guess
# that only moves the bar.
_PREDICTED, _TRACKED = 0.8, 0.9


class AoiProgress:
    """Shows how far a run is and what goes wrong; notes and progress only if not quiet.

    Args:
        console: Where.
        aois: To be done.
    """

    def __init__(self, console: Console, aois: int) -> None:
        self._console, self._aois = console, aois
        self._part: dict[str, float] = {}
        self._pixels: dict[str, tuple[int, int]] = {}
        self._step: dict[str, str] = {}
        self._done = self._failed = 0
        self._notes: set[str] = set()
        self._left_out: dict[str, int] = {}
        self._start = self._last = perf_counter()
        self._bar: Any = None
        if aois and not console.quiet and sys.stderr.isatty():
            from tqdm import tqdm

            self._bar = tqdm(
                total=aois, leave=False,
                bar_format="{percentage:3.0f}%|{bar}| {desc} [{elapsed}<{remaining}]",
            )  # fmt: skip

    def __call__(self, told: Told) -> None:
        """Something happened; see `sn7fast.pipeline.Told`."""
        self._follow(told)
        self._say(told)
        self._show()

    def close(self) -> None:
        """Take the bar away."""
        if self._bar is not None:
            self._bar.close()

    def _follow(self, told: Told) -> None:
        aoi = told.aoi
        if told.step == "aoi":
            if told.state in ("done", "failed"):
                self._done += told.state == "done"
                self._failed += told.state == "failed"
                self._step.pop(aoi, None)
                self._pixels.pop(aoi, None)
                self._part[aoi] = 1.0
            elif told.state == "retry":
                self._step.pop(aoi, None)
                self._part[aoi] = 0.0
            return
        if told.state == "started":
            self._step[aoi] = told.step
        if told.state in ("total", "pixels"):
            done, total = self._pixels.get(aoi, (0, 0))
            is_total = told.state == "total"
            done, total = (0, told.pixels) if is_total else (done + told.pixels, total)
            self._pixels[aoi] = done, total
            self._move(aoi, _PREDICTED * done / max(total, 1))
        if told.state in ("done", "kept") and told.step in ("predict", "postprocess"):
            self._move(aoi, _PREDICTED if told.step == "predict" else _TRACKED)

    def _move(self, aoi: str, part: float) -> None:
        self._part[aoi] = max(self._part.get(aoi, 0.0), min(part, 1.0))

    def _say(self, told: Told) -> None:
        lines = []
        if told.step == "aoi" and told.state in ("done", "failed"):
            more = self._left_out.pop(told.aoi, 0) - _MOST_IMAGES
            lines = [f"error: left out: {counted(more, 'more image')} of {told.aoi}"] * (more > 0)
        if told.state == "failed" and told.step == "aoi":
            lines += [f"error: AOI {told.aoi} left out: {told.text}"]
        elif told.state == "failed":
            count = self._left_out[told.aoi] = self._left_out.get(told.aoi, 0) + 1
            where = "" if told.text.startswith(told.path) else f"{told.path}: "
            lines = [f"error: left out: {where}{told.text}"] * (count <= _MOST_IMAGES)
        elif told.state == "retry":
            lines = [f"warning: AOI {told.aoi}: {told.text}; it is tried again at the end"]
        elif told.state == "note" and told.text not in self._notes:
            self._notes.add(told.text)
            lines = [] if self._console.quiet else [f"note: {told.text}"]
        if lines and self._bar is not None:
            self._bar.clear()
        for line in lines:
            click.echo(line, err=True)

    def _show(self) -> None:
        done = sum(self._part.values())
        if self._bar is not None:
            now = next(reversed(self._step.items()), None)
            more = f" and {len(self._step) - 1} more" if len(self._step) > 1 else ""
            what = "" if now is None else f", {now[1]} {now[0]}{more}"
            self._bar.set_description_str(f"{self._state()}{what}", refresh=False)
            self._bar.update(done - self._bar.n)
            return
        now_s = perf_counter()
        if not self._console.quiet and now_s - self._last >= _LINE_EVERY_S:
            self._last = now_s
            left = (self._aois - done) * (now_s - self._start) / done if done else 0.0
            end = f", {left:.0f} s to go" if done else ""
            share = done / self._aois if self._aois else 1.0
            click.echo(f"pipeline: {self._state()}, {100 * share:.0f} %{end}", err=True)

    def _state(self) -> str:
        failed = f", {self._failed} failed" if self._failed else ""
        return f"{self._done + self._failed} of {counted(self._aois, 'AOI')}{failed}"
