"""Kill the pipeline at random moments, run it again, and see that nothing is lost or torn.

``python tests/kill_pipeline.py [--kills 50] [--seed 0]`` makes a synthetic set, runs the pipeline
over it once undisturbed, and then again and again with SIGKILL: to all its processes, or to the
parent of the workers alone. Each killed run is followed by another on the same folder. All along
and after each kill, every visible file must be one of the undisturbed run, byte for byte; when a
run comes through, the whole folder must be; the next one then begins in an empty folder.

``tests/integration/test_many_aois.py`` does it with three kills.
"""

import argparse
import os
import random
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

from many_aois import Watch, arguments, check_log, make_set, run, tree

_LOOK_EVERY_S = 0.05


def kill_and_run_again(data, work, *, kills, seed, options=(), tell=print):
    """See the top of this module.

    Args:
        data: The set.
        work: Folder for the runs.
        kills: How many.
        seed: Of the moments.
        options: Of the command line, by turns: a list of arguments for each kind of run.
        tell: Called with a line for each kill.

    Returns:
        Counts by name.
    """
    draw = random.Random(seed)
    options = options or [["--workers", 2], []]
    start = time.monotonic()
    done = run(data, work / "undisturbed", *options[0])
    whole_s = time.monotonic() - start
    assert done.returncode == 0, done.stderr
    final = tree(work / "undisturbed")
    watch = Watch(final)
    out, log = work / "out", work / "log.jsonl"
    counts = {"kills": 0, "through": 0, "to the parent alone": 0, "files": len(final)}
    events = 0
    while counts["kills"] < kills:
        more = draw.choice(options)
        process = subprocess.Popen(
            arguments(data, out, *more, "--log-json", log),
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, start_new_session=True,
        )  # fmt: skip
        moment = time.monotonic() + draw.uniform(0, whole_s)
        while process.poll() is None and time.monotonic() < moment:
            watch.look(out)
            time.sleep(_LOOK_EVERY_S)
        if process.poll() is not None:
            assert process.returncode == 0, process.stderr.read()
            _check_whole(out, final)
            counts["through"] += 1
            shutil.rmtree(out)
            continue
        alone = draw.random() < 0.25
        if alone:
            process.kill()
        else:
            os.killpg(process.pid, signal.SIGKILL)
        counts["kills"] += 1
        counts["to the parent alone"] += alone
        process.communicate()
        watch.look(out)
        found = check_log(log)
        assert len(found) >= events
        events = len(found)
        have = len(list(out.rglob("*"))) if out.exists() else 0
        tell(f"kill {counts['kills']}: {' '.join(map(str, more)) or 'no workers'}, {have} files")
    # The last one is let through, on what the kills have left.
    done = run(data, out, *draw.choice(options), "--log-json", log)
    assert done.returncode == 0, done.stderr
    _check_whole(out, final)
    check_log(log)
    counts["through"] += 1
    return counts | {"looks": watch.looks}


def _check_whole(out, final):
    found = tree(out)
    odd = sorted(name for name in found.keys() | final if found.get(name) != final.get(name))
    assert not odd, f"differ from an undisturbed run: {odd}"


def main():
    parser = argparse.ArgumentParser(description="Kill the pipeline and run it again.")
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--aois", type=int, default=8)
    parser.add_argument("--months", type=int, default=12)
    parser.add_argument("--size", type=int, default=128, help="rows and columns of an AOI")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="kill-pipeline-") as name:
        work = Path(name)
        data = make_set(work / "data", aois=given.aois, months=given.months, size=given.size)
        start = time.monotonic()
        counts = kill_and_run_again(data, work, kills=given.kills, seed=given.seed)
        seconds = time.monotonic() - start
    text = ", ".join(f"{name} {count}" for name, count in counts.items())
    print(f"{text} in {seconds:.0f} s")  # noqa: T201 - a program


if __name__ == "__main__":
    main()
