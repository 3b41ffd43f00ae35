"""Manifests of other imagery, and reading their images."""

import datetime

import numpy as np
import pytest
import rasterio

from sn7fast import Grid
from sn7fast.data.catalog import Catalog
from sn7fast.data.images import ImageEntry, ImageSettings, read_image, read_sn7_image
from sn7fast.data.manifest import read_manifest
from sn7fast.data.sn7 import sn7_grid, sn7_stem
from sn7fast.errors import FormatError, InputError, RasterError, StackError
from sn7fast.io.rasters import write_bands, write_mask

GRID = Grid((5, 7), (10.0, 0.0, 500000.0, 0.0, -10.0, 4600000.0), "EPSG:32631")
AOI = "L15-0368E-1245N_1474_3210_13"


def stored(bands=4, dtype=np.uint16, shape=(5, 7)):
    """A different number in each pixel of each band, none of them 0."""
    return (1 + np.arange(bands * shape[0] * shape[1])).reshape(bands, *shape).astype(dtype)


def manifest(folder, text, name="images.csv"):
    path = folder / name
    path.write_text(text)
    return path


def entry(path, **settings):
    beside = {name: settings.pop(name) for name in ("valid", "udm") if name in settings}
    date = datetime.date(2020, 1, 1)
    return ImageEntry(path, "a", date, "2020_01", **beside, settings=ImageSettings(**settings))


@pytest.fixture
def image(tmp_path):
    path = tmp_path / "image.tif"
    write_bands(path, stored(), GRID)
    return path


# The table


