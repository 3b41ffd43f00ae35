"""Prediction around a network: tiles, mirror images, ensembles, clouds, files, resuming."""

import json
import sys

import numpy as np
import pytest
import rasterio

from nn_fakes import fake_model, write_rgba
from sn7fast import Grid, get_num_threads, load_model, predict, set_num_threads
from sn7fast.data.catalog import Catalog
from sn7fast.data.sn7 import sn7_aoi, sn7_grid, sn7_stem
from sn7fast.errors import InputError, RasterError
from sn7fast.nn.outputs import read_prediction
from sn7fast.nn.predicting import Progress
from sn7fast.nn.settings import PredictSettings

AOI = sn7_aoi(1474, 3210)
RNG = np.random.default_rng(5)


def image(rows=70, columns=90):
    return np.random.default_rng(rows * columns).integers(1, 255, (3, rows, columns), np.uint8)


def expected(pixels):
    """What the pointwise fake says: logits."""
    mean = (pixels.astype(np.float64) - 100).mean(axis=0) / 50
    return np.stack([mean, -mean])


def sigmoid(logits):
    return 1 / (1 + np.exp(-logits))


@pytest.mark.parametrize(
    "changes",
    [{}, {"tile": 32}, {"tile": 32, "overlap": 16, "batch": 3}, {"tile": 32, "stitch": "mean"},
     {"flips": "all"}, {"tile": 40, "flips": "all", "memory_mb": 16}],
)  # fmt: skip
def test_a_pointwise_network_says_the_same_in_tiles(changes):
    pixels = image()
    got = predict(pixels, fake_model(), kind="logit", **changes)
    assert got.dtype == np.float32
    np.testing.assert_allclose(got, expected(pixels), atol=1e-5)
    got = predict(pixels, fake_model(), **changes)
    np.testing.assert_allclose(got, sigmoid(expected(pixels)), atol=1e-5)


def test_the_baseline_sees_four_windows_of_512():
    model = fake_model()
    got = predict(image(1023, 1024), model, settings=PredictSettings.baseline())
    assert model.backend.calls == [(1, 3, 512, 512)] * 4
    np.testing.assert_allclose(got, expected(image(1023, 1024)), atol=1e-5)


def position(batch):
    """Says where in its window a pixel is, which no pointwise network knows."""
    row, column = np.mgrid[: batch.shape[2], : batch.shape[3]]
    answer = np.stack([row, column]).astype(np.float32)
    return np.broadcast_to(answer, (len(batch), *answer.shape))


def test_windows_lie_where_the_baseline_has_them():
    got = predict(image(1023, 1024), fake_model(position), settings=PredictSettings.baseline())
    rows = np.concatenate([np.arange(511), [(511 + 0) / 2], np.arange(1, 512)])
    columns = np.tile(np.arange(512), 2)
    np.testing.assert_array_equal(got[0], np.repeat(rows[:, None], 1024, 1))
    np.testing.assert_array_equal(got[1], np.repeat(columns[None], 1023, 0))


def test_mirror_images_are_mirrored_back_and_averaged():
    model = fake_model(lambda batch: sigmoid(position(batch) / 10), gives="probabilities")
    got = predict(image(6, 9), model, flips="all")
    row, column = np.mgrid[:6, :9] / 10
    np.testing.assert_allclose(got[0], (sigmoid(row) + sigmoid(0.5 - row)) / 2, atol=1e-6)
    np.testing.assert_allclose(got[1], (sigmoid(column) + sigmoid(0.8 - column)) / 2, atol=1e-6)


def test_an_ensemble_averages_probabilities():
    one, other = fake_model(), fake_model(mean=(60,) * 3, std=(20,) * 3, fingerprint="other")
    pixels = image()
    shifted = (pixels.astype(float) - 60).mean(axis=0) / 20
    wanted = (sigmoid(expected(pixels)[0]) + sigmoid(shifted)) / 2
    np.testing.assert_allclose(predict(pixels, [one, other])[0], wanted, atol=1e-5)
    logits = predict(pixels, [one, other], kind="logit")[0]
    np.testing.assert_allclose(sigmoid(logits), wanted, atol=1e-5)
    with pytest.raises(InputError, match="networks differ in scale: 1 against 2"):
        predict(pixels, [one, fake_model(scale=2)])
    with pytest.raises(InputError, match="weights: got none"):
        predict(pixels, [])


