"""The catalog of SpaceNet 7 files."""

import pickle

import pytest

from sn7fast.data.catalog import Catalog, MonthFiles
from sn7fast.data.sn7 import sn7_stem
from sn7fast.data.splits import NAMED_SPLITS, k_folds
from sn7fast.data.synthetic import synthetic_stack
from sn7fast.errors import InputError, StackError

AOI = "L15-0368E-1245N_1474_3210_13"
OTHER = "L15-0358E-1220N_1433_3310_13"


def touch(root, *paths):
    for path in paths:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).touch()
    return root


def month_paths(aoi, month):
    """One file for each slot."""
    stem = sn7_stem(aoi, month)
    return {
        "image": f"{aoi}/images/{stem}.tif",
        "image_masked": f"{aoi}/images_masked/{stem}.tif",
        "labels": f"{aoi}/labels/{stem}_Buildings.geojson",
        "labels_match": f"{aoi}/labels_match/{stem}_Buildings.geojson",
        "labels_match_pix": f"{aoi}/labels_match_pix/{stem}_Buildings.geojson",
        "labels_udm": f"{aoi}/labels/{stem}_UDM.geojson",
        "udm_mask": f"{aoi}/UDM_masks/{stem}_UDM.tif",
        "mask": f"{aoi}/masks/{stem}_Buildings.tif",
    }


def test_every_slot(tmp_path):
    paths = month_paths(AOI, "2018_03")
    touch(tmp_path, *paths.values())
    (files,) = Catalog.scan(tmp_path)[AOI].months
    whole = {name: tmp_path / path for name, path in paths.items()}
    assert files == MonthFiles(AOI, "2018_03", **whole)
    assert files.best_image == whole["image_masked"]
    assert files.best_labels == whole["labels_match_pix"]


def test_what_is_not_there_is_none(tmp_path):
    paths = month_paths(AOI, "2018_03")
    touch(tmp_path, paths["image"], paths["labels"])
    touch(tmp_path, month_paths(AOI, "2018_01")["labels_match"])
    first, second = Catalog.scan(tmp_path)[AOI].months
    assert (first.month, second.month) == ("2018_01", "2018_03")
    assert first.best_image is None
    assert first.best_labels == first.labels_match
    assert second.best_image == second.image == tmp_path / paths["image"]
    assert second.best_labels == second.labels
    assert second.udm_mask is second.mask is second.image_masked is None


def test_aois_and_months_are_sorted(tmp_path):
    for aoi, month in ((AOI, "2020_01"), (AOI, "2018_11"), (OTHER, "2019_02"), (AOI, "2018_02")):
        touch(tmp_path, month_paths(aoi, month)["image"])
    catalog = Catalog.scan(tmp_path)
    assert catalog.names == (OTHER, AOI)
    assert len(catalog) == 2
    found = [(files.aoi, files.month) for files in catalog.files()]
    assert found == [(OTHER, "2019_02"), (AOI, "2018_02"), (AOI, "2018_11"), (AOI, "2020_01")]
    assert pickle.loads(pickle.dumps(catalog)) == catalog  # for worker processes


@pytest.mark.parametrize("home", ["", "train", "SN7_buildings_train/train"])
def test_root_may_be_above(tmp_path, home):
    touch(tmp_path / home, *month_paths(AOI, "2018_03").values())
    touch(tmp_path / "test_public", month_paths(OTHER, "2018_03")["image_masked"])
    touch(tmp_path / "csvs", "sn7_train_ground_truth_pix.csv")
    catalog = Catalog.scan(tmp_path)
    assert catalog.names == (OTHER, AOI)
    assert catalog.labelled().names == (AOI,)
    assert catalog.ignored == ()


def test_root_may_be_one_aoi_under_any_name(tmp_path):
    paths = [path.replace(AOI, "here", 1) for path in month_paths(AOI, "2018_03").values()]
    touch(tmp_path, *paths)
    assert Catalog.scan(tmp_path / "here").names == (AOI,)


