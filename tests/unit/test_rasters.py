"""Masks on disk: what is read, what is refused, and that nothing half-written stays."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import rasterio

from sn7fast.errors import InputError, RasterError
from sn7fast.grid import Grid
from sn7fast.io.outputs import whole_file, whole_folder
from sn7fast.io.rasters import opened, read_grid, read_mask, write_bands, write_mask

GRID = Grid((8, 10), (4.777, 0, 1000, 0, -4.777, 2000), "EPSG:3857")


def a_mask(dtype=np.uint8):
    mask = np.zeros((8, 10), dtype)
    mask[2:4, 3:6] = 1 if dtype is bool else 255
    return mask


def write(path, *, driver="GTiff", bands=1, dtype="uint8", **profile):
    shape = {"height": 8, "width": 10, "count": bands, "dtype": dtype}
    with pytest.warns(rasterio.errors.NotGeoreferencedWarning):
        dataset = rasterio.open(path, "w", driver=driver, **shape, **profile)
    with dataset:
        dataset.write(np.stack([a_mask().astype(dtype)] * bands))
    return path


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32, np.float64])
def test_write_then_read(tmp_path, dtype):
    write_mask(tmp_path / "m.tif", a_mask(dtype), GRID)
    mask, grid = read_mask(tmp_path / "m.tif")
    assert mask.dtype == dtype
    assert np.array_equal(mask, a_mask(dtype))
    assert grid == GRID
    assert [path.name for path in tmp_path.iterdir()] == ["m.tif"]


def test_bool_is_written_as_bytes(tmp_path):
    write_mask(tmp_path / "m.tif", a_mask(bool))
    mask, grid = read_mask(tmp_path / "m.tif")
    assert np.array_equal(mask, a_mask(bool).astype(np.uint8))
    assert grid == Grid((8, 10))


@pytest.mark.parametrize(("stored", "read"), [("int16", "float32"), ("int32", "float64")])
def test_signed_integers_are_widened(tmp_path, stored, read):
    mask, _ = read_mask(write(tmp_path / "m.tif", dtype=stored))
    assert mask.dtype == read
    assert np.array_equal(mask, a_mask())


def test_png_under_any_name_and_without_a_georeference(tmp_path):
    write(tmp_path / "m.png", driver="PNG").rename(tmp_path / "m.tif")
    mask, grid = read_mask(tmp_path / "m.tif")
    assert np.array_equal(mask, a_mask())
    assert grid == Grid((8, 10))


def test_files_beside_the_raster_are_ignored(tmp_path):
    for name, driver, world in (("m.tif", "GTiff", "m.tfw"), ("p.png", "PNG", "p.pgw")):
        path = write(tmp_path / name, driver=driver)
        (tmp_path / world).write_text("2\n0\n0\n-2\n100\n200\n")
        (tmp_path / f"{name}.aux.xml").write_text(
            "<PAMDataset><SRS>EPSG:4326</SRS><GeoTransform>1,2,0,3,0,-2</GeoTransform></PAMDataset>"
        )
        assert read_mask(path)[1] == Grid((8, 10))


def test_bands(tmp_path):
    path = write(tmp_path / "image.tif", bands=4)
    with pytest.raises(RasterError, match=r"image\.tif: got 4 bands .*a mask has 1"):
        read_mask(path)
    assert np.array_equal(read_mask(path, band=2)[0], a_mask())
    with pytest.raises(RasterError, match=r"image\.tif: band: got 5, wanted 1 to 4"):
        read_mask(path, band=5)


def test_virtual_raster_under_a_tif_name_is_not_followed(tmp_path):
    write(tmp_path / "secret.tif")
    for name, start in (("mask.tif", ""), ("bom.tif", "\ufeff")):
        (tmp_path / name).write_text(
            f'{start}<VRTDataset rasterXSize="10" rasterYSize="8"><VRTRasterBand dataType="Byte"'
            ' band="1"><SimpleSource><SourceFilename relativeToVRT="1">secret.tif</SourceFilename>'
            "<SourceBand>1</SourceBand></SimpleSource></VRTRasterBand></VRTDataset>"
        )
        with pytest.raises(RasterError, match=rf"{name}: .*virtual raster"):
            read_mask(tmp_path / name)


@pytest.mark.parametrize("content", [b"", b"II", b"hello, world", b"\x89PNG\r\n\x1a\n"])
def test_no_raster(tmp_path, content):
    (tmp_path / "mask.tif").write_bytes(content)
    with pytest.raises(RasterError, match=r"mask\.tif: "):
        read_mask(tmp_path / "mask.tif")


@pytest.mark.parametrize("driver", ["GTiff", "PNG"])
@pytest.mark.parametrize("compress", [None, "deflate"])
def test_every_truncation_is_refused(tmp_path, driver, compress):
    profile = {"compress": compress} if driver == "GTiff" and compress else {}
    whole = write(tmp_path / "whole", driver=driver, **profile).read_bytes()
    path = tmp_path / "mask.tif"
    read, refused = 0, 0
    for length in range(1, len(whole)):
        path.write_bytes(whole[:length])
        try:
            mask, _ = read_mask(path)
        except RasterError as error:
            assert "mask.tif" in str(error)  # noqa: PT017 - both outcomes are looked at
            refused += 1
        else:
            # A TIFF may end in bytes that hold no pixels.
            assert np.array_equal(mask, a_mask())
            read += 1
    assert refused > read


def test_damaged_png(tmp_path):
    content = bytearray(write(tmp_path / "mask.png", driver="PNG").read_bytes())
    content[content.index(b"IDAT") + 8] ^= 255
    (tmp_path / "mask.png").write_bytes(content)
    with pytest.raises(RasterError, match=r"mask\.png: the PNG is damaged"):
        read_mask(tmp_path / "mask.png")


def test_missing_file_and_folder(tmp_path):
    with pytest.raises(RasterError, match=r"none\.tif: cannot be opened"):
        read_mask(tmp_path / "none.tif")
    with pytest.raises(RasterError, match="cannot be opened"):
        read_mask(tmp_path)


def test_complex_pixels(tmp_path):
    with pytest.raises(RasterError, match=r"m\.tif: got pixels of type complex64"):
        read_mask(write(tmp_path / "m.tif", dtype="complex64"))


def test_damaged_raster_says_nothing_on_the_terminal(tmp_path):
    whole = write(tmp_path / "whole.tif", compress="deflate").read_bytes()
    (tmp_path / "cut.tif").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "short.tif").write_bytes(whole[:-12])
    code = (
        "import sys\nfrom sn7fast.io.rasters import read_mask\n"
        "for path in sys.argv[1:]:\n"
        "    try: read_mask(path)\n"
        "    except ValueError: print('refused')\n"
    )
    command = [sys.executable, "-c", code, tmp_path / "cut.tif", tmp_path / "short.tif"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["refused", "refused"]
    assert done.stderr == ""


def test_reading_in_threads_without_a_warning(tmp_path):
    paths = [write(tmp_path / f"{index}.tif") for index in range(8)] * 8
    with ThreadPoolExecutor(4) as pool:
        masks = list(pool.map(read_mask, paths))
    assert all(np.array_equal(mask, a_mask()) for mask, _ in masks)


@pytest.mark.parametrize(
    ("mask", "message"),
    [
        (np.zeros((2, 8, 10), np.uint8), r"shape \(2, 8, 10\)"),
        (np.zeros((8, 10), np.int64), "int64"),
        (np.zeros((0, 10), np.uint8), r"\(0, 10\)"),
        (np.zeros((8, 9), np.uint8), "its grid has"),
    ],
)
def test_refused_writing_leaves_nothing(tmp_path, mask, message):
    with pytest.raises(InputError, match=message):
        write_mask(tmp_path / "m.tif", mask, GRID)
    assert list(tmp_path.iterdir()) == []


def test_broken_off_writing_keeps_the_old_file(tmp_path, monkeypatch):
    write_mask(tmp_path / "m.tif", a_mask(), GRID)
    before = (tmp_path / "m.tif").read_bytes()

    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(rasterio, "open", full)
    with pytest.raises(OSError, match="No space left"):
        write_mask(tmp_path / "m.tif", a_mask(), GRID)
    assert [(p.name, p.read_bytes()) for p in tmp_path.iterdir()] == [("m.tif", before)]


# Whole outputs


def broken_off(output, write_half):
    with output as temporary:
        write_half(temporary)
        raise KeyboardInterrupt


def test_broken_off_file_keeps_the_old_one(tmp_path):
    path = tmp_path / "out.csv"
    path.write_text("old")
    with pytest.raises(KeyboardInterrupt):
        broken_off(whole_file(path), lambda temporary: temporary.write_text("half"))
    assert [(p.name, p.read_text()) for p in tmp_path.iterdir()] == [("out.csv", "old")]


def test_broken_off_folder_keeps_the_old_one(tmp_path):
    out = tmp_path / "out"
    out.mkdir()
    (out / "old").touch()
    with pytest.raises(KeyboardInterrupt):
        broken_off(whole_folder(out), lambda temporary: (temporary / "half").touch())
    assert [path.name for path in tmp_path.rglob("*")] == ["out", "old"]


def test_folder_is_replaced_as_a_whole(tmp_path):
    out = tmp_path / "deep" / "out"
    for name in ("first", "second"):
        with whole_folder(out) as temporary:
            (temporary / name).touch()
    assert [path.name for path in out.parent.rglob("*")] == ["out", "second"]
    plain = tmp_path / "plain"
    plain.mkdir()
    assert out.stat().st_mode == plain.stat().st_mode


def test_several_bands_with_names(tmp_path):
    bands = np.stack([a_mask(), 255 - a_mask()])
    write_bands(tmp_path / "m.tif", bands, GRID, names=("house", "street"))
    with opened(tmp_path / "m.tif") as dataset:
        assert np.array_equal(dataset.read(), bands)
        assert dataset.descriptions == ("house", "street")
    assert read_grid(tmp_path / "m.tif") == GRID
    assert [path.name for path in tmp_path.iterdir()] == ["m.tif"]


@pytest.mark.parametrize(
    ("bands", "names", "message"),
    [
        (a_mask(), (), r"bands: got uint8 of shape \(8, 10\)"),
        (a_mask()[None].astype(np.int64), (), "bands: got int64"),
        (a_mask()[None], ("a", "b"), "names: got 2, wanted 1 or none"),
        (a_mask()[None, 1:], (), r"got shape \(7, 10\), its grid has \(8, 10\)"),
    ],
)
def test_bands_that_cannot_be_written(tmp_path, bands, names, message):
    with pytest.raises(InputError, match=message):
        write_bands(tmp_path / "m.tif", bands, GRID, names=names)
    assert list(tmp_path.iterdir()) == []


def test_what_fails_while_a_raster_is_open_names_it(tmp_path):
    write_mask(tmp_path / "m.tif", a_mask(), GRID)
    with (
        pytest.raises(RasterError, match=r"m\.tif: cannot be read"),
        opened(tmp_path / "m.tif") as d,
    ):
        d.read(7)
    (tmp_path / "m.tif").write_bytes(b"II*\0")
    with pytest.raises(RasterError, match=r"m\.tif: cannot be read"):
        read_grid(tmp_path / "m.tif")
