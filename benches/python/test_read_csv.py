"""An SN7 truth table: file names, identifiers and WKT with all the digits of a survey."""

import numpy as np
import pandas
import pytest
import shapely

import inputs
from contender import Contender
from sn7fast import read_csv, write_csv

pytestmark = pytest.mark.benchmark(group="read_csv")


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    path = tmp_path_factory.mktemp("csv") / "truth.csv"
    write_csv(path, inputs.table())
    return path


def test_sn7fast(ours, file):
    table = inputs.table()

    def check(stacks):
        (stack,) = stacks.values()
        assert stack.months == table.months
        assert np.array_equal(stack.ids, table.ids)
        for name in ("coords", "ring_offsets", "polygon_offsets"):
            assert np.array_equal(getattr(stack.footprints, name), getattr(table.footprints, name))

    ours(lambda: read_csv(file), check, amount_bytes=file.stat().st_size)


def test_pandas(race, file):
    def read():
        rows = pandas.read_csv(file)
        return rows, shapely.from_wkt(rows["geometry"].to_numpy())

    rival = Contender("pandas + shapely.from_wkt", read, part="not split by AOI and month")
    rows, polygons = rival.answer
    assert np.array_equal(rows["id"], inputs.table().ids)
    assert np.array_equal(shapely.get_coordinates(polygons), inputs.table().footprints.coords)
    race(rival, amount_bytes=file.stat().st_size)
