"""A folder that is read-only and a disk that is full: an error, and nothing left behind."""

import errno

import numpy as np
import pytest

import sn7fast
from full_disks import LIMIT, full_disk, read_only
from sn7fast import Cube, Footprints, Grid, Stack
from sn7fast.io.buildings import building_table, write_buildings_csv, write_buildings_parquet
from sn7fast.io.change import write_change_map
from sn7fast.io.cog import write_cube
from sn7fast.io.stac import stac_item, write_stac_item

GRID = Grid((512, 512), (10, 0, 399960, 0, -10, 4900020), "EPSG:32632")


def big_stack():
    """Files of it are larger than the limit in every format."""
    random = np.random.default_rng(0)
    corner = random.uniform(0, 500, (2000, 1, 2))
    box = np.array([[0, 0], [0, 5], [5, 5], [5, 0], [0, 0]])
    coords = (corner + box * random.uniform(0.2, 1, (2000, 1, 1))).reshape(-1, 2)
    found = Footprints(coords, np.arange(0, 10001, 5), np.arange(2001))
    return Stack("a", ("2018_01",), found, [0, 2000], np.arange(2000), grid=GRID)


STACK = big_stack()
PIXELS = np.random.default_rng(0).integers(1, 255, (1, 512, 512), np.uint8)

WRITERS = {
    **{
        f"out.{suffix}": lambda path: sn7fast.write_vector(path, STACK)
        for suffix in ("parquet", "gpkg", "fgb", "geojson", "csv")
    },
    "buildings.csv": lambda path: write_buildings_csv(path, building_table(STACK)),
    "buildings.parquet": lambda path: write_buildings_parquet(path, building_table(STACK)),
    "change.tif": lambda path: write_change_map(path, STACK),
    "p_2018_01.tif": lambda path: write_cube(
        path.parent, Cube.from_arrays(PIXELS, months=["2018_01"], grid=GRID), stem="p"
    ),
    "item.json": lambda path: write_stac_item(
        path, stac_item("a", ["2018_01"] * 1000, {}, grid=GRID)
    ),
}


def content(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.mark.parametrize("name", sorted(WRITERS))
def test_full_disk(tmp_path, name):
    path = tmp_path / name
    with full_disk(), pytest.raises(OSError) as caught:  # noqa: PT011 - the number is checked
        WRITERS[name](path)
    # GDAL does not tell the number.
    assert caught.value.errno == (errno.EIO if path.suffix == ".tif" else errno.EFBIG)
    assert content(tmp_path) == {}
    WRITERS[name](path)
    before = content(tmp_path)
    assert list(before) == [name]
    assert len(before[name]) > LIMIT
    with full_disk(), pytest.raises(OSError):  # noqa: PT011
        WRITERS[name](path)
    assert content(tmp_path) == before


@pytest.mark.parametrize("name", sorted(WRITERS))
def test_read_only_folder(tmp_path, name):
    folder = tmp_path / "out"
    folder.mkdir()
    # What it imports is there before the rights are gone.
    WRITERS[name](tmp_path / name)
    with read_only(folder), pytest.raises(PermissionError):
        WRITERS[name](folder / name)
    assert content(folder) == {}


@pytest.mark.parametrize("name", sorted(WRITERS))
def test_no_folder(tmp_path, name):
    with pytest.raises(FileNotFoundError, match="none"):
        WRITERS[name](tmp_path / "none" / name)
    assert list(tmp_path.iterdir()) == []
