"""Whatever is in an archive: it is unpacked as ``tarfile`` would, or refused, and nothing else."""

import gzip
import io
import tarfile
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sn7fast.download import Limits, extract
from sn7fast.download.names import Seen, place_of, safe_name
from sn7fast.errors import ArchiveError
from tarballs import END, GOOD_TAR, frame, pax, raw_member

SEED = (
    raw_member("train/", kind=b"5")
    + GOOD_TAR
    + raw_member("L", frame("2018_07").encode() + b"\0", kind=b"L")
    + raw_member("x", b"long")
    + pax({"path": frame("2018_08"), "size": "3"})
    + raw_member("x", b"pax")
    + raw_member("README", b"skipped")
    + END
)
LIMITS = Limits(members=50, total_bytes=10**6, member_bytes=10**5, ratio=1000)


def outcome(tar):
    """The files that come of a tar, or None if it is refused; always sees that all is clean."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        archive, out = folder / "a.tar.gz", folder / "deep" / "out"
        archive.write_bytes(gzip.compress(tar, 1))
        try:
            extract(archive, out, limits=LIMITS)
        except ArchiveError:
            assert {p.name for p in folder.rglob("*")} == {"a.tar.gz", "deep", "out"}
            return None
        (out / ".a.tar.gz.json").unlink()
        assert {p.name for p in folder.iterdir()} == {"a.tar.gz", "deep"}
        assert {p.name for p in (folder / "deep").iterdir()} == {"out"}
        found = [p for p in out.rglob("*") if not p.is_dir()]
        assert not any(p.is_symlink() for p in out.rglob("*"))
        return {str(p.relative_to(out)): p.read_bytes() for p in found}


def by_tarfile(tar):
    found = {}
    with tarfile.open(fileobj=io.BytesIO(tar)) as opened:
        for info in opened:
            if info.isreg() and (path := place_of(info.name.removeprefix("./"), "a")):
                found[path] = opened.extractfile(info).read()
    return found


def test_the_seed_is_good():
    assert len(outcome(SEED)) == 6


@given(
    st.lists(st.tuples(st.integers(0, len(SEED) - 1), st.integers(0, 255)), min_size=1, max_size=4),
    st.booleans(),
)
def test_changed_bytes(changes, mends):
    tar = bytearray(SEED)
    for at, value in changes:
        tar[at] = value
        if mends:
            start = at - at % 512
            block = tar[start : start + 512]
            total = 256 + sum(block[:148]) + sum(block[156:])
            tar[start + 148 : start + 156] = b"%06o\0 " % total
    found = outcome(bytes(tar))
    if found is not None:
        assert found == by_tarfile(bytes(tar))


@given(st.binary(max_size=3000))
def test_any_bytes(content):
    assert outcome(content) is None


@given(st.lists(st.integers(0, len(SEED) // 512), max_size=12))
def test_blocks_in_any_order(order):
    blocks = b"".join(SEED[512 * at : 512 * (at + 1)] for at in order)
    found = outcome(blocks + END)
    if found is not None:
        assert found == by_tarfile(blocks + END)


PARTS = st.sampled_from(["..", ".", "", "train", "Train", "csvs", "a.csv", "/", "~", "a\\b", "x"])


@given(st.one_of(st.text(max_size=40), st.lists(PARTS, max_size=6).map("/".join)))
def test_a_safe_name_stays_in_its_folder(raw):
    try:
        name = safe_name(raw)
    except ArchiveError:
        return
    root = Path("/folder/of/mine")
    assert (root / name).resolve().is_relative_to(root)
    place = place_of(name, "mine")
    assert place is None or (root / place).resolve().is_relative_to(root)


@given(st.lists(st.tuples(st.lists(st.sampled_from("aAbß"), min_size=1, max_size=3), st.booleans()),
                max_size=6))  # fmt: skip
def test_names_that_were_seen_make_one_tree_on_every_system(members):
    seen, files, folders = Seen(), [], set()
    for parts, is_folder in members:
        name = "/".join(parts)
        try:
            seen.add(name, is_folder=is_folder)
        except ArchiveError:
            return
        above = {"/".join(parts[:depth]) for depth in range(1, len(parts))}
        folders |= above | ({name} if is_folder else set())
        files += [] if is_folder else [name]
    assert len({name.casefold() for name in files}) == len(files)
    assert len({name.casefold() for name in folders}) == len(folders)
    assert not {name.casefold() for name in files} & {name.casefold() for name in folders}


@pytest.mark.parametrize("name", ["train/x", "csvs/a/b.csv", "csvs/.csv", "masks/a.csv", ""])
def test_names_without_a_place(name):
    assert place_of(name, "a") is None
