"""Training masks: which labels go where, on which grid, and that nothing half-done stays."""

import csv
from dataclasses import replace
from shutil import copy

import geopandas as gpd
import numpy as np
import pytest
import rasterio
from click.testing import CliRunner
from rasterio import features
from rasterio.warp import transform

from sn7fast import Footprints, Grid, compat, rasterize, write_geojson
from sn7fast.cli.group import commands
from sn7fast.data import prep as prep_module
from sn7fast.data.catalog import Catalog
from sn7fast.data.prep import PrepOptions, burn_labels, prepare, prepare_aoi
from sn7fast.data.sn7 import sn7_grid, sn7_stem
from sn7fast.data.synthetic import synthetic_stack
from sn7fast.data.valid import valid_pixels
from sn7fast.errors import FormatError, InputError, RasterError
from sn7fast.io.rasters import write_bands, write_mask

AOI = "L15-0368E-1245N_1474_3210_13"
LABELS = ("labels", "labels_match", "labels_match_pix")
OTHER = "L15-0358E-1220N_1433_3310_13"
THIRD = "L15-0331E-1257N_1327_3160_13"
SHAPE = (33, 40)


def box(left, top, right, bottom):
    ring = [[left, top], [right, top], [right, bottom], [left, bottom], [left, top]]
    return Footprints(np.array(ring, float), np.array([0, 5]), np.array([0, 1]))


def boxes(*corners):
    return Footprints.concatenate([box(*one) for one in corners])


HOUSES = boxes((3, 4, 9, 10), (10, 4, 15, 9), (20.2, 20.3, 25.4, 28.6))


def write_image(root, aoi=AOI, month="2018_01", folder="images_masked", shape=SHAPE, bands=4):
    path = root / aoi / folder / f"{sn7_stem(aoi, month)}.tif"
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.full((bands, *shape), 90, np.uint8)
    pixels[3:] = 255
    write_bands(path, pixels, sn7_grid(aoi, shape))
    return path


def write_labels(
    root, houses=HOUSES, aoi=AOI, month="2018_01", kind="labels_match_pix", crs=None, shape=SHAPE
):
    """Labels of SpaceNet 7, of pixels made those of ``kind``."""
    path = root / aoi / kind / f"{sn7_stem(aoi, month)}_Buildings.geojson"
    path.parent.mkdir(parents=True, exist_ok=True)
    if kind != "labels_match_pix":
        houses = sn7_grid(aoi, shape).px_to_crs(houses)
        crs = "EPSG:3857"
    if kind == "labels":
        lon_lat = transform(crs, "OGC:CRS84", *houses.coords.T)
        houses, crs = Footprints(np.array(lon_lat).T, *houses.arrays[1:]), "OGC:CRS84"
    write_geojson(path, houses, crs=crs)
    return path


def read(path):
    with rasterio.open(path) as dataset:
        return dataset.read()


def run(*arguments):
    return CliRunner().invoke(commands, [str(argument) for argument in arguments])


def table(path):
    with path.open(newline="") as file:
        return list(csv.reader(file))


