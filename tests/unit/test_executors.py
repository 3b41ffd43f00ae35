"""The same jobs here, in processes of our own, and on executors of others."""

import os
import signal
import subprocess
import sys
import time
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from functools import partial
from pathlib import Path

import pytest

import executor_jobs
from sn7fast import InputError
from sn7fast.errors import WorkersError
from sn7fast.pipeline.executors import Failure, run_here, run_on
from sn7fast.pipeline.workers import run_in_processes

TESTS = Path(executor_jobs.__file__).parent


def jobs_of(kinds, folder):
    return [(f"job{k}", kind, str(folder)) for k, kind in enumerate(kinds)]


def run(runner, kinds, folder):
    """(results by name, events)."""
    events = []
    jobs = jobs_of(kinds, folder)
    done = list(runner(jobs, executor_jobs.work, events.append))
    assert sorted(one.job for one in done) == jobs
    return {one.job[0]: one.result for one in done}, events


def in_processes(count):
    return partial(run_in_processes, workers=count, name=executor_jobs.name)


def in_threads(jobs, work, tell):
    with ThreadPoolExecutor(2) as executor:
        yield from run_on(executor, jobs, work, tell)


RUNNERS = {"here": run_here, "processes": in_processes(2), "threads": in_threads}


@pytest.mark.parametrize("runner", RUNNERS.values(), ids=RUNNERS)
def test_one_that_fails_does_not_stop_the_others(runner, tmp_path):
    results, events = run(runner, ["", "bad", "", "bug", "full", ""], tmp_path)
    for name in ("job0", "job2", "job5"):
        assert results[name][0] == name.upper()
    assert results["job1"] == Failure("job1: is bad")
    assert results["job4"] == Failure("job4.tif: No space left on device")
    assert results["job3"].text == "a bug in sn7fast: KeyError: 'job3'"
    assert "raise KeyError(name)" in results["job3"].trace
    told = [(event.aoi, event.state) for event in events]
    assert told.count(("job0", "started")) == told.count(("job0", "done")) == 1
    assert ("job1", "done") not in told
    assert all(event.counts == {"thoughts": 3} for event in events if event.state == "done")


def test_processes_share_the_work_and_the_threads(tmp_path):
    results, _ = run(in_processes(2), ["", "", "", "", "threads"], tmp_path)
    pids = {results[f"job{k}"][1] for k in range(4)}
    assert len(pids) == 2
    assert os.getpid() not in pids
    from sn7fast import get_num_threads

    threads = max(1, get_num_threads() // 2)
    assert results["job4"] == (threads, str(threads))


def test_no_more_processes_than_jobs(tmp_path):
    results, _ = run(in_processes(8), ["", ""], tmp_path)
    assert len({pid for _, pid in results.values()}) <= 2
    assert run(in_processes(8), [], tmp_path) == ({}, [])


@pytest.mark.parametrize("kind", ["die", "exit"])
def test_a_worker_that_dies_takes_only_its_job_along(kind, tmp_path):
    results, events = run(in_processes(2), ["", kind, "", "", ""], tmp_path)
    for name in ("job0", "job2", "job3", "job4"):
        assert results[name][0] == name.upper()
    how = "was killed by SIGKILL (out of memory?)" if kind == "die" else "ended with exit status 7"
    assert results["job1"].text == f"its worker {how}, also when it was tried again alone"
    assert [(e.aoi, e.state, e.text) for e in events if e.state == "retry"] == [
        ("job1", "retry", f"its worker {how}")
    ]
    # Twice, and none of the others more than once.
    assert len(list(tmp_path.glob("job1.*"))) == 2
    assert len(list(tmp_path.glob("job*"))) == 6


def test_a_worker_that_dies_once_is_forgiven(tmp_path):
    results, _ = run(in_processes(2), ["", "die once", ""], tmp_path)
    assert results["job1"][0] == "JOB1"


def test_an_outcome_that_cannot_be_sent(tmp_path):
    results, _ = run(in_processes(1), ["odd", ""], tmp_path)
    assert "cannot be sent" in results["job0"].text
    assert results["job1"][0] == "JOB1"


@pytest.mark.parametrize("count", [0, -1, 257, 1.5])
def test_refuses_a_number_of_workers(count, tmp_path):
    with pytest.raises(InputError, match=rf"workers: got {count}, wanted"):
        run(in_processes(count), [""], tmp_path)


def test_a_script_without_a_guard_is_told_so(tmp_path):
    script = tmp_path / "script.py"
    script.write_text(
        f"import sys\nsys.path.append({str(TESTS)!r})\n"
        "import executor_jobs\nfrom sn7fast.pipeline.workers import run_in_processes\n"
        f"list(run_in_processes([('a', '', {str(tmp_path)!r})], executor_jobs.work, print, "
        "workers=1))\n"
    )
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, timeout=60)
    assert done.returncode == 1
    assert "must call from within: if __name__ == '__main__':" in done.stderr.splitlines()[-1]


