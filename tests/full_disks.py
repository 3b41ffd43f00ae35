"""A disk that is full and a folder that is read-only, for tests of what becomes of outputs."""

import os
import resource
import signal
import stat
from contextlib import contextmanager

LIMIT = 4096
NOBODY = 65534


@contextmanager
def full_disk():
    """No file can grow beyond the limit."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (LIMIT, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)


@contextmanager
def read_only(folder):
    """Nothing can be made in the folder; not by root either, who gives up their rights."""
    mode = stat.S_IMODE(folder.stat().st_mode)
    is_root = os.geteuid() == 0
    # Those who gave up their rights are still of the group of root.
    closed = 0o011 if is_root else 0
    parents = [parent for parent in folder.parents if closed & ~parent.stat().st_mode]
    modes = [stat.S_IMODE(parent.stat().st_mode) for parent in parents]
    folder.chmod(0o555)
    try:
        for parent, was in zip(parents, modes, strict=True):
            parent.chmod(was | closed)
        if is_root:
            os.seteuid(NOBODY)
        yield
    finally:
        if is_root:
            os.seteuid(0)
        for parent, was in zip(parents, modes, strict=True):
            parent.chmod(was)
        folder.chmod(mode)
