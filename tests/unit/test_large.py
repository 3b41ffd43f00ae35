"""Stacks in parts: the same rows, files and tables as in one piece, whatever the parts."""

from dataclasses import replace

import numpy as np
import pytest

from sn7fast import Cube, Footprints, FormatError, Grid, InputError, Stack, polygonize
from sn7fast.io.buildings import building_table, write_buildings_csv
from sn7fast.io.npz import Pieces, open_npz, read_npz, write_npz
from sn7fast.io.parquet import read_parquet
from sn7fast.io.tables import write_csv, write_csv_parts
from sn7fast.io.vector import write_vector
from sn7fast.large import NamedStack, WholeStack
from sn7fast.pipeline.evidence import evidence
from sn7fast.pipeline.published import last_outlines, published
from sn7fast.pipeline.stacks import StoredStack, write_stack
from sn7fast.windows import write_large

MONTHS = tuple(f"2020_{month:02}" for month in range(1, 8))
GRID = Grid((60, 60), (4.0, 0.0, 500_000.0, 0.0, -4.0, 5_000_000.0), "EPSG:32633")
# Months of some, of many and of no footprints, at the ends, too.
COUNTS = (0, 3, 9, 0, 0, 4, 0)


@pytest.fixture(params=[1, 2, 4, 7, 100])
def batch(request, monkeypatch):
    for module in ("large", "pipeline.stacks", "windows.spool", "windows.stack"):
        monkeypatch.setattr(f"sn7fast.{module}.BATCH", request.param)
    return request.param


def town(connectivity=4):
    random = np.random.default_rng(3)
    frames, ids = [], []
    for count in COUNTS:
        shapes = polygonize(random.random((60, 60)) < 0.25, connectivity=connectivity)
        frames.append(shapes[random.permutation(len(shapes))[:count]])
        ids.append(random.permutation(20)[:count])
    stack = Stack.from_frames(frames, months=MONTHS, aoi="a", ids=ids, grid=GRID)
    return replace(stack, iou=np.where(random.random(len(stack)) < 0.2, np.nan, 0.5))


def same(one, other):
    assert (one.aoi, one.months, one.grid) == (other.aoi, other.months, other.grid)
    for ours, theirs in zip(one.footprints.arrays, other.footprints.arrays, strict=True):
        assert np.array_equal(ours, theirs)
    assert np.array_equal(one.frame_offsets, other.frame_offsets)
    assert np.array_equal(one.ids, other.ids)
    assert np.array_equal(one.iou, other.iou, equal_nan=True)


def in_parts(stack):
    """Not the short way of those that are small."""
    whole = WholeStack(stack)
    return NamedStack(_Cut(stack), whole.ids, whole.iou, whole.buildings)


class _Cut(WholeStack):
    def parts(self, months=None):
        return super(WholeStack, self).parts(months)


@pytest.mark.parametrize("connectivity", [4, 8])
class TestParts:
    def test_are_the_rows_in_their_order(self, batch, connectivity):
        stack = town(connectivity)
        rows = in_parts(stack)
        parts = list(rows.parts())
        assert all(0 < len(part) <= batch for part in parts[:-1])
        assert np.array_equal(np.concatenate([part.ids for part in parts]), stack.ids)
        # Each month in order; one that is cut comes in two parts, one without footprints in one.
        months = [month for part in parts for month in part.months]
        assert list(dict.fromkeys(months)) == list(MONTHS)
        empty = {month for month, count in zip(MONTHS, COUNTS, strict=True) if not count}
        assert all(months.count(month) == 1 for month in empty)
        row = 0
        for part in parts:
            for month, shapes in part.frames():
                if len(shapes):
                    assert stack.month_index[row] == MONTHS.index(month)
                row += len(shapes)
        assert row == len(stack)
        same(rows.to_stack(), stack)

    @pytest.mark.parametrize("months", [range(0, 2), range(2, 5), range(3, 5), range(6, 7)])
    def test_of_some_months(self, batch, connectivity, months):
        stack = town(connectivity)
        parts = list(in_parts(stack).parts(months))
        rows = slice(*stack.frame_offsets[[months.start, months.stop]].tolist())
        assert np.array_equal(np.concatenate([part.ids for part in parts]), stack.ids[rows])
        labels = dict.fromkeys(month for part in parts for month in part.months)
        assert tuple(labels) == MONTHS[months.start : months.stop]

    def test_of_a_file(self, tmp_path, batch, connectivity):
        stack = town(connectivity)
        write_stack(tmp_path / "a.npz", in_parts(stack), about={"x": 1})
        stored = StoredStack(tmp_path / "a.npz")
        same(stored.to_stack(), stack)
        found = [ids for part in stored.parts(range(2, 6)) for ids in part.ids.tolist()]
        assert found == stack.ids[3:].tolist()
        assert stored.may_be_several == (connectivity == 8)
        rows = np.array([1, 2, 5, len(stack) - 1])
        for ours, theirs in zip(
            stored.take(rows).arrays, stack.footprints[rows].arrays, strict=True
        ):
            assert np.array_equal(ours, theirs)