def test_a_manifest(tmp_path):
    for name in ("b.tif", "a.tif", "sub/c.png", "scl.tif", "ok.tif"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    found = read_manifest(
        manifest(
            tmp_path,
            "\ufeffdate, aoi ,path,udm,valid,bands,scale,offset,nodata,alpha,unusable,mask_band\r\n"
            "2020-02-09,south,b.tif,scl.tif,,4 3 2,0.0001,-0.1,0,none,0 3 8 9,1\r\n"
            "\r\n"
            f'2020_01,"south",{tmp_path}/a.tif,,ok.tif,,,,,,,\r\n'
            "2019-12,north,sub/c.png,,,none,1 2 3,0,file,4,none,none\r\n",
        ),
        ImageSettings(bands=(1, 2, 3), nodata=None, unusable=(1,), mask_band=2),
    )
    common = {"bands": (1, 2, 3), "nodata": None, "unusable": (1,), "mask_band": 2}
    assert found.entries == (
        ImageEntry(
            tmp_path / "sub/c.png", "north", datetime.date(2019, 12, 1), "2019_12",
            settings=ImageSettings(scale=(1, 2, 3), alpha=4),
        ),
        ImageEntry(
            tmp_path / "a.tif", "south", datetime.date(2020, 1, 1), "2020_01",
            valid=tmp_path / "ok.tif", settings=ImageSettings(**common),
        ),
        ImageEntry(
            tmp_path / "b.tif", "south", datetime.date(2020, 2, 9), "2020_02_09",
            udm=tmp_path / "scl.tif",
            settings=ImageSettings(
                (4, 3, 2), (0.0001,), (-0.1,), 0.0, None, (0, 3, 8, 9), 1
            ),
        ),
    )  # fmt: skip
    assert {aoi: len(entries) for aoi, entries in found.by_aoi().items()} == {
        "north": 1,
        "south": 2,
    }


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("path,aoi\n", "line 1: got no column date"),
        ("path,aoi,date,band\n", r"line 1: got column 'band', .*; did you mean bands\?"),
        ("path,aoi,date,aoi\n", "line 1: got column aoi twice"),
        ("path,aoi,date\na.tif,x\n", "line 2: got 2 cells, the header has 3"),
        ("path,aoi,date\n\na.tif,,2020-01\n", "line 3, column aoi: got nothing"),
        ("path,aoi,date\nb.tif,x,2020-01\n", "line 2, column path: got 'b.tif', no such file"),
        ("path,aoi,date\n.,x,2020-01\n", r"line 2, column path: got '\.', no such file"),
        ("path,aoi,date,udm\na.tif,x,2020-01,u.tif\n", "column udm: got 'u.tif', no such file"),
        ("path,aoi,date\na.tif,x,2020-13\n", "column date: got '2020-13', wanted YYYY-MM"),
        ("path,aoi,date\na.tif,x,2020-02-30\n", "column date: got '2020-02-30'"),
        ("path,aoi,date\na.tif,x,２020-01\n", "column date: got '２020-01'"),  # noqa: RUF001
        ("path,aoi,date\na.tif,x,202002\n", "column date: got '202002'"),
        ("path,aoi,date\na.tif,x/y,2020-01\n", "column aoi: got 'x/y', which cannot be"),
        ("path,aoi,date\na.tif,..,2020-01\n", r"column aoi: got '\.\.'"),
        ("path,aoi,date,bands\na.tif,x,2020-01,0 1\n", "column bands: got 0, wanted a whole"),
        ("path,aoi,date,bands\na.tif,x,2020-01,red\n", "column bands: got 'red', wanted a whole"),
        ("path,aoi,date,bands\na.tif,x,2020-01,file\n", "column bands: got 'file'"),
        ("path,aoi,date,scale\na.tif,x,2020-01,0\n", "column scale: got 0"),
        ("path,aoi,date,scale\na.tif,x,2020-01,inf\n", "column scale: got .inf,"),
        ("path,aoi,date,scale\na.tif,x,2020-01,none\n", "column scale: got 'none'"),
        ("path,aoi,date,bands,offset\na.tif,x,2020-01,1,1 2\n", "column offset: got 2 numbers"),
        ("path,aoi,date,nodata\na.tif,x,2020-01,black\n", "column nodata: got 'black'"),
        ("path,aoi,date,bands,alpha\na.tif,x,2020-01,1 2,2\n", "column alpha: got 2, which is"),
        ("path,aoi,date,unusable\na.tif,x,2020-01,1.5\n", "column unusable: got '1.5'"),
        ('path,aoi,date\na.tif,"x,2020-01\n', "line 2: no CSV"),
        ("path;aoi;date\na.tif;x;2020-01\n", "line 1: .*wanted commas between columns"),
    ],
)
def test_a_bad_manifest_names_line_and_column(tmp_path, text, message):
    (tmp_path / "a.tif").touch()
    with pytest.raises(FormatError, match=message) as error:
        read_manifest(manifest(tmp_path, text))
    assert str(tmp_path / "images.csv") in str(error.value)


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ("a.tif,x,2020-01\n\nb.tif,x,2020_01\n", "lines 2 and 4: two images of x for 2020_01"),
        ("a.tif,x,2020-01\na.tif,x,2020-02\n", "lines 2 and 3: .*a.tif twice in x"),
    ],
)
def test_two_images_that_are_one(tmp_path, rows, message):
    for name in ("a.tif", "b.tif"):
        (tmp_path / name).touch()
    with pytest.raises(StackError, match=message):
        read_manifest(manifest(tmp_path, f"path,aoi,date\n{rows}"))


def test_no_images_and_no_text(tmp_path):
    with pytest.raises(InputError, match="cannot be opened: No such file"):
        read_manifest(tmp_path / "none.csv")
    for text in ("", "path,aoi,date\n"):
        with pytest.raises(InputError, match="has no images"):
            read_manifest(manifest(tmp_path, text))
    (tmp_path / "image.csv").write_bytes(b"II*\0\xff\xfe")
    with pytest.raises(FormatError, match="is no text in UTF-8"):
        read_manifest(tmp_path / "image.csv")


# Images