def names(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


def one_aoi(root):
    return Catalog.scan(root)[AOI]


# Masks


@pytest.mark.parametrize("kind", ["labels_match_pix", "labels_match", "labels"])
@pytest.mark.parametrize("shape", [(33, 40), (32, 40), (33, 39)])
def test_labels_of_each_kind(tmp_path, kind, shape):
    image = write_image(tmp_path, shape=shape)
    write_labels(tmp_path, kind=kind, shape=shape)
    done = prepare_aoi(one_aoi(tmp_path), tmp_path / "out")
    (month,) = done.months
    assert month.mask == tmp_path / f"out/{AOI}/masks/{sn7_stem(AOI, '2018_01')}_Buildings.tif"
    assert (month.image, month.buildings, done.skipped) == (image, 3, {})
    np.testing.assert_array_equal(read(month.mask)[0], rasterize(HOUSES, shape))
    with rasterio.open(month.mask) as mask, rasterio.open(image) as wanted:
        assert (mask.crs, mask.transform, mask.shape) == (wanted.crs, wanted.transform, shape)
        assert (mask.count, mask.dtypes, mask.descriptions) == (1, ("uint8",), ("footprint",))


def test_labels_in_pixels_come_first_then_those_with_ids(tmp_path):
    write_image(tmp_path)
    for count, kind in enumerate(("labels", "labels_match", "labels_match_pix"), 1):
        write_labels(tmp_path, HOUSES[:count], kind=kind)
        (month,) = prepare_aoi(one_aoi(tmp_path), tmp_path / "out").months
        assert month.buildings == count


def test_labels_without_crs_member(tmp_path):
    """GeoJSON of today has none and is longitude and latitude, but not that of SpaceNet 7."""
    write_image(tmp_path)
    for kind in ("labels", "labels_match"):
        path = write_labels(tmp_path, kind=kind)
        lines = path.read_text().splitlines()
        path.write_text("\n".join(line for line in lines if '"crs"' not in line))
        assert "crs" not in path.read_text()
        (month,) = prepare_aoi(one_aoi(tmp_path), tmp_path / "out").months
        np.testing.assert_array_equal(read(month.mask)[0], rasterize(HOUSES, SHAPE))


def test_pixels_that_a_program_called_degrees(tmp_path):
    write_image(tmp_path)
    write_labels(tmp_path, crs="EPSG:4326")
    (month,) = prepare_aoi(one_aoi(tmp_path), tmp_path / "out").months
    assert np.count_nonzero(read(month.mask)) == np.count_nonzero(rasterize(HOUSES, SHAPE))


@pytest.mark.parametrize("content", ["", '{"type": "FeatureCollection", "features": []}'])
def test_empty_labels_make_a_mask_of_zeros(tmp_path, content):
    write_image(tmp_path)
    write_labels(tmp_path).write_text(content)
    channels = ("footprint", "boundary", "contact")
    (month,) = prepare_aoi(one_aoi(tmp_path), tmp_path / "out", PrepOptions(channels)).months
    assert month.buildings == 0
    assert read(month.mask).shape == (3, *SHAPE)
    assert not read(month.mask).any()


def test_null_geometry_is_left_out(tmp_path):
    write_image(tmp_path)
    path = write_labels(tmp_path)
    null = '{"type": "Feature", "properties": {}, "geometry": null},'
    path.write_text(path.read_text().replace('"features": [', f'"features": [{null}'))
    assert "null" in path.read_text()
    (month,) = prepare_aoi(one_aoi(tmp_path), tmp_path / "out").months
    assert month.buildings == 3


@pytest.mark.parametrize("scale", [1, 2, 3, 4])
def test_enlargement(tmp_path, scale):
    image = write_image(tmp_path)
    write_labels(tmp_path)
    (month,) = prepare_aoi(one_aoi(tmp_path), tmp_path / "o", PrepOptions(scale=scale)).months
    mask = read(month.mask)[0]
    assert mask.shape == (SHAPE[0] * scale, SHAPE[1] * scale)
    # The pixel (r, c) of the mask is set if its centre, in pixels of the image, is in a house.
    y, x = ((np.arange(n * scale) + 0.5) / scale for n in SHAPE)
    left, top, right, bottom = HOUSES.bounds.T[:, :, None, None]
    inside = (x > left) & (x < right) & (y[:, None] > top) & (y[:, None] < bottom)
    np.testing.assert_array_equal(mask == 255, inside.any(axis=0))
    with rasterio.open(month.mask) as written, rasterio.open(image) as wanted:
        np.testing.assert_allclose(written.bounds, wanted.bounds, rtol=1e-12)


def test_channels_in_the_order_asked_for(tmp_path):
    write_image(tmp_path)
    write_labels(tmp_path)
    options = PrepOptions(("contact", "footprint", "boundary"), boundary_width=3)
    (month,) = prepare_aoi(one_aoi(tmp_path), tmp_path / "out", options).months
    contact, footprint, boundary = read(month.mask)
    with rasterio.open(month.mask) as written:
        assert written.descriptions == ("contact", "footprint", "boundary")
    np.testing.assert_array_equal(footprint, rasterize(HOUSES, SHAPE))
    # The first house has 6 x 6 pixels, of which the inner 4 x 4 are no boundary.
    assert np.count_nonzero(boundary[4:10, 3:9]) == 36 - 16
    assert contact[4:9, 9].all()  # between the houses, which are a pixel apart
    assert not contact[18:, 18:].any()


def test_contact_spacing_is_in_units_of_the_crs():
    """The same ground at twice the size: twice the pixels, the same distance."""
    apart = boxes((3, 4, 9, 10), (13, 4, 18, 10))  # 4 pixels of 4.78 m
    grid = sn7_grid(AOI, SHAPE)
    for scale in (1, 2):
        near = burn_labels(apart, grid, ("contact",), scale=scale, contact_spacing=18)[0]
        far = burn_labels(apart, grid, ("contact",), scale=scale, contact_spacing=25)[0]
        assert not near.any()
        assert far[0, 6 * scale, 11 * scale]


def test_months_that_lack_something_are_skipped_and_told(tmp_path):
    write_image(tmp_path, month="2018_01")
    write_labels(tmp_path, month="2018_01")
    write_image(tmp_path, month="2018_02")
    write_labels(tmp_path, month="2018_05")
    done = prepare_aoi(one_aoi(tmp_path), tmp_path / "out")
    assert [month.month for month in done.months] == ["2018_01"]
    assert done.skipped == {"2018_02": "no labels", "2018_05": "no image"}


def test_a_synthetic_aoi(tmp_path):
    made = synthetic_stack(seed=2, shape_yx=(200, 161), months=4, buildings=60, cloud_chance=0.6)
    made.write_sn7(tmp_path / "train")
    images = tmp_path / "train" / made.aoi / "images"
    images.mkdir(exist_ok=True)
    for month in made.months:
        path = images / f"{sn7_stem(made.aoi, month)}.tif"
        write_bands(path, np.full((4, 200, 161), 255, np.uint8), made.grid)
    catalog = Catalog.scan(tmp_path / "train")
    (aoi,) = prepare(catalog, tmp_path / "out", PrepOptions(valid=True))
    assert [month.month for month in aoi.months] == list(made.months)
    stored = {files.month: files.mask for files in catalog[made.aoi].months}
    for month, cloud in zip(aoi.months, made.cloud_masks, strict=True):
        np.testing.assert_array_equal(read(month.mask), read(stored[month.month]))
        np.testing.assert_array_equal(read(month.valid)[0], 255 - cloud)


@pytest.mark.parametrize("kind", ["labels_match_pix", "labels_match", "labels"])
def test_the_real_tile(real_data, tmp_path, kind):
    """0 pixels off the stored mask, from labels in any coordinates; compat the same."""
    (tile,) = Catalog.scan(real_data / "sn7-full-tile")
    (files,) = tile.months
    absent = {name: None for name in LABELS if name != kind}
    options = PrepOptions(prep_module.CHANNELS)
    one_kind = replace(tile, months=(replace(files, **absent),))
    (month,) = prepare_aoi(one_kind, tmp_path / "out", options).months
    mask, stored = read(month.mask), read(files.mask)[0]
    assert np.count_nonzero(mask[0] != stored) == 0
    out = tmp_path / "mask.tif", tmp_path / "fbc.tif"
    compat.make_geojsons_and_masks("tile", files.image, files.labels_match, *out)
    np.testing.assert_array_equal(read(out[0])[0], stored)
    fbc = read(out[1])
    np.testing.assert_array_equal(mask[:2], fbc[:2])
    # `labels` has other polygons: multipolygons in one, and one without geometry.
    assert np.count_nonzero(mask[2] != fbc[2]) <= (4 if kind == "labels" else 0)


@pytest.mark.parametrize("scale", [1, 3])
def test_a_real_image_of_1023_rows_against_gdal(real_data, tmp_path, scale):
    """Longitude and latitude by pyproj, burnt by GDAL: the same, at the enlarged size too."""
    stem, source = sn7_stem(THIRD, "2020_01"), real_data / "sn7-0331e"
    home = tmp_path / THIRD
    (home / "images").mkdir(parents=True)
    (home / "labels").mkdir()
    copy(source / f"{THIRD}_month-unknown.tif", home / f"images/{stem}.tif")
    labels = copy(source / f"{stem}_Buildings.geojson", home / "labels")
    catalog = Catalog.scan(tmp_path)
    (month,) = prepare_aoi(catalog[THIRD], tmp_path / "out", PrepOptions(scale=scale)).months
    with rasterio.open(month.mask) as written:
        assert written.shape == (1023 * scale, 1024 * scale)
        shapes = [(shape, 255) for shape in gpd.read_file(labels).to_crs(3857).geometry]
        wanted = features.rasterize(shapes, written.shape, transform=written.transform)
        np.testing.assert_array_equal(written.read(1), wanted)
    assert (month.buildings, wanted.any()) == (2108, True)


# Valid pixels


def month_files(root):
    return one_aoi(root).months[0]


def write_udm(root, shape, cloud):
    path = root / AOI / "UDM_masks" / f"{sn7_stem(AOI, '2018_01')}_UDM.tif"
    path.parent.mkdir(parents=True)
    mask = np.zeros(shape, np.uint8)
    mask[cloud] = 255
    write_mask(path, mask, sn7_grid(AOI, shape))


CLOUD = (slice(2, 5), slice(30, 40))


def test_valid_pixels_of_the_masked_image(tmp_path):
    path = write_image(tmp_path)
    pixels = read(path)
    pixels[:, *CLOUD] = 0
    pixels[:3, 20, 20] = 0  # black, but seen
    write_bands(path, pixels, sn7_grid(AOI, SHAPE))
    write_udm(tmp_path, SHAPE, (slice(0, 1), slice(0, 1)))  # less reliable
    valid = valid_pixels(month_files(tmp_path))
    assert np.count_nonzero(~valid) == 30
    assert not valid[CLOUD].any()


def test_valid_pixels_of_a_masked_image_without_alpha(tmp_path):
    path = write_image(tmp_path, bands=3)
    pixels = read(path)
    pixels[:, *CLOUD] = 0
    pixels[0, 10, 10] = 0
    write_bands(path, pixels, sn7_grid(AOI, SHAPE))
    assert np.count_nonzero(~valid_pixels(month_files(tmp_path))) == 30


@pytest.mark.parametrize("bands", [3, 4])
def test_valid_pixels_of_a_udm_raster_with_a_row_too_many(tmp_path, bands):
    write_image(tmp_path, folder="images", bands=bands)
    write_udm(tmp_path, (SHAPE[0] + 1, SHAPE[1] + 1), CLOUD)
    valid = valid_pixels(month_files(tmp_path))
    assert valid.shape == SHAPE
    assert np.count_nonzero(~valid) == 30


def test_valid_masks_are_enlarged_too(tmp_path):
    write_image(tmp_path, folder="images")
    write_labels(tmp_path)
    write_udm(tmp_path, SHAPE, CLOUD)
    options = PrepOptions(scale=3, valid=True)
    (month,) = prepare_aoi(one_aoi(tmp_path), tmp_path / "out", options).months
    assert month.valid.name == f"{sn7_stem(AOI, '2018_01')}_valid.tif"
    valid = read(month.valid)[0]
    assert valid.shape == read(month.mask)[0].shape
    assert np.count_nonzero(valid == 0) == 30 * 9
    assert not valid[6:15, 90:].any()


@pytest.mark.parametrize("shape", [(35, 40), (33, 39)])
def test_udm_raster_of_another_shape(tmp_path, shape):
    write_image(tmp_path, folder="images")
    write_udm(tmp_path, shape, CLOUD)
    with pytest.raises(RasterError, match=rf"_UDM\.tif: got {shape[0]} x {shape[1]}"):
        valid_pixels(month_files(tmp_path))


def test_no_source_of_valid_pixels(tmp_path):
    write_image(tmp_path, folder="images", bands=3)
    with pytest.raises(RasterError, match="cannot be told"):
        valid_pixels(month_files(tmp_path))


# What is refused


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"channels": "footprint"}, "channels: got 'footprint', wanted a sequence"),
        ({"channels": ()}, "channels: got none"),
        ({"channels": ("roof",)}, "channels: got roof, wanted some of footprint, boundary"),
        ({"channels": ("footprint", "footprint")}, "each once"),
        ({"scale": 5}, "scale: got 5, wanted a whole number from 1 to 4"),
        ({"boundary_width": 0}, "boundary_width: got 0"),
        ({"contact_spacing": float("nan")}, "contact_spacing: got nan"),
    ],
)
def test_bad_options(options, message):
    with pytest.raises(InputError, match=message):
        PrepOptions(**options)


