"""Stack: months, columns and rows."""

import numpy as np
import pytest

from sn7fast import Footprints, InputError, Stack, StackError, polygonize

ONE = polygonize(np.eye(1, dtype=bool))
TWO = polygonize(np.eye(2, dtype=bool))


@pytest.fixture
def stack():
    return Stack.from_frames(
        [TWO, Footprints.empty(), ONE],
        months=["2018_01", "2018_02", "2018_04"],
        aoi="A",
        ids=[[0, 1], [], [1]],
    )


def test_columns(stack):
    assert len(stack) == 3
    assert stack.frame_offsets.tolist() == [0, 2, 2, 3]
    assert stack.month_index.tolist() == [0, 0, 2]
    assert stack.ids.tolist() == [0, 1, 1]
    assert stack.ids.dtype == np.int64
    assert stack.iou is None
    assert [(month, len(frame)) for month, frame in stack.frames()] == [
        ("2018_01", 2),
        ("2018_02", 0),
        ("2018_04", 1),
    ]
    assert repr(stack) == "Stack(A, 3 months, 3 footprints, 2 ids)"
    assert repr(stack.with_ids(None)) == "Stack(A, 3 months, 3 footprints, no ids)"


def test_rows_of_a_month(stack):
    assert stack.rows("2018_04") == slice(2, 3)
    with pytest.raises(InputError, match="A: month: got 2018_03, wanted one of 2018_01, 2018_02"):
        stack.rows("2018_03")
    with pytest.raises(InputError, match="2018_03"):
        stack.frame("2018_03")


def test_no_months():
    none = Stack.from_frames([], months=[], aoi="A", ids=[])
    assert (len(none), none.months, none.ids.dtype) == (0, (), np.int64)
    assert none.frame_offsets.tolist() == [0]
    assert none.month_index.tolist() == []
    assert len(none.take([])) == 0


def test_other_ids(stack):
    other = stack.with_ids([5, 6, 7], [0, 0, 0.5])
    assert other.ids.tolist() == [5, 6, 7]
    assert other.iou.tolist() == [0, 0, 0.5]
    assert stack.ids.tolist() == [0, 1, 1]


def test_take(stack):
    taken = stack.take([False, True, True])
    assert taken.months == stack.months
    assert taken.frame_offsets.tolist() == [0, 1, 1, 2]
    assert taken.ids.tolist() == [1, 1]
    assert stack.take([1, 2]).ids.tolist() == [1, 1]
    assert len(stack.take(np.zeros(3, bool))) == 0
    for bad in ([True], [3], [-4]):
        with pytest.raises(IndexError):
            stack.take(bad)


class TestRefused:
    def test_a_month_twice(self):
        with pytest.raises(StackError, match="A: month 2018_01 comes more than once"):
            Stack.from_frames([ONE, ONE], months=["2018_01", "2018_01"], aoi="A")

    def test_other_numbers_of_months_and_ids(self):
        with pytest.raises(StackError, match="A: got 1 frames for 2 months"):
            Stack.from_frames([ONE], months=["1", "2"], aoi="A")
        with pytest.raises(StackError, match=r"A: ids: got \[1\] per month, wanted \[2\]"):
            Stack.from_frames([TWO], months=["1"], aoi="A", ids=[[0]])

    @pytest.mark.parametrize(
        "offsets",
        [
            [0, 2],
            [0, 1, 3],
            [1, 1, 2],
            [0, 3, 2],
            [0, -1, 2],
            [0, 1.0, 2],
            [[0, 1, 2]],
            # In the lower 32 bits these would do.
            [0, 2**32 + 1, 2],
            [0, 2, 2**32 + 2],
            ["0", "1", "2"],
        ],
    )
    def test_offsets(self, offsets):
        with pytest.raises(
            StackError, match=r"A: frame_offsets: got .*, wanted 3 offsets from 0 to 2"
        ):
            Stack("A", ("1", "2"), TWO, offsets)

    def test_columns_of_another_length_or_kind(self, stack):
        with pytest.raises(StackError, match=r"A: ids: got shape \(1,\), wanted \(3,\)"):
            stack.with_ids([1])
        with pytest.raises(StackError, match=r"A: iou: got shape \(2,\), wanted \(3,\)"):
            stack.with_ids([1, 2, 3], [0.5, 0.5])
        with pytest.raises(StackError, match="A: ids: got float64, wanted integers"):
            stack.with_ids([1.0, 2.0, 3.0])
        with pytest.raises(StackError, match="A: iou: got <U1, wanted numbers"):
            stack.with_ids([1, 2, 3], ["a", "b", "c"])

    def test_ids_are_never_wrapped(self, stack):
        with pytest.raises(StackError, match=r"A: ids: got 18446744073709551615, wanted 64-bit"):
            stack.with_ids(np.array([0, 1, 2**64 - 1], np.uint64))
        assert stack.with_ids(np.array([0, 1, 2**63 - 1], np.uint64)).ids.max() == 2**63 - 1
