"""What plot() draws: the artists, not their pixels."""

import itertools
import sys
from dataclasses import replace

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.colors import to_hex

from sn7fast import (
    Buildings,
    Footprints,
    Grid,
    ScotScore,
    Stack,
    attribute_scot,
    score_f1,
    score_scot,
)
from sn7fast.errors import InputError, MissingDependencyError
from sn7fast.plotting import colours


@pytest.fixture(autouse=True)
def agg():
    with mpl.rc_context({"backend": "Agg"}):
        from matplotlib import pyplot

        yield pyplot
        pyplot.close("all")


def boxes(*corners):
    rings = [[(a, b), (c, b), (c, d), (a, d), (a, b)] for a, b, c, d in corners]
    offsets = np.arange(len(rings) + 1, dtype=np.int32)
    return Footprints(np.array(rings, float).reshape(-1, 2), offsets * 5, offsets)


A, B, C, D = (0, 0, 4, 4), (10, 0, 14, 4), (20, 0, 24, 4), (30, 0, 34, 4)
MONTHS = ["2018_01", "2018_02", "2018_03"]


def stack(frames, ids, **changes):
    return Stack.from_frames(
        [boxes(*frame) for frame in frames], months=MONTHS, aoi="here", ids=ids, **changes
    )


@pytest.fixture
def truth():
    return stack([[A], [A, B], [A, B, C]], [[1], [1, 2], [1, 2, 3]])


@pytest.fixture
def proposal():
    shifted_b, shifted_c = (11, 0, 15, 4), (22, 0, 26, 4)
    frames = [[A], [A, shifted_b, D], [A, shifted_b, shifted_c]]
    return stack(frames, [[10], [10, 20, 40], [10, 21, 30]])


def shapes(ax):
    return ax.collections[-1]


def outline(path):
    return path.vertices.tolist()


def test_each_footprint_is_one_path_with_its_holes():
    ring = [(0, 0), (9, 0), (9, 9), (0, 9), (0, 0)]
    hole = [(3, 3), (3, 6), (6, 6), (6, 3), (3, 3)]
    far = [(20, 0), (22, 0), (22, 2), (20, 0)]
    coords = np.array([*ring, *hole, *far], float)
    ax = Footprints(coords, np.array([0, 5, 10, 14]), np.array([0, 2, 3])).plot()
    with_hole, triangle = shapes(ax).get_paths()
    assert outline(with_hole) == coords[:10].tolist()
    assert with_hole.codes.tolist() == [1, 2, 2, 2, 79] * 2
    assert outline(triangle) == coords[10:].tolist()


def test_a_hole_is_open_however_its_ring_runs(agg):
    outer = [(0, 0), (9, 0), (9, 9), (0, 9), (0, 0)]
    hole = [(3, 3), (6, 3), (6, 6), (3, 6), (3, 3)]
    for points in (hole, hole[::-1]):
        offsets = np.array([0, 5, 10]), np.array([0, 2])
        ax = Footprints(np.array([*outer, *points], float), *offsets).plot(color="black")
        canvas = ax.figure.canvas
        canvas.draw()
        column, row = ax.transData.transform((4.5, 4.5)).astype(int)
        picture = np.asarray(canvas.buffer_rgba())
        assert picture[-row, column, 0] == 255
        column, row = ax.transData.transform((1.5, 4.5)).astype(int)
        assert picture[-row, column, 0] == 0


def test_a_multipolygon_is_one_path_and_an_empty_footprint_an_empty_one():
    two = boxes(A, B)
    several = Footprints(
        two.coords, two.ring_offsets, two.polygon_offsets, np.array([0, 2, 2], np.int32)
    )
    both, nothing = shapes(several.plot()).get_paths()
    assert len(both.vertices) == 10
    assert len(nothing.vertices) == 0


def test_y_points_down_in_pixels_and_up_in_a_crs(agg):
    ax = boxes(A, B).plot()
    assert ax.yaxis_inverted()
    assert ax.get_aspect() == 1
    # A second set goes into the same Axes and does not turn them over.
    assert boxes(C).plot(ax=ax) is ax
    assert ax.yaxis_inverted()
    left, right = ax.get_xlim()
    assert left < 0
    assert right > 24
    assert not boxes(A).plot(y_down=False, ax=agg.figure().subplots()).yaxis_inverted()


def test_style_reaches_the_shapes():
    ax = boxes(A, B).plot(color=["#ff0000", "#00ff00"], alpha=0.5, linewidth=2)
    assert [to_hex(colour) for colour in shapes(ax).get_facecolor()] == ["#ff0000", "#00ff00"]
    assert shapes(ax).get_facecolor()[:, 3].tolist() == [0.5, 0.5]
    assert shapes(ax).get_linewidth().tolist() == [2]


