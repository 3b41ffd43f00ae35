"""The pipeline over several AOIs, however they are shared out, interrupted and tried again."""

import json
import os
import shutil
import signal
import subprocess
import time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pytest

from kill_pipeline import kill_and_run_again
from many_aois import arguments, check_log, make_set, run, tree, visible
from nn_fakes import write_rgba
from sn7fast.errors import InputError, WorkersError
from sn7fast.pipeline import Shard, plan, run_jobs, run_pipeline

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return make_set(tmp_path_factory.mktemp("set") / "data", aois=3, months=3, size=64)


@pytest.fixture(scope="module")
def alone(data, tmp_path_factory):
    """What a run of one process makes."""
    out = tmp_path_factory.mktemp("alone") / "out"
    done = run(data, out)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return tree(out)


@pytest.fixture
def copied(data, tmp_path):
    return shutil.copytree(data, tmp_path / "data")


def test_workers_make_the_same_bytes(data, alone, tmp_path):
    log = tmp_path / "log.jsonl"
    done = run(data, tmp_path / "out", "--workers", 2, "--log-json", log)
    assert done.returncode == 0, done.stderr
    assert tree(tmp_path / "out") == alone
    events = check_log(log)
    names = {name.split("/")[1].removesuffix(".csv") for name in alone if "buildings/" in name}
    names = {name for name in names if "." not in name}
    assert len(names) == 3
    over = {e["aoi"]: e for e in events if (e["step"], e["what"]) == ("aoi", "done")}
    assert over.keys() == names
    for event in over.values():
        assert event["counts"]["images"] == event["counts"]["months"] == 3
        assert event["seconds"] > 0
    assert events[-1]["step"] == "gather"
    assert events[-1]["counts"] == {"aois": 3}
    # Two workers' events may meet on their way; those of an area do not.
    for aoi in {event["aoi"] for event in events}:
        times = [event["time"] for event in events if event["aoi"] == aoi]
        assert times == sorted(times)


def test_shards_make_the_same_bytes_whichever_ends_last(data, alone, tmp_path):
    out = tmp_path / "out"
    for index, name in ((3, "tracks.csv"), (1, "scores.json"), (2, "truth.csv")):
        assert not (out / name).exists() or tree(out)[name] != alone[name]
        done = run(data, out, "--shard", f"{index}/3")
        assert done.returncode == 0, done.stderr
    assert tree(out) == alone


def test_shards_at_the_same_time(data, alone, tmp_path):
    out = tmp_path / "out"
    shards = [subprocess.Popen(arguments(data, out, "--shard", f"{k}/2")) for k in (1, 2)]
    assert [shard.wait(timeout=100) for shard in shards] == [0, 0]
    assert tree(out) == alone


def test_two_whole_runs_at_the_same_time(data, alone, tmp_path):
    out = tmp_path / "out"
    runs = [subprocess.Popen(arguments(data, out)) for _ in range(2)]
    assert [one.wait(timeout=100) for one in runs] == [0, 0]
    assert tree(out) == alone


def test_any_executor_makes_the_same_bytes(data, alone, tmp_path, monkeypatch):
    """Also one whose workers are in another folder."""
    monkeypatch.chdir(data.parent)
    with ProcessPoolExecutor(
        2, get_context("spawn"), initializer=os.chdir, initargs=("/",)
    ) as executor:  # fmt: skip
        out = Path(os.path.relpath(tmp_path / "out"))
        result = run_pipeline(data.name, out, executor=executor)
    assert tree(tmp_path / "out") == alone
    assert list(result.tracks) == sorted(result.tracks)
    assert (
        result.scot.to_dict() == json.loads((tmp_path / "out" / "scores.json").read_text())["scot"]
    )
    light = result.gathered.scot
    assert {aoi: one.score for aoi, one in light.aois.items()} == {
        aoi: one.score for aoi, one in result.scot.aois.items()
    }


