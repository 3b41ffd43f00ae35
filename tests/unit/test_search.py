"""Search: it finds what is better, goes on where it stopped, and says when it knows little."""

import json
import warnings

import numpy as np
import pytest
from click.testing import CliRunner

from sn7fast import Cube, InputError, track, write_csv
from sn7fast.cli.group import commands
from sn7fast.data.synthetic import synthetic_stack
from sn7fast.postprocess import PostProcessing, postprocess
from sn7fast.postprocess.cubes import write_cube
from sn7fast.postprocess.ranges import Choice, Real, Whole
from sn7fast.scoring import score_f1, score_scot
from sn7fast.search import Objective, Sample, search, space_of, space_to_dict
from sn7fast.search.intervals import bootstrap, folds_of

pytest.importorskip("optuna")


def sample(seed, best=0.8):
    """An AOI whose network is right at one threshold only: what it invents is at 0.7."""
    made = synthetic_stack(
        seed=seed, shape_yx=(64, 64), months=5, buildings=20, births_per_month=2, cloud_chance=0
    )
    noise = np.random.default_rng(seed).random(made.truth_masks.shape) < 0.1
    prob = np.where(made.truth_masks > 0, np.uint8(255 * best + 10), np.uint8(180) * noise)
    return Sample(f"area {seed}", Cube.from_arrays(prob, months=made.months), made.truth)


@pytest.fixture(scope="module")
def samples():
    return [sample(seed) for seed in range(3)]


START = PostProcessing.from_dict(
    {"method": "baseline", "segment": {"threshold": 0.3, "min_area_px": 0}}
)
SPACE = {"segment.threshold": Real(0.1, 0.9), "params.master": Choice(("first", "latest"))}


@pytest.fixture(scope="module")
def found(samples):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        result = search(samples, start=START, space=SPACE, trials=14, folds=3, seed=1)
    assert not caught
    return result


