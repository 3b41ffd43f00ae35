"""Each decision about a quirk of the originals is documented, and holds."""

import json
from functools import reduce
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
from shapely import affinity
from shapely.geometry import Point, Polygon, box, mapping

import sn7fast
from parity.quirks import QUIRKS, table
from reference import scot as reference_scot
from sn7fast import InputError, compat

ROOT = Path(__file__).resolve().parents[2]


# The table ----------------------------------------------------------------------------------------


def test_all_24_are_decided():
    assert [quirk.number for quirk in QUIRKS] == list(range(1, 25))
    assert all(quirk.decision for quirk in QUIRKS)


@pytest.mark.parametrize("quirk", QUIRKS, ids=lambda quirk: str(quirk.number))
def test_is_documented_and_tested_or_said_to_come(quirk):
    tests = [name for name in globals() if name.startswith(f"test_quirk_{quirk.number:02d}_")]
    if quirk.later:
        assert not tests
        assert not quirk.documented
        return
    assert tests
    assert quirk.documented
    for name in quirk.documented:
        home = compat if hasattr(compat, name.split(".")[0]) else sn7fast
        text = reduce(getattr, name.split("."), home).__doc__
        assert (
            f"* {quirk.number}: " in text
            or f"uirk {quirk.number} " in text
            or (f"quirk {quirk.number})" in text or f"quirk {quirk.number};" in text)
        ), name


def test_the_section_of_the_design_is_this_table():
    text = (ROOT / "DESIGN.md").read_text()
    assert table() in text


# Polygons and masks -------------------------------------------------------------------------------

LOGITS = np.array([[-3, -3, -3, -3], [-3, 2, 2, -3], [-3, -3, -3, 300]], np.float32)


def regions(**kwargs):
    found = compat.mask_to_poly_geojson(LOGITS, min_area=0, **kwargs)
    return sorted(zip(found.geometry.area, found["value"], strict=True))


def test_quirk_01_negative_threshold_gives_the_background_too():
    assert regions(bg_threshold=-0.5) == [(1, 255), (2, 255), (9, 0)]
    assert regions(bg_threshold=-0.5, second_threshold=False) == [(1, 255), (2, 255)]
    assert sorted(sn7fast.polygonize(LOGITS, threshold=-0.5).areas) == [1, 2]


def test_quirk_01_threshold_from_255_gives_nothing():
    assert regions(bg_threshold=255) == []
    assert regions(bg_threshold=255, second_threshold=False) == [(1, 255)]
    assert sn7fast.polygonize(LOGITS, threshold=255).areas.tolist() == [1]


def test_quirk_02_channel_axis_is_guessed_or_said():
    flat = np.zeros((2, 5, 3), np.uint8)  # 2 rows, 5 columns, 3 channels
    flat[0, 1:3] = 1
    guessed = compat.mask_to_poly_geojson(flat, min_area=0)
    said = compat.mask_to_poly_geojson(flat, min_area=0, channel_axis=2)
    assert [p.bounds for p in guessed.geometry] == [(0, 1, 3, 3)]
    assert [p.bounds for p in said.geometry] == [(1, 0, 3, 1)]
    with pytest.raises(InputError, match="wanted \\(rows, columns\\)"):
        sn7fast.polygonize(flat)


@pytest.mark.parametrize("kind", ["geojson", "csv"])
def test_quirk_03_empty_result_is_written(tmp_path, kind):
    out = tmp_path / f"out.{kind}"
    compat.mask_to_poly_geojson(np.zeros((3, 3)), output_path=out, output_type=kind)
    if kind == "csv":
        assert out.read_text() == "geometry,value\n"
    else:
        assert json.loads(out.read_text()) == {"type": "FeatureCollection", "features": []}


TOUCHING = gpd.GeoDataFrame(geometry=[box(1, 1, 5, 7), box(5, 1, 9, 7)])


def boundary(**kwargs):
    return compat.df_to_px_mask(TOUCHING, ["boundary"], shape=(8, 10), **kwargs)[..., 0] > 0


def test_quirk_04_touching_buildings_have_no_boundary_between_them():
    assert not boundary()[2:6, 2:8].any()
    each = boundary(per_building_boundary=True)
    assert each[2:6, 4:6].all()
    assert not each[2:6, [2, 3, 6, 7]].any()


def test_quirk_05_even_width_is_off_centre():
    narrow = boundary(boundary_width=2)
    assert np.argwhere(narrow[3]).ravel().tolist() == [8]  # the right side alone
    assert np.argwhere(narrow[:, 4]).ravel().tolist() == [6]  # the bottom alone
    outer = boundary(boundary_width=2, boundary_type="outer")
    assert np.argwhere(outer[3]).ravel().tolist() == [0]  # the left side alone
    assert np.argwhere(boundary(boundary_width=4)[3]).ravel().tolist() == [1, 7, 8]


# Tracking -----------------------------------------------------------------------------------------


def track(tmp_path, months, *, value=True, **kwargs):
    """Months (name -> polygons, or text of the file) to (name -> properties by row)."""
    source = tmp_path / "in"
    source.mkdir()
    for name, polygons in months.items():
        properties = {"value": 255} if value else {}
        features = [
            {"type": "Feature", "properties": properties | {"row": i}, "geometry": mapping(p)}
            for i, p in enumerate(polygons)
        ]
        text = json.dumps({"type": "FeatureCollection", "features": features})
        (source / f"{name}.geojson").write_text("" if polygons is NO_BYTES else text)
    compat.track_footprint_identifiers(source, tmp_path / "out", verbose=False, **kwargs)
    return {
        path.stem: [f["properties"] for f in json.loads(path.read_text())["features"]]
        for path in sorted((tmp_path / "out").iterdir())
    }


NO_BYTES = ()


def ids(rows):
    return [row["Id"] for row in rows]


def squares(count, y=0, side=2):
    return [box(10 * k, y, 10 * k + side, y + side) for k in range(count)]


def test_quirk_06_equal_areas_keep_file_order(tmp_path):
    found = track(tmp_path, {"m1": squares(50)})["m1"]
    assert [row["row"] for row in found] == list(range(50))
    assert ids(found) == list(range(50))


@pytest.mark.parametrize("empty", [[], NO_BYTES], ids=["no features", "no bytes"])
@pytest.mark.parametrize("value", [True, False], ids=["value", "no value"])
def test_quirk_07_empty_months_have_no_detections(tmp_path, empty, value):
    months = {"m1": empty, "m2": squares(3), "m3": empty, "m4": squares(4)}
    found = track(tmp_path, months, value=value)
    assert {name: ids(rows) for name, rows in found.items()} == {
        "m1": [],
        "m2": [0, 1, 2],
        "m3": [],
        "m4": [0, 1, 2, 3],
    }
    assert all("value" not in row for row in found["m4"])
    csv = compat.sn7_convert_geojsons_to_csv([tmp_path / "out"], tmp_path / "out.csv")
    assert csv["filename"].tolist() == ["m2"] * 3 + ["m4"] * 4
    (tmp_path / "out" / "m5.geojson").write_bytes(b"")  # as the original leaves them
    compat.sn7_convert_geojsons_to_csv([tmp_path / "out"], tmp_path / "out.csv", empty_rows=True)
    lines = (tmp_path / "out.csv").read_text().splitlines()
    assert [line for line in lines if "EMPTY" in line] == [
        f"{name},0,POLYGON EMPTY" for name in ("m1", "m3", "m5")
    ]


def test_quirk_08_months_go_in_text_order(tmp_path):
    start = box(0, 0, 4, 4)
    # 2 -> 10 would be a jump; in text order 10 comes right after 1.
    months = {"m1": [start], "m10": [box(1, 0, 5, 4)], "m2": [box(40, 0, 44, 4)]}
    found = track(tmp_path, months)
    assert [ids(found[name]) for name in ("m1", "m10", "m2")] == [[0], [0], [1]]
    csv = compat.sn7_convert_geojsons_to_csv([tmp_path / "out"], tmp_path / "out.csv")
    assert csv["filename"].tolist() == ["m1", "m10", "m2"]


def test_quirk_09_the_largest_chooses_first(tmp_path):
    # Both later polygons fit the earlier one; the smaller is equal to it.
    earlier = box(0, 0, 10, 10)
    found = track(tmp_path, {"m1": [earlier], "m2": [earlier, box(0, 0, 10, 12)]})["m2"]
    assert [(row["row"], row["Id"]) for row in found] == [(1, 0), (0, 1)]


def test_quirk_09_the_master_keeps_its_first_shape(tmp_path):
    drift = {f"m{k}": [box(2 * k, 0, 2 * k + 8, 8)] for k in range(4)}
    found = track(tmp_path, drift, min_iou=0.3)
    assert [ids(rows) for rows in found.values()] == [[0], [0], [0], [1]]
    frames = [sn7fast.Footprints.from_shapely(polygons) for polygons in drift.values()]
    stack = sn7fast.Stack.from_frames(frames, months=list(drift), aoi="drift")
    assert sn7fast.track(stack, min_iou=0.3).ids.tolist() == [0, 0, 0, 1]
    assert sn7fast.track(stack, min_iou=0.3, master="latest").ids.tolist() == [0, 0, 0, 0]


QUARTER = box(0, 0, 4, 4), box(0, 0, 2, 2)  # IoU exactly 0.25


def test_quirk_10_equality_matches_for_the_tracker(tmp_path):
    found = track(tmp_path, {"m1": [QUARTER[0]], "m2": [QUARTER[1]]}, min_iou=0.25)
    assert found["m2"][0]["Id"] == 0
    assert found["m2"][0]["iou_score"] == 0.25


def test_quirk_10_equality_is_no_match_for_scot_and_f1(tmp_path):
    ground, proposal = (frame([("m1", 0, polygon)]) for polygon in QUARTER)
    assert compat.match_footprints(ground, proposal, 0.25).tp == 0
    assert compat.match_footprints(ground, proposal, 0.2499).tp == 1
    assert f1(tmp_path, QUARTER[:1], QUARTER[1:], miniou=0.25)["TruePos"] == 0
    assert f1(tmp_path, QUARTER[:1], QUARTER[1:], miniou=0.2499)["TruePos"] == 1


def test_quirk_11_touching_polygons_match_with_min_iou_0(tmp_path):
    months = {"m1": [box(0, 0, 4, 4)], "m2": [box(4, 0, 8, 4)]}
    found = track(tmp_path, months, min_iou=0)
    assert found["m2"] == [{"row": 0, "area": 16, "iou_score": 0, "Id": 0}]
    (tmp_path / "other").mkdir()
    assert ids(track(tmp_path / "other", months, min_iou=1e-9)["m2"]) == [1]


# SCOT ---------------------------------------------------------------------------------------------


def frame(rows, aoi="a"):
    """GeoDataFrame of (month, id, polygon)."""
    months, identifiers, polygons = zip(*rows, strict=True) if rows else ((), (), ())
    columns = {"aoi": [aoi] * len(rows), "timestep": list(months), "id": list(identifiers)}
    return gpd.GeoDataFrame(columns, geometry=list(polygons))


def standing(months, count=3):
    return [(m, k, square) for m in months for k, square in enumerate(squares(count))]


BUILT = [*standing(["m1", "m2"]), ("m2", 9, box(0, 50, 4, 54))]


def stack(rows):
    months = sorted({month for month, _, _ in rows})
    by_month = {m: [row for row in rows if row[0] == m] for m in months}
    return sn7fast.Stack.from_frames(
        [sn7fast.Footprints.from_shapely([p for _, _, p in by_month[m]]) for m in months],
        months=months,
        ids=[[i for _, i, _ in by_month[m]] for m in months],
        aoi="a",
    )


def test_quirk_12_months_without_ground_truth_cost_nothing():
    more = [*BUILT, *standing(["m3"])]
    assert compat.scot_one_aoi(frame(BUILT), frame(more)) == 1
    counted = sn7fast.score_scot(stack(BUILT), stack(more), unmatched_months="count").aois["a"]
    assert counted.track_fp == 3
    assert sn7fast.score_scot(stack(BUILT), stack(more)).aois["a"].track_fp == 0


def test_quirk_13_empty_geometries_count():
    proposal = frame([*BUILT, ("m1", 100, Polygon()), ("m2", 101, None)])
    with pytest.warns(compat.QuirkWarning, match=r"2 rows .* \(quirk 13\)"):
        _, stats = compat.scot_one_aoi(frame(BUILT), proposal, stats=True)
    assert stats[:4] == [0, 7, 2, 0]


def test_quirk_14_repeated_identifiers_add_up_with_a_warning():
    whole, halves = box(0, 0, 10, 1), [box(0, 0, 2, 1), box(2, 0, 4, 1)]  # IoU 0.2 each
    ground, proposal = frame([("m1", 1, whole)]), frame([("m1", 7, half) for half in halves])
    with pytest.warns(compat.QuirkWarning, match=r"proposal: 1 rows .* \(quirk 14\)"):
        found = compat.match_footprints(ground, proposal)
    assert (found.tp, found.fp, found.fn) == (1, 1, 0)
    assert found.iou == pytest.approx([0.4])
    twice = [("m1", 7, half) for half in halves]
    with pytest.raises(InputError, match="7"):
        sn7fast.score_scot(stack([("m1", 1, whole)]), stack(twice))


def test_quirk_15_ties_do_not_depend_on_the_order_of_rows():
    ground = [("m1", k, box(4 * k, 0, 4 * k + 4, 4)) for k in range(6)]
    # Each proposal lies across two buildings, half on either.
    proposal = [("m1", 50 + k, box(4 * k + 2, 0, 4 * k + 6, 4)) for k in range(5)]
    found = compat.match_footprints(frame(ground), frame(proposal))
    again = compat.match_footprints(frame(ground[::-1]), frame(proposal[::-1]))
    assert found == again
    wanted = reference_scot.match(*([row[1:] for row in side] for side in (ground, proposal)))
    assert found.tp == len(wanted) == 5
    assert sum(found.iou) == pytest.approx(sum(iou for _, _, iou in wanted))


def test_quirk_16_identifiers_may_be_text_or_numbers():
    wanted = compat.scot_one_aoi(frame(BUILT), frame(BUILT), stats=True)
    text = frame([(month, f"{9 + k}", polygon) for month, k, polygon in BUILT])
    assert compat.scot_one_aoi(frame(BUILT), text, stats=True) == wanted
    pairs = compat.match_footprints(text[text.timestep == "m2"], text[text.timestep == "m2"])
    assert pairs.grnd_ids == ["10", "11", "18", "9"]  # text sorts as text
    mixed = frame([("m1", 1, box(0, 0, 1, 1)), ("m1", "1", box(5, 0, 6, 1))])
    with pytest.raises(InputError, match="mixed kinds"):
        compat.scot_one_aoi(frame(BUILT), mixed)


def test_quirk_16_identifiers_of_a_csv_are_numbers(tmp_path):
    name = "global_monthly_2018_01_mosaic_L15-1121E-0784N_4089_3343_13"
    path = tmp_path / "rows.csv"
    path.write_text(f'filename,id,geometry\n{name},ten,"POLYGON ((0 0, 0 3, 3 3, 0 0))"\n')
    with pytest.raises(InputError, match=r"rows\.csv: id: .* wanted whole numbers"):
        compat.multi_temporal_buildings(path, path)


def test_quirk_17_without_construction_the_score_is_0():
    rows = frame(standing(["m1", "m2"]))
    with pytest.warns(compat.QuirkWarning, match=r"new after the first month.*\(quirk 17\)"):
        score, stats = compat.scot_one_aoi(rows, rows, stats=True)
    assert score == 0
    assert stats[4] == 1


# F1 -----------------------------------------------------------------------------------------------


def f1(tmp_path, ground, proposal, confidence=None, **kwargs):
    def write(name, polygons, rows):
        features = [
            {"type": "Feature", "properties": row, "geometry": mapping(polygon)}
            for polygon, row in zip(polygons, rows, strict=True)
        ]
        path = tmp_path / name
        path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
        return path

    truth = write("truth.geojson", ground, [{"k": k} for k in range(len(ground))])
    confidence = confidence or [1] * len(proposal)
    rows = [{"conf": conf, "k": k} for k, conf in enumerate(confidence)]
    evaluator = compat.Evaluator(truth)
    evaluator.load_proposal(write("proposal.geojson", proposal, rows))
    (result,) = evaluator.eval_iou(**kwargs)
    return result | {"order": evaluator.proposal_GDF["k"].tolist()}


def test_quirk_18_miniou_0_makes_every_proposal_true(tmp_path):
    ground, proposal = squares(1), [*squares(1), *squares(2, y=100)]
    result = f1(tmp_path, ground, proposal, miniou=0)
    assert (result["TruePos"], result["FalsePos"], result["FalseNeg"]) == (3, 0, 0)
    sides = [stack([("m1", k, p) for k, p in enumerate(side)]) for side in (ground, proposal)]
    ours = sn7fast.score_f1(*sides, iou_threshold=0).pooled
    assert (ours.true_positives, ours.false_positives, ours.false_negatives) == (1, 2, 0)


def test_quirk_19_equal_confidences_keep_file_order(tmp_path):
    confidence = [0.5] * 25 + [0.9] * 25
    result = f1(tmp_path, squares(50), squares(50), confidence)
    assert result["order"] == [*range(25, 50), *range(25)]


# Temporal collapse --------------------------------------------------------------------------------


def collapsed(prob, **kwargs):
    """Rows and ids of a cube of months at native resolution."""
    months = [f"2020_{month:02}" for month in range(1, len(prob) + 1)]
    valid = kwargs.pop("valid", None)
    made = sn7fast.Cube.from_arrays(prob, months=months, valid=valid)
    return sn7fast.collapse_stc(made, sn7fast.StcParams(**kwargs))


def test_quirk_20_labels_are_wide_unless_asked_for_in_8_bits():
    prob = np.zeros((1, 155, 155), np.uint8)
    for y in range(1, 154, 9):
        for x in range(1, 154, 9):
            prob[0, y : y + 7, x : x + 7] = 255
    assert len(collapsed(prob)) == 17 * 17
    assert len(collapsed(prob, labels_8bit=True)) == len(collapsed(prob)) - 1


def test_quirk_21_without_change_there_are_the_others():
    prob = np.zeros((3, 12, 12), np.uint8)
    prob[:, 2:9, 2:9] = 255
    assert collapsed(prob).ids.tolist() == [0, 0, 0]


def test_quirk_21_all_parts_of_a_shrunken_outline_count():
    ring = Polygon([(9, 4), (1, 8), (5, 11), (10, 7), (8, 0), (7, 3), (0, 7)])
    parts = affinity.translate(ring, -0.5, -0.5).buffer(-0.25)
    assert parts.geom_type == "MultiPolygon"
    inside = [parts.intersects(Point(x, y)) for x in range(12) for y in range(12)]
    contour = sn7fast.Footprints.from_shapely([ring])
    frame = np.zeros((12, 12), np.uint8)
    counts, _ = sn7fast._core.stc_series([frame], None, contour.arrays, sn7fast.StcParams())
    assert counts.tolist() == [sum(inside)]


@pytest.mark.parametrize(("hidden", "months"), [("month", 2), ("pixels", 3)])
def test_quirk_22_one_hidden_pixel_hides_the_month_unless_pixels_tell(hidden, months):
    prob = np.zeros((3, 12, 12), np.uint8)
    prob[:, 2:9, 2:9] = 255
    valid = np.ones(prob.shape, bool)
    valid[1, 4, 4] = False
    assert len(collapsed(prob, valid=valid, hidden=hidden)) == months


def test_quirk_23_rules_of_2020_let_the_frame_compete():
    prob = np.zeros((1, 9, 12), np.uint8)
    prob[0, :8, 2:10] = 120
    prob[0, 2, 5], prob[0, 0, 5] = 130, 140
    # The peak in the second row is the seed, unless the higher pixel of the frame forbids it.
    assert len(collapsed(prob)) == 1
    assert len(collapsed(prob, rules="2020")) == 0
