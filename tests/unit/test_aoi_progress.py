"""Progress over AOIs: one bar at a terminal, sparse lines in a log, failures always."""

import sys

import pytest

from sn7fast.cli import aoi_progress
from sn7fast.cli.aoi_progress import AoiProgress
from sn7fast.cli.console import Console
from sn7fast.pipeline import Told


@pytest.fixture
def clock(monkeypatch):
    now = [0.0]
    monkeypatch.setattr(aoi_progress, "perf_counter", lambda: now[0])
    return now


def news():
    """(seconds, what is told) of two AOIs, of which the second fails at last."""
    yield 0, Told("a", "predict", "started")
    yield 1, Told("a", "predict", "total", pixels=400)
    yield 10, Told("a", "predict", "pixels", pixels=100)
    yield 31, Told("a", "predict", "pixels", pixels=100)
    yield 35, Told("a", "predict", "failed", "is no raster", path="a/x.tif")
    yield 40, Told("a", "predict", "done", seconds=40)
    yield 45, Told("a", "postprocess", "note", "no georeference")
    yield 50, Told("b", "predict", "started")
    yield 55, Told("b", "postprocess", "note", "no georeference")
    yield 62, Told("a", "aoi", "done", seconds=60)
    yield 70, Told("b", "aoi", "retry", "its worker died")
    yield 99, Told("b", "aoi", "failed", "its worker died again")


LINES = [
    "pipeline: 0 of 2 AOIs, 20 %, 124 s to go",
    "error: left out: a/x.tif: is no raster",
    "note: no georeference",
    "pipeline: 1 of 2 AOIs, 50 %, 62 s to go",
    "warning: AOI b: its worker died; it is tried again at the end",
    "error: AOI b left out: its worker died again",
    "pipeline: 2 of 2 AOIs, 1 failed, 100 %, 0 s to go",
]


def test_of_many_images_only_some_are_named(capsys):
    progress = AoiProgress(Console(quiet=True), 2)
    for aoi, count in (("a", 5), ("b", 3)):
        for number in range(count):
            progress(Told(aoi, "predict", "failed", "has 4 bands", path=f"{aoi}/{number}.tif"))
    progress(Told("a", "aoi", "failed", "has no images"))
    progress(Told("b", "aoi", "done"))
    progress.close()
    lines = capsys.readouterr().err.splitlines()
    assert [line for line in lines if "/" in line] == [
        f"error: left out: {aoi}/{number}.tif: has 4 bands" for aoi in "ab" for number in range(3)
    ]
    assert lines[-2:] == [
        "error: left out: 2 more images of a",
        "error: AOI a left out: has no images",
    ]


@pytest.mark.parametrize("quiet", [False, True])
def test_lines_in_a_log(clock, capsys, quiet):
    progress = AoiProgress(Console(quiet=quiet), 2)
    for seconds, told in news():
        clock[0] = seconds
        progress(told)
    progress.close()
    wrong = [line for line in LINES if line.startswith(("error", "warning"))]
    assert capsys.readouterr().err.splitlines() == (wrong if quiet else LINES)


def test_a_bar_at_a_terminal(clock, capsys, monkeypatch):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    progress = AoiProgress(Console(quiet=False), 2)
    for seconds, told in news():
        clock[0] = seconds
        progress(told)
        if seconds == 50:
            bar = str(progress._bar)
            assert "40%" in bar
            assert "0 of 2 AOIs, predict b and 1 more" in bar
    assert "100%" in str(progress._bar)
    assert "2 of 2 AOIs, 1 failed [" in str(progress._bar)
    progress.close()
    err = capsys.readouterr().err
    assert "error: AOI b left out: its worker died again" in err
    assert "pipeline: " not in err


def test_nothing_to_do(clock, capsys):
    """A shard without AOIs may wait for others that gather."""
    progress = AoiProgress(Console(quiet=False), 0)
    clock[0] = 31
    progress(Told("", "gather", "done"))
    progress.close()
    assert capsys.readouterr().err == "pipeline: 0 of 0 AOIs, 100 %\n"
