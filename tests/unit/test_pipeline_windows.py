"""An AOI that does not fit into the memory of the settings: other steps inside, the same files."""

import tempfile

import numpy as np
import pytest

from many_aois import tree
from nn_fakes import fake_model, write_rgba
from sn7fast import Grid
from sn7fast.io.rasters import write_mask
from sn7fast.pipeline import cubes as pipeline_cubes
from sn7fast.pipeline import plan, run_aoi
from sn7fast.postprocess import PostProcessing

MONTHS = ("2020_01", "2020_02", "2020_03")
GRID = Grid((400, 60), (4.0, 0.0, 500_000.0, 0.0, -4.0, 5_000_000.0), "EPSG:32633")
METHODS = {
    "collapse": PostProcessing("collapse"),
    "baseline": PostProcessing("baseline"),
    "filtered": PostProcessing.from_dict({"method": "filtered", "segment": {"min_area_px": 1}}),
}


def houses(random):
    """bool: houses of 4 x 4 pixels here and there."""
    cells = random.random((67, 10)) < 0.5
    house = np.zeros((6, 6), bool)
    house[1:5, 1:5] = True
    return np.kron(cells, house)[: GRID.shape_yx[0]] > 0


def images(folder):
    """For networks that tell buildings by their brightness; a part of each image is hidden."""
    random = np.random.default_rng(0)
    base = houses(random)
    for month in MONTHS:
        values = np.where(base ^ (random.random(base.shape) < 0.05), 230, 20).astype(np.uint8)
        valid = random.random(base.shape) < 0.98
        write_rgba(folder / f"town_{month}.tif", np.stack([values] * 3), valid, GRID)


def masks(folder, most=255):
    random = np.random.default_rng(0)
    base = houses(random)
    folder.mkdir()
    for month in MONTHS:
        values = base ^ (random.random(base.shape) < 0.05)
        write_mask(folder / f"town_{month}.tif", values.astype(np.uint8) * np.uint8(most), GRID)


def run(source, out, memory_mb, method):
    model = fake_model()
    (job,) = plan(
        source, out, weights=model, post=METHODS[method], formats=[".parquet"], memory_mb=memory_mb
    )
    outcome = run_aoi(job, models=[model])
    assert outcome.failed is None
    return tree(out)


@pytest.mark.parametrize("kind", ["images", "masks", "masks of 0 and 1"])
@pytest.mark.parametrize("method", METHODS)
def test_the_same_files(tmp_path, monkeypatch, kind, method):
    if kind == "images":
        images(tmp_path / "in")
    else:
        masks(tmp_path / "in", 1 if "1" in kind else 255)
    whole = run(tmp_path / "in", tmp_path / "whole", None, method)
    calls = []
    in_bands = pipeline_cubes.postprocess_large
    monkeypatch.setattr(
        pipeline_cubes, "postprocess_large", lambda *a, **k: calls.append(k) or in_bands(*a, **k)
    )
    assert run(tmp_path / "in", tmp_path / "bands", 1.5, method) == whole
    assert [call["memory_mb"] for call in calls] == [1.5]


@pytest.mark.parametrize("method", ["collapse", "filtered"])
def test_what_is_needed_meanwhile_lies_in_the_folder_of_the_run(tmp_path, monkeypatch, method):
    """So a run that is killed leaves it where the next one takes it away."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "absent"))
    # Nor is the whole cube read for the report.
    monkeypatch.setattr(pipeline_cubes, "load_cube", None)
    masks(tmp_path / "in")
    assert "reports/town.html" in run(tmp_path / "in", tmp_path / "out", 1.5, method)
    assert list((tmp_path / "out").rglob(".part")) == []


def test_a_method_that_needs_it_in_one_piece(tmp_path):
    masks(tmp_path / "in")
    settings = {"post": PostProcessing("stc"), "report": False}
    (job,) = plan(tmp_path / "in", tmp_path / "a", memory_mb=1, **settings)
    failed = run_aoi(job).failed
    assert "town needs about" in failed
    assert "stc looks at all of the area at once" in failed
    (job,) = plan(tmp_path / "in", tmp_path / "a", **settings)
    assert run_aoi(job).failed is None
