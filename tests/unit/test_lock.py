"""Locks that die with their owners."""

from concurrent.futures import ThreadPoolExecutor

from sn7fast.io import lock
from sn7fast.io.lock import locked


def test_locks_that_come_and_go(tmp_path, monkeypatch):
    """A file that its last owner removes just when another opens it."""
    monkeypatch.setattr(lock, "_AGAIN_S", 0)
    path, inside, most = tmp_path / "lock", [], []

    def work(name):
        for _ in range(200):
            with locked(path, "it", wait_s=60, stays=False):
                inside.append(name)
                most.append(len(inside))
                inside.remove(name)

    with ThreadPoolExecutor(3) as pool:
        list(pool.map(work, "abc"))
    assert most == [1] * 600
    assert not path.exists()
