"""Images of a report on disk, read in strips, show what their arrays show."""

import datetime

import numpy as np
import pytest

from sn7fast import Cube
from sn7fast.data.catalog import AoiFiles, MonthFiles
from sn7fast.data.clouds import valid_stack
from sn7fast.data.discover import Frame
from sn7fast.data.images import ImageEntry, ImageSettings, image_reader, read_image
from sn7fast.errors import RasterError
from sn7fast.io.rasters import write_mask
from sn7fast.report.sources import CatalogImages, CubeImages, ManifestImages, RasterImages
from sn7fast.report.strips import strips_of
from sn7fast.windows import FrameBands
from sn7fast.windows.lazy import LazyFrames
from striped import MONTHS, make_tiny, page, scene, write_tif

TILED = {"tiled": True, "blockxsize": 16, "blockysize": 32, "compress": "deflate"}


@pytest.fixture
def tiny_strips(monkeypatch):
    make_tiny(monkeypatch)


@pytest.mark.parametrize("profile", [TILED, {}, {"driver": "PNG"}])
@pytest.mark.parametrize("bands", [1, 3, 4])
def test_rasters_are_shown_as_their_arrays(tmp_path, tiny_strips, profile, bands):
    shape = (133, 70, bands)
    images = {month: scene("uint8", shape, place) for place, month in enumerate(MONTHS)}
    paths = {
        month: write_tif(tmp_path / f"{month}.tif", image, **profile)
        for month, image in images.items()
    }
    found = RasterImages([Frame("a", month, path) for month, path in paths.items()])
    assert found["2018_02"].shape == shape
    np.testing.assert_array_equal(found["2018_02"], images["2018_02"])
    np.testing.assert_array_equal(found["2018_02"][5:90:7], images["2018_02"][5:90:7])
    assert page(tmp_path, found, image_bytes=900) == page(tmp_path, images, image_bytes=900)


def test_masks_of_0_and_1_are_black_and_white_whole_images_only(tmp_path, tiny_strips):
    mask = scene("uint8", (133, 70)) // 128
    other = mask.copy()
    other[-1, -1] = 2
    odd = mask.astype(np.float32)
    odd[-1, -1] = np.nan
    given = {"2018_01": mask, "2018_02": other, "2018_03": odd}
    frames = [
        Frame("a", month, write_tif(tmp_path / f"{month}.tif", one, **TILED))
        for month, one in given.items()
    ]
    found = RasterImages(frames)
    assert [found[month].dtype for month in MONTHS] == [bool, np.uint8, np.float32]
    assert [found[month].shape for month in MONTHS] == [(133, 70), (133, 70, 1), (133, 70, 1)]
    np.testing.assert_array_equal(found["2018_01"], mask > 0)
    black = Frame("a", "2018_01", write_tif(tmp_path / "black.tif", mask * 0))
    assert RasterImages([black])["2018_01"].dtype == np.uint8


def entries(folder, profile):
    """Images of a manifest with clouds, no data and scales of their own."""
    settings = ImageSettings(bands=(3, 2, 1), scale=(0.5,), nodata=7)
    out = []
    for place, month in enumerate(MONTHS):
        image = scene("uint8", (133, 70, 4), place)
        image[40:60, 30:50] = 7
        path = write_tif(folder / f"{month}.img", image, **profile)
        udm = folder / f"udm_{month}.tif"
        write_mask(udm, scene("bool", (134, 71), place + 20))
        date = datetime.date(2018, place + 1, 1)
        out.append(ImageEntry(path, "a", date, month, udm=udm, settings=settings))
    return out


@pytest.mark.parametrize("profile", [TILED, {"driver": "PNG"}])
def test_images_of_a_manifest_are_shown_as_their_arrays(tmp_path, tiny_strips, profile):
    given = entries(tmp_path, profile)
    whole = {entry.label: read_image(entry) for entry in given}
    images = {month: image.transpose(1, 2, 0) for month, (image, _, _) in whole.items()}
    valid = {month: mask for month, (_, mask, _) in whole.items()}
    found = ManifestImages(given)
    for month in MONTHS:
        np.testing.assert_array_equal(found[month], images[month])
        np.testing.assert_array_equal(found.valid()[month], valid[month])
    wanted = page(tmp_path, images, valid, image_bytes=900)
    assert page(tmp_path, found, found.valid(), image_bytes=900) == wanted


def month_files(folder, *, masked, image, udm):
    """A month of SpaceNet 7 with some of its files; bands of 3 have no alpha."""
    rng = np.random.default_rng(4)

    def picture(name, bands):
        if not bands:
            return None
        values = rng.integers(0, 255, (133, 70, bands)).astype(np.uint8)
        values[rng.random((133, 70)) < 0.3] = 0
        return write_tif(folder / f"{name}.tif", values, **TILED)

    unusable = folder / "udm.tif"
    write_mask(unusable, scene("bool", (134, 71)))
    return MonthFiles(
        aoi="a",
        month="2018_01",
        image=picture("image", image),
        image_masked=picture("masked", masked),
        udm_mask=unusable if udm else None,
    )


