"""What happens during a run, one event at a time, and the log of it as JSON lines.

An event is a line ``{"time": ..., "aoi": ..., "step": ..., "what": ..., "seconds": ..., counts}``.
``what`` is ``start``, ``done``, ``kept`` (was there already), ``failed``, ``retry`` (its worker
died), or another word that the step explains.
"""

from __future__ import annotations

import json
import math
import os
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from types import TracebackType

START, DONE, KEPT, FAILED, RETRY = "start", "done", "kept", "failed", "retry"

_BLOCK = 4096


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened.

    Attributes:
        aoi: Name of the area; empty if it concerns the whole run.
        step: Part of the work, such as ``predict``; empty if it concerns the whole area.
        what: What happened to it.
        seconds: How long it took, where that can be said.
        counts: Whole numbers by name, such as ``{"images": 12}``.
        message: In words, of what failed.
        time: Seconds since 1970.
    """

    aoi: str
    step: str
    what: str
    seconds: float | None = None
    counts: Mapping[str, int] = field(default_factory=dict)
    message: str = ""
    time: float = field(default_factory=time.time)

    def to_json(self) -> str:
        """One line, without its end."""
        when = datetime.fromtimestamp(self.time, UTC)
        line: dict[str, Any] = {
            "time": when.isoformat(timespec="milliseconds"),
            "aoi": self.aoi,
            "step": self.step,
            "what": self.what,
        }
        if self.seconds is not None and math.isfinite(self.seconds):
            line["seconds"] = round(self.seconds, 4)
        if self.counts:
            line["counts"] = dict(self.counts)
        if self.message:
            line["message"] = self.message
        return json.dumps(line, ensure_ascii=False)


Tell: TypeAlias = "Callable[[Event], None]"


class EventLog:
    """A file of events that is only ever added to; whole lines, whenever the process ends.

    Lines are written at once. A kernel that kills a process in the middle of a write stops at the
    border of a page, so lines that would cross one are moved behind it by spaces, which JSON allows
    before a value; longer ones than a page are cut short. A torn line that something else left is
    taken away when the log is opened.

    Args:
        path: The file; its folder is there.

    Raises:
        OSError: The file cannot be opened.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o666)
        _cut_torn_line(self._file)

    def __call__(self, event: Event) -> None:
        """Add a line."""
        line = event.to_json().encode() + b"\n"
        if len(line) > _BLOCK:
            short = event.message.encode()[: _BLOCK // 4].decode(errors="ignore") + " ..."
            line = Event(event.aoi, event.step, event.what, event.seconds, {}, short, event.time)\
                .to_json().encode() + b"\n"  # fmt: skip
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


def _cut_torn_line(file: int) -> None:
    """Cut off what stands behind the last end of a line."""
    whole = size = os.fstat(file).st_size
    while size:
        start = max(0, size - _BLOCK)
        end = os.pread(file, size - start, start).rfind(b"\n") + 1
        if end:
            size = start + end
            break
        size = start
    if size != whole:
        os.ftruncate(file, size)
