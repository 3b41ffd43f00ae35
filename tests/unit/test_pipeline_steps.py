"""Steps of an AOI: what is done again and what is not, and what an interrupt leaves behind."""

import json
import shutil
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from many_aois import tree
from nn_fakes import fake_model
from pipeline_stacks import GRID, MONTHS, mask_of, write_images, write_masks
from sn7fast import Cube, MissingDependencyError, read_csv, read_parquet
from sn7fast.io.rasters import write_bands
from sn7fast.pipeline import plan, run_aoi
from sn7fast.pipeline.results import failed, finished, write_result
from sn7fast.pipeline.run import chosen
from sn7fast.pipeline.stacks import read_stack
from sn7fast.postprocess import PostProcessing
from sn7fast.postprocess.cubes import write_cube

BASELINE = PostProcessing(method="baseline")
AFTER = ("postprocess", "footprints.geojson", "table", "item")


def run(source, out, model=None, **settings):
    """The outcome of the only AOI."""
    model = model or fake_model()
    settings = {"weights": model, "post": BASELINE, "report": False} | settings
    (job,) = plan(source, out, **settings)
    outcome = run_aoi(job, models=[model])
    assert outcome.failed is None
    return outcome


@pytest.fixture
def images(tmp_path):
    return write_images(tmp_path / "in", 3)


def test_a_second_run_does_nothing_and_changes_nothing(images, tmp_path):
    out, model = tmp_path / "out", fake_model()
    first = run(images, out, model)
    assert first.done == ("predict", *AFTER)
    assert first.counts == {
        "images": 3, "months": 3, "buildings": 4, "footprints": 9, "demolished": 0, "unobserved": 0
    }  # fmt: skip
    assert first.kept == first.kept_images == first.notes == ()
    before, calls = tree(out), len(model.backend.calls)
    second = run(images, out, model)
    assert second.kept == ("predict", *AFTER)
    assert second.done == second.written == ()
    assert len(second.kept_images) == 3
    assert second.counts == first.counts | {"images": 0}
    assert tree(out) == before
    assert len(model.backend.calls) == calls
    # Nor does a run elsewhere give other bytes, from a source and at a time of its own.
    shutil.copytree(images, tmp_path / "else" / "in")
    run(tmp_path / "else" / "in", tmp_path / "else" / "out")
    assert tree(tmp_path / "else" / "out") == before
    run(images, out, model, overwrite=True)
    assert tree(out) == before
    assert len(model.backend.calls) == 2 * calls


def test_what_is_being_done_again_is_not_finished(images, tmp_path):
    """Or another run would gather half of it."""
    out, model = tmp_path / "out", fake_model()
    run(images, out, model)
    write_result(out, "harbour", "key", None)
    run(images, out, model)
    assert finished(out, ["harbour"], "key") == ["harbour"]
    run(images, out, model, overwrite=True)
    assert finished(out, ["harbour"], "key") == []
    write_result(out, "harbour", "key", "no luck")
    run(images, out, model, overwrite=True)
    assert failed(out, ["harbour"]) == {"harbour": "no luck"}


def test_chosen_jobs(tmp_path):
    for name in "abc":
        write_masks(tmp_path / "in", 2, aoi=name)
    jobs = plan(tmp_path / "in", tmp_path / "out", post=BASELINE)
    names = [job.aoi for job in jobs]
    assert [job.aoi for job in chosen(jobs)] == names
    assert [job.aoi for job in chosen(jobs, shard="2/2")] == names[1::2]
    assert chosen(jobs, retry_failed=True) == []
    for job in jobs[:2]:
        job.layout.state.mkdir(parents=True)
        write_result(job.out, job.aoi, "key", "no luck")
    assert [job.aoi for job in chosen(jobs, retry_failed=True)] == names[:2]
    assert [job.aoi for job in chosen(jobs, retry_failed=True, shard="2/2")] == names[1:2]


def test_what_changes_redoes_what_depends_on_it(images, tmp_path):
    out, model = tmp_path / "out", fake_model()
    run(images, out, model)
    more = run(images, out, model, formats=[".geojson", ".gpkg"])
    assert more.done == ("footprints.gpkg", "item")
    other = run(images, out, model, formats=[".geojson", ".gpkg"], change=True)
    assert other.done == ("change", "item")
    tuned = run(images, out, model, post=PostProcessing.from_dict({"method": "baseline"},
                ["params.min_iou=0.4"]))  # fmt: skip
    # The same buildings: the tracks have the same bytes, and all that follows stays.
    assert tuned.done == ("postprocess", "item")
    tuned = run(images, out, model, post=PostProcessing.from_dict({"method": "baseline"},
                ["segment.min_area_px=25"]))  # fmt: skip
    assert tuned.done == AFTER
    # Files that were not asked for and would lie are gone; that of the index tells.
    assert not (out / "buildings" / "harbour.gpkg").exists()
    assert not (out / "change" / "harbour.tif").exists()
    assert [note.split(":")[0] for note in tuned.notes] == ["harbour.tif", "harbour.gpkg"]
    item = json.loads((out / "items" / "harbour.json").read_text())
    assert sorted(item["assets"])[:2] == ["buildings", "footprints_geojson"]
    # Another network.
    calls = len(model.backend.calls)
    run(images, out, replace(model, fingerprint="other"))
    assert len(model.backend.calls) == calls + 3


