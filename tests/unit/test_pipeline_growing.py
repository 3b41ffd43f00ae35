"""Stacks that grow: identifiers stay, whatever the tracker numbers."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from many_aois import tree
from nn_fakes import fake_model
from pipeline_stacks import GRID, HOUSES, write_images, write_masks
from sn7fast import Footprints, Grid, InputError, Stack
from sn7fast.data.synthetic import synthetic_scene
from sn7fast.large import WholeStack
from sn7fast.pipeline import plan, run_aoi
from sn7fast.pipeline.published import (
    published,
    read_published,
    recovered,
    write_published,
)
from sn7fast.pipeline.stacks import read_stack
from sn7fast.postprocess import PostProcessing

MONTHS = [f"2018_{month:02}" for month in range(1, 7)]


def boxes(*places):
    """Squares of 4 x 4 at these positions."""
    if not places:
        return Footprints.empty()
    corner = np.array(places, float)[:, None]
    box = np.array([[0, 0], [0, 4], [4, 4], [4, 0], [0, 0]])
    count = len(places)
    return Footprints((corner + box).reshape(-1, 2), np.arange(0, 5 * count + 1, 5),
                      np.arange(count + 1))  # fmt: skip


def stack_of(*months, grid=None):
    """Of each month: positions by identifier."""
    return Stack.from_frames(
        [boxes(*month.values()) for month in months],
        months=MONTHS[: len(months)],
        aoi="a",
        ids=[list(month) for month in months],
        grid=grid,
    )


FIRST = stack_of({0: (0, 0), 1: (10, 0)}, {0: (0, 0), 1: (10, 0), 2: (20, 0)})


def named(*results):
    """The identifiers of the rows of the last result, after the others."""
    before = None
    for number, result in enumerate(results):
        stack, before = published(WholeStack(result), before, f"result {number}")
    return stack.ids.tolist(), before


def test_the_first_result_keeps_the_numbers_of_its_tracker():
    gaps = FIRST.with_ids(FIRST.ids * 3 + 1)
    ids, out = named(gaps)
    assert ids == gaps.ids.tolist()
    assert out.next_id == 8
    assert not out.retired.any()


def test_other_numbers_and_one_more_month():
    grown = stack_of(
        {7: (10, 0), 8: (0, 0)}, {7: (10, 0), 8: (0, 0), 9: (20, 0)},
        {7: (10, 0), 8: (0, 0), 9: (20, 0), 5: (30, 0)},
    )  # fmt: skip
    ids, out = named(FIRST, grown)
    assert ids == [1, 0, 1, 0, 2, 1, 0, 2, 3]
    assert out.next_id == 4


def test_an_identifier_that_is_gone_is_not_given_to_another_and_comes_back_to_its_place():
    without = stack_of({0: (0, 0)}, {0: (0, 0), 1: (20, 0)}, {0: (0, 0), 1: (20, 0), 2: (30, 0)})
    ids, out = named(FIRST, without)
    assert ids == [0, 0, 2, 0, 2, 3]
    assert out.last.ids[out.retired].tolist() == [1]
    back = stack_of({4: (0, 0), 9: (40, 0)}, {4: (0, 0), 7: (10, 0)}, {4: (0, 0)})
    ids, out = named(FIRST, without, back)
    assert ids == [0, 4, 0, 1, 0]
    assert sorted(out.last.ids[out.retired].tolist()) == [2, 3]
    assert out.next_id == 5


def test_a_building_on_the_place_of_another_is_another():
    """Pulled down and built again: two identifiers, in both results."""
    one = stack_of({0: (0, 0)}, {}, {1: (0, 0)})
    grown = stack_of({1: (0, 0)}, {}, {0: (0, 0)}, {0: (0, 0)})
    assert named(one, grown)[0] == [0, 1, 1]


def test_outlines_that_moved_and_months_that_are_gone():
    moved = stack_of({5: (1, 1), 6: (11, 1)}, {5: (1, 1), 6: (11, 1)})
    assert named(FIRST, moved)[0] == [0, 1, 0, 1]
    # Further than an IoU of 0.25.
    assert named(FIRST, stack_of({5: (2, 2)}))[0] == [3]
    later = replace(stack_of({5: (10, 0)}), months=("2019_01",))
    assert named(FIRST, later)[0] == [1]


def test_of_two_that_become_one_the_better_outline_gives_the_name():
    two = stack_of({0: (0, 0), 1: (3, 0)})
    merged = stack_of({0: (2, 0)})
    assert named(two, merged)[0] == [1]
    # A tie goes to the older one.
    assert named(stack_of({0: (0, 0), 1: (2, 0)}), stack_of({0: (1, 0)}))[0] == [0]


def test_the_same_result_gets_the_same_again(tmp_path):
    stack, out = published(WholeStack(FIRST), None, "a")
    write_published(tmp_path / "ids.npz", out)
    back = read_published(tmp_path / "ids.npz")
    for _ in range(3):
        again, back = published(WholeStack(FIRST), back, "a")
        assert again.ids.tolist() == stack.ids.tolist()
    write_published(tmp_path / "again.npz", back)
    assert (tmp_path / "again.npz").read_bytes() == (tmp_path / "ids.npz").read_bytes()
    lost = recovered(stack)
    assert (
        published(WholeStack(FIRST.with_ids(FIRST.ids + 5)), lost, "b")[0].ids.tolist()
        == stack.ids.tolist()
    )


def test_another_grid():
    """Compared on the ground if it is in the same CRS, else refused."""
    placed = replace(FIRST, grid=GRID)
    a, b, c, d, e, f = GRID.transform
    window = Grid((30, 30), (a, b, c - 50, d, e, f + 20), GRID.crs)
    shifted = stack_of({7: (15, 2), 8: (5, 2)}, grid=window)
    assert named(placed, shifted)[0] == [1, 0]
    for other in (None, Grid((48, 40)), Grid(GRID.shape_yx, GRID.transform, "EPSG:32633")):
        with pytest.raises(InputError, match=r"images lie elsewhere than those of the last run .* "
                           r"remove state/a to number anew"):  # fmt: skip
            named(placed, replace(FIRST, grid=other))


def test_dates_go_with_the_names(tmp_path):
    """By a collapse, which dates buildings that it numbers anew."""
    source, out = write_masks(tmp_path / "in", 5), tmp_path / "out"
    tables = []
    for count in (5, 6):
        # A house in the west comes first in the order of rows.
        houses = HOUSES if count == 5 else [(0, 0, 3, 4, 2, 9), *HOUSES]
        write_masks(tmp_path / "in", count, houses=houses)
        (job,) = plan(source, out, report=False)
        assert run_aoi(job).failed is None
        tables.append(pd.read_csv(out / "buildings" / "harbour.csv").set_index("id"))
    one, other = tables
    assert len(other) == len(one) + 1
    assert list(other.index[:-1]) == list(one.index)
    same = other.loc[one.index]
    # With one more month an outline may be another, which the name survives.
    assert (same[["x", "y"]] - one[["x", "y"]]).abs().max(axis=None) < 6
    assert (same["first_month"] == one["first_month"]).all()
    stack = read_stack(out / "state" / "harbour" / "tracks.npz")
    assert stack.buildings.ids.tolist() == list(other.index)


@pytest.mark.parametrize("method", ["baseline", "filtered", "collapse"])
def test_months_of_a_town_one_by_one(tmp_path, method):
    """No building changes its name while a stack grows month by month."""
    scene = synthetic_scene(seed=5, shape_yx=(128, 128), months=8, kind="suburb")
    model = fake_model()
    folder = tmp_path / "all"
    scene.write_sn7(folder)
    post, out = PostProcessing(method=method), tmp_path / "out"
    names = {}
    for count in (5, 6, 8):
        files = sorted((folder / scene.aoi).rglob("images*/*"))
        for path in files:
            place = tmp_path / "in" / path.relative_to(folder)
            month = path.name[len("global_monthly_") :][:7]
            if month <= scene.months[count - 1] and not place.exists():
                place.parent.mkdir(parents=True, exist_ok=True)
                place.symlink_to(path)
        (job,) = plan(tmp_path / "in", out, weights=model, post=post, report=False)
        outcome = run_aoi(job, models=[model])
        assert outcome.failed is None
        stack = read_stack(out / "state" / scene.aoi / "tracks.npz")
        for month in stack.months:
            rows = stack.rows(month)
            for name, shape in zip(
                stack.ids[rows], stack.footprints[rows].to_shapely(), strict=True
            ):
                earlier = names.setdefault(int(name), shape)
                assert earlier.distance(shape) < 12
        known = json.loads((out / "state" / scene.aoi / "manifest.json").read_text())
        assert len([name for name in known["steps"] if name.startswith("predict")]) == count
        assert len(outcome.written) == {5: 5, 6: 1, 8: 2}[count]


def test_a_month_that_is_added_gives_what_a_kill_in_between_would(tmp_path, monkeypatch):
    """Ids are committed first: a run that is stopped right after goes on to the same."""
    from sn7fast.pipeline import tracking

    model = fake_model()
    results = []
    for stopped in (False, True):
        source, out = tmp_path / f"in{stopped}", tmp_path / f"out{stopped}"
        for count in (3, 4):
            write_images(source, count)
            (job,) = plan(source, out, weights=model, report=False)
            if stopped and count == 4:
                with monkeypatch.context() as patch:
                    patch.setattr(tracking, "write_stack", _interrupt)
                    with pytest.raises(KeyboardInterrupt):
                        run_aoi(job, models=[model])
            assert run_aoi(job, models=[model]).failed is None
        results.append(tree(out))
    assert results[0] == results[1]


def _interrupt(*_, **__):
    raise KeyboardInterrupt
