"""What a command tells its user while it works; results go to stdout, all else to stderr."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from contextlib import contextmanager
from functools import partial
from time import perf_counter
from typing import TYPE_CHECKING, TypeVar

import click

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

_Item = TypeVar("_Item")


class Console:
    """Notes, warnings and progress.

    Args:
        quiet: No notes and no progress; warnings and errors stay.
    """

    def __init__(self, *, quiet: bool) -> None:
        self.quiet = quiet
        self.warnings: list[str] = []
        self.notes: list[str] = []
        self._thread = threading.local()

    @contextmanager
    def held_back(self) -> Iterator[list[Callable[[], None]]]:
        """What this thread says in the block is not said; the list gets what says it later."""
        self._thread.later = later = list[Callable[[], None]]()
        try:
            yield later
        finally:
            self._thread.later = None

    def _is_held_back(self, say: Callable[[str], None], text: str) -> bool:
        later: list[Callable[[], None]] | None = getattr(self._thread, "later", None)
        if later is None:
            return False
        later.append(partial(say, text))
        return True

    def note(self, text: str) -> None:
        """Something the user may want to know."""
        if self._is_held_back(self.note, text):
            return
        self.notes.append(text)
        if not self.quiet:
            click.echo(f"note: {text}", err=True)

    def warn(self, text: str) -> None:
        """Something that makes the result less than it seems."""
        if self._is_held_back(self.warn, text):
            return
        self.warnings.append(text)
        click.echo(f"warning: {text}", err=True)

    def result(self, text: str) -> None:
        """A line of the result."""
        if not self.quiet:
            click.echo(text)

    def progress(self, items: Collection[_Item], label: str) -> Iterable[_Item]:
        """The items, with a bar where several are worked on at a terminal."""
        if self.quiet or len(items) < 2 or not sys.stderr.isatty():
            return items
        from tqdm import tqdm

        bar: Iterable[_Item] = tqdm(items, desc=label, unit="AOI", leave=False)
        return bar


class Timer:
    """Seconds since it was made or last asked."""

    def __init__(self) -> None:
        self._start = perf_counter()

    def lap(self) -> float:
        """Seconds since the last lap."""
        now = perf_counter()
        seconds, self._start = now - self._start, now
        return seconds


def counted(number: int, noun: str) -> str:
    """``1 month``, ``2 months``."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


@contextmanager
def timed(console: Console, text: str) -> Iterator[list[str]]:
    """One step: prints the text, what the block appends to the list, and how long it took."""
    timer, details = Timer(), list[str]()
    yield details
    console.result(f"  {text:<34} {timer.lap() * 1000:>8.0f} ms   {', '.join(details)}")
