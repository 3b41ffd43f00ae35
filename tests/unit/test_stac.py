"""STAC items: by the schemas that pystac brings along, and by its own reading."""

import hashlib
import json

import pystac
import pytest
import shapely
from pystac.extensions.file import FileExtension
from pystac.extensions.projection import ProjectionExtension
from pystac.validation.stac_validator import JsonSchemaSTACValidator

from sn7fast import Grid
from sn7fast.data.sn7 import sn7_grid
from sn7fast.errors import InputError
from sn7fast.io.stac import stac_item, write_stac_item

AOI = "L15-0368E-1245N_1474_3210_13"
MONTHS = ["2018_07", "2018_08", "2020_02"]


@pytest.fixture
def assets(tmp_path):
    (tmp_path / AOI).mkdir()
    paths = {"footprints": tmp_path / AOI / "footprints.parquet", "change": tmp_path / "change.tif"}
    for path in paths.values():
        path.write_bytes(path.name.encode())
    return paths


def validated(path):
    """The item of a file, by the core schema; schemas of extensions would need the network."""
    content = json.loads(path.read_text())
    version = pystac.version.STACVersion.DEFAULT_STAC_VERSION
    assert content["stac_version"] == version
    validator = JsonSchemaSTACValidator()
    assert validator.validate_core(content, pystac.STACObjectType.ITEM, version)
    return pystac.Item.from_file(str(path))


def test_item_of_an_aoi(tmp_path, assets):
    for name in ("item.json", "again.json"):
        item = stac_item(
            AOI, MONTHS, assets, grid=sn7_grid(AOI), properties={"sn7fast:buildings": 5}
        )
        write_stac_item(tmp_path / name, item)
    assert (tmp_path / "item.json").read_bytes() == (tmp_path / "again.json").read_bytes()
    back = validated(tmp_path / "item.json")
    assert back.id == AOI
    assert back.datetime is None
    assert back.common_metadata.start_datetime.isoformat() == "2018-07-01T00:00:00+00:00"
    assert back.common_metadata.end_datetime.isoformat() == "2020-02-29T23:59:59+00:00"
    assert back.properties["proj:code"] == "EPSG:3857"
    assert back.properties["proj:shape"] == [1024, 1024]
    assert back.properties["proj:transform"] == list(sn7_grid(AOI).transform)
    assert ProjectionExtension.ext(back).epsg == 3857
    assert FileExtension.ext(back.assets["change"]).size == len("change.tif")
    assert back.properties["sn7fast:months"] == MONTHS
    assert back.properties["sn7fast:buildings"] == 5
    outline = shapely.geometry.shape(back.geometry)
    assert outline.exterior.is_ccw
    assert outline.bounds == tuple(back.bbox)
    # The README of the real data: latitude 36.23 is inside.
    assert outline.contains(shapely.Point(-115.2, 36.23))
    asset = back.assets["footprints"]
    assert asset.href == f"{AOI}/footprints.parquet"
    assert asset.media_type == "application/vnd.apache.parquet"
    assert back.assets["change"].media_type == pystac.MediaType.COG
    assert asset.extra_fields["file:size"] == len("footprints.parquet")
    digest = hashlib.sha256(b"footprints.parquet").hexdigest()
    assert asset.extra_fields["file:checksum"] == f"1220{digest}"
    assert asset.get_absolute_href() == str(assets["footprints"])


def test_paths_are_relative_to_the_file(tmp_path, assets):
    write_stac_item(tmp_path / AOI / "item.json", stac_item(AOI, MONTHS, assets))
    back = validated(tmp_path / AOI / "item.json")
    assert back.assets["change"].href == "../change.tif"
    assert back.geometry is None
    assert back.bbox is None
    assert not any(name.startswith("proj:") for name in back.properties)


def test_other_systems_and_the_180th_meridian(tmp_path):
    mine = "+proj=tmerc +lon_0=177 +k=0.9996 +x_0=500000 +datum=WGS84 +units=m"
    for crs, code in ((mine, None), ("EPSG:32660", "EPSG:32660")):
        grid = Grid((48, 48), (10, 0, 833978 - 240, 0, -10, 480), crs)
        write_stac_item(tmp_path / "item.json", stac_item("fiji", MONTHS, {}, grid=grid))
        back = validated(tmp_path / "item.json")
        assert back.properties["proj:code"] == code
        assert ("proj:projjson" in back.properties) == (code is None)
        west, south, east, north = back.bbox
        assert 179.9 < west < 180
        assert -180 < east < -179.9
        assert back.geometry["type"] == "MultiPolygon"
        boxes = shapely.geometry.shape(back.geometry)
        width = (180 - west) + (east + 180)
        assert boxes.area == pytest.approx(width * (north - south))


@pytest.mark.parametrize("months", [[], ["2018"], ["2018_13"], ["2018-01-05"], ["2018_02_30"]])
def test_months_that_cannot_be_dates(months):
    with pytest.raises(InputError, match="months: got"):
        stac_item("a", months, {})


def test_labels_with_days():
    item = stac_item("a", ["2018_01_15", "2018_02_03"], {})
    assert item.common_metadata.start_datetime.isoformat() == "2018-01-15T00:00:00+00:00"
    assert item.common_metadata.end_datetime.isoformat() == "2018-02-03T23:59:59+00:00"


def test_missing_assets(tmp_path):
    with pytest.raises(FileNotFoundError):
        stac_item("a", MONTHS, {"footprints": tmp_path / "none.parquet"})
