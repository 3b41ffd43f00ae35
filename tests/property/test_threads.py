"""The same bytes out of every public function on one thread, on two and on three."""

import pickle

import numpy as np
import pytest
from hypothesis import given, settings

import sn7fast
from scenes import footprints, seeds, stack, stars
from sn7fast import Cube, FilterParams, Footprints, Stack


@pytest.fixture(autouse=True, scope="module")
def _restore_threads():
    before = sn7fast.get_num_threads()
    yield
    sn7fast.set_num_threads(before)


def flat(result):
    """Everything in a result as bytes, whatever it is."""
    if isinstance(result, np.ndarray):
        return result.dtype.str, result.shape, result.tobytes()
    if isinstance(result, Footprints):
        return flat(result.arrays)
    if isinstance(result, Stack):
        return flat(
            (result.months, result.footprints, result.frame_offsets, result.ids, result.iou)
        )
    if isinstance(result, dict):
        return {name: flat(value) for name, value in result.items()}
    if isinstance(result, tuple | list):
        return [flat(value) for value in result]
    if hasattr(result, "to_dict"):
        return flat(result.to_dict())
    if hasattr(result, "__slots__"):
        return [flat(getattr(result, name)) for name in result.__slots__]
    return result


def scene(random):
    """Inputs large enough for several chunks of work."""
    field = 70
    noise = random.random((4, 64, field))
    a, b = (footprints(stars(random, 450, field=field, radius=(1, 5))) for _ in range(2))
    months = [stars(random, 120, field=field, radius=(1, 5)) for _ in range(4)]
    moved = stack([frame + stars(random, 9, field=field) for frame in months])
    tracked = sn7fast.track(stack(months))
    return noise, a, b, tracked, sn7fast.track(moved)


def cube(noise):
    return Cube.from_arrays(noise.astype("f4"), months="1234", valid=noise > 0.05)


CALLS = {
    "polygonize": lambda noise, *_: sn7fast.polygonize(noise[0], threshold=0.5),
    "polygonize_frames": lambda noise, *_: sn7fast.polygonize_frames(
        noise, months=["1", "2", "3", "4"], threshold=0.45, min_area_px=3, connectivity=8
    ),
    "polygonize_frames of a cube": lambda noise, *_: sn7fast.polygonize_frames(
        Cube.from_arrays(noise.astype("f4"), months="1234", valid=noise > 0.2), threshold=0.5
    ),
    "rasterize": lambda _, a, *__: sn7fast.rasterize(a, (80, 75)),
    "training_mask": lambda _, a, *__: sn7fast.training_mask(a, (80, 75)),
    "simplify": lambda noise, a, *_: sn7fast.simplify(a, 0.8),
    "iou_pairs": lambda _, a, b, *__: sn7fast.iou_pairs(a, b),
    "match_footprints": lambda _, a, b, *__: sn7fast.match_footprints(a, b, iou_threshold=0.05),
    "greedy": lambda _, a, b, *__: sn7fast.match_footprints(a, b, rule="greedy"),
    "select": lambda _, a, *__: a[::-2],
    "areas and bounds": lambda _, a, *__: (a.areas, a.bounds),
    "track": lambda _, a, b, truth, __: sn7fast.track(truth, min_iou=0.1),
    "track latest": lambda _, a, b, truth, __: sn7fast.track(truth, master="latest", reverse=True),
    **{
        f"track by {name}": lambda noise, *sides, name=name: sn7fast.track(
            sides[2],
            method="filtered",
            params=FilterParams.preset(name),
            valid=noise.repeat(2, axis=1) > 0.02,
        )
        for name in ("motokimura", "cannab", "selim_sef")
    },
    "collapse": lambda noise, *_: sn7fast.collapse(cube(noise)),
    "collapse_stc": lambda noise, *_: sn7fast.collapse_stc(
        cube(noise), sn7fast.StcParams(min_area=2.0, thres2_h2=0.9)
    ),
    "refine": lambda noise, *_: sn7fast.refine(cube(noise)).prob,
    "separate": lambda noise, *_: sn7fast.separate(
        noise[0].astype("f4"), params=sn7fast.SeparateParams(min_area_px=1)
    ),
    "attribute_scot": lambda _, a, b, truth, proposal: sn7fast.attribute_scot(truth, proposal),
    "score_f1": lambda _, a, b, truth, proposal: sn7fast.score_f1(truth, proposal),
    "score_scot": lambda _, a, b, truth, proposal: sn7fast.score_scot(truth, proposal),
}


@settings(max_examples=3)
@given(random=seeds())
def test_number_of_threads_changes_no_byte(random):
    inputs = scene(random)
    outcomes = []
    for count in (1, 2, 3):
        sn7fast.set_num_threads(count)
        assert sn7fast.get_num_threads() == count
        outcomes.append({name: pickle.dumps(flat(call(*inputs))) for name, call in CALLS.items()})
    for name in CALLS:
        assert outcomes[0][name] == outcomes[1][name] == outcomes[2][name], name


def test_number_of_threads_changes_no_byte_of_a_file(tmp_path):
    *_, truth, proposal = scene(np.random.default_rng(7))
    outcomes = []
    for count in (1, 2, 3):
        sn7fast.set_num_threads(count)
        table, collection = tmp_path / f"{count}.csv", tmp_path / f"{count}.geojson"
        sn7fast.write_csv(table, {"L15-0331E-1257N_1327_3160_13": proposal})
        sn7fast.write_geojson(collection, truth.footprints, columns={"Id": truth.ids})
        sn7fast.write_parquet(tmp_path / "a.parquet", proposal)
        sn7fast.write_vector(tmp_path / "a.geojson", proposal, place="pixel")
        others = [(tmp_path / name).read_bytes() for name in ("a.parquet", "a.geojson")]
        back = (
            sn7fast.read_csv(table),
            sn7fast.read_geojson(collection),
            sn7fast.read_parquet(tmp_path / "a.parquet"),
        )
        outcomes.append(
            (table.read_bytes(), collection.read_bytes(), others, pickle.dumps(flat(back)))
        )
    assert outcomes[0] == outcomes[1] == outcomes[2]


def test_every_public_function_is_looked_at():
    """A new function has to come in here."""
    functions = {
        name
        for name in sn7fast.__all__
        if callable(getattr(sn7fast, name)) and not isinstance(getattr(sn7fast, name), type)
    }
    elsewhere = {"read_csv", "write_csv", "read_geojson", "write_geojson"}
    elsewhere |= {"read_parquet", "write_parquet", "write_vector"}
    # One thread; tracks and collapses of areas in bands: in the tests of windows.
    elsewhere |= {"polygonize_bands"}
    # Of networks: in the tests of prediction and training.
    elsewhere |= {"load_model", "predict", "train"}
    threads = {"get_num_threads", "set_num_threads"}
    assert functions - elsewhere - threads <= set(CALLS)