def test_the_image_lies_under_the_footprints_pixel_by_pixel():
    image = np.zeros((30, 40, 4), np.uint8)
    ax = boxes(A).plot(image=image)
    (drawn,) = ax.images
    assert drawn.get_extent() == [0, 40, 30, 0]
    assert drawn.get_array().shape == (30, 40, 3)
    assert drawn.get_zorder() < shapes(ax).get_zorder()
    assert ax.get_xlim() == (0, 40)
    assert ax.get_ylim() == (30, 0)


@pytest.mark.parametrize("shape", [(3,), (3, 4, 2), (1, 3, 4, 3)])
def test_an_image_of_another_shape_is_refused(shape):
    with pytest.raises(InputError, match="image: got shape"):
        boxes(A).plot(image=np.zeros(shape))


def test_an_image_has_rows_from_the_top():
    with pytest.raises(InputError, match="y_down=False"):
        boxes(A).plot(image=np.zeros((3, 4)), y_down=False)


def test_a_stack_shows_its_last_month_unless_told(truth):
    ax = truth.plot()
    assert len(shapes(ax).get_paths()) == 3
    assert ax.get_title() == "here, 2018-03"
    assert len(shapes(truth.plot("2018_02")).get_paths()) == 2
    with pytest.raises(InputError, match="month: got 2019_01"):
        truth.plot("2019_01")


def test_a_building_keeps_its_colour_in_all_months(truth):
    seen = {}
    for month in MONTHS:
        ids = truth.ids[truth.rows(month)]
        for building, colour in zip(
            ids, shapes(truth.plot(month)).get_facecolor().tolist(), strict=True
        ):
            assert seen.setdefault(building, colour) == colour
    assert len(seen) == 3


def test_ids_next_to_each_other_have_other_colours():
    drawn = [to_hex(colour) for colour in colours.of_ids(np.arange(100))]
    assert set(drawn) == set(colours.PALETTE)
    assert all(one != other for one, other in itertools.pairwise(drawn))


def test_negative_and_huge_ids_have_colours():
    assert colours.of_ids([-1, 2**62, 0]).shape == (3, 4)


def test_without_ids_all_are_grey(truth):
    (colour,) = {to_hex(c) for c in shapes(truth.with_ids(None).plot()).get_facecolor()}
    assert colour == colours.GREY


def test_the_grid_says_what_is_in_sight(truth):
    placed = stack([[A], [A, B], [A, B, C]], [[1], [1, 2], [1, 2, 3]], grid=Grid((50, 60)))
    assert placed.plot().get_xlim() == (0, 60)
    assert placed.plot().get_ylim() == (50, 0)
    assert truth.plot().get_xlim() == (0, 24)
    assert truth.plot(image=np.zeros((7, 9))).get_xlim() == (0, 9)


def test_by_first_month(truth):
    ax = truth.plot(by="first_month")
    drawn = shapes(ax)
    assert drawn.get_array().tolist() == [0, 1, 2]
    ax.figure.canvas.draw()
    assert len({tuple(colour) for colour in drawn.get_facecolor()}) == 3
    bar = ax.figure.axes[1]
    assert [text.get_text() for text in bar.get_yticklabels()] == ["2018-01", "2018-02", "2018-03"]


def test_by_first_month_believes_the_table_of_buildings(truth):
    # Number 3 was built in the first month, and hidden until the last.
    ids, first, last = np.array([1, 2, 3]), np.array([0, 1, 0]), np.array([2, 2, 2])
    table = Buildings(ids, first, first, first, last, np.ones(3), last)
    ax = replace(truth, buildings=table).plot(by="first_month")
    assert shapes(ax).get_array().tolist() == [0, 1, 0]


@pytest.mark.parametrize("months", [1, 30])
def test_by_first_month_of_few_and_many_months(months):
    labels = [f"{2018 + k // 12}_{k % 12 + 1:02}" for k in range(months)]
    one = Stack.from_frames([boxes(A)] * months, months=labels, aoi="x", ids=[[0]] * months)
    ax = one.plot(by="first_month")
    ax.figure.canvas.draw()
    assert len(ax.figure.axes[1].get_yticks()) <= 8


def test_by_first_month_needs_ids(truth):
    with pytest.raises(InputError, match="without ids"):
        truth.with_ids(None).plot(by="first_month")
    with pytest.raises(InputError, match="by: got 'age'"):
        truth.plot(by="age")


def test_nothing_to_draw():
    assert len(shapes(Footprints.empty().plot()).get_paths()) == 0
    assert len(shapes(stack([[], [], []], [[], [], []]).plot()).get_paths()) == 0
    with pytest.raises(InputError, match="without months"):
        Stack.from_frames([], months=[], aoi="x").plot()


