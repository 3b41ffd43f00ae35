"""Finding frames below a folder, and reading the masks that were found."""

import numpy as np
import pytest

from sn7fast.data.discover import Frame, discover
from sn7fast.data.load import load_masks, load_stacks
from sn7fast.data.sn7 import sn7_grid, sn7_stem
from sn7fast.errors import InputError, RasterError, StackError
from sn7fast.grid import Grid
from sn7fast.io.rasters import write_mask

AOI = "L15-0368E-1245N_1474_3210_13"
OTHER = "L15-0358E-1220N_1433_3310_13"


def sn7(month, aoi=AOI, suffix="_Buildings.tif"):
    return f"{sn7_stem(aoi, month)}{suffix}"


def touch(root, *paths):
    for path in paths:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).touch()
    return root


def found(source):
    return [(frame.aoi, frame.month, frame.path.name) for frame in source.frames]


def mask_file(path, rows=6, columns=8, dtype=np.uint8, grid=None, pixels=((2, 3),)):
    path.parent.mkdir(parents=True, exist_ok=True)
    mask = np.zeros((rows, columns), dtype)
    for row, column in pixels:
        mask[row, column] = 255
    write_mask(path, mask, grid)
    return path


# Layouts


def test_one_aoi_in_the_folder_in_time_order(tmp_path):
    touch(tmp_path, sn7("2018_03"), sn7("2018_01"), "index.csv", ".hidden_2018_05.tif", "notes.txt")
    source = discover(tmp_path)
    assert source.kind == "masks"
    assert source.has_sn7_names
    assert found(source) == [
        (AOI, "2018_01", sn7("2018_01")),
        (AOI, "2018_03", sn7("2018_03")),
    ]


def test_several_aois_in_one_folder_by_their_names(tmp_path):
    touch(tmp_path, sn7("2018_01"), sn7("2018_01", OTHER))
    assert [aoi for aoi, *_ in found(discover(tmp_path))] == [OTHER, AOI]


@pytest.mark.parametrize("role", ["", "masks/", "preds/", "grayscale/", "anything/"])
def test_a_folder_for_each_aoi(tmp_path, role):
    touch(tmp_path, f"{AOI}/{role}{sn7('2018_01')}", f"{OTHER}/{role}{sn7('2018_02', OTHER)}")
    assert [(aoi, month) for aoi, month, _ in found(discover(tmp_path))] == [
        (OTHER, "2018_02"),
        (AOI, "2018_01"),
    ]


def test_other_names_take_the_folder_as_aoi(tmp_path):
    touch(tmp_path, "north/2020-01.tif", "north/2020-02.tif", "south/masks/town_2020_01.tiff")
    source = discover(tmp_path)
    assert not source.has_sn7_names
    assert [(aoi, month) for aoi, month, _ in found(source)] == [
        ("north", "2020_01"),
        ("north", "2020_02"),
        ("south", "2020_01"),
    ]


def test_month_alone_takes_the_name_of_the_folder(tmp_path):
    touch(tmp_path / "site" / "masks", "2020-01.png")
    assert found(discover(tmp_path / "site"))[0][0] == "site"
    assert found(discover(tmp_path / "site" / "masks"))[0][0] == "site"
    assert found(discover(tmp_path / "site" / "masks" / "2020-01.png"))[0][0] == "site"


def test_rest_of_the_name_is_the_aoi_in_a_flat_folder(tmp_path):
    touch(tmp_path, "town_2020_01.tif", "town_2020_02.tif")
    assert [(aoi, month) for aoi, month, _ in found(discover(tmp_path))] == [
        ("town", "2020_01"),
        ("town", "2020_02"),
    ]


def sn7_folder(root):
    image = f"{sn7_stem(AOI, '2018_01')}.tif"
    udm = f"{sn7_stem(AOI, '2018_01')}_UDM"
    labels = sn7("2018_01", suffix="_Buildings.geojson")
    paths = [f"images/{image}", f"images_masked/{image}", f"masks/{sn7('2018_01')}"]
    paths += [f"UDM_masks/{udm}.tif", f"labels/{udm}.geojson"]
    paths += [f"{name}/{labels}" for name in ("labels", "labels_match", "labels_match_pix")]
    return touch(root / AOI, *paths).parent


def test_spacenet_folder_gives_its_pixel_labels(tmp_path):
    for root in (sn7_folder(tmp_path), tmp_path / AOI):
        source = discover(root)
        assert source.kind == "geojson"
        assert [frame.path.parent.name for frame in source.frames] == ["labels_match_pix"]


