"""The group of commands: found by name, imported when used."""

from __future__ import annotations

import importlib
import sys
from typing import TYPE_CHECKING, Any, NoReturn

import click

from sn7fast import __version__
from sn7fast.cli.status import OF_COMMAND, status_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from click.shell_completion import CompletionItem

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
            name = f"{ctx.command_path} {ctx.invoked_subcommand or ''}".rstrip()
            error.add_note(f"{OF_COMMAND}{name}")
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


@click.group(
    "sn7fast",
    cls=Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Start with: sn7fast demo",
)
@click.version_option(__version__, prog_name="sn7fast")
def commands() -> None:
    """Find every building in a monthly satellite stack and follow it through time."""
