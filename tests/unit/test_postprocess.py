"""Post-processing by settings: YAML in and out, refusals, and that methods do what they name."""

import numpy as np
import pytest

from sn7fast import Cube, InputError, Stack, polygonize_frames, refine, simplify, track
from sn7fast.collapse import CollapseParams, collapse
from sn7fast.postprocess import METHODS, PostProcessing, Refinement, Threshold, postprocess
from sn7fast.postprocess.methods import BaselineParams
from sn7fast.postprocess.ranges import Choice, Real, Whole
from sn7fast.separate import SeparateParams, separate
from sn7fast.stc import StcParams, collapse_stc

MONTHS = ("2018_01", "2018_02", "2018_03", "2018_04")


@pytest.fixture
def cube():
    """Blocks that stand, come, and flicker, at several probabilities."""
    prob = np.zeros((4, 24, 24), np.uint8)
    prob[:, 2:8, 2:8] = 200
    prob[2:, 12:18, 2:8] = 130
    prob[1::2, 12:18, 12:18] = 255
    prob[:, 20:22, 20:22] = 255
    return Cube.from_arrays(prob, months=MONTHS)


def same(one, other):
    assert one.months == other.months
    assert one.frame_offsets.tolist() == other.frame_offsets.tolist()
    assert one.ids.tolist() == other.ids.tolist()
    assert one.footprints.coords.tolist() == other.footprints.coords.tolist()


BASELINE = PostProcessing("baseline")


