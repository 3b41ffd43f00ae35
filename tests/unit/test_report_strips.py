"""Images and masks of a report that come in strips: the bytes of the whole, in little memory."""

import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sn7fast.errors import InputError
from sn7fast.report import backgrounds, clouds, pictures, strips, write_report
from sn7fast.report.backgrounds import Backgrounds
from sn7fast.report.clouds import hidden_of
from sn7fast.report.packing import varints
from sn7fast.report.pictures import Pictures
from sn7fast.report.strips import as_strips, strips_of
from striped import MONTHS, Rows, make_tiny, page, scene, tracks

KINDS = ("bool", "uint8", "uint16", "int16", "int32", "float32", "float64")


@pytest.fixture
def tiny_strips(monkeypatch):
    make_tiny(monkeypatch)


def whole_picture(image, valid, factor):
    """What a page shows of an image that is there as a whole."""
    bands = image[..., None] if image.ndim == 2 else image
    rows, columns, count = bands.shape
    clear = np.ones((rows, columns), bool)
    if count == 4 and bands.dtype == np.uint8:
        clear &= bands[..., 3] > 0
    if valid is not None:
        clear[: len(valid), : valid.shape[1]] &= valid[:rows, :columns]
    clear = clear[::factor, ::factor]
    out = []
    for index in range(3 if count >= 3 else 1):
        band = bands[..., index]
        band = band * np.uint8(255) if band.dtype == bool else band
        if factor > 1:
            edge = ((0, -rows % factor), (0, -columns % factor))
            squares = np.pad(band, edge, mode="edge")
            squares = squares.reshape(clear.shape[0], factor, clear.shape[1], factor)
            means = squares.mean(axis=(1, 3), dtype=np.float32)
            band = np.rint(means).astype(np.uint8) if band.dtype == np.uint8 else means
        if count < 3 and band.dtype == np.uint8:
            out.append(band)
            continue
        seen = band[clear & np.isfinite(band)]
        seen = seen[:: max(1, len(seen) // 200_000)]
        low, high = np.percentile(seen.astype(float) if len(seen) else [0.0, 255.0], (0.5, 99.5))
        shown = (band.astype(np.float32) - low) * (255 / max(high - low, 1e-9))
        out.append(np.clip(np.nan_to_num(shown), 0, 255).astype(np.uint8))
    return np.stack(out)


@given(st.integers(1, 40), st.integers(1, 7), st.integers(1, 11), st.integers(1, 50), st.booleans())
def test_strips_are_all_rows_in_order(rows, multiple, block_rows, strip_rows, is_array):
    array = np.arange(rows * 3).reshape(rows, 3)
    image = array if is_array else Rows(array, block_rows)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(strips, "_STRIP_BYTES", strip_rows * array[0].nbytes)
        found = list(strips_of(image, multiple))
    np.testing.assert_array_equal(np.concatenate(found), array)
    assert all(len(strip) % multiple == 0 for strip in found[:-1])
    assert all(len(strip) for strip in found)
    assert max(map(len, found)) <= max(strip_rows, multiple, 1 if is_array else block_rows)


def test_what_has_no_rows_becomes_an_array():
    rows = Rows(np.zeros((2, 2)))
    assert as_strips(rows) is rows
    assert isinstance(as_strips([[1, 2], [3, 4]]), np.ndarray)
    assert as_strips(np.float32(3)).shape == ()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("factor", [1, 3, 17])
@pytest.mark.parametrize("shape", [(67, 91), (90, 51, 2), (69, 50, 3), (101, 68, 4)])
def test_pictures_are_those_of_the_whole(tiny_strips, kind, factor, shape):
    image = scene(kind, shape)
    rows, columns = shape[:2]
    masks = [None, *(scene("bool", (rows + more, columns - more), 5) for more in (-1, 0, 1))]
    for block_rows, valid in zip((1, 16, 5, 1000), masks, strict=True):
        wanted = whole_picture(image, valid, factor)
        for make in (lambda array: array, lambda array, n=block_rows: Rows(array, n)):
            given_masks = {} if valid is None else {"a": make(valid)}
            found = Pictures({"a": make(image)}, given_masks, (rows, columns), factor).of("a")
            np.testing.assert_array_equal(found, wanted)


def test_pixels_that_tell_are_the_same_few_in_strips(monkeypatch):
    monkeypatch.setattr(pictures, "_TELLING", 50)
    image, valid = scene("uint16", (60, 40, 3)), scene("bool", (60, 40), 3)
    whole = Pictures({"a": image}, {"a": valid}, (60, 40), 1).of("a")
    monkeypatch.setattr(strips, "_STRIP_BYTES", 700)
    for held in (0, 10**6):
        monkeypatch.setattr(pictures, "_HELD_BYTES", held)
        found = Pictures({"a": Rows(image)}, {"a": Rows(valid, 7)}, (60, 40), 1).of("a")
        np.testing.assert_array_equal(found, whole)


def test_an_image_without_a_clear_pixel_is_shown(tiny_strips):
    image, valid = scene("uint16", (30, 20)), np.zeros((30, 20), bool)
    found = Pictures({"a": Rows(image)}, {"a": Rows(valid)}, (30, 20), 1).of("a")
    np.testing.assert_array_equal(found, whole_picture(image, valid, 1))


@given(st.lists(st.booleans(), min_size=24, max_size=24), st.integers(1, 9), st.integers(1, 30))
def test_runs_are_those_of_the_whole(hidden, strip_bytes, piece):
    mask = ~np.array(hidden).reshape(6, 4)
    runs, last = [0], False
    for one in hidden:
        if one != last:
            runs.append(0)
        runs[-1] += 1
        last = one
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(strips, "_STRIP_BYTES", strip_bytes)
        patch.setattr(clouds, "_PIECE_PX", piece)
        found = hidden_of({"m": Rows(mask, 2)})
    if not any(hidden):
        assert found == {}
        return
    assert found["m"].runs == varints(np.array(runs))
    assert found["m"].share == (~mask).mean()


@pytest.mark.parametrize(("kind", "shape"), [("uint8", (153, 101)), ("uint16", (101, 92, 3))])
@pytest.mark.parametrize("image_bytes", [1_000_000, 900])
def test_a_page_does_not_tell_how_its_images_came(tmp_path, monkeypatch, kind, shape, image_bytes):
    images = {month: scene(kind, shape, place) for place, month in enumerate(MONTHS)}
    rows, columns = shape[:2]
    masks = {month: scene("bool", (rows + 1, columns), 7) for month in MONTHS[1:]}
    wanted = page(tmp_path, images, masks, image_bytes=image_bytes)
    monkeypatch.setattr(strips, "_STRIP_BYTES", 2000)
    monkeypatch.setattr(pictures, "_HELD_BYTES", 0)
    assert page(tmp_path, images, masks, image_bytes=image_bytes) == wanted
    for block_rows in (1, 32):
        in_rows, hidden = (
            {month: Rows(one, block_rows) for month, one in given.items()}
            for given in (images, masks)
        )
        assert page(tmp_path, in_rows, hidden, image_bytes=image_bytes) == wanted


def test_masks_in_rows_are_checked(tmp_path):
    images = {month: scene("uint8", (9, 9)) for month in MONTHS}
    with pytest.raises(InputError, match="month 2018_01: got uint8 of shape"):
        page(tmp_path, images, {"2018_01": Rows(scene("uint8", (9, 9)))})
    with pytest.raises(InputError, match="images: month 2018_01: got complex128 of shape"):
        page(tmp_path, {"2018_01": Rows(np.zeros((3, 3), complex))})
    other = images | {"2018_02": Rows(scene("uint8", (9, 8)))}
    with pytest.raises(InputError, match="month 2018_02: got 9 x 8"):
        page(tmp_path, other)


def test_files_of_masks_are_not_coded_again_for_their_quality(monkeypatch):
    coded = []
    call = backgrounds._Coder.__call__

    def noted(self, picture, quality):
        coded.append(picture.shape)
        return call(self, picture, quality)

    monkeypatch.setattr(backgrounds._Coder, "__call__", noted)
    masks = {month: scene("bool", (600, 600), place) for place, month in enumerate(MONTHS)}
    found = Backgrounds.of(masks, {}, months=MONTHS, limit=62_000)
    assert sum(map(len, found.files.values())) > 62_000
    assert found.quality == backgrounds._WORST
    assert coded.count((1, 600, 600)) == len(MONTHS)


class Endless:
    """Rows of an image that is nowhere."""

    ndim = 2

    def __init__(self, shape, dtype):
        self.shape, self.dtype = shape, np.dtype(dtype)
        self.ndim = len(shape)

    def __getitem__(self, rows):
        first, end, _ = rows.indices(self.shape[0])
        line = np.arange(first, end).reshape(-1, *[1] * (self.ndim - 1)) % 251
        if self.dtype == bool:
            return np.broadcast_to(line > 100, (end - first, *self.shape[1:])).copy()
        return np.broadcast_to(line.astype(self.dtype), (end - first, *self.shape[1:])).copy()


@pytest.mark.parametrize(("bands", "kind"), [((), "uint8"), ((3,), "uint16")])
def test_memory_does_not_grow_with_the_image(tmp_path, bands, kind):
    images = {month: Endless((20_000, 4_000, *bands), kind) for month in MONTHS[:2]}
    masks = {"2018_01": Endless((20_000, 4_000), bool)}
    tracemalloc.start()
    try:
        written = write_report(
            tmp_path / "a.html", tracks(), images=images, valid=masks, image_bytes=60_000
        )
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert "1/13" in written.notes[0]
    # An image has 80 MB, or 480.
    assert peak < 64e6