def test_other_files_are_ignored_and_listed(tmp_path):
    stem = sn7_stem(AOI, "2018_03")
    touch(tmp_path / AOI, f"images/{stem}.tif")
    strange = [
        f"images/{stem}.tif.aux.xml",
        f"images/{stem}_Buildings.tif",
        f"images/{stem}_clip.tif",
        f"images/{stem}.png",
        f"images/{sn7_stem(AOI, '2018_13')}.tif",
        "labels/notes.txt",
        f"labels_match/{stem}_UDM.geojson",
    ]
    touch(tmp_path / AOI, *strange, f"images/._{stem}.tif", f"grayscale/{stem}.tif", "readme.md")
    catalog = Catalog.scan(tmp_path)
    assert [files.image for files in catalog.files()] == [tmp_path / AOI / f"images/{stem}.tif"]
    assert sorted(catalog.ignored) == sorted(tmp_path / AOI / path for path in strange)


def test_two_files_for_one_slot(tmp_path):
    path = month_paths(AOI, "2018_03")["image"]
    touch(tmp_path, f"train/{path}", f"copy/{path}")
    with pytest.raises(StackError, match=f"two files for image of {AOI} in 2018_03") as error:
        Catalog.scan(tmp_path)
    assert str(tmp_path / "train" / path) in str(error.value)
    assert str(tmp_path / "copy" / path) in str(error.value)


def test_two_suffixes_for_one_slot(tmp_path):
    path = month_paths(AOI, "2018_03")["mask"]
    touch(tmp_path, path, f"{path}f")
    with pytest.raises(StackError, match=r"Buildings\.tif and .*Buildings\.tiff"):
        Catalog.scan(tmp_path)


def test_nothing_found(tmp_path):
    with pytest.raises(InputError, match="none: does not exist"):
        Catalog.scan(tmp_path / "none")
    touch(tmp_path, "file", "north/images/2018_01.tif")
    with pytest.raises(InputError, match="is no folder"):
        Catalog.scan(tmp_path / "file")
    with pytest.raises(InputError, match="nothing found, looked for <AOI>/images/") as error:
        Catalog.scan(tmp_path)
    assert "1 files have other names: " in str(error.value)
    assert "UDM_masks" in str(error.value)


def test_select_and_split(tmp_path):
    held_out = NAMED_SPLITS["lxastro0"][:2]
    for aoi in (*held_out, AOI, OTHER):
        touch(tmp_path, *month_paths(aoi, "2018_03").values())
    catalog = Catalog.scan(tmp_path)
    assert catalog.select(aois=[AOI]).names == (AOI,)
    train, validation = catalog.split("lxastro0")
    assert train.names == (OTHER, AOI)
    assert validation.names == tuple(sorted(held_out))
    fold = k_folds(catalog.names, 4)[1]
    assert [side.names for side in catalog.split(fold)] == [fold.train, fold.validation]


def test_bad_selections(tmp_path):
    catalog = Catalog.scan(touch(tmp_path, *month_paths(AOI, "2018_03").values()))
    with pytest.raises(InputError, match=f"aois: got '{OTHER}', which is not among the 1 AOIs"):
        catalog.select([AOI, OTHER])
    with pytest.raises(InputError, match="got the text"):
        catalog.select(AOI)
    with pytest.raises(InputError, match=r"month: got '2020_01', AOI .* has 2018_03"):
        catalog[AOI]["2020_01"]
    with pytest.raises(InputError, match="wanted one of lxastro0"):
        catalog.split("mine")


def test_a_synthetic_aoi(tmp_path):
    made = synthetic_stack(seed=1, shape_yx=(200, 160), months=4, buildings=40, cloud_chance=0.5)
    made.write_sn7(tmp_path)
    (aoi,) = Catalog.scan(tmp_path)
    assert aoi.name == made.aoi
    assert tuple(files.month for files in aoi.months) == made.months
    assert all(files.mask and files.labels_match_pix for files in aoi.months)
    clouded = [files.udm_mask is not None for files in aoi.months]
    assert clouded == list(made.cloud_masks.any(axis=(1, 2)))


def test_the_real_tile(real_data):
    (aoi,) = Catalog.scan(real_data / "sn7-full-tile")
    (files,) = aoi.months
    assert (files.aoi, files.month) == ("L15-1615E-1205N_6460_3370_13", "2017_07")
    there = ("image", "labels", "labels_match", "labels_match_pix", "mask")
    assert all(getattr(files, name).is_file() for name in there)
    assert files.image_masked is files.udm_mask is files.labels_udm is None