@pytest.mark.parametrize(
    "given",
    [
        {"masked": 4, "image": 0, "udm": False},
        {"masked": 3, "image": 4, "udm": True},
        {"masked": 0, "image": 4, "udm": True},
        {"masked": 0, "image": 4, "udm": False},
        {"masked": 0, "image": 3, "udm": True},
        {"masked": 0, "image": 0, "udm": True},
    ],
)
def test_what_is_valid_of_space_net_7_is_that_of_the_stack(tmp_path, tiny_strips, given):
    aoi = AoiFiles("a", (month_files(tmp_path, **given),))
    masks = CatalogImages(aoi).valid(MONTHS)
    assert list(masks) == ["2018_01"]
    assert masks.get("2018_02") is None
    wanted = valid_stack(aoi, MONTHS[:1])[0]
    assert 0 < wanted.sum() < wanted.size
    np.testing.assert_array_equal(masks["2018_01"], wanted)
    assert len(list(strips_of(masks["2018_01"]))) > 1


def test_masks_of_space_net_7_that_do_not_fit_are_named(tmp_path):
    files = month_files(tmp_path, masked=0, image=4, udm=True)
    write_mask(files.udm_mask, scene("bool", (136, 70)))
    masks = CatalogImages(AoiFiles("a", (files,))).valid(MONTHS)
    with pytest.raises(RasterError, match=r"udm\.tif: got 136 x 70 .* the image has"):
        np.asarray(masks["2018_01"])


def test_windows_of_an_image_that_stays_open(tmp_path):
    (entry, *_) = entries(tmp_path, TILED)
    image, valid, grid = read_image(entry)
    with image_reader(entry) as read:
        for rows in ((0, 9), (100, 133)):
            part, mask, its_grid = read((rows, (3, 60)))
            np.testing.assert_array_equal(part, image[:, slice(*rows), 3:60])
            np.testing.assert_array_equal(mask, valid[slice(*rows), 3:60])
            assert its_grid == grid
    with (
        pytest.raises(RasterError, match="cannot be opened"),
        image_reader(ImageEntry(tmp_path / "none.tif", "a", entry.date, "2018_01")),
    ):
        pass


def test_a_damaged_image_is_named(tmp_path, tiny_strips):
    path = write_tif(tmp_path / "a.tif", scene("uint8", (133, 70, 3)), **TILED)
    path.write_bytes(path.read_bytes()[:-900])
    with pytest.raises(RasterError, match=r"a\.tif: cannot be read"):
        page(tmp_path, RasterImages([Frame("a", "2018_01", path)]))


@pytest.mark.parametrize("scale", [1, 2, 3])
@pytest.mark.parametrize("kind", ["uint8", "float32"])
def test_lazy_cubes_are_shown_as_others(tmp_path, tiny_strips, scale, kind):
    rng = np.random.default_rng(scale)
    prob = rng.random((3, 72, 54))
    prob = (prob * 255).astype(np.uint8) if kind == "uint8" else prob.astype(np.float32)
    masks = rng.random((3, 72, 54)) > 0.2
    coarse = rng.random((3, 72 // scale, 54 // scale)) > 0.2

    def lazy(array, block_rows):
        return LazyFrames(array.shape, array.dtype, lambda t, a, b: array[t, a:b], block_rows)

    for valid in (None, masks, coarse):
        wanted = page(tmp_path, Cube(prob, MONTHS, valid, scale), image_bytes=900)
        for block_rows in (scale, 12):
            hidden = None if valid is None else lazy(valid, block_rows)
            cube = Cube(lazy(prob, block_rows), MONTHS, hidden, scale)
            assert page(tmp_path, cube, image_bytes=900) == wanted


def test_rows_of_wide_months_are_read_in_windows_of_columns(tmp_path, monkeypatch):
    from sn7fast.windows import source

    images = [scene("uint8", (133, 70), place) for place in range(3)]
    frames = [
        Frame("a", month, write_tif(tmp_path / f"{month}.tif", image, nodata=3, **TILED))
        for month, image in zip(MONTHS, images, strict=True)
    ]
    cube = FrameBands(frames).lazy_cube()
    monkeypatch.setattr(source, "_WINDOW_BYTES", 3 * 32 * 33)
    bands = FrameBands(frames)
    read = []
    monkeypatch.setattr(
        FrameBands,
        "read_month",
        lambda self, *given, whole=FrameBands.read_month: (
            read.append(given[3]) or whole(self, *given)
        ),
    )
    narrow = bands.lazy_cube()
    for rows in (slice(0, 32), slice(32, 133)):
        for place in range(3):
            for one, other in ((cube.prob, narrow.prob), (cube.valid, narrow.valid)):
                np.testing.assert_array_equal(one[place][rows], other[place][rows])
    assert (64, 70) in read
    assert CubeImages(narrow)["2018_01"].block_rows == 32
