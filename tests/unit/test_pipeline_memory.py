"""How much memory the machine has."""

import re
from pathlib import Path

import pytest

from sn7fast.pipeline.memory import machine_mb

MEMINFO = Path("/proc/meminfo")


@pytest.mark.skipif(not MEMINFO.exists(), reason="only Linux tells it elsewhere too")
def test_what_the_kernel_says():
    kib = int(re.search(r"MemTotal:\s+(\d+) kB", MEMINFO.read_text())[1])
    assert machine_mb() == pytest.approx(kib * 1024 / 1e6, rel=0.01)
