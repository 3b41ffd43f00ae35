"""240,000 polygons with an identifier to a GeoJSON file, and back."""

import geopandas
import numpy as np
import pyogrio
import pytest
import shapely

import inputs
from contender import Contender
from sn7fast import read_geojson, write_geojson


@pytest.fixture(scope="module")
def content():
    return inputs.many()


@pytest.fixture(scope="module")
def file(content, tmp_path_factory):
    path = tmp_path_factory.mktemp("geojson") / "footprints.geojson"
    footprints, ids = content
    write_geojson(path, footprints, columns={"Id": ids}, crs=inputs.CRS)
    return path


def same_as(content):
    """Check of a function that gives (polygons or Footprints, ids)."""
    footprints, ids = content

    def check(polygons, found_ids):
        if not hasattr(polygons, "coords"):
            kind, coords, offsets = shapely.to_ragged_array(polygons)
            assert kind == shapely.GeometryType.POLYGON
        else:
            coords = polygons.coords
            offsets = polygons.ring_offsets, polygons.polygon_offsets
        assert np.array_equal(found_ids, ids)
        assert np.array_equal(coords, footprints.coords)
        assert np.array_equal(offsets[0], footprints.ring_offsets)
        assert np.array_equal(offsets[1], footprints.polygon_offsets)

    return check


@pytest.mark.benchmark(group="write_geojson")
def test_write_sn7fast(ours, content, tmp_path):
    footprints, ids = content
    path = tmp_path / "ours.geojson"

    def write():
        write_geojson(path, footprints, columns={"Id": ids}, crs=inputs.CRS)
        return path

    def check(path):
        read_back = pyogrio.read_dataframe(path)
        same_as(content)(read_back.geometry.to_numpy(), read_back["Id"])

    ours(write, check)


@pytest.mark.benchmark(group="write_geojson")
def test_write_pyogrio(race, content, tmp_path):
    footprints, ids = content
    path = tmp_path / "theirs.geojson"
    table = geopandas.GeoDataFrame({"Id": ids}, geometry=footprints.to_shapely(), crs=inputs.CRS)

    def write():
        pyogrio.write_dataframe(table, path, driver="GeoJSON")
        return path

    rival = Contender("pyogrio.write_dataframe", write)
    found = read_geojson(rival.answer)
    same_as(content)(found.footprints, found.columns["Id"])
    race(rival)


@pytest.mark.benchmark(group="read_geojson")
def test_read_sn7fast(ours, content, file):
    def check(found):
        same_as(content)(found.footprints, found.columns["Id"])

    ours(lambda: read_geojson(file), check, amount_bytes=file.stat().st_size)


@pytest.mark.benchmark(group="read_geojson")
def test_read_pyogrio(race, content, file):
    rival = Contender("pyogrio.read_dataframe", lambda: pyogrio.read_dataframe(file))
    same_as(content)(rival.answer.geometry.to_numpy(), rival.answer["Id"])
    race(rival, amount_bytes=file.stat().st_size)
