"""Jobs in two stages: what goes on at the same time, what never does, and how it ends early."""

import signal
import threading
import time
from contextlib import closing, suppress

import pytest

from sn7fast import InputError
from sn7fast.pipeline.executors import Failure
from sn7fast.pipeline.outcome import Told
from sn7fast.pipeline.overlap import run_overlapped

LONG_S = 20


class Stages:
    """Stages that note what they do and do more where a test asks for it.

    Args:
        first: Called with the job and what is beside it in the first stage, as ``second`` in the
            second.
        needed_mb: Of the second stage.
    """

    def __init__(self, first=None, second=None, needed_mb=1.0):
        self.hooks = first, second
        self.needed_mb = needed_mb
        self.notes = []
        self.beside = {}
        self.open = set()
        self.most_open = 0
        self.threads = {}

    def __call__(self, job, tell, beside):
        self.open.add(job)
        self.most_open = max(self.most_open, len(self.open))
        try:
            self.beside[job] = beside.needed_mb
            self.do(0, job, tell, beside)
            yield self.needed_mb
            self.do(1, job, tell, beside)
        finally:
            self.open.discard(job)
        return job.upper()

    def do(self, stage, job, tell, beside):
        self.threads[job, stage] = threading.current_thread()
        self.notes.append((job, stage))
        tell(Told(job, f"stage {stage}", "started"))
        if self.hooks[stage] is not None:
            self.hooks[stage](job, beside)
        tell(Told(job, f"stage {stage}", "done"))


def ignore(_):
    pass


def results(stages, jobs="abcd", tell=ignore):
    with closing(run_overlapped(jobs, stages, tell)) as done:
        return [(one.job, one.result) for one in done]


def test_outcomes_come_in_order():
    stages, events = Stages(), []
    assert results(stages, tell=events.append) == [(job, job.upper()) for job in "abcd"]
    for job in "abcd":
        of_job = [(event.step[-1], event.state) for event in events if event.aoi == job]
        assert of_job == [("0", "started"), ("0", "done"), ("1", "started"), ("1", "done")]
    main = threading.current_thread()
    assert {stages.threads[job, 1] for job in "abcd"} == {main}
    assert len({stages.threads[job, 0] for job in "abcd"} - {main}) == 1
    assert stages.most_open <= 2
    assert stages.beside == {"a": 0.0, "b": 1.0, "c": 1.0, "d": 1.0}
    assert results(Stages(), "") == []


def test_the_next_is_begun_while_this_one_is_at_work():
    """Neither could go on without the other."""
    met = threading.Barrier(2)

    def first(job, _):
        if job != "a":
            met.wait(LONG_S)

    def second(job, _):
        if job != "d":
            met.wait(LONG_S)

    assert len(results(Stages(first, second))) == 4


def test_one_can_wait_until_the_one_before_is_over():
    seen = []

    def first(job, beside):
        if job == "c":
            beside.wait()
            seen.extend(stages.open)

    stages = Stages(first)
    assert len(results(stages)) == 4
    assert seen == ["c"]


@pytest.mark.parametrize("stage", [0, 1])
def test_one_that_fails_does_not_stop_the_others(stage):
    def fail(job, _):
        if job == "b":
            raise InputError("b: is\nbad")
        if job == "c":
            raise KeyError(job)

    hooks = [None, None]
    hooks[stage] = fail
    stages = Stages(*hooks)
    found = dict(results(stages))
    assert found["a"] == "A"
    assert found["b"] == Failure("b: is bad")
    assert found["c"].text == "a bug in sn7fast: KeyError: 'c'"
    assert "raise KeyError(job)" in found["c"].trace
    assert found["d"] == "D"
    assert stages.open == set()


def test_one_is_told_at_a_time():
    inside, met = [], threading.Barrier(2)

    def meet(job, beside):
        with suppress(threading.BrokenBarrierError):
            met.wait(0.5)

    def tell(told):
        inside.append(told)
        time.sleep(0.002)
        assert inside == [told]
        inside.clear()

    found = results(Stages(meet, meet), tell=tell)
    assert [result for _, result in found] == list("ABCD")


def be_at_work(look=lambda: None):
    """Until an exception comes; in short naps, as a signal right before a long one is missed."""
    end = time.monotonic() + LONG_S
    while time.monotonic() < end:
        look()
        time.sleep(0.01)


def interrupt():
    """As Ctrl-C does."""
    signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)


@pytest.mark.skipif(not hasattr(signal, "pthread_kill"), reason="no signals between threads here")
@pytest.mark.parametrize("where", ["first stage of the first", "both stages"])
def test_ctrl_c_ends_both_stages(where):
    """What is begun hears of it by `look`, cleans up, and is waited for."""
    cleaned = []

    def first(job, beside):
        if job == "a" and where != "first stage of the first":
            return
        interrupt()
        try:
            be_at_work(beside.look)
        finally:
            cleaned.append(job)

    def second(job, _):
        be_at_work()

    stages = Stages(first, second)
    with (
        pytest.raises(KeyboardInterrupt),
        closing(run_overlapped("abcd", stages, ignore)) as done,
    ):
        list(done)
    assert cleaned == ["a" if where == "first stage of the first" else "b"]
    assert stages.open == set()
    assert ("c", 0) not in stages.notes


def test_news_of_a_run_that_is_over_end_what_was_begun():
    begun, told = threading.Event(), []

    def first(job, _):
        if job == "b":
            begun.set()
            assert stop.wait(LONG_S)

    def second(job, _):
        assert begun.wait(LONG_S)
        stop.set()
        raise KeyboardInterrupt

    stop = threading.Event()
    stages = Stages(first, second)
    with pytest.raises(KeyboardInterrupt):
        results(stages, tell=told.append)
    assert stages.open == set()


def test_what_was_begun_and_not_taken_is_given_up():
    ready = threading.Event()

    def second(job, _):
        end = time.monotonic() + LONG_S
        while ("b", 0) not in stages.notes:
            assert time.monotonic() < end
            time.sleep(0.01)
        ready.set()
        raise KeyboardInterrupt

    stages = Stages(None, second)
    with pytest.raises(KeyboardInterrupt):
        results(stages)
    assert ready.is_set()
    assert stages.open == set()
    assert ("b", 1) not in stages.notes


def test_a_run_that_nobody_follows_any_more():
    stages = Stages()
    done = run_overlapped("abcd", stages, ignore)
    assert next(done).job == "a"
    done.close()
    assert stages.open == set()
    assert ("c", 0) not in stages.notes


@pytest.mark.skipif(not hasattr(signal, "pthread_kill"), reason="no signals between threads here")
def test_a_second_ctrl_c_does_not_wait():
    """For what does not look, at work as long as it likes."""
    hung, ended = threading.Event(), threading.Event()

    def first(job, _):
        if job == "b":
            interrupt()
            threading.Timer(0.5, interrupt).start()
            hung.wait(LONG_S)
            ended.set()

    def second(job, _):
        be_at_work()

    start = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        results(Stages(first, second))
    assert time.monotonic() - start < 9, "waited for all of its time"
    assert not ended.is_set()
    hung.set()
    assert ended.wait(LONG_S)