INTERRUPTED = f"""
import sys
sys.path.append({str(TESTS)!r})
import executor_jobs
from contextlib import closing
from sn7fast.pipeline.workers import run_in_processes

if __name__ == "__main__":
    folder = sys.argv[1]
    jobs = [("a", "slow", folder), ("b", "slow", folder), ("c", "", folder)]
    try:
        with closing(run_in_processes(jobs, executor_jobs.work, print, workers=2)) as done:
            list(done)
    except KeyboardInterrupt:
        print("interrupted", flush=True)
"""


@pytest.mark.parametrize("to", ["parent", "group", "nobody"])
def test_ctrl_c_and_death_of_the_parent_end_the_workers(to, tmp_path):
    """Workers clean up before they end, whether they get the signal themselves or not."""
    script = tmp_path / "script.py"
    script.write_text(INTERRUPTED)
    process = subprocess.Popen(
        [sys.executable, script, tmp_path],
        stdout=subprocess.DEVNULL if to == "nobody" else subprocess.PIPE,
        text=True, start_new_session=True,
    )  # fmt: skip
    with process:
        wait_for(lambda: len(list(tmp_path.glob("*.part"))) == 2)
        time.sleep(0.3)  # until they are in the block
        pids = [int(path.suffix[1:]) for path in tmp_path.glob("[ab].[0-9]*")]
        start = time.monotonic()
        if to == "group":
            os.killpg(process.pid, signal.SIGINT)
        else:
            process.send_signal(signal.SIGINT if to == "parent" else signal.SIGKILL)
        out, _ = process.communicate(timeout=30)
    assert to == "nobody" or out.splitlines()[-1] == "interrupted"
    wait_for(lambda: not any(map(is_alive, pids)))
    assert time.monotonic() - start < 8, "workers had to be killed"
    assert list(tmp_path.glob("*.part")) == []
    assert list(tmp_path.glob("c.*")) == []


def wait_for(condition, seconds=30):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.05)


def is_alive(pid):
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def test_an_executor_of_processes(tmp_path):
    import multiprocessing

    with ProcessPoolExecutor(2, multiprocessing.get_context("spawn")) as executor:
        results, events = run(partial(run_on, executor), ["", "bad", "", ""], tmp_path)
    assert results["job0"][0] == "JOB0"
    assert results["job1"] == Failure("job1: is bad")
    assert ("job3", "done") in [(event.aoi, event.state) for event in events]


def test_an_executor_that_breaks_is_told_and_what_was_done_is_kept(tmp_path):
    import multiprocessing

    jobs, done = jobs_of(["", "", "die", "", ""], tmp_path), []

    def take(results):
        done.extend(one.job[0] for one in results)

    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as executor:
        with pytest.raises(WorkersError, match="executor: gone in the middle of the work"):
            take(run_on(executor, jobs, executor_jobs.work, print))
        assert done == ["job0", "job1"]
        with pytest.raises(WorkersError, match="executor: takes no more work: A child process"):
            take(run_on(executor, jobs, executor_jobs.work, print))


class Counting(Executor):
    """Runs nothing until asked, and counts what it has."""

    def __init__(self):
        self.waiting, self.most = [], 0

    def submit(self, function, /, *args):
        future = Future()
        self.waiting.append((future, function, args))
        self.most = max(self.most, len(self.waiting))
        return future

    def look(self):
        while self.waiting:
            future, function, args = self.waiting.pop()
            future.set_result(function(*args))


def test_few_jobs_are_in_flight(tmp_path, monkeypatch):
    monkeypatch.setattr("sn7fast.pipeline.executors._LOOK_EVERY_S", 0.01)
    executor, taken = Counting(), []

    def endless():
        for job in jobs_of([""] * 12, tmp_path):
            taken.append(job)
            assert len(taken) - len(over) <= 3
            yield job

    over = []
    for done in run_on(
        executor, endless(), executor_jobs.work, lambda _: None, in_flight=3, look=executor.look
    ):
        over.append(done)
    assert len(over) == 12
    assert executor.most == 3


def test_a_cluster_that_says_a_worker_was_killed(tmp_path):
    """As dask does: it goes on itself, and the job is tried again alone."""
    KilledWorker = type("KilledWorker", (Exception,), {})

    class Killing(ThreadPoolExecutor):
        calls = 0

        def submit(self, function, work, job):
            self.calls += job[0] == "job1"
            if job[0] == "job2" or (job[0] == "job1" and self.calls == 1):
                future = Future()
                future.set_exception(KilledWorker("4 workers died"))
                return future
            return super().submit(function, work, job)

    with Killing(1) as executor:
        results, _ = run(partial(run_on, executor), [""] * 4, tmp_path)
    assert results["job1"][0] == "JOB1"
    assert results["job2"].text == "KilledWorker: 4 workers died"
    assert results["job3"][0] == "JOB3"