def test_labels_of_another_place(tmp_path):
    write_image(tmp_path)
    write_labels(tmp_path, boxes((2000, 3, 2010, 9), (1500, 3, 1510, 9)))
    with pytest.raises(InputError, match="all 2 footprints lie outside the image: x 1500 to 2010"):
        prepare_aoi(one_aoi(tmp_path), tmp_path / "out")


def test_pixel_labels_in_metres(tmp_path):
    write_image(tmp_path)
    write_labels(tmp_path, crs="EPSG:3857")
    with pytest.raises(InputError, match="coordinates are in EPSG:3857, wanted pixels"):
        prepare_aoi(one_aoi(tmp_path), tmp_path / "out")


@pytest.mark.parametrize("name", ["EPSG:nowhere", "/etc/passwd", "http://localhost/crs"])
def test_unknown_crs(tmp_path, name):
    write_image(tmp_path)
    path = write_labels(tmp_path, kind="labels_match")
    path.write_text(path.read_text().replace("urn:ogc:def:crs:EPSG::3857", name))
    with pytest.raises(FormatError, match=f"{path.name}: crs: got '{name}'"):
        prepare_aoi(one_aoi(tmp_path), tmp_path / "out")


def test_a_crs_that_proj_does_not_know(tmp_path):
    write_image(tmp_path)
    path = write_labels(tmp_path, kind="labels_match")
    path.write_text(path.read_text().replace("EPSG::3857", "EPSG::999999"))
    with pytest.raises(InputError, match="no way from EPSG:999999 to EPSG:3857"):
        prepare_aoi(one_aoi(tmp_path), tmp_path / "out")


