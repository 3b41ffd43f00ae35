"""Progress of a download."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sn7fast.cli.meter import Meter
from sn7fast.download.progress import Progress

if TYPE_CHECKING:
    from sn7fast.cli.console import Console


class ByteProgress(Progress):
    """Shows how far a download or an extraction is, unless the console is quiet."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._meter = Meter(console, unit="MB", scale=1e6)

    def start(self, label: str, size_bytes: int, done_bytes: int) -> None:
        """See `Progress`."""
        self._meter.start(label, size_bytes, done_bytes)

    def advance(self, size_bytes: int) -> None:
        """See `Progress`."""
        self._meter.advance(size_bytes)

    def note(self, text: str) -> None:
        """See `Progress`."""
        self._console.notes.append(text)
        if not self._console.quiet:
            self._meter.say(f"note: {text}")

    def close(self) -> None:
        """See `Progress`."""
        self._meter.close()
