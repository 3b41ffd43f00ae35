"""An archive of one AOI: 12 months of noisy images and of labels as text.

sn7fast decompresses in one thread and writes in another, whatever number is set.
"""

import io
import shutil
import subprocess
import tarfile

import numpy as np
import pytest

from contender import Contender
from sn7fast.data.sn7 import sn7_aoi, sn7_stem
from sn7fast.download import extract

pytestmark = pytest.mark.benchmark(group="extract")

AOI, MONTHS, FEATURES = sn7_aoi(3712, 4104), 12, 20_000


def members():
    rng = np.random.default_rng(0)
    feature = '{"type":"Polygon","coordinates":[[[%.6f,%.6f],[%.6f,%.6f],[%.6f,%.6f]]]}'
    for month in range(1, MONTHS + 1):
        stem = sn7_stem(AOI, f"2019_{month:02}")
        # Six bits of noise in eight: shrinks a little.
        image = rng.integers(0, 64, 1_500_000, dtype=np.uint8).tobytes()
        yield f"train/{AOI}/images_masked/{stem}.tif", image
        rows = rng.uniform(0, 180, (FEATURES, 6)).tolist()
        text = ",".join(feature % tuple(row) for row in rows).encode()
        yield f"train/{AOI}/labels_match/{stem}_Buildings.geojson", text


@pytest.fixture(scope="module")
def content():
    return dict(members())


@pytest.fixture(scope="module")
def archive(content, tmp_path_factory):
    path = tmp_path_factory.mktemp("archive") / "SN7_buildings_train.tar.gz"
    with tarfile.open(path, "w:gz", compresslevel=6) as tar:
        for name, data in content.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return path


@pytest.fixture
def unpacked(tmp_path):
    """``unpacked(function)``: a call that runs it on an empty folder, and returns that."""

    def make(function):
        def call():
            out = tmp_path / "out"
            shutil.rmtree(out, ignore_errors=True)
            out.mkdir()
            function(out)
            return out

        return call

    return make


def check(out, content):
    for name, data in content.items():
        assert (out / name).read_bytes() == data


def test_sn7fast(ours, unpacked, archive, content):
    ours(
        unpacked(lambda out: extract(archive, out)),
        lambda out: check(out, content),
        amount_bytes=sum(map(len, content.values())),
    )


def test_tarfile(race, unpacked, archive, content):
    def unpack(out):
        with tarfile.open(archive) as tar:
            tar.extractall(out, filter="data")

    rival = Contender("tarfile.extractall", unpacked(unpack), part="all that is in it")
    check(rival.answer, content)
    race(rival, amount_bytes=sum(map(len, content.values())))


def test_tar(race, unpacked, archive, content):
    if (tar := shutil.which("tar")) is None:
        pytest.skip("there is no tar")

    def unpack(out):
        subprocess.run([tar, "xzf", archive, "-C", out], check=True)

    rival = Contender("tar xzf", unpacked(unpack), part="all that is in it")
    check(rival.answer, content)
    race(rival, amount_bytes=sum(map(len, content.values())))
