"""Jobs for tests of what runs them: importable by workers, which tests themselves are not."""

import os
import signal
import time
from pathlib import Path

from sn7fast import InputError, get_num_threads
from sn7fast.pipeline.outcome import Told


def work(job, tell):
    """``job`` is (name, what to do, a folder for marks)."""
    name, kind, folder = job
    tell(Told(name, "think", "started"))
    Path(folder, f"{name}.{os.getpid()}").touch()
    if kind == "bad":
        raise InputError(f"{name}: is bad")
    if kind == "bug":
        raise KeyError(name)
    if kind == "full":
        raise OSError(28, "No space left on device", f"{name}.tif")
    if kind == "die":
        os.kill(os.getpid(), signal.SIGKILL)
    if kind == "die once" and len(list(Path(folder).glob(f"{name}.*"))) == 1:
        os.kill(os.getpid(), signal.SIGKILL)
    if kind == "exit":
        os._exit(7)
    if kind == "odd":
        return lambda: None
    if kind == "threads":
        return get_num_threads(), os.environ["OMP_NUM_THREADS"]
    if kind == "slow":
        with kept(Path(folder, f"{name}.part")):
            time.sleep(60)
    time.sleep(0.05)
    tell(Told(name, "think", "done", seconds=0.05, counts={"thoughts": 3}))
    return name.upper(), os.getpid()


class kept:
    """A file that is there during a block."""

    def __init__(self, path):
        self.path = path

    def __enter__(self):
        self.path.touch()

    def __exit__(self, *_):
        self.path.unlink()


def name(job):
    return job[0]