def test_a_dask_cluster_makes_the_same_bytes_and_is_missed_when_it_goes(data, alone, tmp_path):
    distributed = pytest.importorskip("distributed")
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, dashboard_address=None, silence_logs=50
    ) as cluster:
        run_pipeline(data, tmp_path / "out", dask=cluster.scheduler_address)
        assert tree(tmp_path / "out") == alone

        def leave(told):
            if (told.step, told.state) == ("aoi", "done"):
                cluster.close()

        with pytest.raises(WorkersError, match=r"gone.*; [12] of 3 AOIs were done"):
            run_pipeline(data, tmp_path / "gone", dask=cluster.scheduler_address, tell=leave)
    # What was done is kept, and the rest is done by the next run.
    result = run_pipeline(data, tmp_path / "gone")
    assert sum("postprocess" in one.kept for one in result.outcomes) >= 1
    assert tree(tmp_path / "gone") == alone


def test_no_cluster_answers(data, tmp_path, monkeypatch):
    pytest.importorskip("distributed")
    monkeypatch.setattr("sn7fast.pipeline.cluster._CONNECT_S", 0.5)
    with pytest.raises(WorkersError, match=r"dask: no cluster answers at tcp://127.0.0.1:9"):
        run_pipeline(data, tmp_path / "out", dask="tcp://127.0.0.1:9")
    with pytest.raises(InputError, match=r"dask: got 'localhost', wanted tcp://HOST:PORT or"):
        run_pipeline(data, tmp_path / "out", dask="localhost")


def test_one_that_fails_is_remembered_and_tried_again(copied, alone, tmp_path):
    out = tmp_path / "out"
    home = sorted(copied.iterdir())[1]
    path = sorted((home / "images_masked").iterdir())[-1]
    whole = path.read_bytes()
    write_rgba(path, np.full((3, 30, 30), 9, np.uint8))
    done = run(copied, out, "--workers", 2)
    assert done.returncode == 4, done.stderr
    assert f"error: AOI {home.name} left out: " in done.stderr
    assert "images differ in shape" in done.stderr
    assert "Traceback" not in done.stderr
    others = {name for name in alone if home.name not in name and "." in name}
    assert others <= tree(out).keys()
    assert home.name not in (out / "tracks.csv").read_text()
    log = tmp_path / "log.jsonl"
    # Still the same, and nothing else is looked at.
    done = run(copied, out, "--retry-failed", "--log-json", log)
    assert done.returncode == 4, done.stderr
    assert {event["aoi"] for event in check_log(log)} == {home.name, ""}
    path.write_bytes(whole)
    done = run(copied, out, "--retry-failed")
    assert done.returncode == 0, done.stderr
    assert tree(out) == alone
    log.unlink()
    done = run(copied, out, "--retry-failed", "--log-json", log)
    assert done.returncode == 0
    assert {event["aoi"] for event in check_log(log)} == {""}


@pytest.mark.parametrize("more", [["--workers", 2], []], ids=["workers", "alone"])
def test_ctrl_c(more, data, alone, tmp_path):
    """All stop, the status is 130, and nothing that can be seen is half of something."""
    out, log = tmp_path / "out", tmp_path / "log.jsonl"
    process = subprocess.Popen(
        arguments(data, out, *more, "--log-json", log),
        stderr=subprocess.PIPE, text=True, start_new_session=True,
    )  # fmt: skip
    wait_for_prediction(process, log)
    if not more:
        wait_for_overlap(process, log)
    os.killpg(process.pid, signal.SIGINT)
    _, stderr = process.communicate(timeout=60)
    assert process.returncode == 130, stderr
    assert stderr.strip() == (
        "error: interrupted; what was finished is kept: run again to go on from there"
    )
    end = time.monotonic() + 10
    while group_is_alive(process.pid):
        assert time.monotonic() < end
        time.sleep(0.05)
    found = tree(out) if out.exists() else {}
    assert all(alone[name] == text for name, text in found.items() if "manifest" not in name)
    assert [path.name for path in out.rglob(".sn7fast-*")] == []
    assert list(out.rglob(".part")) == []
    check_log(log)
    assert run(data, out, *more).returncode == 0
    assert tree(out) == alone