def test_spacenet_folder_gives_its_masks_where_masks_are_wanted(tmp_path):
    source = discover(sn7_folder(tmp_path), kinds=["masks"])
    assert [frame.path.parent.name for frame in source.frames] == ["masks"]


def test_cloud_masks_are_left_out(tmp_path):
    touch(tmp_path, sn7("2018_01"), sn7("2018_01", suffix="_UDM.tif"))
    assert [name for *_, name in found(discover(tmp_path))] == [sn7("2018_01")]


def test_csv_and_single_files(tmp_path):
    touch(tmp_path, "truth.csv", sn7("2018_01"), sn7("2018_01", suffix="_Buildings.geojson"))
    assert discover(tmp_path / "truth.csv").kind == "csv"
    assert discover(tmp_path / sn7("2018_01")).kind == "masks"
    single = discover(tmp_path / sn7("2018_01", suffix="_Buildings.geojson"))
    assert single.by_aoi() == {AOI: [Frame(AOI, "2018_01", single.path)]}


# What is refused


def test_nothing_there(tmp_path):
    with pytest.raises(InputError, match=r"none: does not exist, wanted masks .* or GeoJSON"):
        discover(tmp_path / "none")


def test_nothing_found(tmp_path):
    touch(tmp_path, "tracks.csv", "a/b/c/2020_01.tif", "image.jpg")
    with pytest.raises(InputError) as error:
        discover(tmp_path)
    message = str(error.value)
    assert str(tmp_path) in message
    assert "*.tif" in message
    assert "*.geojson" in message
    assert "to read tracks.csv, give its own path" in message


def test_other_kind_of_file(tmp_path):
    touch(tmp_path, "2020_01.shp", "2020_01.geojson")
    with pytest.raises(InputError, match=r"2020_01\.shp: got a \.shp file"):
        discover(tmp_path / "2020_01.shp")
    with pytest.raises(InputError, match=r"got a \.geojson file, wanted masks"):
        discover(tmp_path / "2020_01.geojson", kinds=["masks"])


def test_no_month_in_a_name(tmp_path):
    touch(tmp_path, sn7("2018_01"), f"{AOI}_month-unknown.tif")
    with pytest.raises(StackError, match=rf'"{AOI}_month-unknown\.tif": got no month'):
        discover(tmp_path)


@pytest.mark.parametrize(
    "names",
    [
        (sn7("2018_01"), sn7("2018_01", suffix=".tif")),
        ("a/2018-01.tif", "a/2018_01.png"),
        (f"first/{sn7('2018_01')}", f"second/{sn7('2018_01')}"),
    ],
)
def test_two_files_for_one_month(tmp_path, names):
    touch(tmp_path, *names)
    with pytest.raises(StackError, match="two files for month 2018_01") as error:
        discover(tmp_path)
    assert all(str(tmp_path / name) in str(error.value) for name in names)


def test_mixed_kinds(tmp_path):
    mixed = touch(tmp_path / "flat", "2018_01.tif", "2018_02.geojson")
    with pytest.raises(StackError, match="masks as well as GeoJSON") as error:
        discover(mixed)
    assert "2018_01.tif" in str(error.value)
    assert "2018_02.geojson" in str(error.value)
    assert len(discover(mixed, kinds=["masks"]).frames) == 1
    touch(tmp_path / "aois", "a/2018_01.tif", "b/2018_01.geojson")
    with pytest.raises(StackError, match="masks as well as GeoJSON"):
        discover(tmp_path / "aois")


def test_several_folders_that_could_be_meant(tmp_path):
    touch(tmp_path / AOI, f"masks/{sn7('2018_01')}", f"preds/{sn7('2018_01')}")
    for root in (tmp_path, tmp_path / AOI):
        with pytest.raises(StackError, match="several folders hold frames: masks, preds"):
            discover(root)


# Masks


def test_masks_and_their_grid(tmp_path):
    grid = sn7_grid(AOI, (6, 8))
    for month in ("2018_01", "2018_02", "2018_04"):
        mask_file(tmp_path / sn7(month), grid=grid, pixels=[(int(month[-1]), 3)])
    masks, read_grid = load_masks(discover(tmp_path).frames)
    assert read_grid == grid
    assert [np.argwhere(mask).tolist() for mask in masks] == [[[1, 3]], [[2, 3]], [[4, 3]]]