@pytest.mark.parametrize("resampling", ["nearest", "network"])
def test_enlargement(resampling):
    def function(batch):
        answer = np.stack([batch.mean(axis=1)] * 2, axis=1)
        return answer.repeat(3, 2).repeat(3, 3) if resampling == "network" else answer

    model = fake_model(function, scale=3, resampling=resampling, multiple=32)
    pixels = image(50, 41)
    for changes in ({}, {"tile": 32, "overlap": 8}):
        got = predict(pixels, model, kind="logit", **changes)
        wanted = expected(pixels)[0].repeat(3, 0).repeat(3, 1)
        np.testing.assert_allclose(got[0], wanted, atol=1e-5)
    for *_, rows, columns in model.backend.calls:
        k = model.spec.input_scale
        assert rows * k % 32 == 0 == columns * k % 32


def test_several_arrays_with_their_clouds():
    batch = np.stack([image(), image()[:, ::-1]])
    valid = RNG.random((2, 70, 90)) > 0.3
    got = predict(batch, fake_model(), valid=valid, outputs=("edge",))
    assert got.shape == (2, 1, 70, 90)
    np.testing.assert_array_equal(np.isnan(got[:, 0]), ~valid)
    wanted = sigmoid(np.stack([expected(one)[1] for one in batch]))
    np.testing.assert_allclose(got[:, 0][valid], wanted[valid], atol=1e-5)
    kept = predict(batch, fake_model(), valid=valid, clouds="keep")
    assert not np.isnan(kept).any()


def test_eight_bits():
    pixels, valid = image(), RNG.random((70, 90)) > 0.1
    got = predict(pixels, fake_model(), valid=valid, dtype="uint8")
    wanted = sigmoid(expected(pixels))
    assert got.dtype == np.uint8
    assert (got[:, ~valid] == 0).all()
    assert (got[:, valid] >= 1).all()
    np.testing.assert_allclose((got[:, valid] - 1.0) / 254, wanted[:, valid], atol=0.5 / 254 + 1e-6)
    assert (
        predict(np.full((3, 2, 2), 255, np.uint8), fake_model(std=(0.1,) * 3), dtype="uint8").max()
        == 255
    )


def test_a_tile_without_data_is_not_predicted():
    model, valid = fake_model(), np.ones((64, 64), bool)
    valid[:32, :32] = False
    predict(image(64, 64), model, valid=valid, tile=32, overlap=0)
    assert len(model.backend.calls) == 3
    got = predict(image(64, 64), model, valid=np.zeros((64, 64), bool))
    assert np.isnan(got).all()
    assert len(model.backend.calls) == 3


@pytest.mark.parametrize(
    ("source", "changes", "message"),
    [
        (np.zeros((4, 8, 8), np.uint8), {}, "got 4 bands, the network wants 3"),
        (np.zeros((3, 8, 8), np.uint16), {}, "got uint16, the network was trained with uint8"),
        (np.zeros((8, 8), np.uint8), {}, r"images: got shape \(8, 8\)"),
        (np.zeros((3, 0, 8), np.uint8), {}, "images: got shape"),
        (image(), {"valid": np.ones((3, 3), bool)}, "valid: got bool of shape"),
        (image(), {"outputs": ("roofs",)}, "outputs: got 'roofs', the network gives roof, edge"),
        (image(), {"tile": 4}, "tile: got 4"),
        (image(), {"tile": 32, "overlap": 17}, "overlap: got 17"),
        (image(), {"kind": "logit", "dtype": "uint8"}, "dtype: got uint8 for logits"),
        (image(), {"stitch": "glue"}, "stitch: got 'glue', wanted blend or mean"),
        (image(), {"colour": 1}, "settings: .*colour"),
        (image(), {"out": "folder"}, "out: got a folder for an array"),
        ("somewhere", {}, "out: got None"),
    ],
)
def test_refuses(source, changes, message):
    with pytest.raises(InputError, match=message):
        predict(source, fake_model(), **changes)


def test_a_network_that_breaks_its_promise():
    model = fake_model(lambda batch: batch[:, :, ::2])
    with pytest.raises(InputError, match=r"fake: the network gave .* its spec promises"):
        predict(image(), model)


def test_out_of_memory_says_what_to_lower():
    def hungry(batch):
        raise RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate")

    with pytest.raises(MemoryError, match="batch of 1 tiles of 70 x 90 pixels: lower batch, then"):
        predict(image(), fake_model(hungry))


def test_the_default_is_missed_clearly(monkeypatch, tmp_path):
    from sn7fast.nn import model

    monkeypatch.setattr(model, "_DEFAULT_FILE", tmp_path / "default.onnx")
    with pytest.raises(InputError, match="weights: got 'default', but this installation has no"):
        load_model()


