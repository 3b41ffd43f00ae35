"""Sources whose AOIs are larger than the memory of the settings: in bands, the same files."""

import errno
import io
import os
import tempfile
import tracemalloc
import zipfile
from pathlib import Path

import numpy as np
import pytest

from full_disks import full_disk
from many_aois import tree
from sn7fast import Cube, Grid, InputError, StackError
from sn7fast.data.beside import without_hidden
from sn7fast.data.cubes import load_cube
from sn7fast.data.discover import Frame
from sn7fast.data.manifest import read_manifest
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


def clouds(random):
    """bool (T, rows, columns) of the image: False in some squares."""
    seen = random.random((len(MONTHS), SHAPE[0] // 20, SHAPE[1] // 20)) > 0.1
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

    def test_any_rows_and_columns_are_those_of_the_whole(self, tmp_path):
        """Also those that begin or end inside of a pixel of the image."""
        source = masks_and_rasters_beside(tmp_path / "in", 3)
        entries = read_manifest(source).entries
        frames = [Frame("town", entry.label, entry.path) for entry in entries]
        whole = without_hidden(load_cube(frames, scale=3), entries)
        assert 0 < np.count_nonzero(whole.valid[1]) < whole.valid[1].size
        bands = FrameBands(frames, at_scale=3, beside=entries)
        lazy = bands.lazy_cube()
        for top, bottom, left, right in ((0, 48, 0, 180), (7, 31, 5, 44), (1190, 1200, 1, 180)):
            part = bands.read(top, bottom, (left, right))
            assert np.array_equal(part.prob, whole.prob[:, top:bottom, left:right])
            assert np.array_equal(part.valid, whole.valid[:, top:bottom, left:right])
            assert np.array_equal(lazy.valid[2][top:bottom], whole.valid[2, top:bottom])
        with pytest.raises(StackError, match="beside: got 2 for 3 frames"):
            FrameBands(frames, at_scale=3, beside=entries[:2])

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


def cube_of(kind, scale=1, hidden="no"):
    """A cube in bytes or floats; what is hidden at the scale of its image, or of its pixels."""
    random = np.random.default_rng(2)
    prob = probabilities(random, scale)
    if kind == "float32":
        prob = np.float32(prob / 255)
        prob[random.random(prob.shape) < 0.01] = np.nan
    valid = None if hidden == "no" else clouds(random)
    if hidden == "pixels":
        valid = valid.repeat(scale, 1).repeat(scale, 2)
    return Cube(prob, MONTHS, valid, scale)


def write_zarr(path, cube, chunks=(2, 48, 32), **more):
    zarr = pytest.importorskip("zarr")
    group = zarr.open_group(path, mode="w")
    group.create_array("prob", data=cube.prob, chunks=chunks, **more)
    if cube.valid is not None:
        group.create_array("valid", data=cube.valid, chunks=(1, 70, 70))
    group.attrs.update({"months": list(cube.months), "scale": cube.scale})


def write_plain_npz(path, cube, order="C"):
    """Not compressed."""
    arrays = {"prob": np.asarray(cube.prob, order=order), "months": np.array(cube.months)}
    arrays |= {} if cube.valid is None else {"valid": np.asarray(cube.valid, order=order)}
    np.savez(path, scale=cube.scale, **arrays)


WRITERS = {
    "npz": write_cube,
    "plain.npz": write_plain_npz,
    "fortran.npz": lambda path, cube: write_plain_npz(path, cube, "F"),
    "zarr": write_zarr,
    "sharded.zarr": lambda path, cube: write_zarr(path, cube, (1, 40, 20), shards=(3, 80, 60)),
}
CUBES = [
    ("uint8", 1, "no"),
    ("uint8", 2, "image"),
    ("uint8", 2, "pixels"),
    ("float32", 1, "image"),
]


def source_of(folder, name, cube):
    """A folder with one cube."""
    folder.mkdir()
    path = folder / f"town.{name.rpartition('.')[2]}"
    WRITERS[name](path, cube)
    return path


class TestCubes:
    @pytest.mark.parametrize("name", WRITERS)
    @pytest.mark.parametrize("of", CUBES, ids=lambda of: " ".join(map(str, of)))
    def test_bands_are_those_of_the_cube(self, tmp_path, name, of):
        cube = cube_of(*of)
        path = source_of(tmp_path / "in", name, cube)
        bands = ZarrBands(path) if path.suffix == ".zarr" else NpzBands(path, tmp_path)
        (whole,) = (load() for load in cube_loaders(path).values())
        rows, columns = bands.shape_yx
        assert (bands.shape_yx, bands.months) == (whole.prob.shape[1:], whole.months)
        assert (bands.scale, bands.is_uint8) == (whole.scale, whole.prob.dtype == np.uint8)
        assert bands.block_rows % bands.scale == 0
        by = 1 if whole.valid is None or whole.valid.shape == whole.prob.shape else whole.scale
        lazy = bands.lazy_cube()
        for top, bottom, left, right in ((0, 48, 0, columns), (48, rows, 10, 50)):
            part = bands.read(top, bottom, (left, right))
            assert isinstance(part.prob, np.ndarray)
            assert np.array_equal(part.prob, whole.prob[:, top:bottom, left:right], equal_nan=True)
            slow = lazy.prob[1][top:bottom]
            assert np.array_equal(slow, whole.prob[1, top:bottom], equal_nan=True)
            if whole.valid is None:
                assert part.valid is lazy.valid is None
                continue
            window = np.s_[:, top // by : bottom // by, left // by : right // by]
            assert np.array_equal(part.valid, whole.valid[window])
            assert np.array_equal(lazy.valid[2][top:bottom], whole.valid[2, top:bottom])

    @pytest.mark.parametrize("name", WRITERS)
    @pytest.mark.parametrize("method", METHODS)
    def test_the_same_files(self, tmp_path, monkeypatch, in_bands, method, name):
        path = source_of(tmp_path / "in", name, cube_of("uint8", 1, "image"))
        whole = run(path.parent, tmp_path / "whole", None, method)
        assert not in_bands
        monkeypatch.setattr(pipeline_cubes, "cube_loaders", None)
        # What is unpacked lies in the folder of the run, and is gone after it.
        monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "absent"))
        assert run(path.parent, tmp_path / "bands", MEMORY_MB, method) == whole
        assert [type(one) for one in in_bands] == [ZarrBands if "zarr" in name else NpzBands]
        hidden = [p.name for p in (tmp_path / "bands").rglob(".*") if p.name != ".lock"]
        assert hidden == [p.name for p in (tmp_path / "whole").rglob(".*") if p.name != ".lock"]

    @pytest.mark.parametrize("of", CUBES[1:], ids=lambda of: " ".join(map(str, of)))
    @pytest.mark.parametrize("name", ["npz", "zarr"])
    def test_the_same_files_of_other_cubes(self, tmp_path, in_bands, name, of):
        path = source_of(tmp_path / "in", name, cube_of(*of))
        for method in METHODS:
            whole = run(path.parent, tmp_path / f"{method} whole", None, method)
            found = run(path.parent, tmp_path / f"{method} bands", MEMORY_MB * of[1] ** 2, method)
            assert found == whole
        assert len(in_bands) == len(METHODS)

    @pytest.mark.parametrize("name", ["npz", "zarr"])
    def test_values_that_are_no_probabilities(self, tmp_path, name):
        cube = cube_of("float32")
        cube.prob[1, 300, 7] = 1.5
        path = source_of(tmp_path / "in", name, cube)
        messages = {
            failure(path.parent, tmp_path / str(memory_mb), memory_mb, "collapse")
            for memory_mb in (None, 4 * MEMORY_MB)
        }
        assert messages == {"prob: got 1.5, wanted probabilities from 0 to 1"}


GOOD = {"prob": np.zeros((1, 4, 4), np.uint8), "months": np.array(["2020_01"])}
WRONG = {
    "no months": {"prob": GOOD["prob"]},
    "no prob": {"months": GOOD["months"]},
    "months that are numbers": GOOD | {"months": np.array([1])},
    "float64": GOOD | {"prob": np.zeros((1, 4, 4))},
    "big endian": GOOD | {"prob": np.zeros((1, 4, 4), ">f4")},
    "two months": GOOD | {"months": np.array(["2020_01", "2020_02"])},
    "one frame": GOOD | {"prob": np.zeros((4, 4), np.uint8)},
    "objects": GOOD | {"prob": np.array([{}], object)},
    "two scales": GOOD | {"scale": np.array([1, 2])},
    "scale 5": GOOD | {"scale": np.array(5)},
    "valid in bytes": GOOD | {"valid": np.ones((1, 4, 4), np.uint8)},
    "valid of another shape": GOOD | {"valid": np.ones((1, 4, 5), bool)},
}


def rewritten(path, text, other):
    """Bytes of an npz file whose headers tell of other pixels than there are."""
    out = io.BytesIO()
    with zipfile.ZipFile(path) as archive, zipfile.ZipFile(out, "w") as changed:
        for info in archive.infolist():
            changed.writestr(info, archive.read(info).replace(text, other))
    return out.getvalue()


class TestBadCubes:
    @pytest.mark.parametrize("arrays", WRONG.values(), ids=WRONG)
    def test_npz_as_in_one_piece(self, tmp_path, arrays):
        (tmp_path / "in").mkdir()
        path = tmp_path / "in" / "town.npz"
        np.savez(path, **arrays)
        with pytest.raises(InputError) as whole:
            cube_loaders(path)["town"]()
        with pytest.raises(type(whole.value)) as bands:
            NpzBands(path)
        assert str(bands.value) == str(whole.value)
        assert "town.npz: " in failure(path.parent, tmp_path / "out", 0)

    @pytest.mark.parametrize(
        "name", [name for name in WRONG if name not in ("objects", "big endian", "two scales")]
    )
    def test_zarr_as_in_one_piece(self, tmp_path, name):
        zarr = pytest.importorskip("zarr")
        path = tmp_path / "in" / "town.zarr"
        group = zarr.open_group(path, mode="w")
        for key, array in WRONG[name].items():
            if key in ("prob", "valid"):
                group.create_array(key, data=array)
            else:
                group.attrs[key] = array.tolist()
        with pytest.raises(InputError) as whole:
            cube_loaders(path)["town"]()
        with pytest.raises(type(whole.value)) as bands:
            ZarrBands(path)
        assert str(bands.value) == str(whole.value)
        assert "town.zarr: " in failure(path.parent, tmp_path / "out", 0)

    @pytest.mark.parametrize("damage", ["cut", "text", "empty", "middle", "short"])
    @pytest.mark.parametrize("name", ["npz", "plain.npz"])
    def test_a_damaged_npz(self, tmp_path, name, damage):
        path = source_of(tmp_path / "in", name, cube_of("uint8"))
        data = path.read_bytes()
        middle = data[: len(data) // 2] + bytes(500) + data[len(data) // 2 + 500 :]
        short = rewritten(path, b"(3, 400, 60)", b"(3, 900, 60)")
        ways = {"cut": data[:-40], "text": b"text", "empty": b"", "middle": middle, "short": short}
        path.write_bytes(ways[damage])
        failed = failure(path.parent, tmp_path / "out", MEMORY_MB)
        assert "town.npz: cannot be read as npz" in failed
        assert not list((tmp_path / "out").rglob("tracks*"))

    @pytest.mark.parametrize("damage", ["cut", "middle", "no array", "group"])
    def test_a_damaged_zarr(self, tmp_path, damage):
        path = source_of(tmp_path / "in", "zarr", cube_of("uint8"))
        chunk = path / "prob" / "c" / "0" / "4" / "0"
        data = chunk.read_bytes()
        if damage == "cut":
            chunk.write_bytes(data[: len(data) // 2])
        elif damage == "middle":
            chunk.write_bytes(data[: len(data) // 2] + bytes(200) + data[len(data) // 2 + 200 :])
        else:
            import zarr

            (path / "prob" / "zarr.json").write_text("{" if damage == "no array" else "")
            if damage == "group":
                zarr.open_group(path, mode="a").create_group("prob", overwrite=True)
        for memory_mb in (None, MEMORY_MB):
            failed = failure(path.parent, tmp_path / str(memory_mb), memory_mb)
            assert "town.zarr: cannot be read as a zarr group" in failed
        assert not list(tmp_path.rglob("tracks*"))

    def test_a_full_disk(self, tmp_path):
        path = source_of(tmp_path / "in", "npz", cube_of("uint8"))
        bands = NpzBands(path, tmp_path)
        with full_disk(), pytest.raises(OSError, match="prob takes 0 MB") as caught:
            bands.read(0, 48)
        assert caught.value.errno == errno.EFBIG
        assert caught.value.filename == str(tmp_path)
        assert [p.name for p in tmp_path.iterdir()] == ["in"]

    def test_a_folder_that_is_not_there(self, tmp_path):
        path = source_of(tmp_path / "in", "npz", cube_of("uint8"))
        with pytest.raises(FileNotFoundError):
            NpzBands(path, tmp_path / "absent").read(0, 48)

    def test_no_pixels(self, tmp_path):
        np.savez(tmp_path / "a.npz", **GOOD | {"prob": np.zeros((1, 0, 4), np.uint8)})
        assert NpzBands(tmp_path / "a.npz", tmp_path).read(0, 0).prob.shape == (1, 0, 4)

    def test_a_chunk_that_is_too_large_says_how_much_it_takes(self, tmp_path):
        path = tmp_path / "in" / "town.zarr"
        write_zarr(path, cube_of("uint8"), chunks=(3, *SHAPE))
        failed = failure(path.parent, tmp_path / "out", MEMORY_MB)
        assert "memory: got 1.5 MB, wanted at least 2 MB for 400 rows" in failed

    def test_a_method_that_needs_it_in_one_piece_unpacks_nothing(self, tmp_path, monkeypatch):
        path = source_of(tmp_path / "in", "npz", cube_of("uint8"))
        monkeypatch.setattr("sn7fast.windows.files.unpacked", None)
        (job,) = plan(
            path.parent, tmp_path / "out", post=PostProcessing("stc"), memory_mb=1, report=False
        )
        assert "town needs about 3 MB in one piece" in run_aoi(job).failed


class TestMemory:
    @pytest.mark.parametrize("name", ["npz", "plain.npz", "fortran.npz", "zarr"])
    def test_a_band_takes_what_it_is(self, tmp_path, name):
        """Of a cube of 24 MB bands of 0.24 MB are read."""
        shape = (3, 2000, 2000)
        values = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
        cube = Cube(values, MONTHS, values > 9)
        path = tmp_path / f"a.{name.rpartition('.')[2]}"
        if name == "zarr":
            write_zarr(path, cube, (3, 40, 500))
        else:
            WRITERS[name](path, cube)
        tracemalloc.start()
        try:
            bands = ZarrBands(path) if name == "zarr" else NpzBands(path, tmp_path)
            for first in (0, 1000, 1960):
                assert bands.read(first, first + 40).prob.shape == (3, 40, 2000)
                assert bands.lazy_cube().prob[2][first : first + 40].shape == (40, 2000)
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        assert peak < 6e6

    @pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="Linux tells it")
    def test_what_was_read_does_not_count_as_memory(self, tmp_path):
        values = np.zeros((3, 2000, 2000), np.uint8)
        np.savez(tmp_path / "a.npz", prob=values, months=np.array(MONTHS))
        bands = NpzBands(tmp_path / "a.npz", tmp_path)
        before = resident_mb()
        for first in range(0, 2000, 50):
            bands.read(first, first + 50)
        assert resident_mb() - before < 6


def resident_mb():
    """Megabytes of this process in memory, files that are mapped included."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6
