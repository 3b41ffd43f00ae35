"""Rasters and cubes in bands: what spans them, what cannot be done, and the files."""

import errno
import json

import numpy as np
import pytest
import rasterio
from click.testing import CliRunner

from scenes import arrays_equal
from sn7fast import (
    Cube,
    FilterParams,
    Footprints,
    Grid,
    InputError,
    SeparateParams,
    StackError,
    polygonize,
    polygonize_bands,
    read_csv,
    read_geojson,
    read_parquet,
    write_csv,
    write_vector,
)
from sn7fast.cli.group import commands
from sn7fast.data.cubes import load_cube
from sn7fast.data.discover import Frame
from sn7fast.io.bands import RasterBands, band_ranges
from sn7fast.io.geojson import write_geojson, write_geojson_parts
from sn7fast.io.rasters import write_mask
from sn7fast.postprocess import PostProcessing, Threshold, postprocess
from sn7fast.windows import (
    ArrayBands,
    FrameBands,
    polygonize_raster,
    postprocess_large,
    track_bands,
    tracking,
    write_large,
)
from sn7fast.windows.follow import Tracker
from sn7fast.windows.spool import BATCH, Spool

MONTHS = ("2020_01", "2020_02", "2020_03")
UTM = Grid((90, 70), (4.0, 0.0, 500_000.0, 0.0, -4.0, 5_000_000.0), "EPSG:32633")