def test_all_formats_beside_the_table(images, tmp_path):
    suffixes = [".parquet", ".gpkg", ".fgb", ".geojson", ".csv"]
    outcome = run(images, tmp_path / "out", formats=suffixes)
    assert outcome.done[2:7] == tuple(f"footprints{suffix}" for suffix in suffixes)
    folder = tmp_path / "out" / "buildings"
    names = [f"harbour{'.sn7' if suffix == '.csv' else ''}{suffix}" for suffix in suffixes]
    assert {path.name for path in folder.iterdir()} == {"harbour.csv", *names}
    expected = read_stack(tmp_path / "out" / "state" / "harbour" / "tracks.npz")
    for found in (read_csv(folder / "harbour.sn7.csv"), read_parquet(folder / "harbour.parquet")):
        assert np.array_equal(found["harbour"].ids, expected.ids)
        assert np.array_equal(found["harbour"].footprints.coords, expected.footprints.coords)
    columns = read_parquet(folder / "harbour.parquet").columns
    assert sorted(columns) == ["confidence", "observed", "status"]
    assert set(columns["status"]) == {"standing"}


def test_rows_have_an_iou_whatever_the_method(images, tmp_path):
    for method in ("baseline", "collapse"):
        out = tmp_path / method
        run(images, out, post=PostProcessing(method=method), formats=[".parquet"])
        stack = read_parquet(out / "buildings" / "harbour.parquet")["harbour"]
        for name in np.unique(stack.ids):
            iou = stack.iou[stack.ids == name]
            assert iou.tolist() == [0, *[1] * (len(iou) - 1)]


