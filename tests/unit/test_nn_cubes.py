"""Predictions read as cubes."""

import numpy as np
import pytest

from nn_fakes import fake_model, write_rgba
from sn7fast import predict
from sn7fast.data.sn7 import sn7_aoi, sn7_grid, sn7_stem
from sn7fast.errors import InputError, RasterError, StackError
from sn7fast.nn.cubes import cube_loaders, load_cube
from sn7fast.nn.ensemble import converted

AOIS = sn7_aoi(1474, 3210), sn7_aoi(1475, 3210)
MONTHS = ("2018_01", "2018_03")


@pytest.fixture
def stack(tmp_path):
    random = np.random.default_rng(0)
    kept = {}
    for aoi in AOIS:
        for month in MONTHS:
            pixels = random.integers(1, 255, (3, 40, 30), np.uint8)
            valid = random.random((40, 30)) > (0.2 if aoi == AOIS[0] else -1)
            path = tmp_path / "in" / aoi / "images_masked" / f"{sn7_stem(aoi, month)}.tif"
            write_rgba(
                path, np.where(valid, pixels, 0).astype(np.uint8), valid, sn7_grid(aoi, (40, 30))
            )
            kept[aoi, month] = pixels, valid
    return tmp_path / "in", kept


def enlarging(batch):
    mean = batch.mean(axis=1).repeat(2, 1).repeat(2, 2)
    return np.stack([mean, -mean], axis=1)


@pytest.mark.parametrize("settings", [{}, {"kind": "logit"}, {"dtype": "uint8"}])
@pytest.mark.parametrize("dtype", ["float32", "uint8"])
def test_comes_back_as_a_cube(stack, tmp_path, settings, dtype):
    source, kept = stack
    model = fake_model(enlarging, scale=2, resampling="network")
    predict(source, model, tmp_path / "out", **settings)
    loaders = cube_loaders(tmp_path / "out", output="edge", dtype=dtype)
    assert tuple(loaders) == AOIS
    cube = loaders[AOIS[0]]()
    assert (cube.months, cube.scale) == (MONTHS, 2)
    assert cube.prob.dtype == dtype
    wanted = sn7_grid(AOIS[0], (40, 30))
    assert cube.grid.shape_yx == wanted.shape_yx
    np.testing.assert_allclose(cube.grid.transform, wanted.transform)
    for month, prob, valid in zip(MONTHS, cube.prob, cube.valid, strict=True):
        pixels, image_valid = kept[AOIS[0], month]
        image_valid = image_valid.repeat(2, 0).repeat(2, 1)
        np.testing.assert_array_equal(valid, image_valid)
        logits = -((pixels.astype(np.float32) - 100) / 50).mean(axis=0).repeat(2, 0).repeat(2, 1)
        p = np.where(image_valid, converted(logits, "logit", "probability"), 0)
        rough = 1.1 / 254 if "uint8" in (dtype, *settings.values()) else 1e-5
        np.testing.assert_allclose(prob / (255 if dtype == "uint8" else 1), p, atol=rough)
    assert loaders[AOIS[1]]().valid is None


def test_refuses(stack, tmp_path):
    from sn7fast.data.discover import discover

    source, _ = stack
    predict(source, fake_model(), tmp_path / "out")
    with pytest.raises(InputError, match="output: got 'footprint', the file has roof, edge"):
        cube_loaders(tmp_path / "out")[AOIS[0]]()
    frames = discover(tmp_path / "out", kinds=["masks"]).by_aoi()
    with pytest.raises(StackError, match="frames: got none"):
        load_cube([])
    with pytest.raises(StackError, match=r"predictions lie 1024\.0 px apart"):
        load_cube([frames[AOIS[0]][0], frames[AOIS[1]][1]], output="roof")
    write_rgba(frames[AOIS[0]][0].path, np.ones((3, 40, 30), np.uint8))
    with pytest.raises(RasterError, match="was not written by predict"):
        load_cube(frames[AOIS[0]], output="roof")