def spiral(size):
    """One region that comes through all rows again and again, around holes."""
    mask = np.zeros((size, size), bool)
    for turn in range(0, size // 2, 4):
        mask[turn, turn : size - turn] = mask[turn : size - turn, size - 1 - turn] = True
        mask[size - 1 - turn, turn : size - turn] = mask[turn + 2 : size - turn, turn] = True
        mask[turn + 2, turn : turn + 4] = True
    return mask


def snake(rows, columns):
    """Down one column, up the next but one, and so on."""
    mask = np.zeros((rows, columns), bool)
    mask[:, ::2] = True
    mask[0, 1::4] = mask[-1, 3::4] = True
    return mask


def blobs(seed=0, shape=(90, 70)):
    return np.random.default_rng(seed).random(shape) < 0.45


# Of several strips on disk.
TALL = blobs(0, (600, 70))
TALL_GRID = Grid((600, 70), UTM.transform, UTM.crs)


class TestOutlines:
    @pytest.mark.parametrize("height", [1, 2, 7, 64])
    @pytest.mark.parametrize(
        "mask",
        [spiral(61), snake(80, 41), ~snake(80, 41), np.ones((30, 200), bool), blobs()],
        ids=["spiral", "snake", "around the snake", "full", "blobs"],
    )
    def test_what_spans_many_bands(self, mask, height):
        bands = [mask[row : row + height] for row in range(0, len(mask), height)]
        for connectivity in (4, 8):
            found = Footprints.concatenate(polygonize_bands(bands, connectivity=connectivity))
            assert arrays_equal(found, polygonize(mask, connectivity=connectivity))

    def test_a_region_comes_with_the_band_that_ends_it(self):
        mask = np.zeros((9, 5), bool)
        mask[0:2, 0] = mask[1:7, 2] = mask[8, 4] = True
        counts = [len(part) for part in polygonize_bands(np.split(mask, 3))]
        assert counts == [1, 0, 1, 1]

    def test_small_ones_are_counted_over_seams(self):
        mask = np.zeros((6, 3), bool)
        mask[2:5, 1] = True
        for least, count in ((3, 1), (4, 0)):
            parts = polygonize_bands(np.split(mask, 2), min_area_px=least)
            assert sum(map(len, parts)) == count

    def test_no_band_and_empty_bands(self):
        assert list(polygonize_bands([])) == []
        empty = np.zeros((0, 4), bool)
        assert [len(part) for part in polygonize_bands([empty, np.ones((2, 4), bool), empty])] == [
            0, 0, 0, 1,
        ]  # fmt: skip
        assert [len(part) for part in polygonize_bands([np.zeros((3, 0), bool)])] == [0, 0]

    def test_bands_that_do_not_fit(self):
        with pytest.raises(InputError, match="3 columns, wanted 4 columns"):
            list(polygonize_bands([np.ones((2, 4)), np.ones((2, 3))]))
        with pytest.raises(InputError, match="valid: got float64"):
            list(polygonize_bands([np.ones((2, 4))], valid=[np.ones((2, 4))]))
        with pytest.raises(InputError, match="valid: got object of shape"):
            list(polygonize_bands([np.ones((2, 4))], valid=[]))
        with pytest.raises(InputError, match="connectivity"):
            next(polygonize_bands([np.ones((2, 4))], connectivity=5))


class TestBandRanges:
    def test_whole_blocks_that_fit(self):
        ranges = band_ranges((1000, 500), memory_mb=1, bytes_per_px=10, block_rows=64)
        assert ranges[0] == (0, 192)
        assert ranges[-1] == (960, 1000)
        assert band_ranges((0, 5), memory_mb=1, bytes_per_px=1) == []

    def test_too_little_memory_says_how_much_is_wanted(self):
        with pytest.raises(
            InputError, match=r"memory: got 1 MB, wanted at least 3 MB for 256 rows"
        ):
            band_ranges((1000, 1000), memory_mb=1, bytes_per_px=10, block_rows=256)


class TestRasters:
    @pytest.fixture
    def path(self, tmp_path):
        path = tmp_path / "town_2020_01.tif"
        write_mask(path, TALL, TALL_GRID)
        return path

    def test_bands_are_the_raster(self, path):
        bands = RasterBands(path, memory_mb=0.25, bytes_per_px=25)
        assert len(bands.ranges) > 3
        assert bands.grid == TALL_GRID
        for _ in range(2):
            assert np.array_equal(np.concatenate(list(bands)), TALL)

    @pytest.mark.parametrize("connectivity", [4, 8])
    def test_geojson_is_that_of_the_whole(self, path, tmp_path, connectivity):
        rules = {"min_area_px": 2, "connectivity": connectivity}
        count = polygonize_raster(path, tmp_path / "a.geojson", memory_mb=0.25, **rules)
        whole = polygonize(TALL, **rules)
        write_geojson(tmp_path / "b.geojson", whole)
        assert count == len(whole)
        assert (tmp_path / "a.geojson").read_bytes() == (tmp_path / "b.geojson").read_bytes()

    @pytest.mark.parametrize("connectivity", [4, 8])
    def test_geoparquet_is_that_of_the_whole(self, path, tmp_path, connectivity):
        import geopandas

        out = tmp_path / "a.parquet"
        polygonize_raster(path, out, memory_mb=0.25, connectivity=connectivity, aoi="town")
        found = read_parquet(out)["town"]
        whole = polygonize(TALL, connectivity=connectivity)
        assert found.grid == TALL_GRID
        assert found.months == ("town_2020_01",)
        ours, theirs = found.footprints.to_shapely(), whole.to_shapely()
        assert len(ours) == len(theirs)
        assert all(a.normalize().equals(b.normalize()) for a, b in zip(ours, theirs, strict=True))
        frame = geopandas.read_parquet(out)
        assert frame.crs == "EPSG:32633"
        assert np.allclose(frame.area, whole.areas * 16)

    def test_nothing_in_it(self, tmp_path):
        write_mask(tmp_path / "a.tif", np.zeros((40, 40), np.uint8))
        for name in ("a.geojson", "a.parquet"):
            assert polygonize_raster(tmp_path / "a.tif", tmp_path / name, aoi="x") == 0
        assert len(read_geojson(tmp_path / "a.geojson").footprints) == 0
        assert len(read_parquet(tmp_path / "a.parquet")["x"]) == 0

    def test_other_formats_are_refused_before_anything_is_read(self, path, tmp_path):
        with pytest.raises(InputError, match="wanted GeoJSON or GeoParquet"):
            polygonize_raster(path, tmp_path / "a.gpkg")

    def test_a_damaged_raster_leaves_no_file(self, path, tmp_path):
        data = path.read_bytes()
        path.write_bytes(data[: len(data) * 2 // 3])
        with pytest.raises(InputError, match="town_2020_01"):
            polygonize_raster(path, tmp_path / "a.geojson", memory_mb=0.25)
        assert [p.name for p in tmp_path.iterdir()] == [path.name]


def polygonized(*arguments):
    return CliRunner().invoke(commands, ["polygonize", *map(str, arguments)])


class TestCli:
    def test_little_memory_changes_nothing(self, tmp_path):
        (tmp_path / "in").mkdir()
        for seed, month in enumerate(MONTHS):
            write_mask(tmp_path / "in" / f"a_{month}.tif", blobs(seed, (300, 300)))
        for name, memory in (("one", 1000), ("other", 1)):
            done = polygonized(
                tmp_path / "in", "--out", tmp_path / name, "--memory", memory, "--simplify", 1
            )
            assert done.exit_code == 0, done.output
        for month in MONTHS:
            one, other = (tmp_path / n / f"a_{month}.geojson" for n in ("one", "other"))
            assert one.read_bytes() == other.read_bytes()

    def test_one_raster_of_any_name_to_a_file(self, tmp_path):
        write_mask(tmp_path / "big.tif", blobs(), UTM)
        done = polygonized(tmp_path / "big.tif", "--out", tmp_path / "big.parquet")
        assert done.exit_code == 0, done.output
        assert f"{len(polygonize(blobs()))} footprints" in done.output
        done = polygonized(tmp_path, "--out", tmp_path / "all.geojson")
        assert done.exit_code == 2
        assert "wanted a folder" in done.output


def prob_cube(seed=0, months=MONTHS, grid=UTM):
    random = np.random.default_rng(seed)
    prob = np.where(blobs(1), 180, 20) + random.integers(0, 120, (len(months), 90, 70)) - 60
    return Cube(np.clip(prob, 0, 255).astype(np.uint8), months, None, 1, grid)


def large(cube, method="baseline", memory_mb=0.3, **parts):
    return postprocess_large(
        ArrayBands(cube), PostProcessing(method, **parts), aoi="a", memory_mb=memory_mb
    )


class TestFiles:
    @pytest.mark.parametrize("suffix", [".parquet", ".geojson", ".csv"])
    @pytest.mark.parametrize("method", ["baseline", "filtered"])
    def test_equal_to_those_of_the_whole(self, tmp_path, suffix, method):
        cube = prob_cube()
        whole = postprocess(cube, PostProcessing(method), aoi="a")
        with large(cube, method) as stack:
            write_large(tmp_path / f"parts{suffix}", stack)
        write_vector(tmp_path / f"whole{suffix}", whole)
        if suffix != ".parquet":
            parts, one = (tmp_path / f"{name}{suffix}" for name in ("parts", "whole"))
            assert parts.read_bytes() == one.read_bytes()
            return
        found, back = (read_parquet(tmp_path / f"{n}.parquet")["a"] for n in ("parts", "whole"))
        assert arrays_equal(found.footprints, back.footprints)
        assert np.array_equal(found.ids, whole.ids)
        assert np.array_equal(found.iou, whole.iou, equal_nan=True)
        assert found.months == whole.months
        assert found.grid == whole.grid

    def test_months_without_footprints(self, tmp_path):
        cube = prob_cube()
        cube.prob[1] = 0
        whole = postprocess(cube, PostProcessing("baseline"), aoi="a")
        with large(cube) as stack:
            assert stack.counts[1] == 0
            write_large(tmp_path / "a.csv", stack)
            write_large(tmp_path / "a.parquet", stack)
        write_csv(tmp_path / "b.csv", whole)
        assert (tmp_path / "a.csv").read_bytes() == (tmp_path / "b.csv").read_bytes()
        assert read_csv(tmp_path / "a.csv")["a"].months == MONTHS
        assert read_parquet(tmp_path / "a.parquet")["a"].months == MONTHS

    def test_no_footprints_at_all(self, tmp_path):
        cube = Cube(np.zeros((3, 20, 20), np.uint8), MONTHS)
        with large(cube) as stack:
            assert len(stack) == stack.building_count == 0
            assert len(stack.to_stack()) == 0
            write_large(tmp_path / "a.parquet", stack)
        assert read_parquet(tmp_path / "a.parquet")["a"].months == MONTHS

    def test_gdal_formats_are_refused(self, tmp_path):
        with large(prob_cube()) as stack, pytest.raises(InputError, match="larger than memory"):
            write_large(tmp_path / "a.gpkg", stack)

    def test_parts_of_geojson_hold_any_text(self, tmp_path):
        shapes = polygonize(blobs())
        texts = np.array([f'"]}}\n,{k}' for k in range(len(shapes))], object)
        parts = [(shapes[k : k + 3], {"t": texts[k : k + 3]}) for k in range(0, len(shapes), 3)]
        assert write_geojson_parts(tmp_path / "a.geojson", parts, crs="EPSG:32633") == len(shapes)
        write_geojson(tmp_path / "b.geojson", shapes, columns={"t": texts}, crs="EPSG:32633")
        assert (tmp_path / "a.geojson").read_bytes() == (tmp_path / "b.geojson").read_bytes()
        json.loads((tmp_path / "a.geojson").read_text())

    def test_row_groups_do_not_depend_on_the_parts(self, tmp_path):
        import pyarrow.parquet

        from sn7fast.io.geoparquet import open_table

        values = np.arange(150_000)
        for name, step in (("a", 1_000), ("b", 140_000)):
            with open_table(tmp_path / name, repetitive=[]) as table:
                for first in range(0, len(values), step):
                    table.write({"v": values[first : first + step]})
        assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
        file = pyarrow.parquet.ParquetFile(tmp_path / "a")
        assert file.num_row_groups == 3
        assert np.array_equal(file.read()["v"], values)


class TestLarge:
    def test_files_are_gone_after_use_and_after_a_failure(self, tmp_path):
        settings = PostProcessing("baseline")
        stack = postprocess_large(ArrayBands(prob_cube()), settings, folder=tmp_path)
        assert any(tmp_path.iterdir())
        stack.close()
        assert not any(tmp_path.iterdir())

        class Broken(ArrayBands):
            def read(self, first, end):
                if first:
                    raise InputError("the disk is gone")
                return super().read(first, end)

        with pytest.raises(InputError, match="gone"):
            postprocess_large(Broken(prob_cube()), settings, folder=tmp_path, memory_mb=0.3)
        assert not any(tmp_path.iterdir())

    @pytest.mark.parametrize(
        "settings",
        [
            PostProcessing("stc"),
            PostProcessing("baseline", separate=SeparateParams()),
            PostProcessing("filtered", FilterParams.preset("selim_sef")),
        ],
        ids=["stc", "separate", "nearest"],
    )
    def test_what_needs_the_area_in_memory_says_how_much(self, settings):
        with pytest.raises(InputError, match=r"memory: got 1 MB, and a needs about \d+ MB"):
            postprocess_large(ArrayBands(prob_cube()), settings, aoi="a", memory_mb=1)

    def test_too_little_memory(self):
        with pytest.raises(InputError, match=r"memory: got 0\.001 MB, wanted at least"):
            large(prob_cube(), memory_mb=0.001)


class TestFrames:
    def write(self, folder, cube, **profile):
        frames = []
        for month, values in zip(cube.months, cube.prob, strict=True):
            path = folder / f"{month}.tif"
            with rasterio.open(
                path, "w", driver="GTiff", height=90, width=70, count=1, dtype=values.dtype,
                crs=UTM.crs, transform=rasterio.Affine(*UTM.transform), **profile,
            ) as dataset:  # fmt: skip
                dataset.write(values, 1)
            frames.append(Frame("a", month, path))
        return frames

    @pytest.mark.parametrize("kind", ["bytes", "mask of 0 and 1", "nodata", "float32", "scale 2"])
    def test_bands_of_files_are_those_of_the_cube(self, tmp_path, kind):
        cube = prob_cube()
        prob = cube.prob
        if kind == "mask of 0 and 1":
            prob = (prob > 127).astype(np.uint8)
        elif kind == "float32":
            prob = np.where(prob > 250, np.float32(np.nan), prob / np.float32(255))
        nodata = {"nodata": 250} if kind == "nodata" else {}
        scale = 2 if kind == "scale 2" else 1
        frames = self.write(tmp_path, Cube(prob, MONTHS), **nodata)
        whole, bands = load_cube(frames, scale=scale), FrameBands(frames, at_scale=scale)
        assert bands.grid == whole.grid
        assert bands.is_uint8 == (whole.prob.dtype == np.uint8)
        for first, end in ((0, 8), (8, 48), (48, 90)):
            part = bands.read(first, end)
            assert np.array_equal(part.prob, whole.prob[:, first:end], equal_nan=True)
            if whole.valid is not None:
                assert np.array_equal(part.valid, whole.valid[:, first:end])
        settings = PostProcessing("filtered", segment=Threshold(0.5, 1))
        with postprocess_large(bands, settings, aoi="a", memory_mb=0.5) as stack:
            found = stack.to_stack()
        wanted = postprocess(whole, settings, aoi="a")
        assert arrays_equal(found.footprints, wanted.footprints)
        assert np.array_equal(found.ids, wanted.ids)

    def test_files_that_differ(self, tmp_path):
        frames = self.write(tmp_path, prob_cube())
        write_mask(frames[1].path, np.zeros((90, 71), np.uint8))
        with pytest.raises(StackError, match="differ in shape"):
            FrameBands(frames)
        with pytest.raises(StackError, match="got none"):
            FrameBands([])

    def test_predictions(self, tmp_path):
        from nn_fakes import fake_model, write_rgba
        from sn7fast import predict
        from sn7fast.data.discover import discover
        from sn7fast.nn.cubes import load_cube as load_predictions

        images = tmp_path / "images"
        images.mkdir()
        for seed, month in enumerate(MONTHS):
            random = np.random.default_rng(seed)
            image = random.integers(0, 256, (3, 90, 70), dtype=np.uint8)
            write_rgba(images / f"a_{month}.tif", image, random.random((90, 70)) < 0.9, UTM)
        predict(images, fake_model(), tmp_path / "out", dtype="uint8")
        frames = discover(tmp_path / "out", kinds=["masks"]).by_aoi()
        of_aoi = next(iter(frames.values()))
        whole = load_predictions(of_aoi, output="roof", dtype="uint8")
        bands = FrameBands(of_aoi, output="roof")
        rows = whole.prob.shape[1]
        assert (bands.scale, bands.grid) == (whole.scale, whole.grid)
        for first, end in ((0, rows // 2), (rows // 2, rows)):
            part = bands.read(first, end)
            assert np.array_equal(part.prob, whole.prob[:, first:end])
            assert np.array_equal(part.valid, whole.valid[:, first:end])


def test_nothing_stays_on_disk_if_it_cannot_begin(tmp_path, monkeypatch):
    def fails(*_):
        raise OSError(errno.EMFILE, "Too many open files")

    monkeypatch.setattr(tracking, "Spool", fails)
    cube = Cube.from_arrays(np.zeros((1, 4, 4), np.uint8), months=["2020_01"])
    with pytest.raises(OSError, match="Too many"):
        track_bands(ArrayBands(cube), Threshold(), Tracker(), folder=tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_spool_gives_back_what_it_got(tmp_path):
    shapes = polygonize(blobs(), connectivity=8)
    many = Footprints.concatenate([shapes] * (BATCH // len(shapes) + 2))
    spool = Spool(tmp_path / "s")
    for part in (shapes, many, polygonize(blobs())):
        spool.append(part)
    read = list(spool.batches())
    assert [start for start, _ in read] == spool.starts[:-1]
    assert max(len(part) for _, part in read) == BATCH
    every = Footprints.concatenate([shapes, many, polygonize(blobs())])
    assert arrays_equal(Footprints.concatenate([part for _, part in read]), every)
    numbers = np.random.default_rng(0).permutation(len(every))[:500]
    assert arrays_equal(spool.take(numbers), every[numbers])
    spool.close()
