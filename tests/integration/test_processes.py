"""Long calls in the company of signals, forks, other threads and bugs."""

import os
import signal
import subprocess
import sys
import threading
import time

import numpy as np
import pytest

import sn7fast
from scenes import footprints, stars
from sn7fast import InternalError, _core

# Each call would take far longer than the test: only Ctrl-C ends it.
INPUTS = """
import signal, sys, time
import numpy as np
import sn7fast
from sn7fast import Footprints, Stack

random = np.random.default_rng(0)
noise = random.random((700, 700)) < 0.55
one = sn7fast.polygonize(noise)

def months(count):
    return [f"{k:05d}" for k in range(count)]

def stack(count):
    ids = [np.arange(len(one))] * count
    return Stack.from_frames([one] * count, months=months(count), aoi="", ids=ids)
"""
CALLS = {
    "polygonize_frames": (
        "frames = [noise] * 20_000",
        "sn7fast.polygonize_frames(frames, months=months(20_000), connectivity=8, min_area_px=1e9)",
    ),
    "track": ("long = stack(40)", "sn7fast.track(long)"),
    "score_scot": ("long = stack(40)", "sn7fast.score_scot(long, long)"),
    "score_f1": ("long = stack(40)", "sn7fast.score_f1(long, long)"),
    "iou_pairs": (
        "many = Footprints.concatenate([one[:4000]] * 60)",
        "sn7fast.iou_pairs(many, many)",
    ),
}
WAIT = """
print("ready", flush=True)
start = time.monotonic()
try:
    {call}
except KeyboardInterrupt:
    print("interrupted", flush=True)
else:
    print("ended after", time.monotonic() - start, flush=True)
"""


def start(code, **environment):
    return subprocess.Popen(
        [sys.executable, "-c", code],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "SN7FAST_NUM_THREADS": "2", **environment},
    )


@pytest.mark.parametrize("name", CALLS)
def test_ctrl_c_ends_a_long_call(name):
    setup, call = CALLS[name]
    with start(INPUTS + setup + WAIT.format(call=call)) as process:
        assert process.stdout.readline() == "ready\n"
        time.sleep(0.4)
        process.send_signal(signal.SIGINT)
        sent = time.monotonic()
        out, _ = process.communicate(timeout=60)
        waited = time.monotonic() - sent
    assert out == "interrupted\n"
    # A second or so, and the time slices of a loaded machine.
    assert waited < 20


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
@pytest.mark.parametrize("when", ["between calls", "during a call"])
def test_a_forked_child_can_call(when):
    code = f"""
import os, threading, warnings
import numpy as np
import sn7fast
warnings.simplefilter("ignore", DeprecationWarning)

noise = np.random.default_rng(0).random((300, 300)) < 0.4
frames, months = [noise] * 8, list("12345678")
wanted = sn7fast.polygonize_frames(frames, months=months).footprints.coords.tobytes()
if {when == "during a call"}:
    def work():
        for _ in range(50):
            sn7fast.polygonize_frames(frames, months=months)
    threading.Thread(target=work, daemon=True).start()
child = os.fork()
if child == 0:
    found = sn7fast.polygonize_frames(frames, months=months).footprints.coords.tobytes()
    threads = sn7fast.get_num_threads()
    sn7fast.set_num_threads(2)
    again = sn7fast.polygonize_frames(frames, months=months).footprints.coords.tobytes()
    os._exit(0 if found == again == wanted and threads == 1 else 1)
_, status = os.waitpid(child, 0)
again = sn7fast.polygonize_frames(frames, months=months).footprints.coords.tobytes()
print(os.waitstatus_to_exitcode(status), again == wanted, flush=True)
os._exit(0)
"""
    with start(code) as process:
        out, _ = process.communicate(timeout=60)
    assert out == "0 True\n"


def test_other_threads_run_during_a_call():
    """The GIL is released: a thread counts on while another one is in the core."""
    crowd = footprints(stars(np.random.default_rng(1), 1500, field=12.0))
    ticks, done = [], threading.Event()

    def count():
        while not done.is_set():
            ticks.append(time.monotonic())
            time.sleep(0.001)

    other = threading.Thread(target=count)
    other.start()
    while not ticks:
        time.sleep(0.001)
    begin = time.monotonic()
    sn7fast.iou_pairs(crowd, crowd)
    end = time.monotonic()
    done.set()
    other.join()
    assert end - begin > 0.1, "too short a call to tell"
    inside = [tick for tick in ticks if begin < tick < end]
    assert len(inside) > 20


def test_calls_from_several_threads_at_once():
    random = np.random.default_rng(2)
    masks = [random.random((120, 130)) < 0.5 for _ in range(12)]
    wanted = [sn7fast.polygonize(mask).coords.tobytes() for mask in masks]
    found = [None] * len(masks)

    def work(k):
        for _ in range(5):
            found[k] = sn7fast.polygonize(masks[k]).coords.tobytes()

    threads = [threading.Thread(target=work, args=(k,)) for k in range(len(masks))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == wanted


def test_a_panic_of_the_core_is_an_internal_error(capfd):
    """The private door takes positions unchecked, as the facade makes them; wrong ones panic."""
    one = footprints(stars(np.random.default_rng(3), 1)).arrays
    with pytest.raises(InternalError, match=r"a bug in sn7fast, please report .*out of bounds"):
        _core.evaluate_f1(one, one, [99], 0.5)
    assert "panicked" in capfd.readouterr().err
    # Nothing is left behind.
    assert len(sn7fast.polygonize(np.eye(3, dtype=bool))) == 3


@pytest.mark.parametrize("value", ["0", "-1", "two", "", "1e9"])
def test_a_number_of_threads_that_is_none(value):
    code = """
import sn7fast
try:
    sn7fast.get_num_threads()
except sn7fast.InputError as error:
    print(error)
"""
    with start(code, SN7FAST_NUM_THREADS=value) as process:
        out, _ = process.communicate(timeout=60)
    assert out.startswith(f"SN7FAST_NUM_THREADS: got {value}, wanted a number")


@pytest.mark.parametrize("count", [0, -1, 10**6])
def test_set_num_threads_refuses(count):
    before = sn7fast.get_num_threads()
    with pytest.raises(sn7fast.InputError, match=rf"count: got {count}, wanted a number"):
        sn7fast.set_num_threads(count)
    assert sn7fast.get_num_threads() == before