def test_the_bytes_of_a_file_do_not_depend_on_the_parts(tmp_path, monkeypatch):
    for batch in (1, 5, 100):
        for module in ("large", "pipeline.stacks"):
            monkeypatch.setattr(f"sn7fast.{module}.BATCH", batch)
        monkeypatch.setattr("sn7fast.pipeline.stacks._WAITING", 64)
        write_stack(tmp_path / f"{batch}.npz", in_parts(town()))
    one, *others = (path.read_bytes() for path in sorted(tmp_path.iterdir()))
    assert all(other == one for other in others)
    assert len(others) == 2


@pytest.mark.parametrize("suffix", [".parquet", ".geojson"])
@pytest.mark.parametrize("connectivity", [4, 8])
def test_further_columns(tmp_path, batch, suffix, connectivity):
    stack = town(connectivity)
    columns = {
        "sure": np.linspace(0, 1, len(stack)),
        "seen": np.arange(len(stack)) % 3 == 0,
        "what": np.array([None if k % 4 else f"house {k}" for k in range(len(stack))], object),
        "code": np.array([f"{k}" for k in range(len(stack))]),
    }
    write_large(tmp_path / f"parts{suffix}", in_parts(stack), columns=columns)
    write_vector(tmp_path / f"whole{suffix}", stack, columns=columns)
    one, other = (tmp_path / f"{name}{suffix}" for name in ("parts", "whole"))
    if suffix == ".parquet":
        ours, theirs = read_parquet(one), read_parquet(other)
        same(ours["a"], theirs["a"])
        for name in columns:
            assert ours.columns[name].tolist() == theirs.columns[name].tolist()
    else:
        assert one.read_bytes() == other.read_bytes()
    with pytest.raises(InputError, match=r"sure: got shape \(2,\)"):
        write_large(tmp_path / f"parts{suffix}", in_parts(stack), columns={"sure": [1, 2]})


def test_tables(tmp_path, batch):
    stack = town()
    write_csv_parts(tmp_path / "parts.csv", in_parts(stack).parts())
    write_csv(tmp_path / "whole.csv", stack)
    assert (tmp_path / "parts.csv").read_bytes() == (tmp_path / "whole.csv").read_bytes()
    with pytest.raises(InputError, match="no room"):
        write_large(tmp_path / "a.csv", in_parts(stack), columns={"x": np.zeros(len(stack))})
    for name, rows in (("parts", in_parts(stack)), ("whole", stack)):
        write_buildings_csv(tmp_path / f"{name}.table.csv", building_table(rows))
    one, other = (tmp_path / f"{name}.table.csv" for name in ("parts", "whole"))
    assert one.read_bytes() == other.read_bytes()


def test_rows_of_a_table_are_written_some_at_a_time(tmp_path, monkeypatch):
    table = building_table(town())
    write_buildings_csv(tmp_path / "a.csv", table)
    monkeypatch.setattr("sn7fast.io.buildings._ROWS", 3)
    write_buildings_csv(tmp_path / "b.csv", table)
    assert (tmp_path / "a.csv").read_bytes() == (tmp_path / "b.csv").read_bytes()


def test_identifiers_and_evidence(batch, monkeypatch):
    """Also with a result before, whose buildings give their names."""
    stack = town()
    random = np.random.default_rng(5)
    prob = random.integers(0, 256, (len(MONTHS), 60, 60), dtype=np.uint8)
    cube = Cube.from_arrays(prob, months=MONTHS, valid=random.random(prob.shape) < 0.6, grid=GRID)
    renumbered = stack.with_ids(stack.ids[::-1] + 100, stack.iou)
    found = []
    for rows in (WholeStack, in_parts):
        _, before = published(rows(stack), None, "a")
        named, given = published(rows(renumbered), before, "b")
        seen = evidence(cube, named, given.current)
        found.append((named, given, seen))
        monkeypatch.setattr("sn7fast.pipeline.evidence._MOST_FOOTPRINTS", 3)
    (one, given, seen), (other, given_too, seen_too) = found
    assert np.array_equal(one.ids, other.ids)
    assert set(one.ids.tolist()) & set(stack.ids.tolist())
    assert np.array_equal(given.last.ids, given_too.last.ids)
    assert np.array_equal(given.last.footprints.coords, given_too.last.footprints.coords)
    for name in ("confidence", "observed", "ids", "status"):
        assert np.array_equal(getattr(seen, name), getattr(seen_too, name))
    # Nothing stands in the last month.
    assert {*seen.status.tolist()} == {1, 2}