class TestSearch:
    def test_finds_what_is_better(self, found, samples):
        assert 0.7 < found.best.segment.threshold < 0.85
        assert found.trained > found.trained_start
        assert found.trained == pytest.approx(
            np.mean(
                [
                    score_scot(
                        one.truth, postprocess(one.cube, found.best), truth_min_area_px=4
                    ).score
                    for one in samples
                ]
            )
        )
        # What is not varied stays.
        assert found.best.segment.min_area_px == 0
        assert found.best.params.reverse is False

    def test_folds_are_held_out(self, found, samples):
        assert sorted(aoi for fold in found.folds for aoi in fold.aois) == [
            one.aoi for one in samples
        ]
        values = [
            score_scot(one.truth, postprocess(one.cube, fold.settings), truth_min_area_px=4).score
            for fold in found.folds
            for one in samples
            if one.aoi in fold.aois
        ]
        assert found.value.mean == pytest.approx(np.mean(values))
        assert found.gain.mean == pytest.approx(found.value.mean - found.value_start.mean)
        assert found.gain.low > 0
        assert found.folds[0].value.low is None

    def test_importance(self, found, samples):
        assert found.importance.keys() == found.undone.keys() == SPACE.keys()
        assert sum(found.importance.values()) == pytest.approx(1)
        undone = found.best.with_values({"segment.threshold": 0.3})
        lost = found.trained - np.mean([Objective().scores(one, undone)["scot"] for one in samples])
        assert found.undone["segment.threshold"] == pytest.approx(lost)
        assert lost > 0.1 > abs(found.undone["params.master"])

    def test_warnings(self, found):
        assert found.warnings == ("only 3 AOIs: the intervals are rough",)

    def test_settings_read_back(self, found, tmp_path):
        (tmp_path / "best.yaml").write_text(found.to_yaml())
        assert PostProcessing.from_yaml(tmp_path / "best.yaml") == found.best
        assert f"# gain: {found.gain}" in found.to_yaml()

    def test_report(self, found):
        report = json.loads(json.dumps(found.to_dict(), allow_nan=False))
        assert report["held_out"]["gain"]["mean"] == found.gain.mean
        lines = found.table().splitlines()
        assert lines[0].split() == [
            *("parameter", "start", "best", "fold", "1", "fold", "2", "fold", "3"),
            *("undone", "importance"),
        ]
        assert lines[-1].split()[:2] == ["best", f"{found.trained:.4f}"]

    def test_interrupted_and_undisturbed_end_alike(self, found, samples, tmp_path):
        class StopError(Exception):
            pass

        told = []

        def stop(name, done, best):
            told.append((name, done))
            if len(told) == 20:
                raise StopError

        arguments = {
            "start": START, "space": SPACE, "trials": 14, "folds": 3, "seed": 1,
            "storage": tmp_path / "trials.sqlite",
        }  # fmt: skip
        with pytest.raises(StopError):
            search(samples, **arguments, tell=stop)
        again = []
        result = search(samples, **arguments, tell=lambda *one: again.append(one[:2]))
        assert result.to_dict() == found.to_dict()
        assert again[:2] == [("fold 1", 14), ("fold 2", 6)]
        # More trials go on from there; nothing is tried again.
        more = []
        further = search(
            samples, **{**arguments, "trials": 16}, tell=lambda *one: more.append(one[:2])
        )
        assert more[:3] == [("fold 1", 14), ("fold 1", 15), ("fold 1", 16)]
        assert further.trained >= found.trained

    def test_storage_of_another_search(self, samples, tmp_path):
        arguments = {"start": START, "space": SPACE, "trials": 1, "folds": 2}
        storage = tmp_path / "trials.sqlite"
        search(samples[:2], **arguments, storage=storage)
        with pytest.raises(InputError, match=r"other settings \(seed\)"):
            search(samples[:2], **arguments, storage=storage, seed=1)
        with pytest.raises(InputError, match=r"other settings \(AOIs\)"):
            search(samples[1:], **arguments, storage=storage)
        storage.write_text("no database")
        with pytest.raises(InputError, match="cannot be used as a storage"):
            search(samples[:2], **arguments, storage=storage)
        with pytest.raises(InputError, match="folder does not exist"):
            search(samples[:2], **arguments, storage=tmp_path / "absent" / "trials.sqlite")

    def test_a_single_aoi(self, samples):
        result = search(samples[:1], start=START, space=SPACE, trials=3)
        assert "cannot be cross-validated" in result.warnings[0]
        assert result.folds == ()
        assert result.gain is result.value is None
        assert "gain" not in result.to_yaml()
        json.dumps(result.to_dict(), allow_nan=False)

    def test_says_when_there_is_no_gain(self, samples):
        best = PostProcessing.from_dict(
            {"method": "baseline", "segment": {"threshold": 0.75, "min_area_px": 0}}
        )
        result = search(
            samples[:2], start=best, space={"segment.threshold": Real(0.1, 0.9)}, trials=2
        )
        assert result.best == best
        assert "nothing better" in result.warnings[0]

    def test_trials_that_make_no_sense_are_counted(self, samples):
        """A threshold of 1 and more is refused by the segmentation."""
        space = {"segment.threshold": Real(0.1, 5.0)}
        result = search(samples[:1], start=START, space=space, trials=8)
        assert result.trials[1] > 0
        assert "could not be used" in result.warnings[-1]
        assert result.best.segment.threshold < 1

    def test_refuses(self, samples):
        for arguments, message in (
            ({"samples": []}, "samples"),
            ({"samples": [samples[0]] * 2}, "each once"),
            ({"trials": 0}, "trials"),
            ({"folds": 1}, "folds"),
            ({"seed": -1}, "seed"),
            ({"space": {"params.min_ou": Real(0, 1)}}, "no such parameter"),
            ({"space": {}}, "space"),
        ):
            given = {"samples": samples[:1], "trials": 1, **arguments}
            with pytest.raises(InputError, match=message):
                search(given.pop("samples"), **given)