def test_image_without_crs(tmp_path):
    image = write_image(tmp_path)
    write_bands(image, np.zeros((4, *SHAPE), np.uint8))
    write_labels(tmp_path, kind="labels_match")
    with pytest.raises(InputError, match="are in EPSG:3857, the image has no CRS"):
        prepare_aoi(one_aoi(tmp_path), tmp_path / "out")


def test_contact_of_pixels_that_are_not_square():
    grid = Grid(SHAPE, (4, 0, 0, 0, -2, 0))
    assert burn_labels(HOUSES, grid)[0].any()
    with pytest.raises(InputError, match=r"pixels of 4\.0 x 2\.0, wanted square ones"):
        burn_labels(HOUSES, grid, ("contact",))


def test_a_failing_aoi_leaves_nothing_and_takes_nothing_away(tmp_path):
    write_image(tmp_path, month="2018_01")
    write_labels(tmp_path, month="2018_01")
    write_image(tmp_path, month="2018_02")
    broken = write_labels(tmp_path, month="2018_02")
    whole = broken.read_text()
    broken.write_text("{")
    out = tmp_path / "out"
    with pytest.raises(FormatError, match=broken.name):
        prepare_aoi(one_aoi(tmp_path), out, PrepOptions(valid=True))
    assert names(out) == []
    broken.write_text(whole)
    prepare_aoi(one_aoi(tmp_path), out)
    before = {path: (out / path).read_bytes() for path in names(out) if path.endswith(".tif")}
    assert len(before) == 2
    broken.write_text("{")
    with pytest.raises(FormatError):
        prepare_aoi(one_aoi(tmp_path), out, PrepOptions(scale=2))
    assert {path: (out / path).read_bytes() for path in names(out) if ".tif" in path} == before