def test_an_image_as_stored(image):
    array, valid, grid = read_image(entry(image))
    assert array.dtype == np.uint16
    np.testing.assert_array_equal(array, stored())
    assert valid.dtype == bool
    assert valid.all()
    assert grid == GRID


def test_a_window_is_a_part_of_the_whole(tmp_path, image):
    """Bands, alpha, and the rasters beside, of which one has a row and column more."""
    random = np.random.default_rng(0)
    write_mask(tmp_path / "ok.tif", (random.random((5, 7)) > 0.3).astype(np.uint8), GRID)
    write_mask(tmp_path / "scl.tif", random.integers(0, 4, (6, 8)).astype(np.uint8))
    given = entry(image, valid=tmp_path / "ok.tif", udm=tmp_path / "scl.tif", unusable=(3,),
                  bands=(3, 1), scale=(0.5,), alpha=None)  # fmt: skip
    array, valid, grid = read_image(given)
    assert 0 < valid.sum() < valid.size
    for (top, bottom), (left, right) in (((0, 5), (0, 7)), ((1, 4), (2, 7)), ((4, 5), (0, 1))):
        part, part_valid, part_grid = read_image(given, ((top, bottom), (left, right)))
        np.testing.assert_array_equal(part, array[:, top:bottom, left:right])
        np.testing.assert_array_equal(part_valid, valid[top:bottom, left:right])
        assert part_grid == grid


def test_bands_in_the_order_asked_for_and_scaled(image):
    settings = {"bands": (4, 2), "scale": (0.5, 2), "offset": (-1,)}
    array, _, _ = read_image(entry(image, **settings))
    assert array.dtype == np.float32
    np.testing.assert_array_equal(array[0], stored()[3] * 0.5 - 1)
    np.testing.assert_array_equal(array[1], stored()[1] * 2.0 - 1)


@pytest.mark.parametrize(
    ("dtype", "wanted"), [("int16", "int16"), ("int32", "float32"), ("float64", "float32")]
)
def test_types(tmp_path, dtype, wanted):
    profile = {"driver": "GTiff", "width": 7, "height": 5, "count": 4, "dtype": dtype}
    with rasterio.open(
        tmp_path / "a.tif", "w", **profile, crs=GRID.crs, transform=rasterio.Affine(*GRID.transform)
    ) as dataset:
        dataset.write(stored(dtype=dtype))
    array, _, _ = read_image(entry(tmp_path / "a.tif"))
    assert array.dtype == wanted
    np.testing.assert_array_equal(array, stored())


def test_alpha(tmp_path):
    pixels = stored(dtype=np.uint8)
    pixels[3] = 255
    pixels[3, 2, 4] = 0
    write_bands(tmp_path / "rgba.tif", pixels, GRID)
    with rasterio.open(tmp_path / "rgba.tif") as dataset:
        assert dataset.colorinterp[3].name == "alpha"  # by GDAL, unasked
    for settings in ({}, {"alpha": 4}, {"bands": (1, 2, 3), "alpha": 4}):
        array, valid, _ = read_image(entry(tmp_path / "rgba.tif", **settings))
        assert array.shape == (3, 5, 7)
        assert np.argwhere(~valid).tolist() == [[2, 4]]
        assert not array[:, 2, 4].any()
    # As infrared: no alpha, whatever the file says.
    for settings in ({"bands": (1, 2, 3, 4)}, {"alpha": None}):
        array, valid, _ = read_image(entry(tmp_path / "rgba.tif", **settings))
        np.testing.assert_array_equal(array, pixels)
        assert valid.all()