def test_f1_is_a_line_for_each_aoi(truth, proposal):
    ax = score_f1({"a": truth, "b": truth}, {"a": truth, "b": proposal}).plot()
    perfect, other = ax.lines
    assert perfect.get_ydata().tolist() == [1, 1, 1]
    assert other.get_ydata() == pytest.approx([1, 0.8, 1])
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["a", "b"]
    assert [text.get_text() for text in ax.get_xticklabels()] == ["2018-01", "2018-02", "2018-03"]
    (line,) = score_f1(truth, proposal).aois["here"].plot().lines
    assert line.get_ydata() == pytest.approx([1, 0.8, 1])


def test_f1_of_many_aois_is_thin_lines_and_their_mean(truth, proposal):
    names = [f"aoi {k}" for k in range(9)]
    sides = {name: proposal if k % 3 == 0 else truth for k, name in enumerate(names)}
    ax = score_f1(dict.fromkeys(names, truth), sides).plot()
    assert len(ax.lines) == 10
    assert ax.lines[-1].get_ydata() == pytest.approx([1, (6 + 3 * 0.8) / 9, 1])
    assert ax.lines[-1].get_label() == "mean of 9 AOIs"


def test_scot_has_three_bars_for_each_aoi_and_the_mean(truth, proposal):
    score = score_scot({"a": truth, "b": truth}, {"a": truth, "b": proposal})
    ax = score.plot()
    bars = {container.get_label(): container for container in ax.containers}
    widths = {label: [bar.get_width() for bar in container] for label, container in bars.items()}
    assert widths["SCOT"] == pytest.approx([1, 0.7463, (1 + 0.7463) / 2], abs=1e-4)
    assert widths["track"] == pytest.approx([1, 5 / 6.5, (1 + 5 / 6.5) / 2])
    assert widths["change"] == pytest.approx([1, 2 / 3, 5 / 6])
    assert [text.get_text() for text in ax.get_yticklabels()] == ["a", "b", "mean"]
    # The first AOI is on top.
    assert ax.yaxis_inverted()


def test_scot_of_one_aoi_needs_no_mean_and_of_none_draws_none(truth):
    ax = score_scot(truth, truth).plot()
    assert [text.get_text() for text in ax.get_yticklabels()] == ["here"]
    assert not any(len(container) for container in ScotScore({}).plot().containers)


def heights(ax):
    return {c.get_label(): [bar.get_height() for bar in c] for c in ax.containers}


def test_counts_of_scot_by_month(truth, proposal):
    aoi = score_scot(truth, proposal).aois["here"]
    change = aoi.plot()
    assert heights(change) == {
        "new and found": [0, 1, 1],
        "new and missed": [0, 0, 0],
        "wrongly new": [0, 1, 1],
    }
    assert change.get_title() == "change 0.667, SCOT 0.746"
    assert heights(aoi.plot("track")) == {
        "matched": [1, 2, 2],
        "id switched": [0, 0, 1],
        "missed": [0, 0, 0],
        "invented": [0, 1, 0],
    }
    # Layers lie on top of each other.
    last = [container[2] for container in aoi.plot("track").containers]
    assert [bar.get_y() for bar in last] == [0, 2, 3, 3]
    with pytest.raises(InputError, match="what: got 'f1'"):
        aoi.plot("f1")


def test_costs_add_up_to_what_is_missing(truth, proposal):
    attribution = attribute_scot(truth, proposal)
    for one in (attribution, attribution.aois["here"]):
        ax = one.plot()
        widths = [bar.get_width() for bar in ax.patches]
        assert sum(widths) == pytest.approx(1 - 0.7463, abs=1e-4)
        assert ax.get_title() == "SCOT 0.746: what the missing 0.254 is made of"
        assert "no change" not in [text.get_text() for text in ax.get_yticklabels()]
    still = stack([[A], [A], [A]], [[1], [1], [1]])
    assert "no change" in [
        text.get_text() for text in attribute_scot(still, still).plot().get_yticklabels()
    ]


def test_it_draws_into_the_axes_it_is_given(agg, truth, proposal):
    _, axes = agg.subplots(1, 7)
    score = score_scot(truth, proposal)
    drawn = [
        truth.footprints.plot(ax=axes[0]),
        truth.plot(ax=axes[1]),
        score_f1(truth, proposal).plot(ax=axes[2]),
        score.plot(ax=axes[3]),
        score.aois["here"].plot(ax=axes[4]),
        attribute_scot(truth, proposal).plot(ax=axes[5]),
        score_f1(truth, proposal).aois["here"].plot(ax=axes[6]),
    ]
    assert drawn == list(axes)
    assert len(agg.get_fignums()) == 1


def test_without_matplotlib_it_says_what_to_install(monkeypatch, truth):
    monkeypatch.setitem(sys.modules, "matplotlib.pyplot", None)
    with pytest.raises(MissingDependencyError, match=r"sn7fast\[plot\]"):
        truth.plot()