# The command


@pytest.fixture
def train(tmp_path):
    root = tmp_path / "data"
    for month in ("2018_01", "2018_03"):
        for aoi in (AOI, OTHER):
            write_image(root / "train", aoi, month)
            write_labels(root / "train", aoi=aoi, month=month)
    write_image(root / "test_public", THIRD)
    return root


def test_command(train, tmp_path):
    out = tmp_path / "out"
    result = run("prep", train, "--out", out)
    assert result.exit_code == 0, result.output
    assert f"{out}: 4 masks of 2 AOIs, 12 footprints" in result.stdout
    assert "1 image of AOIs without labels" in result.stderr
    header, *rows = table(out / prep_module.TRAIN_TABLE)
    assert header == ["image", "label"]
    stems = [sn7_stem(aoi, month) for aoi in (OTHER, AOI) for month in ("2018_01", "2018_03")]
    assert [row[0].rpartition("/")[2] for row in rows] == [f"{stem}.tif" for stem in stems]
    for image, label in rows:
        assert read(image).shape[1:] == read(label).shape[1:]
        assert label.startswith(str(out))
    assert table(out / prep_module.TEST_TABLE)[1:] == [
        [str(Catalog.scan(train)[THIRD].months[0].image_masked)]
    ]
    found = Catalog.scan(out)
    assert [files.mask is not None for files in found.files()] == [True] * 4


