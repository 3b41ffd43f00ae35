"""The log of a run as JSON lines, for programs.

A line is ``{"time": ..., "aoi": ..., "step": ..., "what": ..., ...}``, with ``seconds``,
``pixels``, ``path``, ``counts`` and ``message`` where there are such; ``what`` is the state of
`sn7fast.pipeline.outcome.Told`.
"""

from __future__ import annotations

import json
import os
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from sn7fast.errors import InputError

if TYPE_CHECKING:
    from types import TracebackType

    from sn7fast.pipeline.outcome import Told

_BLOCK = 4096
_START = b'{"time": "'


def json_line(told: Told) -> str:
    """One line, without its end."""
    when = datetime.fromtimestamp(told.time, UTC)
    line: dict[str, Any] = {
        "time": when.isoformat(timespec="milliseconds"),
        "aoi": told.aoi,
        "step": told.step,
        "what": told.state,
    }
    if told.state == "done":
        line["seconds"] = round(told.seconds, 4)
    for name in ("pixels", "path"):
        if value := getattr(told, name):
            line[name] = value
    if told.counts:
        line["counts"] = dict(told.counts)
    if told.text:
        line["message"] = told.text
    return json.dumps(line, ensure_ascii=False)


class EventLog:
    """A file of events that is only ever added to; whole lines, whenever the process ends.

    Lines are written at once. A kernel that kills a process in the middle of a write stops at the
    border of a page, so lines that would cross one are moved behind it by spaces, which JSON allows
    before a value; longer ones than a page are cut short. A torn line that something else left is
    taken away when the log is opened.

    Args:
        path: The file; its folder is there.

    Raises:
        InputError: The file is there and is no such log; it is left as it is.
        OSError: The file cannot be opened.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        # Else Windows would make two bytes of each end of a line.
        as_is = getattr(os, "O_BINARY", 0)
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | as_is, 0o666)
        try:
            _check_log(self._file, path)
            _cut_torn_line(self._file)
        except BaseException:
            os.close(self._file)
            raise

    def __call__(self, told: Told) -> None:
        """Add a line; the progress of single images is left out."""
        if told.state == "pixels":
            return
        line = json_line(told).encode() + b"\n"
        if len(line) > _BLOCK:
            short = told.text.encode()[: _BLOCK // 4].decode(errors="ignore") + " ..."
            line = json_line(replace(told, text=short, path="", counts={})).encode() + b"\n"
        left = -os.fstat(self._file).st_size % _BLOCK
        if left < len(line):
            line = b" " * left + line
        os.write(self._file, line)

    def close(self) -> None:
        """Nothing comes after."""
        os.close(self._file)

    def __enter__(self) -> EventLog:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def _check_log(file: int, path: str | os.PathLike[str]) -> None:
    """The first line may be torn, too."""
    os.lseek(file, 0, os.SEEK_SET)
    start = os.read(file, len(_START))
    if not _START.startswith(start):
        raise InputError(
            f"{os.fspath(path)}: got a file that is no log of events, wanted a new one or one that "
            "an earlier run wrote"
        )


def _cut_torn_line(file: int) -> None:
    """Cut off what stands behind the last end of a line."""
    whole = size = os.fstat(file).st_size
    while size:
        start = max(0, size - _BLOCK)
        os.lseek(file, start, os.SEEK_SET)
        end = os.read(file, size - start).rfind(b"\n") + 1
        if end:
            size = start + end
            break
        size = start
    if size != whole:
        os.ftruncate(file, size)
