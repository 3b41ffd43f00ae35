"""The real stack as a user's own imagery: files by a manifest, outputs by independent readers."""

import geopandas
import numpy as np
import pandas as pd
import pyogrio
import pyproj
import pytest
import rasterio
from rio_cogeo.cogeo import cog_validate

import sn7fast
from sn7fast.data.discover import discover
from sn7fast.data.manifest import read_image, read_manifest
from sn7fast.grid import Grid
from sn7fast.io.buildings import building_table, write_buildings_csv
from sn7fast.io.change import change_map, write_change_map
from sn7fast.io.stac import stac_item, write_stac_item

ENTRIES = "path,aoi,date\n"


@pytest.fixture(scope="module")
def stack(real_data, tmp_path_factory):
    """The predicted masks under names that say nothing, 19 months."""
    folder = tmp_path_factory.mktemp("own")
    lines = [ENTRIES]
    for index, frame in enumerate(discover(real_data / "sn7-pred-stack").frames):
        (folder / f"image{index}.tif").symlink_to(frame.path)
        lines.append(f"image{index}.tif,las vegas,{frame.month}\n")
    (folder / "images.csv").write_text("".join(lines))
    entries = read_manifest(folder / "images.csv").by_aoi()["las vegas"]
    pixels, valid, grids = zip(*map(read_image, entries), strict=True)
    masks = [bands.reshape(bands.shape[-2:]) > 0 for bands in pixels]
    assert all(mask.all() for mask in valid)
    months = [entry.label for entry in entries]
    found = sn7fast.polygonize_frames(masks, months=months, aoi="las vegas", min_area_px=4)
    tracked = sn7fast.track(found)
    return sn7fast.Stack(found.aoi, found.months, found.footprints, found.frame_offsets,
                         tracked.ids, tracked.iou, grids[0])  # fmt: skip


def test_geoparquet_by_geopandas_with_geodesic_areas(stack, tmp_path):
    path = tmp_path / "footprints.parquet"
    sn7fast.write_parquet(path, stack)
    frame = geopandas.read_parquet(path)
    assert frame.crs == "EPSG:3857"
    assert len(frame) == len(stack)
    assert frame["month"].nunique() == 19
    some = frame.iloc[:: len(frame) // 3000]
    geod = pyproj.Geod(ellps="WGS84")
    expected = [abs(geod.geometry_area_perimeter(shape)[0]) for shape in some.to_crs(4326).geometry]
    assert some["area_m2"].to_numpy() == pytest.approx(np.array(expected), rel=0.005)
    # In fact they differ only since edges along parallels are no geodesics.
    assert some["area_m2"].to_numpy() == pytest.approx(np.array(expected), rel=5e-5)
    back = sn7fast.read_parquet(path)["las vegas"]
    assert np.array_equal(back.footprints.coords, stack.footprints.coords)
    assert np.array_equal(back.ids, stack.ids)
    assert back.grid == stack.grid


def test_other_formats_hold_the_same(stack, tmp_path):
    few = stack.take(np.arange(len(stack)) % 10 == 0)
    expected = few.to_geopandas()
    for suffix in ("gpkg", "fgb", "geojson"):
        sn7fast.write_vector(tmp_path / f"out.{suffix}", few)
        frame = pyogrio.read_dataframe(tmp_path / f"out.{suffix}")
        assert len(frame) == len(few)
        assert frame["area_m2"].sum() == pytest.approx(expected["area_m2"].sum())
        on_map = frame.to_crs(3857)
        assert on_map.area.sum() == pytest.approx(expected.area.sum(), rel=1e-4)
        assert on_map.total_bounds == pytest.approx(expected.total_bounds, abs=0.01)


def test_buildings_and_change(stack, tmp_path):
    table = building_table(stack)
    write_buildings_csv(tmp_path / "buildings.csv", table)
    frame = pd.read_csv(tmp_path / "buildings.csv")
    assert len(frame) == len(np.unique(stack.ids))
    assert frame["observed_months"].max() == 19
    assert frame["latitude"].between(36.2, 36.26).all()
    rows = stack.to_geopandas().groupby("id")["area_m2"].median()
    assert frame.set_index("id")["median_area_m2"].to_numpy() == pytest.approx(
        rows.to_numpy(), abs=1e-4
    )
    write_change_map(tmp_path / "change.tif", stack)
    assert cog_validate(tmp_path / "change.tif", strict=True)[0]
    with rasterio.open(tmp_path / "change.tif", driver="GTiff") as dataset:
        first, last, change = dataset.read()
        assert Grid.from_rasterio(dataset) == stack.grid
    whole = change_map(stack)
    assert np.array_equal(first, whole.first_month)
    assert np.array_equal(last, whole.last_month)
    assert np.array_equal(change, whole.change)
    # Where the first month has footprints, the first month is 1.
    mask = sn7fast.rasterize(stack.frame(stack.months[0]), stack.grid.shape_yx) > 0
    assert (first[mask] == 1).all()
    mask = sn7fast.rasterize(stack.frame(stack.months[-1]), stack.grid.shape_yx) > 0
    assert (last[mask] == 19).all()
    assets = {path.stem: path for path in sorted(tmp_path.iterdir())}
    item = stac_item(stack.aoi, stack.months, assets, grid=stack.grid)
    write_stac_item(tmp_path / "item.json", item)
    assert sorted(item.assets) == ["buildings", "change"]