class TestPostprocess:
    def test_the_default_is_the_collapse(self, cube):
        same(postprocess(cube, aoi="area"), collapse(cube, aoi="area"))

    def test_the_baseline(self, cube):
        found = postprocess(cube, BASELINE, aoi="area")
        wanted = track(polygonize_frames(cube, aoi="area", threshold=127.5, min_area_px=4))
        same(found, wanted)
        assert found.aoi == "area"

    def test_parameters_arrive(self, cube):
        settings = PostProcessing(
            "baseline",
            params=BaselineParams(min_iou=0.9, master="latest", reverse=True),
            segment=Threshold(threshold=0.6, min_area_px=5, connectivity=8),
        )
        footprints = polygonize_frames(cube, threshold=153, min_area_px=5, connectivity=8)
        wanted = track(footprints, min_iou=0.9, master="latest", reverse=True)
        same(postprocess(cube, settings), wanted)
        assert len(wanted) == 4 + 2

    def test_float_and_uint8_agree(self, cube):
        other = Cube.from_arrays((cube.prob / 255).astype(np.float32), months=MONTHS)
        same(postprocess(cube, BASELINE), postprocess(other, BASELINE))

    def test_enlarged_probabilities_give_pixels_of_the_image(self, cube):
        large = cube.prob.repeat(3, axis=1).repeat(3, axis=2)
        valid = np.ones(large.shape, bool)
        other = Cube.from_arrays(large, months=MONTHS, scale=3, valid=valid)
        same(postprocess(cube, BASELINE), postprocess(other, BASELINE))
        filtered = PostProcessing("filtered")
        same(postprocess(cube, filtered), postprocess(other, filtered))

    @pytest.mark.parametrize("scale", [1, 3])
    def test_parts_that_touch_in_a_corner_are_one_footprint_at_any_scale(self, scale):
        prob = np.zeros((2, 12, 12), np.uint8)
        prob[:, 2:5, 2:5] = prob[:, 5:8, 5:8] = prob[:, 9:11, 2:4] = 200
        large = prob.repeat(scale, axis=1).repeat(scale, axis=2)
        cube = Cube.from_arrays(large, months=MONTHS[:2], scale=scale)
        method = PostProcessing("baseline", segment=Threshold(connectivity=8))
        found = postprocess(cube, method)
        assert found.frame_offsets.tolist() == [0, 2, 4]
        assert found.footprints.areas.tolist() == [18, 4, 18, 4]
        assert found.footprints.footprint_offsets.tolist() == [0, 2, 3, 5, 6]
        assert found.ids.tolist() == [0, 1, 0, 1]

    def test_invalid_pixels_are_no_building(self, cube):
        valid = np.ones(cube.prob.shape, bool)
        valid[0, :10, :10] = False
        found = postprocess(Cube.from_arrays(cube.prob, months=MONTHS, valid=valid), BASELINE)
        clear = postprocess(cube, BASELINE)
        assert len(found.frame("2018_01")) == len(clear.frame("2018_01")) - 1

    def test_simplifies_in_the_end(self, cube):
        found = postprocess(cube, PostProcessing("baseline", simplify_px=1.0))
        assert (
            found.footprints.coords.tolist()
            == simplify(postprocess(cube, BASELINE).footprints, 1.0).coords.tolist()
        )

    def test_filtered_starts_from_a_preset(self, cube):
        footprints = polygonize_frames(cube, threshold=127.5, min_area_px=4)
        same(postprocess(cube, PostProcessing("filtered")), track(footprints, method="filtered"))
        off = PostProcessing.from_dict({"method": "filtered", "params": {"preset": "off"}})
        same(postprocess(cube, off), track(footprints))

    def test_separate(self, cube):
        """Areas are in pixels of the image at any scale; invalid pixels are no building."""
        settings = PostProcessing(
            "baseline", separate=SeparateParams(min_area_px=5, seed_threshold=0.5)
        )
        frames = [separate(frame, params=settings.separate) for frame in cube.prob]
        wanted = track(Stack.from_frames(frames, months=MONTHS, aoi=""))
        same(postprocess(cube, settings), wanted)
        large = cube.prob.repeat(2, axis=1).repeat(2, axis=2)
        valid = np.ones(large.shape, bool)
        valid[:, :20, :20] = False
        found = postprocess(Cube.from_arrays(large, months=MONTHS, scale=2, valid=valid), settings)
        assert found.footprints.areas.sum() == wanted.footprints.areas.sum() - 4 * 36

    @pytest.mark.parametrize("method", METHODS)
    def test_refined_first(self, cube, method):
        settings = PostProcessing(method, refine=Refinement(0.6))
        same(
            postprocess(cube, settings),
            postprocess(refine(cube, weight=0.6), PostProcessing(method)),
        )

    @pytest.mark.parametrize("method", METHODS)
    def test_validity_by_pixel_of_the_image(self, cube, method):
        large = cube.prob.repeat(2, axis=1).repeat(2, axis=2)
        valid = np.ones(cube.prob.shape, bool)
        valid[1:3, :10, :10] = False
        settings = PostProcessing(method, refine=Refinement(0.3))
        small, whole = (
            postprocess(Cube.from_arrays(large, months=MONTHS, scale=2, valid=one), settings)
            for one in (valid, valid.repeat(2, axis=1).repeat(2, axis=2))
        )
        same(small, whole)

    def test_collapse(self, cube):
        settings = PostProcessing("collapse", CollapseParams(min_area_px=2.0))
        same(postprocess(cube, settings), collapse(cube, CollapseParams(min_area_px=2.0)))
        assert postprocess(cube, settings).buildings is not None

    def test_lengths_of_stc_are_those_of_scale_3(self, cube):
        params = StcParams(min_area=18.0, distance=9, polygon_buffer=1.5)
        found = postprocess(cube, PostProcessing("stc", params))
        scaled = StcParams(min_area=2.0, distance=3, polygon_buffer=0.5)
        same(found, collapse_stc(cube, scaled))
        assert len(found)
        large = cube.prob.repeat(3, axis=1).repeat(3, axis=2)
        large = Cube.from_arrays(large, months=MONTHS, scale=3)
        same(postprocess(large, PostProcessing("stc", params)), collapse_stc(large, params))

    @pytest.mark.parametrize("method", METHODS)
    def test_nothing_there(self, method):
        empty = Cube.from_arrays(np.zeros((2, 8, 8), np.uint8), months=MONTHS[:2])
        found = postprocess(empty, PostProcessing(method))
        assert len(found) == 0
        assert found.ids is not None