# Files.


@pytest.fixture
def stack(tmp_path):
    """Two months of SpaceNet 7, of which the second has clouds."""
    folder = tmp_path / "train" / AOI / "images_masked"
    pixels = image(70, 90)
    valid = np.ones((70, 90), bool)
    valid[20:, 40:] = False
    black = np.where(valid, pixels, 0).astype(np.uint8)
    grid = sn7_grid(AOI, (70, 90))
    write_rgba(folder / f"{sn7_stem(AOI, '2018_01')}.tif", pixels, None, grid)
    write_rgba(folder / f"{sn7_stem(AOI, '2018_02')}.tif", black, valid, grid)
    return tmp_path / "train", pixels, valid


def files(folder):
    return sorted(
        path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()
    )


def test_a_folder_of_spacenet7(stack, tmp_path):
    source, pixels, valid = stack
    out = tmp_path / "out"
    done = predict(source, fake_model(), out, tile=32)
    assert files(out) == [f"{AOI}/{sn7_stem(AOI, month)}.tif" for month in ("2018_01", "2018_02")]
    assert [path.name for path in done.written] == [name.split("/")[1] for name in files(out)]
    clear, cloudy = (read_prediction(path) for path in done.written)
    assert clear.outputs == ("roof", "edge")
    assert clear.grid == sn7_grid(AOI, (70, 90))
    assert clear.valid.all()
    np.testing.assert_allclose(clear.values, sigmoid(expected(pixels)), atol=1e-5)
    np.testing.assert_array_equal(cloudy.valid, valid)
    np.testing.assert_allclose(cloudy["edge"][valid], clear["edge"][valid], atol=1e-6)
    with rasterio.open(done.written[0]) as dataset:
        assert np.isnan(dataset.nodata)
        assert dataset.descriptions == ("roof", "edge")
        assert dataset.crs.to_epsg() == 3857
    again = predict(Catalog.scan(source), fake_model(), out, tile=32)
    assert (again.written, len(again.kept)) == ((), 2)


@pytest.mark.parametrize("file_format", ["GTiff", "COG"])
@pytest.mark.parametrize("dtype", ["float32", "uint8"])
def test_files_hold_what_arrays_do(stack, tmp_path, dtype, file_format):
    source, pixels, _ = stack
    model = fake_model(lambda b: np.stack([b.mean(1)] * 2, 1), scale=2, resampling="cubic")
    done = predict(source, model, tmp_path / "out", dtype=dtype, format=file_format)
    with rasterio.open(done.written[0]) as dataset:
        np.testing.assert_array_equal(dataset.read(), predict(pixels, model, dtype=dtype))
        assert dataset.nodata == 0 if dtype == "uint8" else np.isnan(dataset.nodata)
        layout = dataset.tags(ns="IMAGE_STRUCTURE").get("LAYOUT")
        assert (layout == "COG") == (file_format == "COG")
    assert read_prediction(done.written[0]).grid == sn7_grid(AOI, (70, 90)).enlarged(2)


def test_a_manifest(stack, tmp_path):
    source, _, valid = stack
    table = tmp_path / "list.csv"
    paths = sorted(source.rglob("*.tif"))
    table.write_text(f"path,aoi,date\n{paths[1]},north,2018-02-03\n{paths[0]},north,2018-01-05\n")
    done = predict(table, fake_model(), tmp_path / "out")
    assert files(tmp_path / "out") == ["north/north_2018_01_05.tif", "north/north_2018_02_03.tif"]
    np.testing.assert_array_equal(read_prediction(done.written[1]).valid, valid)


def test_any_folder_and_one_raster(tmp_path):
    for name in ("a.tif", "b/c.tif", "b/c_UDM.tif", ".hidden/d.tif"):
        write_rgba(tmp_path / "in" / name, image(20, 30))
    predict(tmp_path / "in", fake_model(), tmp_path / "out")
    assert files(tmp_path / "out") == ["a.tif", "b/c.tif"]
    predict(tmp_path / "in" / "a.tif", fake_model(), tmp_path / "one")
    assert files(tmp_path / "one") == ["a.tif"]


