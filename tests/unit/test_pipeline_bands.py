"""Sources whose AOIs are larger than the memory of the settings: in bands, the same files."""

import errno
import os
import tempfile
import tracemalloc

import numpy as np
import pytest

from full_disks import full_disk
from many_aois import tree
from sn7fast import Cube, FormatError, Grid, InputError
from sn7fast.io.rasters import write_mask
from sn7fast.pipeline import cubes as pipeline_cubes
from sn7fast.pipeline import plan, run_aoi
from sn7fast.postprocess import PostProcessing
from sn7fast.postprocess.cubes import cube_loaders, write_cube
from sn7fast.windows import FrameBands, NpzBands, ZarrBands

MONTHS = ("2020_01", "2020_02", "2020_03")
SHAPE = (400, 60)
METHODS = {
    "collapse": PostProcessing("collapse"),
    "baseline": PostProcessing("baseline"),
    "filtered": PostProcessing.from_dict({"method": "filtered", "segment": {"min_area_px": 1}}),
}
MEMORY_MB = 1.5


def grid_of(scale=1, columns=SHAPE[1]):
    """Of rasters at a scale of the image."""
    step = 4.0 / scale
    shape = (SHAPE[0] * scale, columns * scale)
    return Grid(shape, (step, 0.0, 500_000.0, 0.0, -step, 5_000_000.0), "EPSG:32633")


def houses(random, shape=SHAPE):
    """bool: houses of 4 x 4 pixels here and there."""
    cells = random.random((shape[0] // 6 + 1, shape[1] // 6 + 1)) < 0.5
    house = np.zeros((6, 6), bool)
    house[1:5, 1:5] = True
    return np.kron(cells, house)[: shape[0], : shape[1]] > 0


def probabilities(random, scale=1, shape=SHAPE):
    """uint8 (T, rows, columns)."""
    base = houses(random, shape)
    frames = [np.where(base ^ (random.random(shape) < 0.05), 230, 20) for _ in MONTHS]
    return np.array(frames, np.uint8).repeat(scale, 1).repeat(scale, 2)


def clouds(random, months=len(MONTHS)):
    """bool (T, rows, columns) of the image: False in some squares."""
    seen = random.random((months, SHAPE[0] // 20, SHAPE[1] // 20)) > 0.1
    return seen.repeat(20, 1).repeat(20, 2)


def run(source, out, memory_mb, method, **settings):
    (job,) = plan(
        source, out, post=METHODS[method], formats=[".parquet"], memory_mb=memory_mb, **settings
    )
    outcome = run_aoi(job)
    assert outcome.failed is None
    return tree(out)


def failure(source, out, memory_mb, method="filtered", **settings):
    (job,) = plan(source, out, post=METHODS[method], memory_mb=memory_mb, report=False, **settings)
    return run_aoi(job).failed


@pytest.fixture
def in_bands(monkeypatch):
    """Sources of what was done in bands."""
    sources = []
    real = pipeline_cubes.postprocess_large

    def counted(source, *arguments, **named):
        sources.append(source)
        return real(source, *arguments, **named)

    monkeypatch.setattr(pipeline_cubes, "postprocess_large", counted)
    return sources


def masks_and_rasters_beside(folder, scale=1, **profile):
    """A manifest of masks: one has a mask of what is valid, one classes, one both, one neither."""
    random = np.random.default_rng(1)
    folder.mkdir()
    seen = clouds(random)
    lines = ["path,aoi,date,valid,udm,unusable"]
    for month, values in enumerate(probabilities(random, scale)):
        write_mask(folder / f"{month}.tif", values, grid_of(scale))
        # As those of SpaceNet 7, one column more than the image.
        more = np.pad(seen[month], ((0, 0), (0, 1)), mode="edge").astype(np.uint8)
        write_mask(folder / f"valid{month}.tif", more, grid_of(columns=SHAPE[1] + 1))
        kinds = random.integers(0, 9, (SHAPE[0] // 10, SHAPE[1] // 10)).repeat(10, 0).repeat(10, 1)
        write_mask(folder / f"udm{month}.tif", kinds.astype(np.uint8), grid_of())
        valid = "" if month == 1 else f"valid{month}.tif"
        udm = "" if month == 0 else f"udm{month}.tif"
        lines.append(f"{month}.tif,town,2020-{month + 1:02},{valid},{udm},3 7")
    (folder / "own.csv").write_text("\n".join(lines) + "\n")
    return folder / "own.csv"


class TestRastersBeside:
    @pytest.mark.parametrize("scale", [1, 2])
    @pytest.mark.parametrize("method", METHODS)
    def test_the_same_files(self, tmp_path, monkeypatch, in_bands, method, scale):
        source = masks_and_rasters_beside(tmp_path / "in", scale)
        whole = run(source, tmp_path / "whole", None, method, scale=scale)
        assert not in_bands
        # Nothing is read at once, nor for the report.
        monkeypatch.setattr(pipeline_cubes, "load_cube", None)
        memory_mb = MEMORY_MB * scale**2
        assert run(source, tmp_path / "bands", memory_mb, method, scale=scale) == whole
        assert [type(bands) for bands in in_bands] == [FrameBands]

    def test_without_them_it_is_another_result(self, tmp_path):
        source = masks_and_rasters_beside(tmp_path / "in")
        hidden = run(source, tmp_path / "a", MEMORY_MB, "filtered")
        lines = [line.split(",")[:3] for line in source.read_text().splitlines()]
        source.write_text("\n".join(map(",".join, lines)) + "\n")
        assert run(source, tmp_path / "b", MEMORY_MB, "filtered") != hidden

    @pytest.mark.parametrize("memory_mb", [None, MEMORY_MB])
    def test_a_raster_that_does_not_fit(self, tmp_path, memory_mb):
        source = masks_and_rasters_beside(tmp_path / "in")
        write_mask(tmp_path / "in" / "udm2.tif", np.zeros((SHAPE[0], SHAPE[1] + 2), np.uint8))
        failed = failure(source, tmp_path / "out", memory_mb)
        assert "udm2.tif: got 400 x 62 (rows x columns), the image has 400 x 60" in failed

    @pytest.mark.parametrize("memory_mb", [None, MEMORY_MB])
    def test_a_raster_of_other_ground(self, tmp_path, memory_mb):
        source = masks_and_rasters_beside(tmp_path / "in")
        grid = Grid(SHAPE, (4.0, 0.0, 500_040.0, 0.0, -4.0, 5_000_000.0), "EPSG:32633")
        write_mask(tmp_path / "in" / "udm2.tif", np.zeros(SHAPE, np.uint8), grid)
        assert "udm2.tif: lies 10.0 px off" in failure(source, tmp_path / "out", memory_mb)

    @pytest.mark.parametrize("memory_mb", [None, MEMORY_MB])
    def test_a_raster_that_is_damaged_in_the_middle(self, tmp_path, memory_mb):
        source = masks_and_rasters_beside(tmp_path / "in")
        path = tmp_path / "in" / "valid2.tif"
        noise = np.random.default_rng(0).integers(0, 256, SHAPE, dtype=np.uint8)
        write_mask(path, noise, grid_of())
        data = bytearray(path.read_bytes())
        data[len(data) // 2 : len(data) // 2 + 400] = bytes(400)
        path.write_bytes(data)
        failed = failure(source, tmp_path / "out", memory_mb)
        assert "valid2.tif: cannot be read, it may be truncated or damaged" in failed
        assert not list((tmp_path / "out").rglob("tracks*"))