class TestYaml:
    @pytest.mark.parametrize("method", METHODS)
    def test_reads_back(self, method, tmp_path):
        for params in (METHODS[method].default, *METHODS[method].presets.values()):
            settings = PostProcessing(method, params, refine=Refinement(0.5), simplify_px=0.25)
            (tmp_path / "post.yaml").write_text(settings.to_yaml())
            assert PostProcessing.from_yaml(tmp_path / "post.yaml") == settings

    def test_separate_from_a_preset(self, tmp_path):
        path = tmp_path / "post.yaml"
        path.write_text("method: baseline\nseparate: {preset: cannab, lines: true}\n")
        read = PostProcessing.from_yaml(path)
        assert read.segment is None
        assert (read.separate.min_area_px, read.separate.lines) == (2.5, True)
        path.write_text(read.to_yaml())
        assert PostProcessing.from_yaml(path) == read

    def test_what_is_left_out_is_the_default(self, tmp_path):
        path = tmp_path / "post.yaml"
        path.write_text("")
        assert PostProcessing.from_yaml(path) == PostProcessing()
        path.write_text("method: filtered\nparams: {preset: cannab, min_iou: 0.3}\n")
        read = PostProcessing.from_yaml(path, ["segment.threshold=0.4"])
        cannab = METHODS["filtered"].presets["cannab"]
        assert read.params == cannab.with_min_iou(0.3)
        assert read.segment == Threshold(threshold=0.4)

    @pytest.mark.parametrize(
        ("text", "message"),
        [
            ("metod: baseline", "metod: unknown key; did you mean method?"),
            ("method: bestline", "method: got 'bestline', wanted one of baseline"),
            (
                "method: baseline\nparams: {min_ou: 0.3}",
                "params: min_ou: unknown key; did you mean min_iou?",
            ),
            ("method: baseline\nparams: {min_iou: x}", "params: min_iou: got 'x'"),
            ("params: {preset: cannab}", "no presets"),
            ("method: filtered\nparams: {preset: cannap}", "cannab"),
            ("method: filtered\nparams: {min_iou: 2}", "params.min_iou: got 2"),
            (
                "method: baseline\nsegment: {threshold: 1}",
                "segment.threshold: got 1.0, wanted a probability",
            ),
            ("method: baseline\nsegment: {connectivity: 5}", "segment: connectivity"),
            ("simplify_px: -1", "simplify_px: got -1"),
            (
                "method: baseline\nseparate: {}\nsegment: {}",
                "segment: got segment and separate for baseline",
            ),
            ("method: stc\nseparate: {}", "separate: got separate for stc, wanted none"),
            ("method: baseline\nseparate: {preset: stc}", "wanted one of motokimura, cannab"),
            ("method: baseline\nseparate: {lines: 3}", "separate: lines"),
            ("refine: {weight: 2}", "refine.weight: got 2"),
            ("- a", "wanted keys"),
        ],
    )
    def test_refuses(self, tmp_path, text, message):
        path = tmp_path / "post.yaml"
        path.write_text(text)
        with pytest.raises(InputError) as caught:
            PostProcessing.from_yaml(path)
        assert "post.yaml" in str(caught.value)
        assert message in str(caught.value)


class TestPlaces:
    def test_values(self):
        settings = PostProcessing("baseline").with_values({"params.min_iou": 0.4, "simplify_px": 1})
        assert settings.value("params.min_iou") == 0.4
        assert settings.value("simplify_px") == 1
        for place in ("params.min_ou", "params", "method.x", "params.min_iou.x", "method"):
            with pytest.raises(InputError, match="no such parameter"):
                settings.value(place)

    @pytest.mark.parametrize("method", METHODS)
    @pytest.mark.parametrize("separate", [None, SeparateParams()])
    def test_every_range_is_of_a_parameter_and_holds_its_default(self, method, separate):
        if separate is not None and not METHODS[method].segments:
            return
        settings = PostProcessing(method, separate=separate, refine=Refinement())
        assert "refine.weight" in settings.space()
        for place, one in settings.space().items():
            assert settings.value(place) in one, place
            ends = one.values if isinstance(one, Choice) else (one.low, one.high)
            for value in ends:
                assert settings.with_values({place: value}).value(place) == value

    def test_other_parameters(self):
        with pytest.raises(InputError, match="wanted FilterParams"):
            PostProcessing("filtered", BaselineParams())


class TestRanges:
    @pytest.mark.parametrize(
        "make",
        [
            lambda: Real(1, 1),
            lambda: Real(0, 1, log=True),
            lambda: Real(0, 1, step=2),
            lambda: Real(1, 2, log=True, step=0.5),
            lambda: Whole(3, 2),
            lambda: Whole(0, 2, log=True),
            lambda: Whole(0, 2, step=3),
            lambda: Choice((1,)),
        ],
    )
    def test_refuse(self, make):
        with pytest.raises(InputError, match="range"):
            make()

    def test_hold(self):
        assert 1 in Real(0.5, 1)
        assert True not in Real(0, 2)
        assert "1" not in Real(0, 2)
        assert 1.5 not in Whole(0, 2)
        assert 2 in Whole(0, 2)
        assert None in Choice((None, 1))
