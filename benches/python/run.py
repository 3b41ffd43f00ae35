"""Run the benches and print the ratio table: ``run.py [--record] [-k ROW] [--synthetic]``."""

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import report

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]


def main(arguments):
    parser = argparse.ArgumentParser(description=__doc__.partition(":")[0])
    parser.add_argument("--record", action="store_true", help="write into benches/record, too")
    parser.add_argument("-k", metavar="ROW", help="only benches whose name holds this")
    parser.add_argument("--synthetic", action="store_true", help="leave the real stack alone")
    options = parser.parse_args(arguments)
    if options.record and options.k:
        parser.error("--record: wants a run of all rows, got -k")
    load = os.getloadavg()[0]
    if load > 0.3 * os.cpu_count():
        print(f"The machine is busy (load {load:.1f}): the times will be too long.", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        results = Path(folder) / "results.json"
        command = [sys.executable, "-m", "pytest", str(HERE), "--benchmark-only"]
        command += ["-p", "no:cacheprovider", "-q", "--benchmark-quiet"]
        command += [f"--benchmark-json={results}"]
        command += ["-k", options.k] if options.k else []
        environment = os.environ | ({"SN7FAST_SHARED": folder} if options.synthetic else {})
        done = subprocess.run(command, cwd=ROOT, env=environment, check=False)
        if done.returncode:
            return done.returncode
        target = ["--record", str(ROOT / "benches" / "record")] if options.record else []
        report.main([str(results), *target])
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