class TestObjective:
    def test_terms(self, samples):
        one = samples[0]
        objective = Objective.of_text("track=1, change=2,f1=3")
        assert str(objective) == "track,change=2,f1=3"
        scores = objective.scores(one, START)
        stack = postprocess(one.cube, START)
        scot = score_scot(one.truth, stack, truth_min_area_px=4)
        assert scores["track"] == scot.track
        assert scores["f1"] == score_f1(one.truth, stack).mean
        wanted = (scot.track + 2 * scot.change + 3 * scores["f1"]) / 6
        assert objective.value(scores) == pytest.approx(wanted)

    @pytest.mark.parametrize("text", ["", "scott", "scot=x", "scot=0", "scot,scot", "scot=nan"])
    def test_refuses(self, text):
        with pytest.raises(InputError, match="objective"):
            Objective.of_text(text)

    def test_samples_that_cannot_be_scored(self, samples):
        one = samples[0]
        with pytest.raises(InputError, match="no ids"):
            Sample("a", one.cube, one.truth.with_ids(None))
        other = Cube.from_arrays(one.cube.prob[:1], months=["1999_01"])
        with pytest.raises(InputError, match="no common month"):
            Sample("a", other, one.truth)


class TestSpace:
    def test_of_yaml(self):
        start = PostProcessing("filtered")
        data = {
            "segment.threshold": {"low": 0.2, "high": 0.8, "step": 0.1},
            "segment.min_area_px": {"low": 1, "high": 9, "log": True},
            "params.min_detections": {"low": 1, "high": 7, "step": 2},
            "params.fill_max_gap": {"low": 1, "high": 7},
            "params.fill": ["none", "between"],
            "params.min_iou": None,
        }
        space = space_of(start, data)
        assert space == {
            "segment.threshold": Real(0.2, 0.8, step=0.1),
            "segment.min_area_px": Real(1.0, 9.0, log=True),
            "params.min_detections": Whole(1, 7, step=2),
            "params.fill_max_gap": Whole(1, 7),
            "params.fill": Choice(("none", "between")),
            "params.min_iou": start.space()["params.min_iou"],
        }
        assert space_of(start, space_to_dict(space)) == space
        assert space_of(start) == start.space()

    @pytest.mark.parametrize(
        ("data", "message"),
        [
            ({"params.min_ou": None}, "no such parameter"),
            ({"params.reverse": None}, "has no range"),
            ({"params.min_iou": {"low": 0.1}}, "low and high"),
            ({"params.min_iou": {"low": 0.1, "high": 0.2, "ste": 1}}, "low and high"),
            ({"params.min_iou": {"low": "a", "high": 0.2}}, "low: got 'a'"),
            ({"params.min_iou": {"low": 0.3, "high": 0.2}}, "low end"),
            ({"params.master": {"low": 0.3, "high": 0.2}}, "list of values"),
            ({"params.master": ["first", "second"]}, "second"),
            ({"params.master": ["first"]}, "two or more"),
            ([], "wanted parameters"),
        ],
    )
    def test_refuses(self, data, message):
        with pytest.raises(InputError, match=message):
            space_of(PostProcessing("baseline"), data)


class TestIntervals:
    def test_of_a_normal_sample(self):
        values = np.random.default_rng(0).normal(3, 1, 400)
        span = bootstrap(values.tolist(), 0)
        assert span.mean == pytest.approx(values.mean())
        half = 1.96 * values.std() / 20
        assert span.low == pytest.approx(values.mean() - half, abs=0.01)
        assert span.high == pytest.approx(values.mean() + half, abs=0.01)

    def test_folds_are_even_and_hold_all(self):
        names = [f"a{k}" for k in range(11)]
        folds = folds_of(names, 4, 0)
        assert sorted(name for fold in folds for name in fold) == sorted(names)
        assert {len(fold) for fold in folds} == {2, 3}
        assert folds == folds_of(names[::-1], 4, 0)
        assert len(folds_of(names[:2], 4, 0)) == 2


