"""The command collapse: options, clouds from files, and what it refuses."""

import csv

import numpy as np
import pytest
from click.testing import CliRunner

from sn7fast import read_csv
from sn7fast.cli.group import commands
from sn7fast.data.catalog import Catalog
from sn7fast.data.cubes import load_cube
from sn7fast.data.discover import discover
from sn7fast.data.sn7 import sn7_grid, sn7_stem
from sn7fast.data.synthetic import synthetic_stack
from sn7fast.errors import StackError
from sn7fast.io.rasters import write_bands, write_mask

rasterio = pytest.importorskip("rasterio")


def run(*arguments):
    return CliRunner().invoke(commands, ["collapse", *map(str, arguments)])


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    root = tmp_path_factory.mktemp("stack")
    aoi = synthetic_stack(seed=5, shape_yx=(120, 120), months=6, buildings=60)
    aoi.write_predictions(root)
    return root


def write(folder, name, mask, nodata=None):
    folder.mkdir(exist_ok=True, parents=True)
    grid = sn7_grid("L15-1024E-1023N_4096_4096_13", mask.shape)
    write_mask(folder / name, mask, grid)
    if nodata is not None:
        with rasterio.open(folder / name, "r+", driver="GTiff") as dataset:
            dataset.nodata = nodata


def test_csv_and_dates(folder, tmp_path):
    result = run(folder, "--out", tmp_path / "a.csv", "--buildings", tmp_path / "b.csv")
    assert result.exit_code == 0, result.output
    (stack,) = read_csv(tmp_path / "a.csv").values()
    with (tmp_path / "b.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == len(np.unique(stack.ids)) > 30
    assert list(rows[0]) == [
        "aoi", "id", "first_month", "first_month_lo", "first_month_hi", "last_month",
        "confidence", "observed",
    ]  # fmt: skip


def test_folder_of_geojson_and_variants(folder, tmp_path):
    for variant in ("default", "stc1", "stc2"):
        result = run(folder, "--out", tmp_path / variant, "--variant", variant)
        assert result.exit_code == 0, result.output
        assert len(list((tmp_path / variant).glob("*.geojson"))) == 6


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (("--set", "min_gap"), 2, "wanted NAME=VALUE"),
        (("--set", "gap=1"), 2, "gap: unknown key; did you mean min_gap?"),
        (
            ("--set", "min_gap=wide"),
            2,
            "--set: min_gap: got 'wide', input should be a valid number",
        ),
        (("--set", "min_months=1.5"), 2, "input should be a valid integer"),
        (("--set", "absent=1"), 2, "absent: got 1"),
        (("--set", "min_gap=-1"), 2, "min_gap: got -1"),
        (("--variant", "stc2", "--buildings", "x.csv"), 2, "has no dates"),
        (("--variant", "best"), 2, "stc2"),
        (("--scale", "7"), 2, "range"),
    ],
)
def test_wrong_usage(folder, tmp_path, arguments, status, message):
    result = run(folder, "--out", tmp_path / "a.csv", *arguments)
    assert result.exit_code == status
    assert message in result.output
    assert not (tmp_path / "a.csv").exists()


def test_settings_reach_the_variant(folder, tmp_path):
    assert run(folder, "--out", tmp_path / "a.csv", "--set", "min_area_px=1e5").exit_code == 0
    (stack,) = read_csv(tmp_path / "a.csv").values()
    assert len(stack) == 0
    arguments = ("--set", "absent=[0.5, 4]", "--set", "hidden=keep")
    assert run(folder, "--out", tmp_path / "b.csv", *arguments).exit_code == 0


def test_clouds_from_sn7_folders(tmp_path):
    aoi = synthetic_stack(seed=2, shape_yx=(100, 100), months=5, buildings=40, cloud_chance=1)
    aoi.write_sn7(tmp_path / "sn7")
    aoi.write_predictions(tmp_path / "preds")
    images = tmp_path / "sn7" / aoi.aoi / "images"
    images.mkdir()
    for month in aoi.months:
        bands = np.full((4, 100, 100), 255, np.uint8)
        write_bands(images / f"{sn7_stem(aoi.aoi, month)}.tif", bands, aoi.grid)
    frames = discover(tmp_path / "preds").frames
    cube = load_cube(frames, images=Catalog.scan(tmp_path / "sn7")[aoi.aoi])
    assert np.array_equal(cube.valid, aoi.cloud_masks == 0)
    result = run(tmp_path / "preds", "--out", tmp_path / "a.csv", "--images", tmp_path / "sn7")
    assert result.exit_code == 0, result.output


def test_kinds_of_rasters(tmp_path):
    mask = np.zeros((12, 12), np.uint8)
    mask[3:7, 3:8] = 1
    write(tmp_path / "ones", "a_2018_01.tif", mask)
    cube = load_cube(discover(tmp_path / "ones").frames)
    assert cube.prob.max() == 255
    write(tmp_path / "wide", "a_2018_01.tif", mask.astype(np.uint16) * 65535)
    cube = load_cube(discover(tmp_path / "wide").frames)
    assert cube.prob.dtype == np.float32
    assert cube.prob.max() == 1
    floats = mask.astype(np.float32)
    floats[0] = -9999
    write(tmp_path / "floats", "a_2018_01.tif", floats, nodata=-9999)
    cube = load_cube(discover(tmp_path / "floats").frames)
    assert not cube.valid[0, 0].any()
    assert cube.valid[0, 1:].all()
    assert cube.prob.min() == 0
    write(tmp_path / "zero", "a_2018_01.tif", mask * 255, nodata=0)
    assert load_cube(discover(tmp_path / "zero").frames).valid is None
    write(tmp_path / "double", "a_2018_01.tif", mask.astype(np.float64))
    assert load_cube(discover(tmp_path / "double").frames).prob.dtype == np.float32
    with pytest.raises(StackError, match="scale: got 5, which does not divide"):
        load_cube(discover(tmp_path / "ones").frames, scale=5)
    assert load_cube(discover(tmp_path / "ones").frames, scale=3).grid.shape_yx == (4, 4)


def test_values_that_are_no_probabilities(tmp_path):
    logits = np.full((12, 12), -3.5, np.float32)
    write(tmp_path / "in", "a_2018_01.tif", logits)
    result = run(tmp_path / "in", "--out", tmp_path / "a.csv")
    assert result.exit_code == 3
    assert "prob: got -3.5" in result.output + result.stderr