def test_a_package_that_is_absent_is_told_at_once(images, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(MissingDependencyError, match=r"pyarrow is needed .*sn7fast\[vector\]"):
        plan(images, tmp_path / "out", weights=fake_model(), formats=[".parquet"])
    # Without pystac all but the item is there.
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    outcome = run(images, tmp_path / "out")
    assert outcome.done == ("predict", *AFTER[:-1])
    assert "pystac is not installed" in outcome.notes[0]


def test_an_image_that_changes_is_predicted_alone(images, tmp_path):
    out, model = tmp_path / "out", fake_model()
    run(images, out, model)
    kept = (out / "probabilities" / "harbour" / "harbour_2018_01.tif").stat().st_mtime_ns
    calls = len(model.backend.calls)
    write_images(images, 2, houses=[(4, 4, 6, 5, 0, 9), (30, 30, 7, 4, 1, 9)])
    changed = run(images, out, model)
    assert len(changed.written) == 2
    assert len(model.backend.calls) == calls + 2
    # One more month is one more image; one that goes takes its probabilities along.
    write_images(images, 4, houses=[(4, 4, 6, 5, 0, 9), (30, 30, 7, 4, 1, 9)])
    (images / "harbour" / "2018_03.tif").unlink()
    grown = run(images, out, model)
    assert [Path(path).name for path in grown.written] == ["harbour_2018_04.tif"]
    assert grown.counts["months"] == 3
    files = sorted(path.name for path in (out / "probabilities" / "harbour").iterdir())
    assert files == ["harbour_2018_01.tif", "harbour_2018_02.tif", "harbour_2018_04.tif"]
    assert kept != (out / "probabilities" / "harbour" / "harbour_2018_01.tif").stat().st_mtime_ns


OUTPUTS = {
    "buildings/harbour.geojson": ("footprints.geojson",),
    "buildings/harbour.csv": ("table",),
    "items/harbour.json": ("item",),
    "probabilities/harbour/harbour_2018_02.tif": ("predict",),
    "state/harbour/tracks.npz": ("postprocess",),
    "state/harbour/ids.npz": ("postprocess",),
}


@pytest.mark.parametrize("how", ["gone", "cut", "changed"])
@pytest.mark.parametrize("name", OUTPUTS)
def test_an_output_that_somebody_touched_is_made_anew(images, tmp_path, name, how):
    out = tmp_path / "out"
    run(images, out)
    before = tree(out)
    path = out / name
    if how == "gone":
        path.unlink()
    elif how == "cut":
        path.write_bytes(path.read_bytes()[:-20])
    else:
        content = bytearray(path.read_bytes())
        content[len(content) // 2] ^= 255
        path.write_bytes(content)
    again = run(images, out)
    assert again.done == OUTPUTS[name]
    assert tree(out) == before


OUTSIDE = {"version": 1, "aoi": "harbour", "steps": {"x": {"outputs": {"../a": ""}}}}


@pytest.mark.parametrize(
    "text", ["", "[]", "{", '{"version": 1}', '{"version": 2, "steps": {}}', json.dumps(OUTSIDE)]
)
def test_a_manifest_that_is_damaged_counts_for_nothing(images, tmp_path, text):
    out = tmp_path / "out"
    run(images, out)
    before = tree(out)
    for name in ("manifest.json", ".hashes.json"):
        (out / "state" / "harbour" / name).write_text(text)
    (tmp_path / "a").write_text("not ours")
    assert run(images, out).done == ("predict", *AFTER)
    assert tree(out) == before
    assert (tmp_path / "a").exists()


def test_an_interrupt_at_any_rename_leaves_whole_files_and_a_run_that_goes_on(
    images, tmp_path, monkeypatch
):
    run(images, tmp_path / "undisturbed")
    expected = tree(tmp_path / "undisturbed")
    moves = _interrupted(images, tmp_path / "out", None, monkeypatch)
    assert moves > 12
    for count in range(moves):
        out = tmp_path / f"out{count}"
        _interrupted(images, out, count, monkeypatch)
        found = tree(out)
        # But for the manifest, which grows, what is there is what will be there.
        partial = {name for name in found if expected[name] != found[name]}
        assert partial <= {"state/harbour/manifest.json"}
        model = fake_model()
        run(images, out, model)
        assert tree(out) == expected
        hidden = [path.name for path in out.rglob(".*") if path.is_file()]
        assert set(hidden) <= {".lock", ".hashes.json"}
        done = [name for name in found if name.startswith("probabilities")]
        # What was whole when the interrupt came is not predicted again.
        assert len(model.backend.calls) == 3 - len(done)


def _interrupted(images, out, count, monkeypatch):
    """Run until the file that is moved as number ``count``; gives the number of moves."""
    seen = 0
    move = Path.replace

    def replaced(self, target):
        nonlocal seen
        seen += 1
        # Once: what is tidied up after it goes through.
        if seen - 1 == count:
            raise KeyboardInterrupt
        return move(self, target)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", replaced)
        if count is None:
            run(images, out)
        else:
            with pytest.raises(KeyboardInterrupt):
                run(images, out)
    return seen


def test_masks_need_no_network(tmp_path):
    source = write_masks(tmp_path / "in", 4)
    (job,) = plan(source, tmp_path / "out", weights="absent.onnx", post=BASELINE, report=False)
    assert (job.kind, job.settings.networks) == ("probabilities", ())
    outcome = run_aoi(job)
    assert outcome.done == AFTER
    assert outcome.counts["footprints"] == 12
    assert not (tmp_path / "out" / "probabilities").exists()
    lines = (tmp_path / "out" / "buildings" / "harbour.csv").read_text().splitlines()
    columns = lines[0].split(",")
    assert [line.split(",")[columns.index("status")] for line in lines[1:]] == [
        "standing", "demolished", "standing", "standing"
    ]  # fmt: skip


def test_probabilities_of_a_run_are_a_source(images, tmp_path):
    first = run(images, tmp_path / "first")
    again = run(tmp_path / "first" / "probabilities", tmp_path / "again", weights=None)
    assert again.counts == {k: v for k, v in first.counts.items() if k != "images"}
    for name in ("tracks.npz", "ids.npz"):
        one, other = (
            (tmp_path / run / "state" / "harbour" / name).read_bytes() for run in ("first", "again")
        )
        assert (one == other) == (name == "tracks.npz")


def test_cubes_are_a_source(tmp_path):
    prob = np.stack([mask_of(time) for time in range(4)])
    (tmp_path / "in").mkdir()
    write_cube(tmp_path / "in" / "harbour.npz", Cube.from_arrays(prob, months=MONTHS))
    outcome = run(tmp_path / "in", tmp_path / "out", change=True)
    assert outcome.counts["footprints"] == 12
    assert outcome.notes == ("no georeference: footprints are in pixels",)
    assert (tmp_path / "out" / "change" / "harbour.tif").exists()
    assert run(tmp_path / "in", tmp_path / "out", change=True).done == ()
    write_cube(tmp_path / "in" / "harbour.npz", Cube.from_arrays(prob[:3], months=MONTHS[:3]))
    assert run(tmp_path / "in", tmp_path / "out", change=True).counts["months"] == 3


def test_a_manifest_of_masks_says_what_is_hidden(tmp_path):
    """The second house is under a cloud from the month in which it is gone."""
    source = write_masks(tmp_path / "in", 4)
    clouds = mask_of(0, [(18, 6, 9, 9, 0, 1)])
    write_bands(tmp_path / "clouds.tif", clouds[None], GRID)
    lines = ["path,aoi,date,udm"]
    for time, path in enumerate(sorted((source / "harbour").iterdir())):
        lines.append(f"{path},harbour,2018-{time + 1:02},{'clouds.tif' if time == 3 else ''}")
    (tmp_path / "own.csv").write_text("\n".join(lines) + "\n")
    outcome = run(tmp_path / "own.csv", tmp_path / "out", formats=[".parquet"])
    assert (outcome.counts["demolished"], outcome.counts["unobserved"]) == (0, 1)
    import geopandas

    frame = geopandas.read_parquet(tmp_path / "out" / "buildings" / "harbour.parquet")
    gone = frame[frame["status"] == "unobserved"]
    assert sorted(gone["month"]) == MONTHS[:3]
    assert (frame["confidence"] == 1).all()
    assert frame["observed"].all()
    assert (frame["area_m2"] > 0).all()


def test_jobs_can_be_pickled_and_models_in_memory_stay_here(images, tmp_path):
    import pickle

    (job,) = plan(images, tmp_path / "out", weights=fake_model(), post=BASELINE)
    assert pickle.loads(pickle.dumps(job)) == job
    outcome = run_aoi(job)
    assert "of another process, wanted its file" in outcome.failed
    assert pickle.loads(pickle.dumps(outcome)) == outcome
    assert "numpy" not in repr(sys.modules[type(job).__module__].AoiJob.__annotations__)


def test_the_report_shows_images_and_goes_with_them(images, tmp_path):
    out = tmp_path / "out"
    assert run(images, out, report=True).done == ("predict", *AFTER, "report")
    page = (out / "reports" / "harbour.html").read_bytes()
    assert run(images, out, report=True).done == ()
    run(images, tmp_path / "again", report=True)
    assert (tmp_path / "again" / "reports" / "harbour.html").read_bytes() == page
    masks = write_masks(tmp_path / "masks", 3)
    bare = run(masks, tmp_path / "bare", report=True, weights=None)
    assert bare.done == (*AFTER, "report")
    assert (tmp_path / "bare" / "reports" / "harbour.html").read_bytes() != page


def test_a_report_of_an_earlier_result_is_gone(images, tmp_path):
    out = tmp_path / "out"
    files = [out / "reports" / "harbour.html", out / "items" / "harbour.json"]
    run(images, out, report=True)
    assert run(images, out, item=False).notes == ()
    assert all(path.exists() for path in files)
    tuned = PostProcessing.from_dict({"method": "baseline"}, ["segment.min_area_px=25"])
    notes = run(images, out, post=tuned, item=False).notes
    assert [note.split(":")[0] for note in notes] == ["harbour.json", "harbour.html"]
    assert not any(path.exists() for path in files)


def test_sn7_files_with_labels(tmp_path):
    from sn7fast.data.synthetic import synthetic_scene

    scene = synthetic_scene(seed=3, shape_yx=(64, 64), months=4, kind="suburb")
    scene.write_sn7(tmp_path / "in")
    out = tmp_path / "out"
    steps = ("predict", "postprocess", "footprints.geojson", "table", "truth", "scores", "item",
             "report")  # fmt: skip
    assert run(tmp_path / "in", out, report=True).done == steps
    assert run(tmp_path / "in", out, report=True).kept == steps
    found = json.loads((out / "state" / scene.aoi / "scores.json").read_text())
    assert set(found) == {"scot", "f1"}
    # A label that changes is scored again, and nothing is tracked again.
    label = next((tmp_path / "in").rglob("labels_match_pix/*2018_02*"), None) or next(
        (tmp_path / "in").rglob("labels_match_pix/*")
    )
    content = json.loads(label.read_text())
    del content["features"][0]
    label.write_text(json.dumps(content))
    assert run(tmp_path / "in", out, report=True).done == ("truth", "scores", "report")
    # Without labels there is nothing to score, and what there was goes.
    shutil.rmtree(tmp_path / "in" / scene.aoi / "labels_match_pix")
    assert run(tmp_path / "in", out, report=True).done == ("report",)
    assert not (out / "state" / scene.aoi / "scores.json").exists()
    assert not (out / "state" / scene.aoi / "truth.npz").exists()
