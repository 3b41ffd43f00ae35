"""What is gathered AOI by AOI is what would be written of all at once; logs; shards."""

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest

from scenes import boxes, stack
from sn7fast import score_f1, score_scot, track, write_csv
from sn7fast.errors import FormatError, InputError
from sn7fast.io.outputs import write_json
from sn7fast.pipeline.events import EventLog
from sn7fast.pipeline.gather import StoredStacks, gather, read_scores
from sn7fast.pipeline.layout import Layout
from sn7fast.pipeline.outcome import Told
from sn7fast.pipeline.results import failed, finished, write_result
from sn7fast.pipeline.shards import Shard
from sn7fast.pipeline.stacks import write_stack

AOIS = ["b", 'a ü"', "c"]


@pytest.fixture
def parts(tmp_path):
    """(tracks, truth) by AOI, of which the last has no labels, as runs leave them."""
    random = np.random.default_rng(0)
    tracks, truth = {}, {}
    for aoi in sorted(AOIS):
        months = [boxes(random, 5), [], boxes(random, 7)]
        tracks[aoi] = track(stack(months, aoi=aoi))
        truth[aoi] = track(stack([boxes(random, 5), boxes(random, 2), months[2]], aoi=aoi))
        layout = Layout(tmp_path, aoi)
        layout.state.mkdir(parents=True)
        write_part(layout, tracks[aoi])
        if aoi == "c":
            truth.pop(aoi)
            continue
        write_stack(layout.truth, truth[aoi])
        scot = score_scot(truth[aoi], tracks[aoi]).aois[aoi].to_dict()
        write_json(
            layout.scores,
            {"scot": scot, "f1": score_f1(truth[aoi], tracks[aoi]).aois[aoi].to_dict()},
        )
    return tracks, truth


def write_part(layout, tracks):
    counts = {"months": len(tracks.months), "buildings": tracks.building_count,
              "footprints": len(tracks), "demolished": 0}  # fmt: skip
    write_stack(layout.tracks, tracks, about={"counts": counts})
    digest = hashlib.sha256(layout.tracks.read_bytes()).hexdigest()
    write_json(layout.manifest, {"tracks": digest})


def test_the_bytes_of_all_at_once(parts, tmp_path):
    tracks, truth = parts
    gathered = gather(tmp_path, AOIS)
    write_csv(tmp_path / "wanted.csv", tracks)
    assert (tmp_path / "tracks.csv").read_bytes() == (tmp_path / "wanted.csv").read_bytes()
    write_csv(tmp_path / "wanted.csv", truth)
    assert (tmp_path / "truth.csv").read_bytes() == (tmp_path / "wanted.csv").read_bytes()
    proposal = {aoi: tracks[aoi] for aoi in truth}
    scot, f1 = score_scot(truth, proposal), score_f1(truth, proposal)
    write_json(tmp_path / "wanted.json", {"scot": scot.to_dict(), "f1": f1.to_dict()})
    assert (tmp_path / "scores.json").read_bytes() == (tmp_path / "wanted.json").read_bytes()
    found = read_scores(tmp_path)
    assert [found[0].to_dict(), found[1].to_dict()] == [scot.to_dict(), f1.to_dict()]
    assert gathered.scot.score == scot.score
    assert gathered.f1.to_dict() == f1.to_dict()
    assert gathered.counts["c"] == {
        "months": 3, "buildings": tracks["c"].building_count, "footprints": 12,
    }  # fmt: skip


def test_scores_go_with_the_labels(parts, tmp_path):
    gather(tmp_path, AOIS)
    gathered = gather(tmp_path, ["c"])
    assert gathered.scot is gathered.f1 is None
    assert not (tmp_path / "scores.json").exists()
    assert not (tmp_path / "truth.csv").exists()
    assert b"mosaic_c" in (tmp_path / "tracks.csv").read_bytes()


def test_what_is_gathered_is_not_written_again(parts, tmp_path):
    tracks, _ = parts
    first = gather(tmp_path, AOIS)
    names = ("tracks.csv", "truth.csv", "scores.json", "state/gathered.json")

    def written():
        return {name: (tmp_path / name).stat().st_ino for name in names}

    before, again = written(), gather(tmp_path, AOIS)
    assert written() == before
    assert again.counts == first.counts
    assert again.scot.to_dict() == first.scot.to_dict()
    # Somebody touched a file.
    wanted = (tmp_path / "truth.csv").read_bytes()
    (tmp_path / "truth.csv").write_bytes(wanted[:-9])
    gather(tmp_path, AOIS)
    assert (tmp_path / "truth.csv").read_bytes() == wanted
    # An AOI is another.
    before = written()
    write_part(Layout(tmp_path, "c"), tracks["c"].take(np.arange(5)))
    assert gather(tmp_path, AOIS).counts["c"]["footprints"] == 5
    assert written() != before
    # One less.
    gather(tmp_path, ["b", "c"])
    assert b"mosaic_a" not in (tmp_path / "tracks.csv").read_bytes()