def test_nodata_is_what_all_chosen_bands_have(tmp_path):
    pixels = stored(2)
    pixels[:, 1, 1] = 9999
    pixels[0, 3, 3] = 9999
    write_bands(tmp_path / "a.tif", pixels, GRID)
    array, valid, _ = read_image(entry(tmp_path / "a.tif", nodata=9999))
    assert np.argwhere(~valid).tolist() == [[1, 1]]
    assert (array[0, 3, 3], array[0, 1, 1]) == (9999, 0)
    _, valid, _ = read_image(entry(tmp_path / "a.tif", bands=(1,), nodata=9999))
    assert np.argwhere(~valid).tolist() == [[1, 1], [3, 3]]
    with rasterio.open(tmp_path / "a.tif", "r+") as dataset:
        dataset.nodata = 9999
    assert np.count_nonzero(~read_image(entry(tmp_path / "a.tif"))[1]) == 1
    assert read_image(entry(tmp_path / "a.tif", nodata=None))[1].all()


def test_nan_and_infinity_are_never_valid(tmp_path):
    pixels = stored(2, np.float32)
    pixels[0, 1, 1], pixels[1, 2, 2], pixels[1, 4, 6] = np.nan, np.inf, 3e38
    write_bands(tmp_path / "a.tif", pixels, GRID)
    array, valid, _ = read_image(entry(tmp_path / "a.tif", scale=(10,)))
    assert np.argwhere(~valid).tolist() == [[1, 1], [2, 2], [4, 6]]
    assert np.isfinite(array).all()
    assert np.count_nonzero(~read_image(entry(tmp_path / "a.tif", nodata=float("nan")))[1]) == 2


def test_an_image_without_a_valid_pixel(tmp_path):
    write_bands(tmp_path / "a.tif", np.zeros((3, 5, 7), np.uint8), GRID)
    array, valid, _ = read_image(entry(tmp_path / "a.tif", nodata=0))
    assert not valid.any()
    assert not array.any()


def test_masks_beside_the_image(image, tmp_path):
    classes = np.full((6, 8), 4, np.uint8)  # a row and a column too many
    classes[0, 0], classes[2, 3], classes[4, 4] = 8, 0, 9
    write_mask(tmp_path / "scl.tif", classes, Grid((6, 8), GRID.transform, GRID.crs))
    seen = np.ones((5, 7), np.uint8)
    seen[1, 5] = 0
    write_mask(tmp_path / "ok.tif", seen)  # without a georeference
    udm, valid = {"udm": tmp_path / "scl.tif"}, {"valid": tmp_path / "ok.tif"}

    def invalid(**settings):
        return np.argwhere(~read_image(entry(image, **settings))[1]).tolist()

    assert invalid(**udm, unusable=(8, 9)) == [[0, 0], [4, 4]]
    assert invalid(**valid) == [[1, 5]]
    assert invalid(**udm, **valid, unusable=(8,)) == [[0, 0], [1, 5]]
    assert len(invalid(**udm)) == 34  # all but the 0


def test_one_band_of_a_mask(image, tmp_path):
    bands = np.ones((2, 5, 7), np.uint8)
    bands[1, 3, 2] = 0
    write_bands(tmp_path / "udm2.tif", bands, GRID)
    assert read_image(entry(image, valid=tmp_path / "udm2.tif", mask_band=1))[1].all()
    assert not read_image(entry(image, valid=tmp_path / "udm2.tif", mask_band=2))[1][3, 2]
    with pytest.raises(RasterError, match=r"udm2\.tif: got 2 bands"):
        read_image(entry(image, valid=tmp_path / "udm2.tif"))


