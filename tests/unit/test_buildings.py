"""The table of buildings against a slow count, and its files opened again."""

import csv

import geopandas
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given

from scenes import footprints, settlements
from sn7fast import Grid, Stack
from sn7fast.errors import InputError
from sn7fast.io.buildings import building_table, write_buildings_csv, write_buildings_parquet

UTM = Grid((20, 20), (10, 0, 399960, 0, -10, 4900020), "EPSG:32632")


def small(grid=UTM):
    """Id 7 grows from April on, id 3 is there in February and May, id 5 has no shape."""

    def house(x, size):
        return shapely.box(x, 2, x + size, 2 + size)

    frames = [
        [],
        [house(1, 2)],
        [house(10, 2)],
        [house(10, 4), shapely.Polygon()],
        [house(10, 8), house(1, 4)],
    ]
    ids = [[], [3], [7], [7, 5], [7, 3]]
    months = ["2018_01", "2018_02", "2018_04", "2018_05", "2018_06"]
    return Stack.from_frames(map(footprints, frames), months=months, aoi="a", ids=ids, grid=grid)


def test_by_hand():
    table = building_table(small())
    assert table.ids.tolist() == [3, 5, 7]
    columns = table.table()
    assert columns["first_seen"].tolist() == ["2018_02", "2018_05", "2018_04"]
    assert columns["last_seen"].tolist() == ["2018_06", "2018_05", "2018_06"]
    assert columns["observed_months"].tolist() == [2, 1, 3]
    assert columns["footprints"].tolist() == [2, 1, 3]
    assert table.median_area_px.tolist() == [10, 0, 16]
    assert columns["median_area_m2"] == pytest.approx([1000, 0, 1600], rel=2e-3)
    assert table.centroid_px[[0, 2]].tolist() == [[2.5, 3.5], [(11 + 12 + 14) / 3, (3 + 4 + 6) / 3]]
    assert np.isnan(table.centroid_px[1]).all()
    assert columns["x"][0] == 399960 + 25
    assert columns["y"][0] == 4900020 - 35
    place = geopandas.GeoSeries.from_xy(columns["x"], columns["y"], crs=UTM.crs).to_crs(4326)
    assert columns["longitude"][[0, 2]] == pytest.approx(place.x[[0, 2]], abs=1e-8)
    assert columns["latitude"][[0, 2]] == pytest.approx(place.y[[0, 2]], abs=1e-8)


@given(settlements())
def test_as_pandas_counts(drawn):
    stack, _ = drawn
    table = building_table(stack)
    rows = pd.DataFrame(
        {"id": stack.ids, "month": stack.month_index, "area": stack.footprints.areas}
    )
    expected = rows.groupby("id").agg(
        first=("month", "min"), last=("month", "max"), months=("month", "nunique"),
        count=("month", "size"), area=("area", "median"),
    )  # fmt: skip
    assert table.ids.tolist() == expected.index.tolist()
    assert table.first_seen.tolist() == expected["first"].tolist()
    assert table.last_seen.tolist() == expected["last"].tolist()
    assert table.observed_months.tolist() == expected["months"].tolist()
    assert table.footprints.tolist() == expected["count"].tolist()
    assert table.median_area_px == pytest.approx(expected["area"].to_numpy())
    assert table.median_area_m2 is None


EXTRA = {
    "first_month_lo": ["2018_01", None, "2018_02"],
    "confidence": [0.5, np.nan, 1.0],
    "demolished": [True, False, False],
}


def test_further_columns_by_position_and_by_id():
    by_position = building_table(small(), columns=EXTRA)
    order = [2, 0, 1]
    shuffled = {name: np.array(values, object if name == "first_month_lo" else None)[order]
                for name, values in EXTRA.items()}  # fmt: skip
    by_id = building_table(small(), columns={"id": [7, 3, 5], **shuffled})
    for table in (by_position, by_id):
        assert list(table.table())[-3:] == list(EXTRA)
        assert table.columns["first_month_lo"].tolist() == EXTRA["first_month_lo"]
        assert table.columns["confidence"].tolist() == pytest.approx(
            EXTRA["confidence"], nan_ok=True
        )
        assert table.columns["demolished"].tolist() == EXTRA["demolished"]


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"id": [3, 5], "c": [1, 2]}, r"a: columns: id: got 2 identifiers, wanted the 3"),
        ({"id": [3, 5, 6], "c": [1, 2, 3]}, "columns: id: got 3 identifiers"),
        ({"first_seen": [1, 2, 3]}, "columns: got 'first_seen', which is made here"),
        ({"c": [1, 2]}, r"columns: c: got shape \(2,\), wanted \(3,\)"),
        ({"c": [1j, 2, 3]}, "columns: c: got complex128"),
    ],
)
def test_columns_that_do_not_fit(columns, message):
    with pytest.raises(InputError, match=message):
        building_table(small(), columns=columns)


def test_stacks_without_ids_and_without_rows(tmp_path):
    with pytest.raises(InputError, match="a: got a stack without ids"):
        building_table(small().with_ids(None))
    none = small().take(np.zeros(len(small()), bool))
    table = building_table(none)
    assert len(table) == 0
    write_buildings_csv(tmp_path / "b.csv", table)
    write_buildings_parquet(tmp_path / "b.parquet", table)
    assert len(pd.read_csv(tmp_path / "b.csv")) == 0
    assert len(geopandas.read_parquet(tmp_path / "b.parquet")) == 0


@pytest.mark.parametrize("grid", [UTM, None])
def test_files(tmp_path, grid):
    table = building_table(small(grid), columns=EXTRA)
    columns = table.table()
    for name in ("b", "c"):
        write_buildings_csv(tmp_path / f"{name}.csv", table)
        write_buildings_parquet(tmp_path / f"{name}.parquet", table)
    for suffix in ("csv", "parquet"):
        assert (tmp_path / f"b.{suffix}").read_bytes() == (tmp_path / f"c.{suffix}").read_bytes()
    with (tmp_path / "b.csv").open(newline="") as file:
        rows = list(csv.reader(file))
    assert rows[0] == list(columns)
    assert len(rows) == 4
    assert rows[1][-3:] == ["2018_01", "0.5", "1"]
    assert rows[2][-3:] == ["", "", "0"]
    frame = geopandas.read_parquet(tmp_path / "b.parquet")
    assert list(frame) == [*columns, "geometry"]
    assert frame.crs == (grid.crs if grid else None)
    assert frame.geometry.isna().tolist() == [False, True, False]
    x, y = ("x", "y") if grid else ("x_px", "y_px")
    assert frame.geometry.x[[0, 2]].tolist() == columns[x][[0, 2]].tolist()
    assert frame.geometry.y[[0, 2]].tolist() == columns[y][[0, 2]].tolist()
    assert frame["demolished"].tolist() == EXTRA["demolished"]
    assert frame["first_seen"].tolist() == columns["first_seen"].tolist()
    assert frame["observed_months"].tolist() == [2, 1, 3]
