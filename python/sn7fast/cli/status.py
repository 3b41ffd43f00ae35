"""One way out for every command: its exit status, what went wrong and what to do next.

Exit status: 0 done; 2 wrong usage; 3 input that cannot be used; 4 some AOIs failed, the others are
done; 70 a bug in sn7fast; 130 interrupted.
"""

from __future__ import annotations

import os
import sys
import traceback
from typing import TYPE_CHECKING

import click

from sn7fast.errors import (
    ArchiveError,
    DownloadError,
    FormatError,
    InputError,
    InternalError,
    MissingDependencyError,
    RasterError,
    StackError,
    WorkersError,
)

if TYPE_CHECKING:
    from collections.abc import Callable

OK, USAGE, BAD_INPUT, SOME_FAILED, BUG, INTERRUPTED = 0, 2, 3, 4, 70, 130

OF_COMMAND = "command: "
"""Start of the note of an error that tells which command it is of."""

_NEXT = (
    (RasterError, "check this file, make it anew or take it away, then run again"),
    (FormatError, "correct the file at this place, then run again"),
    (ArchiveError, "do not use this archive; ask its source, or fetch it again"),
    (StackError, "sort out these files, then run again"),
)
_AGAIN = "what was finished is kept: run again to go on from there"
_BUG_NEXT = "this is a bug: please report it, with what SN7FAST_DEBUG=1 shows"


def status_of(call: Callable[[], object]) -> int:
    """Exit status of a command; what went wrong is told."""
    try:
        result = call()
        sys.stdout.flush()
    except (BrokenPipeError, SystemExit):
        # Whoever reads our output has seen enough (click makes a SystemExit of it); a second
        # flush at exit must not complain.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return OK
    except BaseException as error:
        return _report(error)
    return result if isinstance(result, int) else OK


def _report(error: BaseException) -> int:
    """Say what went wrong and what to do next; returns the exit status."""
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        click.echo(error.format_message(), err=True)
        return USAGE
    if os.environ.get("SN7FAST_DEBUG"):
        traceback.print_exception(error)
    status, text, advice = _verdict(error)
    click.echo(f"error: {' '.join(text.split())}", err=True)
    if not advice and status in (USAGE, BAD_INPUT):
        notes = getattr(error, "__notes__", [])
        commands = [note.removeprefix(OF_COMMAND) for note in notes if note.startswith(OF_COMMAND)]
        advice = f"correct this; {(commands or ['sn7fast'])[0]} --help says what is wanted"
    if advice:
        click.echo(f"next: {advice}", err=True)
    return status


def _verdict(error: BaseException) -> tuple[int, str, str]:
    """Exit status, message and advice."""
    text = str(error)
    if isinstance(error, click.UsageError):
        command = error.ctx.command_path if error.ctx else "sn7fast"
        return USAGE, error.format_message(), f"{command} --help"
    if isinstance(error, click.ClickException):
        return USAGE, error.format_message(), ""
    if isinstance(error, click.Abort | KeyboardInterrupt):
        # What the command has to say about it is in the cause, as click makes an Abort of it.
        said = text or str(error.__cause__ or "")
        return INTERRUPTED, said or "interrupted; nothing was written", ""
    if isinstance(error, InternalError):
        return BUG, text, _BUG_NEXT
    if isinstance(error, InputError):
        advice = next((advice for kind, advice in _NEXT if isinstance(error, kind)), "")
        return BAD_INPUT, text, advice
    if isinstance(error, MissingDependencyError):
        # The message itself ends with what to install.
        return BAD_INPUT, text, "sn7fast doctor shows what is installed"
    if isinstance(error, WorkersError):
        return BAD_INPUT, text, _AGAIN
    if isinstance(error, DownloadError):
        return BAD_INPUT, text, "run the same again when the network is back: it goes on from here"
    if isinstance(error, OSError):
        place = f"{error.filename}: " if error.filename else ""
        return BAD_INPUT, f"{place}{error.strerror or error}", "check the path and its permissions"
    if isinstance(error, MemoryError):
        advice = "" if text else "use smaller rasters or fewer AOIs at a time"
        return BAD_INPUT, text or "out of memory", advice
    return BUG, f"{type(error).__name__}: {text}", _BUG_NEXT
