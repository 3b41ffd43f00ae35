"""The group of commands: found by name, imported when used, and one way out for every error.

Exit status: 0 done; 2 wrong usage; 3 input that cannot be used; 4 some AOIs failed, the others are
done; 70 a bug in sn7fast; 130 interrupted.
"""

from __future__ import annotations

import importlib
import os
import sys
import traceback
from typing import TYPE_CHECKING, Any, NoReturn

import click

from sn7fast import __version__
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
    from collections.abc import Callable, Sequence

    from click.shell_completion import CompletionItem

OK, USAGE, BAD_INPUT, SOME_FAILED, BUG, INTERRUPTED = 0, 2, 3, 4, 70, 130

# Their short helps stand here too, so that --help and completion need not import the commands; a
# test compares them with the commands' own.
COMMANDS = {
    "demo": "Synthetic months of images: probabilities, footprints, tracks, scores.",
    "pipeline": "Images to tracked buildings, with everything in between.",
    "download": "SpaceNet 7 from its public bucket, checked and unpacked.",
    "prep": "SpaceNet 7 labels to training masks.",
    "train": "Train a network by a recipe.",
    "predict": "Images to probabilities, by a network.",
    "export": "Weights of a network to an ONNX file, which runs without torch.",
    "polygonize": "Masks to footprints: one GeoJSON a month.",
    "track": "Footprints to tracks: identifiers through time.",
    "collapse": "All months at once: buildings, tracks and dates.",
    "score": "Score tracks or footprints: SCOT and F1.",
    "report": "A page that shows the buildings through time, to open in a browser.",
    "search": "Find the post-processing parameters that score best.",
    "doctor": "Show what is installed, what is missing for what, and the fix.",
    "completion": "Print the script that lets a shell complete commands.",
}

_NEXT = (
    (RasterError, "check this file, make it anew or take it away, then run again"),
    (FormatError, "correct the file at this place, then run again"),
    (ArchiveError, "do not use this archive; ask its source, or fetch it again"),
    (StackError, "sort out these files, then run again"),
)
_AGAIN = "what was finished is kept: run again to go on from there"
_OF = "command: "
_BUG_NEXT = "this is a bug: please report it, with what SN7FAST_DEBUG=1 shows"


class Commands(click.Group):
    """A group whose commands are modules of this package."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Their names, in the order of the help."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the command of this name, or None."""
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = importlib.import_module(f"sn7fast.cli.{cmd_name}").command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As click's; of an unknown command it says which ones are like it."""
        name = args[0]
        if name in COMMANDS or name.startswith("-") or ctx.resilient_parsing:
            return super().resolve_command(ctx, args)
        import difflib

        near = difflib.get_close_matches(name.lower(), COMMANDS, n=2, cutoff=0.7)
        hint = f"; did you mean {' or '.join(near)}?" if near else ""
        raise click.UsageError(f"no such command: {name!r}{hint}", ctx)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """As click's, without importing the commands."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """As click's, without importing the commands."""
        from click.shell_completion import CompletionItem

        return [
            *(
                CompletionItem(name, help=text)
                for name, text in COMMANDS.items()
                if name.startswith(incomplete)
            ),
            *click.Command.shell_complete(self, ctx, incomplete),
        ]

    def invoke(self, ctx: click.Context) -> Any:  # noqa: ANN401 - click's own
        """As click's; an error takes along which command it is of."""
        try:
            return super().invoke(ctx)
        except Exception as error:
            error.add_note(f"{_OF}{ctx.command_path} {ctx.invoked_subcommand or ''}".rstrip())
            raise

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        **extra: Any,  # noqa: ANN401 - click's own
    ) -> NoReturn:
        """Run and exit; ``standalone_mode`` makes no difference."""
        sys.exit(
            status_of(
                lambda: super(Commands, self).main(
                    args, prog_name, complete_var, standalone_mode=False, **extra
                )
            )
        )


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
        commands = [note.removeprefix(_OF) for note in notes if note.startswith(_OF)]
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


@click.group(
    "sn7fast",
    cls=Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Start with: sn7fast demo",
)
@click.version_option(__version__, prog_name="sn7fast")
def commands() -> None:
    """Find every building in a monthly satellite stack and follow it through time."""
