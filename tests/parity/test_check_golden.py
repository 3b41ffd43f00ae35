"""The shared script that holds compat against the golden cases passes."""

import subprocess
import sys

import pytest


@pytest.mark.parametrize("kind", ["polygonize", "masks", "tracking", "scot", "f1"])
def test_every_run_is_ok(golden_folder, kind):
    script = golden_folder / "check_golden.py"
    done = subprocess.run(
        [sys.executable, str(script), str(golden_folder), kind],
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    ok, total = done.stdout.splitlines()[-1].split(":")[1].split(" ok")[0].split("/")
    assert int(ok) == int(total) > 0
