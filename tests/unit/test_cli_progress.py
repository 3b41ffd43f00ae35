"""Progress in pixels: sparse lines in a log, a bar at a terminal, nothing if quiet."""

import sys
from pathlib import Path

import pytest

from sn7fast.cli import meter
from sn7fast.cli.console import Console
from sn7fast.cli.progress import PixelProgress
from sn7fast.errors import InputError


@pytest.fixture
def clock(monkeypatch):
    now = [0.0]
    monkeypatch.setattr(meter, "perf_counter", lambda: now[0])
    return now


def work(shown, clock):
    shown.start(10_000_000)
    for _ in range(4):
        clock[0] += 20
        shown.advance(2_000_000)
    shown.close()


def test_sparse_lines(capsys, clock):
    work(PixelProgress(Console(quiet=False)), clock)
    assert capsys.readouterr().err.splitlines() == [
        "predict: 40 %, 0.10 Mpx/s, 60 s to go",
        "predict: 80 %, 0.10 Mpx/s, 20 s to go",
    ]


def test_quiet(capsys, clock):
    shown = PixelProgress(Console(quiet=True))
    work(shown, clock)
    assert capsys.readouterr().err == ""
    shown.failed(Path("a.tif"), InputError("a.tif: is no image"))
    shown.failed(Path("a.tif"), InputError("is no image"))
    assert capsys.readouterr().err == "error: left out: a.tif: is no image\n" * 2


def test_a_bar_at_a_terminal(capsys, clock, monkeypatch):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    work(PixelProgress(Console(quiet=False)), clock)
    text = capsys.readouterr().err
    assert "/10.0 Mpx" in text
    assert "to go" not in text