def test_larger_than_memory_in_windows(tmp_path):
    """Read, stitched and written by parts: the same numbers."""
    pixels, grid = image(700, 900), Grid((700, 900), (3, 0, 100, 0, -3, 900), "EPSG:32633")
    valid = RNG.random((700, 900)) > 0.2
    write_rgba(
        tmp_path / "in" / "large.tif", np.where(valid, pixels, 0).astype(np.uint8), valid, grid
    )
    settings = {"tile": 128, "overlap": 32, "memory_mb": 16}
    outputs = tuple(f"o{k}" for k in range(12))
    model = fake_model(lambda b: np.repeat(b.mean(axis=1)[:, None], 12, axis=1), outputs=outputs)
    (path,) = predict(tmp_path / "in", model, tmp_path / "out", **settings).written
    found = read_prediction(path)
    np.testing.assert_array_equal(found.valid, valid)
    np.testing.assert_allclose(
        found.values[11][valid], sigmoid(expected(pixels)[0])[valid], atol=1e-5)  # fmt: skip
    assert found.grid == grid


@pytest.mark.parametrize("rows", [400, 700])
def test_the_same_bytes_on_any_number_of_threads(tmp_path, rows):
    valid = RNG.random((rows, 600)) > 0.1
    for name in "abc":
        write_rgba(tmp_path / "in" / f"{name}.tif", image(rows, 600), valid)
    found, before = [], get_num_threads()
    for threads in (1, 3):
        set_num_threads(threads)
        out = tmp_path / str(threads)
        try:
            done = predict(tmp_path / "in", fake_model(), out, tile=128, memory_mb=16)
        finally:
            set_num_threads(before)
        found.append([path.read_bytes() for path in done.written])
    assert found[0] == found[1]


def test_a_network_that_wants_more_pixels_than_there_are():
    model = fake_model(multiple=32)
    got = predict(image(3, 5), model, kind="logit")
    assert model.backend.calls == [(1, 3, 32, 32)]
    np.testing.assert_allclose(got, expected(image(3, 5)), atol=1e-5)


def test_other_settings_are_not_mixed(stack, tmp_path):
    source, out = stack[0], tmp_path / "out"
    predict(source, fake_model(), out)
    with pytest.raises(InputError, match=r"is there already, and was made with other .*dtype"):
        predict(source, fake_model(), out, dtype="uint8")
    with pytest.raises(InputError, match="was made with other weights"):
        predict(source, fake_model(fingerprint="new"), out)
    assert len(predict(source, fake_model(), out, batch=2, memory_mb=99).kept) == 2
    done = predict(source, fake_model(), out, dtype="uint8", overwrite=True)
    assert len(done.written) == 2


