"""Probabilities from files: npz, zarr, and monthly rasters."""

import numpy as np
import pytest

from nn_fakes import fake_model, write_rgba
from sn7fast import Cube, FormatError, InputError, predict
from sn7fast.data.sn7 import sn7_stem
from sn7fast.nn import cubes as nn_cubes
from sn7fast.postprocess.cubes import cube_loaders, read_cube, write_cube

AOI = "L15-0001E-0002N_0003_0004_13"
MONTHS = ("2018_01", "2018_02", "2018_03")


@pytest.fixture
def cube():
    random = np.random.default_rng(0)
    prob = random.integers(0, 256, (3, 6, 9), dtype=np.uint8)
    return Cube.from_arrays(prob, months=MONTHS, valid=random.random(prob.shape) < 0.8, scale=3)


def equal(one, other):
    assert one.months == other.months
    assert one.scale == other.scale
    assert one.prob.dtype == other.prob.dtype
    assert np.array_equal(one.prob, other.prob)
    assert (one.valid is None) == (other.valid is None)
    assert one.valid is None or np.array_equal(one.valid, other.valid)


class TestNpz:
    def test_reads_back(self, cube, tmp_path):
        write_cube(tmp_path / "b.npz", cube)
        bare = Cube.from_arrays(cube.prob.astype(np.float32), months=MONTHS)
        write_cube(tmp_path / "a.npz", bare)
        loaders = cube_loaders(tmp_path)
        assert list(loaders) == ["a", "b"]
        equal(loaders["a"](), bare)
        equal(loaders["b"](), cube)
        equal(cube_loaders(tmp_path / "b.npz")["b"](), cube)

    @pytest.mark.parametrize(
        ("arrays", "message"),
        [
            ({"prob": np.zeros((1, 2, 2), np.uint8)}, "lacks months"),
            ({"prob": np.zeros((1, 2, 2), np.uint8), "months": np.array([1])}, "wanted texts"),
            ({"prob": np.zeros((1, 2, 2)), "months": np.array(["a"])}, "float64"),
            (
                {
                    "prob": np.zeros((1, 2, 2), np.uint8),
                    "months": np.array(["a"]),
                    "scale": np.array([1, 2]),
                },
                "a.npz",
            ),
        ],
    )
    def test_refuses_other_arrays(self, tmp_path, arrays, message):
        np.savez(tmp_path / "a.npz", **arrays)
        with pytest.raises(InputError, match=message):
            read_cube(tmp_path / "a.npz")

    @pytest.mark.parametrize("damage", ["text", "objects", "cut", "empty"])
    def test_refuses_other_files(self, cube, tmp_path, damage):
        path = tmp_path / "a.npz"
        if damage == "objects":
            np.savez(path, prob=np.array([{}], object), months=np.array(["a"]))
        else:
            write_cube(path, cube)
            whole = path.read_bytes()
            path.write_bytes({"text": b"text", "cut": whole[:-40], "empty": b""}[damage])
        with pytest.raises(FormatError, match=r"a\.npz: cannot be read as npz"):
            read_cube(path)


class TestZarr:
    def test_reads(self, cube, tmp_path):
        zarr = pytest.importorskip("zarr")
        group = zarr.open_group(tmp_path / "a.zarr", mode="w")
        group.create_array("prob", data=cube.prob)
        group.create_array("valid", data=cube.valid)
        group.attrs.update({"months": list(MONTHS), "scale": 3})
        equal(cube_loaders(tmp_path)["a"](), cube)

    def test_refuses_what_is_none(self, tmp_path):
        pytest.importorskip("zarr")
        (tmp_path / "a.zarr").mkdir()
        with pytest.raises(FormatError, match=r"a\.zarr"):
            cube_loaders(tmp_path)["a"]()


class TestRasters:
    def write(self, folder, values, **options):
        rasterio = pytest.importorskip("rasterio")
        (folder / AOI).mkdir(parents=True)
        for month, band in zip(MONTHS, values, strict=False):
            bands = band if band.ndim == 3 else band[None]
            path = folder / AOI / f"global_monthly_{month}_mosaic_{AOI}.tif"
            with rasterio.open(
                path, "w", driver="GTiff", count=len(bands), height=bands.shape[1],
                width=bands.shape[2], dtype=bands.dtype, crs="EPSG:3857",
                transform=rasterio.Affine(4.0, 0, 10, 0, -4.0, 20), **options,
            ) as dataset:  # fmt: skip
                dataset.write(bands)
        return cube_loaders(folder)[AOI]

    def test_plain_masks(self, tmp_path):
        masks = np.array([np.eye(4), np.ones((4, 4)), np.zeros((4, 4))]).astype(np.uint8) * 255
        cube = self.write(tmp_path, masks)()
        equal(cube, Cube.from_arrays(masks, months=MONTHS))
        assert cube.grid.crs == "EPSG:3857"

    def test_predictions(self, tmp_path):
        image = np.full((3, 4, 6), 100, np.uint8)
        image[:, 0] += 50
        path = tmp_path / "in" / AOI / "images_masked" / f"{sn7_stem(AOI, MONTHS[0])}.tif"
        write_rgba(path, image, np.arange(24).reshape(4, 6) < 20)
        predict(tmp_path / "in", fake_model(), tmp_path / "out", dtype="uint8")
        cube = cube_loaders(tmp_path / "out", output="roof")[AOI]()
        equal(cube, nn_cubes.cube_loaders(tmp_path / "out", output="roof", dtype="uint8")[AOI]())
        assert cube.valid.sum() == 20

    def test_scale(self, tmp_path):
        self.write(tmp_path, np.zeros((2, 6, 6), np.uint8))
        cube = cube_loaders(tmp_path, scale=3)[AOI]()
        assert (cube.scale, cube.grid.shape_yx) == (3, (2, 2))
        with pytest.raises(InputError, match="scale: got 5"):
            cube_loaders(tmp_path, scale=5)[AOI]()

    def test_nothing(self, tmp_path):
        with pytest.raises(InputError):
            cube_loaders(tmp_path)
