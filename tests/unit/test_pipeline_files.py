"""Stacks as files, and hashes of files."""

import os
from dataclasses import replace

import numpy as np
import pytest

from sn7fast import Cube, FormatError, Grid, Stack, collapse
from sn7fast.pipeline.hashes import Hashes
from sn7fast.pipeline.stacks import StoredStack, read_about, read_stack, write_stack

EMPTY = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


def town():
    prob = np.zeros((3, 30, 30), np.uint8)
    prob[:, 3:9, 3:9] = 250
    prob[1:, 15:22, 15:20] = 250
    prob[:, 5:7, 5:7] = 0
    grid = Grid((30, 30), (0.1, 0, 1 / 3, 0, -0.1, 1e5 / 7), "EPSG:4326")
    cube = Cube.from_arrays(prob, months=["2018_01", "2018_02", "2018_04"], grid=grid)
    return collapse(cube, aoi="a town")


def same(one, other):
    arrays = zip(one.footprints.arrays, other.footprints.arrays, strict=True)
    columns = ("frame_offsets", "ids", "iou")
    return (
        (one.aoi, one.months, one.grid) == (other.aoi, other.months, other.grid)
        and all(np.array_equal(a, b) for a, b in arrays)
        and all(np.array_equal(getattr(one, name), getattr(other, name)) for name in columns)
    )


def test_a_stack_comes_back_to_the_bit(tmp_path):
    stack = replace(town(), iou=np.linspace(0, 1 / 3, len(town())))
    write_stack(tmp_path / "a.npz", stack, about={"x": [1, None]}, arrays={"y": np.arange(3)})
    stored = StoredStack(tmp_path / "a.npz")
    back, about, arrays = stored.to_stack(), stored.about, stored.arrays
    assert same(stack, back)
    assert about == read_about(tmp_path / "a.npz") == {"x": [1, None]}
    assert arrays["y"].tolist() == [0, 1, 2]
    assert back.buildings.confidence.tolist() == stack.buildings.confidence.tolist()
    write_stack(tmp_path / "b.npz", back, about=about, arrays=arrays)
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()
    bare = Stack("b", ("2018_01",), stack.footprints[:0], [0, 0], [])
    write_stack(tmp_path / "c.npz", bare)
    assert same(bare, read_stack(tmp_path / "c.npz"))


@pytest.mark.parametrize("seed", range(30))
def test_a_damaged_file_is_a_format_error(tmp_path, seed):
    path = tmp_path / "a.npz"
    write_stack(path, town())
    random = np.random.default_rng(seed)
    content = bytearray(path.read_bytes())
    if seed % 2:
        content = content[: random.integers(len(content))]
    else:
        for place in random.integers(len(content), size=5):
            content[place] ^= random.integers(1, 256)
    path.write_bytes(content)
    try:
        back = read_stack(path)
    except FormatError as error:
        told = str(error)
    else:
        # What a zip file does not check is not read: times, and the like.
        assert same(back, town())
        told = f"{path}: "
    assert told.startswith(f"{path}: ")


def test_a_file_without_a_stack(tmp_path):
    np.savez(tmp_path / "a.npz", x=np.arange(3))
    for read in (read_stack, read_about):
        with pytest.raises(FormatError, match="no stack of sn7fast"):
            read(tmp_path / "a.npz")
        with pytest.raises(FileNotFoundError):
            read(tmp_path / "b.npz")


def test_hashes_are_taken_once_for_each_state_of_a_file(tmp_path, monkeypatch):
    path = tmp_path / "a"
    path.write_bytes(b"")
    hashes = Hashes(tmp_path / "known.json")
    assert hashes.of(path) == EMPTY
    hashes.save()
    # Too young to be remembered.
    assert not (tmp_path / "known.json").exists()
    later = path.stat().st_ctime + 10
    monkeypatch.setattr("time.time_ns", lambda: int(later * 1e9))
    assert Hashes(tmp_path / "known.json").of(path) == EMPTY
    hashes.of(path)
    hashes.save()
    monkeypatch.setattr("hashlib.file_digest", None)
    again = Hashes(tmp_path / "known.json")
    assert again.of(path) == EMPTY
    assert not again.has_changed(path)
    # A time that was set back does not hide a change: that of the entry cannot be set.
    before = path.stat()
    path.write_bytes(b"")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    with pytest.raises(TypeError):
        again.of(path)
    monkeypatch.undo()
    # It is read again, and has the same content.
    assert not again.has_changed(path)
    path.write_bytes(b"x")
    assert again.has_changed(path)
    path.unlink()
    assert again.has_changed(path)
    with pytest.raises(FileNotFoundError):
        again.of(path)


@pytest.mark.parametrize("text", ["", "[]", '{"version": 1, "files": 3}', '{"version": 0}'])
def test_a_damaged_memory_counts_for_nothing(tmp_path, text):
    (tmp_path / "a").write_bytes(b"")
    (tmp_path / "known.json").write_text(text)
    assert Hashes(tmp_path / "known.json").of(tmp_path / "a") == EMPTY