def test_damaged_and_foreign_files_in_the_folder(stack, tmp_path):
    source, out = stack[0], tmp_path / "out"
    first, second = predict(source, fake_model(), out).written
    whole = first.read_bytes()
    first.write_bytes(whole[: len(whole) // 2])
    done = predict(source, fake_model(), out)
    assert (done.written, done.kept) == ((first,), (second,))
    assert first.read_bytes() == whole
    write_rgba(first, image(70, 90))
    with pytest.raises(InputError, match="is there already, and is no prediction"):
        predict(source, fake_model(), out)
    with pytest.raises(RasterError, match="was not written by predict"):
        read_prediction(first)


def test_an_image_that_cannot_be_used_is_left_out(stack, tmp_path):
    source = stack[0]
    folder = source / AOI / "images_masked"
    bad = folder / f"{sn7_stem(AOI, '2018_03')}.tif"
    good = (folder / f"{sn7_stem(AOI, '2018_01')}.tif").read_bytes()
    bad.write_bytes(good[: len(good) // 2])
    (folder / f"{sn7_stem(AOI, '2018_04')}.tif").write_bytes(b"II*\0 rubbish")
    done = predict(source, fake_model(), tmp_path / "out")
    assert len(done.written) == 2
    assert sorted(path.name[15:22] for path in done.failed) == ["2018_03", "2018_04"]
    assert "cannot be read" in done.failed[bad]
    assert len(files(tmp_path / "out")) == 2


def test_wrong_bands_and_types_of_files(tmp_path):
    from sn7fast.io.rasters import write_bands

    (tmp_path / "in").mkdir()
    write_bands(tmp_path / "in" / "two.tif", np.ones((2, 20, 20), np.uint8))
    write_bands(tmp_path / "in" / "deep.tif", np.ones((3, 20, 20), np.uint16))
    done = predict(tmp_path / "in", fake_model(), tmp_path / "out")
    assert not done.written
    messages = {path.name: text for path, text in done.failed.items()}
    assert "two.tif: got 2 bands, the network wants 3" in messages["two.tif"]
    assert "deep.tif: got uint16" in messages["deep.tif"]


def test_an_image_without_any_data(tmp_path):
    write_rgba(tmp_path / "in" / "a.tif", np.zeros((3, 20, 30), np.uint8), np.zeros((20, 30), bool))
    model = fake_model()
    (path,) = predict(tmp_path / "in", model, tmp_path / "out").written
    found = read_prediction(path)
    assert found.values.shape == (2, 20, 30)
    assert not found.valid.any()
    assert not model.backend.calls


def test_the_answer_does_not_go_into_the_source(stack):
    with pytest.raises(InputError, match="lies in the source"):
        predict(stack[0], fake_model(), stack[0] / "out")


def test_two_images_of_one_name(tmp_path):
    for name in ("a.tif", "a.tiff"):
        write_rgba(tmp_path / "in" / name, image(20, 30))
    with pytest.raises(InputError, match="two images whose answers have one name"):
        predict(tmp_path / "in", fake_model(), tmp_path / "out")


@pytest.mark.parametrize(
    ("name", "message"),
    [("absent", "does not exist"), ("a.txt", "got a .txt"), ("empty", "has no images")],
)
def test_sources_without_images(tmp_path, name, message):
    (tmp_path / "a.txt").write_text("x")
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match=message):
        predict(tmp_path / name, fake_model(), tmp_path / "out")


def test_a_failed_write_leaves_nothing(stack, tmp_path, monkeypatch):
    from sn7fast.io import raster_writer

    def full(self):
        raise RuntimeError("No space left on device")

    monkeypatch.setattr(raster_writer.RasterWriter, "_to_cog", full)
    with pytest.raises(
        RasterError, match=r"2018_0[12].*cannot be written, the disk may be full: No space left"
    ):
        predict(stack[0], fake_model(), tmp_path / "out", format="COG")
    assert files(tmp_path / "out") == []


@pytest.mark.skipif(sys.platform == "win32", reason="no limit of file sizes")
@pytest.mark.parametrize("share", [0.5, 0.999])
def test_a_full_disk_is_noticed_even_at_the_end(tmp_path, share):
    """GDAL is silent about what it could not write when it closes the file."""
    import resource
    import signal

    write_rgba(tmp_path / "in" / "a.tif", RNG.integers(1, 255, (3, 300, 300), np.uint8))
    (path,) = predict(tmp_path / "in", fake_model(), tmp_path / "whole").written
    size = path.stat().st_size
    before, handler = resource.getrlimit(resource.RLIMIT_FSIZE), signal.getsignal(signal.SIGXFSZ)
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(size * share), before[1]))
    try:
        with pytest.raises(RasterError, match=r"a.tif: cannot be written, the disk may be full"):
            predict(tmp_path / "in", fake_model(), tmp_path / "out")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)
    assert files(tmp_path / "out") == []


def test_an_error_in_the_network_leaves_nothing(stack, tmp_path):
    calls = []

    def second_fails(batch):
        calls.append(len(batch))
        if len(calls) == 2:
            raise KeyError("network")
        return np.stack([batch.mean(1)] * 2, 1)

    with pytest.raises(KeyError, match="network"):
        predict(stack[0], fake_model(second_fails), tmp_path / "out", tile=32)
    assert files(tmp_path / "out") == []


def test_an_interrupt_leaves_whole_files_only(stack, tmp_path):
    class Impatient(Progress):
        def advance(self, pixels):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        predict(stack[0], fake_model(), tmp_path / "out", progress=Impatient())
    whole = predict(stack[0], fake_model(), tmp_path / "whole").written
    for name in files(tmp_path / "out"):
        assert (tmp_path / "out" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()
    assert len(files(tmp_path / "out")) < len(whole)


def test_what_was_made_is_told(stack, tmp_path):
    (path, _) = predict(stack[0], fake_model(), tmp_path / "out", flips="all").written
    made = read_prediction(path).made
    assert made["kind"] == "probability"
    assert made["settings"]["flips"] == "all"
    assert made["weights"] == ["fake"]
    assert made["spec"][0]["bands"] == ["red", "green", "blue"]
    assert json.dumps(made)


def test_old_leftovers_of_killed_runs_go(stack, tmp_path):
    import os

    folder = tmp_path / "out" / AOI
    folder.mkdir(parents=True)
    old, young = (folder / f".sn7fast-{k}.part.tif" for k in (1, 2))
    for path in (old, young):
        path.write_bytes(b"half")
    os.utime(old, (0, 0))
    predict(stack[0], fake_model(), tmp_path / "out")
    assert not old.exists()
    assert young.exists()
