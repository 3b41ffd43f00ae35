"""How much memory the machine has, and what may be taken of it."""

import re
from pathlib import Path

import pytest

from sn7fast.nn.flow import pixels_mb
from sn7fast.pipeline.memory import allowed_mb, machine_mb

MEMINFO = Path("/proc/meminfo")


@pytest.mark.skipif(not MEMINFO.exists(), reason="only Linux tells it elsewhere too")
def test_what_the_kernel_says():
    kib = int(re.search(r"MemTotal:\s+(\d+) kB", MEMINFO.read_text())[1])
    assert machine_mb() == pytest.approx(kib * 1024 / 1e6, rel=0.01)


def test_half_of_it_unless_it_is_said():
    assert allowed_mb(None) == machine_mb() / 2
    assert allowed_mb(300) == 300


def test_images_never_take_more_than_they_may():
    """Small ones take what their pixels do."""
    of = {"bands": 3, "outputs": 1, "scale": 2, "memory_mb": 100}
    assert pixels_mb((100, 200), **of) == pytest.approx(20_000 * (6 * 13 + 2 * 16) / 1e6)
    assert pixels_mb((10_000, 20_000), **of) == pytest.approx(100 * 2**20 / 1e6)