def test_command_with_all_options(train, tmp_path):
    out = tmp_path / "out"
    more = ["--channels", "footprint,boundary,contact", "--scale", 2, "--boundary-width", 3]
    more += ["--contact-spacing", 8, "--valid", "--quiet"]
    result = run("prep", train / "train", "--out", out, *more)
    assert (result.exit_code, result.output) == (0, "")
    home = out / AOI
    assert len(names(home / "masks")) == len(names(home / "valid")) == 2
    for path in (home / "masks").iterdir():
        wanted, _ = burn_labels(
            HOUSES, sn7_grid(AOI, SHAPE), prep_module.CHANNELS, scale=2, boundary_width=3,
            contact_spacing=8,
        )  # fmt: skip
        np.testing.assert_array_equal(read(path), wanted)
    assert table(out / prep_module.TEST_TABLE) == [["image"]]


def test_command_reports_an_aoi_that_fails(train, tmp_path):
    (broken,) = (train / "train" / AOI / "labels_match_pix").glob("*2018_03*")
    broken.write_text("[")
    out = tmp_path / "out"
    result = run("prep", train, "--out", out)
    assert result.exit_code == 4
    assert f"error: AOI {AOI} left out: {broken}" in result.stderr
    assert not (out / AOI).exists()
    assert {row[1].split("/")[-3] for row in table(out / prep_module.TRAIN_TABLE)[1:]} == {OTHER}


def test_command_tells_what_it_leaves_out(train, tmp_path):
    write_image(train / "train", AOI, "2018_07")
    (train / "train" / AOI / "images_masked" / "copy.tif").touch()
    result = run("prep", train, "--out", tmp_path / "out")
    assert result.exit_code == 0
    assert f"warning: AOI {AOI}, month 2018_07 left out: no labels" in result.stderr
    assert "1 file with other names" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (["--channels", "roof"], 2, "--channels: got 'roof'"),
        (["--channels", "footprint,footprint"], 2, "each once"),
        (["--scale", "5"], 2, "--scale"),
    ],
)
def test_command_with_bad_options(train, tmp_path, arguments, status, message):
    result = run("prep", train, "--out", tmp_path / "out", *arguments)
    assert result.exit_code == status
    assert message in result.stderr
    assert names(tmp_path) == sorted(["data", *(f"data/{path}" for path in names(train))])


def test_command_without_labels_and_without_anything(train, tmp_path):
    for root, message in (
        (train / "test_public", "none of the 1 AOIs has labels"),
        (tmp_path / "none", "does not exist"),
    ):
        result = run("prep", root, "--out", tmp_path / "out")
        assert result.exit_code == 3
        assert message in result.stderr
        assert not (tmp_path / "out").exists()


def test_command_replaces_only_if_told_and_never_its_input(train, tmp_path):
    out = tmp_path / "out"
    out.mkdir()
    (out / "kept.txt").touch()
    assert run("prep", train, "--out", out).exit_code == 2
    assert names(out) == ["kept.txt"]
    for place in (train, tmp_path):
        assert run("prep", train, "--out", place, "--overwrite").exit_code == 2
    assert run("prep", train, "--out", out, "--overwrite").exit_code == 0
    assert "kept.txt" not in names(out)