def test_grid_of_the_one_that_has_it(tmp_path):
    mask_file(tmp_path / "2018_01.tif")
    mask_file(tmp_path / "2018_02.tif", grid=sn7_grid(AOI, (6, 8)))
    assert load_masks(discover(tmp_path).frames)[1] == sn7_grid(AOI, (6, 8))


@pytest.mark.parametrize("folder", ["", "west/"])
def test_days_and_orbits_in_names_make_no_aois_of_their_own(tmp_path, folder):
    files = ["2021_01_05_a1.tif", "2021_02_07_b7.tif", "2021_03_09_c2.tif"]
    root = touch(tmp_path / "west", *(folder + file for file in files))
    months = ["2021_01", "2021_02", "2021_03"]
    assert found(discover(root)) == list(zip(["west"] * 3, months, files, strict=True))


@pytest.mark.parametrize(
    "files",
    [
        ["a_2021_01.tif", "b_2021_02.tif"],
        ["a_2021_01.tif", "b_2021_01.tif", "c_2021_02.tif"],
        ["a_2021_01.tif", "a_2021_02.tif", "b_2021_03.tif"],
    ],
)
def test_names_that_may_be_of_aois_are(tmp_path, files):
    source = discover(touch(tmp_path, *files))
    assert [aoi for aoi, _, _ in found(source)] == [file[0] for file in files]


def test_shapes_differ(tmp_path):
    one = mask_file(tmp_path / "2018_01.tif", rows=1024)
    other = mask_file(tmp_path / "2018_02.tif", rows=1023)
    with pytest.raises(StackError, match="1024 x 8 against 1023 x 8") as error:
        load_masks(discover(tmp_path).frames)
    assert str(one) in str(error.value)
    assert str(other) in str(error.value)


def test_types_differ(tmp_path):
    mask_file(tmp_path / "2018_01.tif")
    mask_file(tmp_path / "2018_02.tif", dtype=np.float32)
    with pytest.raises(StackError, match=r"uint8 against float32 in .*01\.tif and .*02\.tif"):
        load_masks(discover(tmp_path).frames)


def test_places_differ(tmp_path):
    a, b, c, d, e, f = sn7_grid(AOI, (6, 8)).transform
    mask_file(tmp_path / "2018_01.tif", grid=Grid((6, 8), (a, b, c, d, e, f), "EPSG:3857"))
    other = tmp_path / "2018_02.tif"
    mask_file(other, grid=Grid((6, 8), (a, b, c + 0.4 * a, d, e, f), "EPSG:3857"))
    assert len(load_masks(discover(tmp_path).frames)[0]) == 2
    mask_file(other, grid=Grid((6, 8), (a, b, c + 3 * a, d, e, f), "EPSG:3857"))
    with pytest.raises(StackError, match=r"3\.0 px apart"):
        load_masks(discover(tmp_path).frames)
    mask_file(other, grid=Grid((6, 8), (a, b, c, d, e, f), "EPSG:32616"))
    with pytest.raises(StackError, match="EPSG:3857 against EPSG:32616"):
        load_masks(discover(tmp_path).frames)


def test_no_frames():
    with pytest.raises(StackError, match="got none"):
        load_masks([])


def test_truncated_among_good_ones(tmp_path):
    for month in range(1, 8):
        mask_file(tmp_path / f"2018_0{month}.tif")
    bad = tmp_path / "2018_05.tif"
    bad.write_bytes(bad.read_bytes()[:50])
    with pytest.raises(RasterError, match=r"2018_05\.tif"):
        load_masks(discover(tmp_path).frames)


def test_masks_to_stacks(tmp_path):
    grid = sn7_grid(AOI, (6, 8))
    square = [(1, 1), (1, 2), (2, 1), (2, 2)]
    mask_file(tmp_path / AOI / "masks" / sn7("2018_01"), grid=grid, pixels=[*square, (4, 6)])
    mask_file(tmp_path / AOI / "masks" / sn7("2018_03"), grid=grid, pixels=[])
    mask_file(tmp_path / OTHER / "masks" / sn7("2018_02", OTHER), pixels=[])
    stacks = load_stacks(tmp_path, min_area_px=2)
    assert list(stacks) == [OTHER, AOI]
    stack = stacks[AOI]
    assert stack.months == ("2018_01", "2018_03")
    assert stack.footprints.areas.tolist() == [4]
    assert stack.grid == grid
    assert stack.ids is None
    assert len(stacks[OTHER]) == 0
    assert len(load_stacks(tmp_path)[AOI]) == 2
    assert len(load_stacks(tmp_path, threshold=255)[AOI]) == 0
