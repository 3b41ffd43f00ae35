"""SHA-256 of files, taken once for each state of a file.

What was hashed is remembered with the size, the times of change and the number of the file on its
disk. As long as these stay the file is taken for the same: that costs microseconds where reading it
would cost milliseconds a megabyte. A file that changes without any of them does not exist on a
local disk (the time of the last change of its entry cannot be set by a program); on a network disk
whose clock is coarse, or after a copy of the whole run, the content is read again, or ``overwrite``
does everything anew. Files that are younger than two seconds are hashed and not remembered, since
a change right after would have the same time on a coarse clock.
"""

from __future__ import annotations

import hashlib
import json
import time
from typing import TYPE_CHECKING

from sn7fast.io.outputs import whole_file

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_VERSION = 1
_YOUNG_NS = 2_000_000_000

_Mark = tuple[int, int, int, int]


class Hashes:
    """Hashes of files, remembered in a file of their own.

    Args:
        path: Where they are remembered; a file that cannot be read counts for nothing.
        look: Called before each file that is read; may raise to end the work.
    """

    def __init__(self, path: Path, look: Callable[[], None] | None = None) -> None:
        self._path, self._look = path, look
        self._known: dict[str, tuple[_Mark, str]] = {}
        self._changed = False
        # What files were when they were hashed by this run.
        self._seen: dict[str, tuple[_Mark, str]] = {}
        try:
            found = json.loads(path.read_text(encoding="utf-8"))
            if found["version"] == _VERSION:
                self._known = {
                    name: ((int(a), int(b), int(c), int(d)), str(text))
                    for name, ((a, b, c, d), text) in found["files"].items()
                }
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            self._known = {}

    def of(self, path: Path) -> str:
        """SHA-256 of a file, as hexadecimal digits.

        Raises:
            OSError: It cannot be read.
        """
        name, mark = str(path.absolute()), _mark(path)
        known = self._known.get(name)
        if known is not None and known[0] == mark:
            self._seen[name] = known
            return known[1]
        if self._look is not None:
            self._look()
        with path.open("rb") as file:
            text = hashlib.file_digest(file, "sha256").hexdigest()
        self._seen[name] = mark, text
        if time.time_ns() - max(mark[1:3]) > _YOUNG_NS:
            self._known[name] = mark, text
            self._changed = True
        return text

    def has_changed(self, path: Path) -> bool:
        """True if the content of a file is not what it was when this run hashed it."""
        before = self._seen.get(str(path.absolute()))
        try:
            return before is None or (before[0] != _mark(path) and before[1] != self.of(path))
        except OSError:
            return True

    def save(self) -> None:
        """Remember them.

        Raises:
            OSError: The file cannot be written.
        """
        if not self._changed:
            return
        files = {name: [list(mark), text] for name, (mark, text) in sorted(self._known.items())}
        with whole_file(self._path) as part:
            part.write_text(json.dumps({"version": _VERSION, "files": files}), encoding="utf-8")
        self._changed = False


def _mark(path: Path) -> _Mark:
    """Size, times of the last change of content and of entry, and number of a file."""
    found = path.stat()
    return found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino
