"""Polygonize: documented behaviour on small masks, and every refusal."""

import numpy as np
import pytest

from sn7fast import Cube, Footprints, InputError, StackError, polygonize, polygonize_frames


def mask(*rows):
    return np.array([[cell == "#" for cell in row] for row in rows])


def rings(footprints):
    """Points of each ring without the closing one, by polygon."""
    return [
        [
            list(map(tuple, np.asarray(ring.coords[:-1]).astype(int)))
            for ring in (p.exterior, *p.interiors)
        ]
        for p in footprints.to_shapely()
    ]


class TestRings:
    def test_starts_at_the_left_end_of_the_top_edge_and_goes_down(self):
        assert rings(polygonize(mask("...", ".#.", "..."))) == [[[(1, 1), (1, 2), (2, 2), (2, 1)]]]

    def test_a_hole_goes_right_first(self):
        (polygon,) = rings(polygonize(mask("###", "#.#", "###")))
        assert polygon[1] == [(1, 1), (2, 1), (2, 2), (1, 2)]

    def test_pixels_that_touch_crosswise_are_two_footprints_or_one(self):
        cross = mask("#.", ".#")
        assert len(polygonize(cross)) == 2
        (one,) = polygonize(cross, connectivity=8).to_shapely()
        assert one.geom_type == "MultiPolygon"
        assert one.is_valid

    def test_a_loop_closed_by_a_corner_is_a_hole_that_touches(self):
        ring = mask("###", "#.#", "##.")
        (polygon,) = polygonize(ring).to_shapely()
        assert polygon.is_valid
        assert len(polygon.interiors) == 1
        assert polygon.exterior.intersection(polygon.interiors[0]).wkt == "POINT (2 2)"

    def test_a_footprint_in_a_hole_of_another(self):
        nested = mask("#####", "#...#", "#.#.#", "#...#", "#####")
        # By the row of the last pixel: the inner one comes first.
        assert polygonize(nested).areas.tolist() == [1, 16]

    def test_no_multipolygon_no_third_offsets(self):
        assert polygonize(mask("#.#")).footprint_offsets is None
        assert polygonize(mask("#.#"), connectivity=8).footprint_offsets is None
        assert polygonize(mask("#.", ".#"), connectivity=8).footprint_offsets.tolist() == [0, 2]


class TestEdgeShapes:
    @pytest.mark.parametrize("shape", [(0, 0), (0, 7), (7, 0), (0, 2**31 - 2), (2**31 - 2, 0)])
    def test_no_pixels(self, shape):
        assert len(polygonize(np.zeros(shape, np.uint8))) == 0

    @pytest.mark.parametrize("length", [1, 63, 64, 65, 127, 128, 129, 1000])
    def test_single_rows_and_columns(self, length):
        row = np.ones((1, length), np.uint8)
        assert polygonize(row).bounds.tolist() == [[0, 0, length, 1]]
        assert polygonize(row.T).bounds.tolist() == [[0, 0, 1, length]]
        row[0, 1::2] = 0
        assert polygonize(row).areas.tolist() == polygonize(row.T).areas.tolist()
        assert len(polygonize(row)) == (length + 1) // 2

    @pytest.mark.parametrize("shape", [(1, 1), (3, 64), (64, 3), (200, 65)])
    def test_all_foreground_and_none(self, shape):
        full = polygonize(np.ones(shape, bool))
        assert full.bounds.tolist() == [[0, 0, shape[1], shape[0]]]
        assert len(full.coords) == 5
        assert len(polygonize(np.zeros(shape, bool))) == 0


class TestThreshold:
    def test_strict(self):
        assert polygonize(np.array([[1, 2, 3]], np.uint8), threshold=2).bounds.tolist() == [
            [2, 0, 3, 1]
        ]

    def test_nan_is_background(self):
        values = np.array([[np.nan, 1.0, -np.inf, np.inf]], np.float32)
        assert polygonize(values, threshold=-np.inf).areas.sum() == 2
        assert polygonize(values, threshold=0).areas.sum() == 2

    def test_float32_is_compared_in_float32(self):
        # 0.1 in float32 is larger than 0.1, but not larger than itself.
        assert len(polygonize(np.full((1, 1), 0.1, np.float32), threshold=0.1)) == 0
        assert len(polygonize(np.full((1, 1), np.float64(np.float32(0.1))), threshold=0.1)) == 1

    def test_beyond_the_type(self):
        values = np.array([[0, 255]], np.uint8)
        assert polygonize(values, threshold=-0.5).areas.tolist() == [2]
        assert polygonize(values, threshold=254.5).areas.tolist() == [1]
        assert len(polygonize(values, threshold=300)) == 0


class TestRefused:
    @pytest.mark.parametrize(
        "dtype", ["int8", "int64", "uint32", "float16", "complex64", "object", "S1"]
    )
    def test_dtype(self, dtype):
        with pytest.raises(
            InputError, match=r"mask: got .* of shape \(2, 2\), wanted \(rows, columns\)"
        ):
            polygonize(np.eye(2).astype(dtype))

    @pytest.mark.parametrize(
        "value", [np.zeros((2, 3, 4), bool), np.zeros(4, bool), True, None, "mask"]
    )
    def test_dimensions(self, value):
        with pytest.raises(
            InputError, match=r"mask: got .*, wanted \(rows, columns\) of bool, uint8"
        ):
            polygonize(value)

    def test_masked_array(self):
        hidden = np.ma.array(np.ones((2, 2), np.uint8), mask=np.eye(2, dtype=bool))
        with pytest.raises(InputError, match=r"mask: got a masked array.*mask\.filled"):
            polygonize(hidden)
        assert polygonize(hidden.filled(0)).areas.sum() == 2

    @pytest.mark.parametrize("value", [0, 5, -4, 300, 2**70, "4", None, True])
    def test_connectivity(self, value):
        with pytest.raises(InputError, match=f"connectivity: got {value!r}, wanted 4 or 8"):
            polygonize(np.eye(2, dtype=bool), connectivity=value)

    @pytest.mark.parametrize("name", ["threshold", "min_area_px"])
    @pytest.mark.parametrize("value", [np.nan, None, "a", [1, 2]])
    def test_numbers(self, name, value):
        with pytest.raises(InputError, match=f"{name}: got .*, wanted a number"):
            polygonize(np.eye(2, dtype=bool), **{name: value})


class TestMemory:
    @pytest.mark.parametrize("dtype", ["u1", "<u2", ">u2", "<f4", ">f4", "<f8", ">f8"])
    def test_byte_order_and_layout(self, dtype):
        values = np.array([[1, 0, 1], [1, 1, 0]]).astype(dtype)
        wanted = polygonize(values > 0).coords.tolist()
        misaligned = np.frombuffer(b"\0" + values.tobytes(), np.uint8)[1:].view(dtype).reshape(2, 3)
        wide = np.zeros((4, 6), dtype)
        wide[::2, ::2] = values
        for same in (values, np.asfortranarray(values), wide[::2, ::2], misaligned):
            assert polygonize(same).coords.tolist() == wanted

    def test_read_only_is_fine_and_stays_as_it_is(self):
        values = np.eye(5, dtype=np.uint8)
        values.flags.writeable = False
        assert len(polygonize(values)) == 5
        assert (values == np.eye(5)).all()


class TestFrames:
    def test_a_stack_in_order(self):
        stack = polygonize_frames(
            [mask("#."), mask(".."), mask("##")], months=["2018_01", "2018_02", "2018_05"], aoi="A"
        )
        assert stack.frame_offsets.tolist() == [0, 1, 1, 2]
        assert stack.footprints.areas.tolist() == [1, 2]
        assert (stack.aoi, stack.ids) == ("A", None)

    def test_an_array_of_frames(self):
        cube = np.zeros((2, 3, 4), np.float32)
        cube[1, 1, 1] = 0.7
        stack = polygonize_frames(cube, months=["1", "2"], threshold=0.5)
        assert stack.frame_offsets.tolist() == [0, 0, 1]

    def test_no_frames(self):
        assert len(polygonize_frames([], months=[])) == 0

    @pytest.mark.parametrize("threshold", [-3.0, -1.5, 0.0, 0.5])
    def test_invalid_pixels_of_a_cube_are_background(self, threshold):
        """Under a negative threshold (logits) too, where 0 would be foreground."""
        prob = np.full((1, 2, 3), -1.0, np.float32)
        prob[0, 0] = 2.0
        valid = np.ones(prob.shape, bool)
        valid[0, :, 1] = False
        stack = polygonize_frames(
            Cube.from_arrays(prob, months=["2018_01"], valid=valid), threshold=threshold
        )
        assert stack.footprints.areas.sum() == ((prob > threshold) & valid).sum()
        counts = Cube.from_arrays((prob > 0).astype(np.uint8), months=["2018_01"], valid=valid)
        found = polygonize_frames(counts, threshold=threshold).footprints.areas.sum()
        assert found == ((counts.prob > threshold) & valid).sum()

    def test_a_cube_brings_its_months(self):
        cube = Cube.from_arrays(np.ones((2, 2, 2), np.uint8), months=["2018_01", "2018_02"])
        assert polygonize_frames(cube).months == ("2018_01", "2018_02")
        assert polygonize_frames(cube, months=["a", "b"]).months == ("a", "b")
        with pytest.raises(StackError, match="2 frames for 0 months"):
            polygonize_frames(cube, months=[])

    def test_refused(self):
        one = np.ones((2, 2), np.uint8)
        with pytest.raises(InputError, match="months: got None"):
            polygonize_frames([one])
        for months in (["1"], ["1", "2", "3"]):
            with pytest.raises(StackError, match=f"A: got 2 frames for {len(months)} months"):
                polygonize_frames([one, one], months=months, aoi="A")
        with pytest.raises(StackError, match=r"A: month 2 has shape \(1, 2\) uint8, month 1 has"):
            polygonize_frames([one, one[:1]], months=["1", "2"], aoi="A")
        with pytest.raises(
            StackError, match=r"month 2 has shape \(2, 2\) float32.*wanted all alike"
        ):
            polygonize_frames([one, one.astype(np.float32)], months=["1", "2"])
        with pytest.raises(InputError, match="frame 2: got int64 of shape"):
            polygonize_frames([one, one.astype(np.int64)], months=["1", "2"])
        with pytest.raises(StackError, match="month 1 comes more than once"):
            polygonize_frames([one, one], months=["1", "1"])
        with pytest.raises(InputError, match="connectivity: got 6"):
            polygonize_frames([one], months=["1"], connectivity=6)


def test_result_is_accepted_as_footprints():
    made = polygonize(mask("###", "#.#", "###"))
    assert len(Footprints(*made.arrays)) == 1