def test_the_last_outline_of_each_building(batch):
    stack = town()
    last = last_outlines(in_parts(stack))
    assert sorted(last.ids.tolist()) == np.unique(stack.ids).tolist()
    for name, month, shape in zip(last.ids, last.month_index, last.footprints, strict=True):
        rows = np.flatnonzero(stack.ids == name)
        assert month == stack.month_index[rows].max()
        assert np.array_equal(shape.coords, stack.footprints[rows[-1:]].coords)


def test_a_stack_without_ids():
    with pytest.raises(InputError, match="without ids"):
        WholeStack(Stack.from_frames([Footprints.empty()], months=["2020_01"], aoi="a"))


class TestNpz:
    @pytest.mark.parametrize("step", [1, 7, 1000])
    def test_pieces_are_an_array(self, tmp_path, monkeypatch, step):
        monkeypatch.setattr("sn7fast.io.npz._BLOCK", 100)
        values = np.random.default_rng(0).random((1000, 2))
        pieces = (values[first : first + step] for first in range(0, 1000, step))
        write_npz(tmp_path / "a.npz", {"x": Pieces((1000, 2), values.dtype, pieces)})
        write_npz(tmp_path / "b.npz", {"x": values})
        assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()
        assert np.array_equal(np.load(tmp_path / "a.npz")["x"], values)

    def test_arrays_of_all_kinds(self, tmp_path):
        arrays = {
            "text": np.array("Zürich"),
            "texts": np.array(["a", "bcd"]),
            "none": np.empty((0, 3)),
            "bool": np.array([[True, False]]),
            "number": np.array(3),
            "columns first": np.asfortranarray(np.arange(6).reshape(2, 3)),
        }
        write_npz(tmp_path / "a.npz", arrays)
        for found in (read_npz(tmp_path / "a.npz"), np.load(tmp_path / "a.npz")):
            for name, values in arrays.items():
                assert found[name].dtype == values.dtype
                assert np.array_equal(found[name], values)

    def test_several_are_read_side_by_side(self, tmp_path):
        write_npz(tmp_path / "a.npz", {"x": np.arange(9), "y": np.arange(18).reshape(9, 2)})
        with (
            open_npz(tmp_path / "a.npz") as archive,
            archive.reader("x") as x,
            archive.reader("y") as y,
        ):
            assert (x.shape, y.shape) == ((9,), (9, 2))
            for first in range(0, 9, 3):
                assert x.take(3).tolist() == [first, first + 1, first + 2]
                assert y.take(3)[:, 0].tolist() == [2 * first, 2 * first + 2, 2 * first + 4]
            assert x.left == y.left == 0

    def test_what_is_refused(self, tmp_path):
        np.savez(tmp_path / "objects.npz", x=np.array([{}], object))
        np.savez(tmp_path / "columns.npz", x=np.asfortranarray(np.ones((2, 3))))
        for name, told in (("objects", "object objects"), ("columns", "columns first")):
            with pytest.raises(FormatError, match=rf"{name}\.npz: .*{told}"):
                read_npz(tmp_path / f"{name}.npz")
        write_npz(tmp_path / "a.npz", {"x": np.arange(3)})
        with (
            pytest.raises(FormatError, match="wanted 4"),
            open_npz(tmp_path / "a.npz") as archive,
            archive.reader("x") as x,
        ):
            x.take(4)
        with pytest.raises(FormatError, match="no_file"):
            read_npz(_written(tmp_path / "no_file.npz"))


def _written(path):
    path.write_bytes(b"PK")
    return path


@pytest.mark.parametrize("name", ["ids", "ring_offsets", "polygon_offsets", "coords"])
def test_a_file_whose_arrays_do_not_fit(tmp_path, name):
    write_stack(tmp_path / "a.npz", town())
    arrays = read_npz(tmp_path / "a.npz")
    for values in (arrays[f"stack.{name}"][:-1], np.concatenate([arrays[f"stack.{name}"]] * 2)):
        write_npz(tmp_path / "b.npz", arrays | {f"stack.{name}": values})
        with pytest.raises(FormatError, match=r"b\.npz: "):
            StoredStack(tmp_path / "b.npz").to_stack()
