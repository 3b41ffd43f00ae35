"""Work on many AOIs at the command line: order, what fails, what goes on at the same time."""

import threading

import pytest

from sn7fast import InputError
from sn7fast.cli.aois import AoiRun
from sn7fast.cli.console import Console

LONG_S = 20


@pytest.fixture
def console():
    return Console(quiet=False)


def loaders_of(load, aois="abc"):
    return {aoi: lambda aoi=aoi: load(aoi) for aoi in aois}


def test_the_next_is_loaded_while_this_one_is_at_work(console):
    """Neither could go on without the other."""
    met, threads = threading.Barrier(2), {}

    def load(aoi):
        if aoi != "a":
            met.wait(LONG_S)
        threads["load", aoi] = threading.current_thread()
        return aoi * 2

    def work(aoi, loaded):
        if aoi != "c":
            met.wait(LONG_S)
        threads["work", aoi] = threading.current_thread()
        return f"{aoi}: {loaded}"

    run = AoiRun(console)
    assert list(run.each(loaders_of(load), "test", work)) == [
        ("a", "a: aa"), ("b", "b: bb"), ("c", "c: cc")
    ]  # fmt: skip
    assert run.done == list("abc")
    main = threading.current_thread()
    assert {threads["work", aoi] for aoi in "abc"} == {main}
    assert main not in {threads["load", aoi] for aoi in "abc"}


@pytest.mark.parametrize("has_work", [True, False])
def test_one_alone_needs_no_thread(console, has_work):
    def load(aoi):
        assert threading.current_thread() is threading.main_thread()
        return aoi

    work = (lambda aoi, loaded: aoi + loaded) if has_work else None
    found = list(AoiRun(console).each(loaders_of(load, "a"), "test", *[work] * has_work))
    assert found == [("a", "aa" if has_work else "a")]


def test_without_work_there_is_no_thread(console):
    def load(aoi):
        assert threading.current_thread() is threading.main_thread()
        return aoi

    assert dict(AoiRun(console).each(loaders_of(load), "test")) == {aoi: aoi for aoi in "abc"}


def test_all_is_said_in_the_order_of_the_areas(console, capsys):
    """Whatever was loaded meanwhile."""
    loaded = {aoi: threading.Event() for aoi in "abcde"}

    def load(aoi):
        console.note(f"loading {aoi}")
        loaded[aoi].set()
        if aoi in "bd":
            raise InputError(f"{aoi} is\nbad")
        return aoi

    def work(aoi, _):
        later = chr(ord(aoi) + 1)
        assert later not in loaded or loaded[later].wait(LONG_S)
        console.warn(f"working on {aoi}")
        if aoi == "c":
            raise InputError("c is worse")
        return aoi

    run = AoiRun(console)
    assert [aoi for aoi, _ in run.each(loaders_of(load, "abcde"), "test", work)] == ["a", "e"]
    assert run.failed == {"b": "b is bad", "c": "c is worse", "d": "d is bad"}
    assert capsys.readouterr().err.splitlines() == [
        "note: loading a",
        "warning: working on a",
        "note: loading b",
        "error: AOI b left out: b is bad",
        "note: loading c",
        "warning: working on c",
        "error: AOI c left out: c is worse",
        "note: loading d",
        "error: AOI d left out: d is bad",
        "note: loading e",
        "warning: working on e",
    ]
    assert console.notes == [f"loading {aoi}" for aoi in "abcde"]
    assert console.warnings == [f"working on {aoi}" for aoi in "ace"]


def test_what_is_no_bad_input_ends_the_run_at_its_place(console, capsys):
    def load(aoi):
        console.note(f"loading {aoi}")
        if aoi == "b":
            raise MemoryError("b")
        return aoi

    run, found = AoiRun(console), []
    each = run.each(loaders_of(load), "test", lambda aoi, loaded: found.append(loaded))
    with pytest.raises(MemoryError, match="b"):
        list(each)
    assert found == ["a"]
    assert capsys.readouterr().err.splitlines() == ["note: loading a", "note: loading b"]


def test_none_could_be_used(console):
    def load(aoi):
        raise InputError(aoi)

    with pytest.raises(InputError, match="none of 3 AOIs could be used"):
        list(AoiRun(console).each(loaders_of(load), "test", lambda aoi, loaded: loaded))
    with pytest.raises(InputError, match=r"^a$"):
        list(AoiRun(console).each(loaders_of(load, "a"), "test", lambda aoi, loaded: loaded))


def test_ctrl_c_ends_the_thread_and_loads_no_more(console):
    begun, loaded = threading.Event(), []

    def load(aoi):
        loaded.append(aoi)
        if aoi == "b":
            begun.set()
        return aoi

    def work(aoi, _):
        assert begun.wait(LONG_S)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        list(AoiRun(console).each(loaders_of(load), "test", work))
    assert loaded == ["a", "b"]
    assert not any(thread.name == "sn7fast-ahead" for thread in threading.enumerate())