class TestCommand:
    @pytest.fixture
    def files(self, samples, tmp_path):
        (tmp_path / "cubes").mkdir()
        names = [f"L15-000{k}E-0001N_0001_000{k}_13" for k in range(2)]
        for name, one in zip(names, samples, strict=False):
            write_cube(tmp_path / "cubes" / f"{name}.npz", one.cube)
        truths = dict(zip(names, (one.truth for one in samples), strict=False))
        write_csv(tmp_path / "truth.csv", truths)
        return tmp_path / "cubes", tmp_path / "truth.csv"

    def run(self, *arguments):
        return CliRunner().invoke(commands, ["search", *map(str, arguments)])

    def test_writes_all(self, files, tmp_path):
        out = tmp_path / "out"
        (tmp_path / "space.yaml").write_text("segment.threshold: {low: 0.1, high: 0.9}\n")
        (tmp_path / "start.yaml").write_text("method: baseline\nsegment: {threshold: 0.3}\n")
        arguments = [
            *files, "--out", out, "--trials", 12, "--config", tmp_path / "start.yaml",
            "--space", tmp_path / "space.yaml", "--set", "segment.min_area_px=0",
        ]  # fmt: skip
        result = self.run(*arguments)
        assert result.exit_code == 0, result.output
        assert "all: 12 of 12 trials, best" in result.stderr
        assert "only 2 AOIs" in result.stderr
        assert {path.name for path in out.iterdir()} == {
            "best.yaml",
            "report.json",
            "report.txt",
            "trials.sqlite",
        }
        best = PostProcessing.from_yaml(out / "best.yaml")
        assert best.segment.threshold > 0.7
        assert best.segment.min_area_px == 0
        assert (out / "report.txt").read_text() in result.stdout + "\n"
        # Again: nothing is left to do, and it all comes out the same.
        again = self.run(*arguments, "--json")
        assert json.loads(again.stdout) == json.loads((out / "report.json").read_text())
        assert json.loads(again.stdout)["best"] == best.to_dict()
        other = self.run(*arguments, "--seed", 5)
        assert other.exit_code == 3
        assert "--overwrite" in other.stderr
        assert self.run(*arguments, "--seed", 5, "--overwrite", "--quiet").exit_code == 0

    def test_interrupted(self, files, tmp_path, monkeypatch):
        def interrupt(*_, **__):
            raise KeyboardInterrupt

        monkeypatch.setattr("sn7fast.search.run_study", interrupt)
        result = self.run(*files, "--out", tmp_path / "out")
        assert result.exit_code == 130
        assert "trials.sqlite has the trials so far" in result.stderr

    def test_refuses(self, files, tmp_path):
        assert self.run(*files, "--out", files[1]).exit_code == 2
        bad = self.run(*files, "--out", tmp_path / "out", "--method", "filtred")
        assert "wanted one of baseline, filtered" in bad.stderr
        bad = self.run(*files, "--out", tmp_path / "out", "--set", "params.min_gp=1")
        assert bad.exit_code == 3
        assert "did you mean min_gap?" in bad.stderr
        assert not (tmp_path / "out").exists()

    def test_no_common_aoi(self, files, samples, tmp_path):
        write_csv(tmp_path / "other.csv", {"L15-0009E-0009N_0001_0001_13": samples[0].truth})
        result = self.run(files[0], tmp_path / "other.csv", "--out", tmp_path / "out")
        assert result.exit_code == 3
        assert "no common AOI" in result.stderr


def test_truth_is_scored_with_its_own_ids(samples):
    """Tracking the truth anew would give other ids, not other scores."""
    one = samples[0]
    other = Sample(one.aoi, one.cube, track(one.truth))
    assert Objective().scores(one, START) == pytest.approx(Objective().scores(other, START))