def read_log(path):
    """What is whole of a log that is being written."""
    if not path.exists():
        return []
    return [json.loads(line) for line in path.read_text().splitlines(True) if line[-1] == "\n"]


def group_is_alive(group):
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


def test_a_worker_that_is_killed(data, alone, tmp_path):
    """The run goes on, and its AOI is tried again."""
    out, log = tmp_path / "out", tmp_path / "log.jsonl"
    process = subprocess.Popen(
        arguments(data, out, "--workers", 2, "--log-json", log), stderr=subprocess.PIPE, text=True
    )
    wait_for_prediction(process, log)
    os.kill(workers_of(process.pid)[0], signal.SIGKILL)
    _, stderr = process.communicate(timeout=100)
    assert process.returncode == 0, stderr
    again = [event for event in read_log(log) if event["what"] == "retry"]
    assert len(again) == 1
    assert again[0]["message"] == "its worker was killed by SIGKILL (out of memory?)"
    assert stderr.startswith(f"warning: AOI {again[0]['aoi']}: its worker was killed by SIGKILL")
    assert tree(out) == alone


def workers_of(pid):
    """Processes that a process has spawned to work."""
    found = []
    for home in Path("/proc").glob("[0-9]*"):
        try:
            parent = (home / "stat").read_text().rpartition(")")[2].split()[1]
            if int(parent) == pid and b"spawn_main" in (home / "cmdline").read_bytes():
                found.append(int(home.name))
        except OSError:
            continue
    return found


def wait_for_prediction(process, log):
    end = time.monotonic() + 60
    while not any(event["step"] == "predict" for event in read_log(log)):
        assert time.monotonic() < end
        assert process.poll() is None
        time.sleep(0.02)


def wait_for_overlap(process, log):
    """Until one area is written and the next one predicted."""
    end = time.monotonic() + 60
    while True:
        at_work = {}
        for event in read_log(log):
            if event["what"] == "started":
                at_work[event["aoi"]] = event["step"]
        if len(at_work) > 1:
            return
        assert time.monotonic() < end
        assert process.poll() is None
        time.sleep(0.01)


def test_kills(data, tmp_path):
    """The short form of ``python tests/kill_pipeline.py``."""
    counts = kill_and_run_again(data, tmp_path, kills=3, seed=1)
    assert counts["kills"] == 3
    assert counts["through"] >= 1
    assert counts["looks"] > 20


def test_an_output_folder_that_cannot_be_written(data, tmp_path):
    (tmp_path / "out").write_text("no folder")
    done = run(data, tmp_path / "out")
    assert done.returncode == 3
    assert "out is a file, wanted a folder" in done.stderr
    assert "Traceback" not in done.stderr


def test_refuses(data, tmp_path):
    jobs = plan(data, tmp_path / "out")
    with (
        ThreadPoolExecutor(1) as executor,
        pytest.raises(InputError, match="executor: got it beside workers, wanted one of them"),
    ):
        run_jobs(jobs, workers=2, executor=executor)
    with pytest.raises(InputError, match="workers: got 0"):
        run_jobs(jobs, workers=0)
    from nn_fakes import fake_model

    with pytest.raises(InputError, match="workers: got a network that is only in memory"):
        run_pipeline(data, tmp_path / "out", weights=fake_model(), workers=2)
    for text in ("4/3", "0/3", "a/3", "1", "1/0", "-1/3"):
        with pytest.raises(InputError, match="shard: got"):
            Shard.parse(text)
    assert list(visible(tmp_path / "out")) == []
    done = run(data, tmp_path / "out", "--shard", "4/3")
    assert done.returncode == 2
    assert "Invalid value for '--shard': got 4/3, wanted I/N" in done.stderr
