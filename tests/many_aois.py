"""Sets of synthetic AOIs, runs of the pipeline over them, and what lies in their folders."""

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

# Knows how far an AOI is; all other files have one content only.
GROWING = "manifest.json"


def make_set(folder, *, aois, months, size):
    """Images and labels in the layout of SpaceNet 7."""
    from sn7fast.data.synthetic import synthetic_scene

    for seed in range(aois):
        scene = synthetic_scene(seed=seed, shape_yx=(size, size), months=months, kind="suburb")
        scene.write_sn7(folder)
    return folder


def arguments(data, out, *more):
    """Of a run that works on little: no pages, which need a library of pictures."""
    return [
        sys.executable, "-m", "sn7fast.run", "pipeline", str(data), "--out", str(out), "--quiet",
        *map(str, more),
    ]  # fmt: skip


def run(data, out, *more, **environment):
    """A whole run in a process of its own."""
    return subprocess.run(
        arguments(data, out, *more),
        capture_output=True, text=True, timeout=600, env=os.environ | environment,
    )  # fmt: skip


def visible(folder):
    """Files that are not hidden, nor in a hidden folder."""
    for home, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(files):
            if not name.startswith("."):
                yield Path(home, name)


def tree(folder):
    """Digest by path of all visible files."""
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in visible(folder)
    }


class Watch:
    """Looks at a folder in which a run is at work, or was killed.

    Args:
        final: `tree` of an undisturbed run.
    """

    def __init__(self, final):
        self._final = final
        self._seen = {}
        self.looks = 0

    def look(self, folder):
        """Raise AssertionError if a visible file is neither whole nor absent."""
        self.looks += 1
        for path in visible(folder):
            name = path.relative_to(folder).as_posix()
            try:
                found = path.stat()
                mark = found.st_ino, found.st_size, found.st_mtime_ns
                if self._seen.get(name) == mark:
                    continue
                content = path.read_bytes()
            except FileNotFoundError:
                continue  # replaced between the listing and now
            assert name in self._final, f"{name}: no file of an undisturbed run"
            if path.name == GROWING:
                assert json.loads(content)["steps"] is not None
            else:
                digest = hashlib.sha256(content).hexdigest()
                assert digest == self._final[name], f"{name}: {len(content)} bytes, not its own"
            self._seen[name] = mark


def check_log(path):
    """Every line of a log is an event; gives them."""
    if not path.exists():
        return []
    text = path.read_text()
    assert text == "" or text.endswith("\n")
    events = [json.loads(line) for line in text.splitlines()]
    assert all({"time", "aoi", "step", "what"} <= event.keys() for event in events)
    return events