def test_a_damaged_part_leaves_what_was_there(parts, tmp_path):
    gather(tmp_path, AOIS)
    before = (tmp_path / "tracks.csv").read_bytes()
    Layout(tmp_path, "b").tracks.write_bytes(b"PK")
    Layout(tmp_path, "b").manifest.write_text("{}")
    with pytest.raises(FormatError, match=r"b/tracks\.npz: is no stack|cannot be read as npz"):
        gather(tmp_path, AOIS)
    assert (tmp_path / "tracks.csv").read_bytes() == before
    assert {path.name for path in tmp_path.iterdir()} == {
        "state", "tracks.csv", "truth.csv", "scores.json",
    }  # fmt: skip


def test_stored_stacks_are_read_when_asked_for(parts, tmp_path):
    tracks, _ = parts
    stored = StoredStacks({aoi: Layout(tmp_path, aoi).tracks for aoi in tracks})
    assert len(stored) == 3
    assert list(stored) == sorted(AOIS)
    assert stored["b"].ids.tolist() == tracks["b"].ids.tolist()
    Layout(tmp_path, "b").tracks.unlink()
    # Whether it is one of them needs no reading.
    assert "b" in stored
    assert "z" not in stored
    with pytest.raises(FileNotFoundError):
        stored["b"]


def test_results_are_those_of_the_same_settings(tmp_path):
    for aoi in "abc":
        Layout(tmp_path, aoi).state.mkdir(parents=True)
    write_result(tmp_path, "a", "now", None)
    write_result(tmp_path, "b", "now", "is bad")
    write_result(tmp_path, "c", "then", None)
    assert finished(tmp_path, "abcd", "now") == ["a"]
    assert failed(tmp_path, "abcd") == {"b": "is bad"}
    write_result(tmp_path, "b", "now", None)
    assert finished(tmp_path, "abcd", "now") == ["a", "b"]
    (tmp_path / "state" / "a" / "result.json").write_text("{")
    assert finished(tmp_path, "abcd", "now") == ["b"]


@pytest.mark.parametrize("count", [1, 2, 3, 7])
def test_each_item_is_in_one_shard(count):
    names = list(range(7))
    shards = [Shard(k, count).pick(names) for k in range(1, count + 1)]
    assert sorted(one for shard in shards for one in shard) == names
    lengths = [len(shard) for shard in shards]
    assert max(lengths) - min(lengths) <= 1
    assert str(Shard.parse(f" 1/{count} ")) == f"1/{count}"


def told(text="", **more):
    return Told("a", "predict", "failed", text, **more)


def test_a_log_is_added_to(tmp_path):
    path = tmp_path / "log.jsonl"
    for text in ("one", "two"):
        with EventLog(path) as log:
            log(told(text, time=0.5))
            log(Told("a", "predict", "pixels", pixels=5))
    lines = path.read_text().splitlines()
    assert json.loads(lines[0]) == {
        "time": "1970-01-01T00:00:00.500+00:00", "aoi": "a", "step": "predict", "what": "failed",
        "message": "one",
    }  # fmt: skip
    assert [json.loads(line)["message"] for line in lines] == ["one", "two"]
    done = Told("a", "aoi", "done", seconds=1.23456, counts={"images": 12}, time=0)
    with EventLog(path) as log:
        log(done)
    found = json.loads(path.read_text().splitlines()[-1])
    assert (found["seconds"], found["counts"]) == (1.2346, {"images": 12})


def test_a_torn_line_is_taken_away(tmp_path):
    path = tmp_path / "log.jsonl"
    for torn in ('{"ti', '{"time": "20', '{"time": "' + "x" * 10_000):
        path.write_text(torn)
        with EventLog(path) as log:
            log(told("one"))
        whole = path.read_text()
        assert json.loads(whole)["message"] == "one"
        path.write_text(whole + torn)
        with EventLog(path) as log:
            log(told("two"))
        assert [json.loads(line)["message"] for line in path.read_text().splitlines()] == [
            "one", "two",
        ]  # fmt: skip


@pytest.mark.parametrize("text", ["an essay without an end of a line", "[1, 2]\n", '{"a": 1'])
def test_another_file_is_left_as_it_is(tmp_path, text):
    path = tmp_path / "essay.txt"
    path.write_text(text)
    with pytest.raises(InputError, match=r"essay\.txt: got a file that is no log"):
        EventLog(path)
    assert path.read_text() == text


def test_no_line_crosses_a_page(tmp_path):
    """A kernel that stops a write stops it there."""
    path, random = tmp_path / "log.jsonl", np.random.default_rng(1)
    with EventLog(path) as log:
        for length in random.integers(0, 9000, 300):
            log(told("ü" * int(length)))
    data = path.read_bytes()
    lines = data.splitlines(keepends=True)
    assert len(lines) == 300
    start = 0
    for line in lines:
        assert json.loads(line)["message"].strip(" .ü") == ""
        begin = start + len(line) - len(line.lstrip(b" "))
        start += len(line)
        assert begin // 4096 == (start - 1) // 4096


def test_folder_of_a_log(tmp_path):
    with pytest.raises(OSError, match="No such file"):
        EventLog(Path(tmp_path, "none", "log.jsonl"))