@pytest.mark.parametrize(
    ("grid", "message"),
    [
        (Grid((5, 9), GRID.transform, GRID.crs), "got 5 x 9"),
        (Grid((5, 7), GRID.transform, "EPSG:32632"), "is in EPSG:32632, its image in EPSG:32631"),
        (Grid((5, 7), (10, 0, 500020, 0, -10, 4600000), GRID.crs), r"lies 2\.0 px off its image"),
    ],
)
def test_a_mask_that_does_not_fit(image, tmp_path, grid, message):
    write_mask(tmp_path / "mask.tif", np.ones(grid.shape_yx, np.uint8), grid)
    with pytest.raises(RasterError, match=rf"mask\.tif: {message}"):
        read_image(entry(image, valid=tmp_path / "mask.tif"))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"bands": (1, 5)}, "bands: got 5, the file has 4"),
        ({"alpha": 7}, "alpha: got 7, the file has 4"),
        ({"scale": (1, 2)}, "scale: got 2 numbers, wanted 1 or 4"),
    ],
)
def test_settings_that_do_not_fit_the_file(image, settings, message):
    with pytest.raises(RasterError, match=rf"image\.tif: {message}"):
        read_image(entry(image, **settings))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"bands": ()}, "bands: got none"),
        ({"bands": (1.5,)}, "bands: got 1.5"),
        ({"scale": ()}, "scale: got none"),
        ({"offset": (float("nan"),)}, "offset: got"),
        ({"nodata": "black"}, "nodata: got 'black'"),
        ({"alpha": 0}, "alpha: got 0"),
        ({"mask_band": 0}, "mask_band: got 0"),
        ({"unusable": ("cloud",)}, "unusable: got 'cloud'"),
    ],
)
def test_bad_settings(settings, message):
    with pytest.raises(InputError, match=message):
        ImageSettings(**settings)


def test_no_complex_pixels(tmp_path):
    profile = {"driver": "GTiff", "width": 7, "height": 5, "count": 1, "dtype": "complex64"}
    with rasterio.open(
        tmp_path / "a.tif", "w", **profile, crs=GRID.crs, transform=rasterio.Affine(*GRID.transform)
    ) as dataset:
        dataset.write(stored(1, np.complex64))
    with pytest.raises(RasterError, match=r"a\.tif: got pixels of type complex64"):
        read_image(entry(tmp_path / "a.tif"))


def test_a_virtual_raster_is_refused(tmp_path):
    (tmp_path / "a.tif").write_text('<VRTDataset rasterXSize="7" rasterYSize="5"/>')
    with pytest.raises(RasterError, match="virtual raster"):
        read_image(entry(tmp_path / "a.tif"))


# SpaceNet 7


def sn7_image(root, pixels, folder="images_masked"):
    path = root / AOI / folder / f"{sn7_stem(AOI, '2018_01')}.tif"
    path.parent.mkdir(parents=True)
    write_bands(path, pixels, sn7_grid(AOI, pixels.shape[1:]))
    return Catalog.scan(root)[AOI].months[0]


def test_an_image_of_spacenet(tmp_path):
    pixels = stored(4, np.uint8)
    pixels[3, 2, 2] = 0
    image, valid, grid = read_sn7_image(sn7_image(tmp_path, pixels))
    assert np.argwhere(~valid).tolist() == [[2, 2]]
    pixels[:, 2, 2] = 0
    np.testing.assert_array_equal(image, pixels[:3])
    assert grid == sn7_grid(AOI, (5, 7))


@pytest.mark.parametrize("pixels", [stored(2, np.uint8), stored(4, np.uint16)])
def test_no_image_of_spacenet(tmp_path, pixels):
    with pytest.raises(RasterError, match="wanted uint8 red, green, blue"):
        read_sn7_image(sn7_image(tmp_path, pixels))


def test_the_real_tile(real_data):
    (files,) = Catalog.scan(real_data / "sn7-full-tile").aois[0].months
    image, valid, grid = read_sn7_image(files)
    assert (image.shape, image.dtype, grid.shape_yx) == ((3, 1024, 1024), np.uint8, (1024, 1024))
    assert np.count_nonzero(~valid) == 4092  # the outermost ring
    assert valid[1:-1, 1:-1].all()


def test_a_real_image_of_integers_with_sign(real_data):
    (path,) = (real_data / "sn7-0331e").glob("*clip-701x538.tif")
    image, valid, grid = read_image(entry(path, bands=(3, 2, 1), alpha=4))
    assert (image.shape, image.dtype, grid.shape_yx) == ((3, 701, 538), np.int16, (701, 538))
    assert valid.mean() > 0.99
