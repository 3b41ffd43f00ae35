"""The page of the command line, from the commands themselves."""

from __future__ import annotations

import inspect
import re
from typing import TYPE_CHECKING

import click

from sn7fast.cli.group import commands

if TYPE_CHECKING:
    from collections.abc import Iterator

_HEAD = """# Command line

`sn7fast COMMAND` and `python -m sn7fast.run COMMAND` are the same. This page is made from the
commands themselves; `sn7fast COMMAND --help` prints the same text.

| exit status | meaning |
|---|---|
| 0 | done |
| 2 | wrong usage |
| 3 | input that cannot be used |
| 4 | some areas failed, the others are done |
| 70 | a bug in sn7fast |
| 130 | interrupted |

With `SN7FAST_DEBUG=1` an error shows where it comes from. `SN7FAST_NUM_THREADS` sets the number of
threads.
"""


def command_pages() -> str:
    """Markdown with a section for each command."""
    group = click.Context(commands, info_name="sn7fast")
    parts = [_HEAD]
    for name in commands.list_commands(group):
        command = commands.get_command(group, name)
        if command is not None and not command.hidden:
            parts += _section(command, click.Context(command, group, name))
    return "\n".join(parts)


def _section(command: click.Command, context: click.Context) -> Iterator[str]:
    anchor = context.command_path.replace(" ", "-")
    yield f"## {context.info_name} {{#{anchor}}}\n"
    yield f"```text\n{command.get_usage(context)}\n```\n"
    yield _paragraphs(command.help or "")
    if command.epilog:
        label, _, example = command.epilog.partition(": ")
        yield f"{label}:\n\n```sh\n{example}\n```\n"
    rows = [_row(parameter, context) for parameter in command.get_params(context)]
    shown = [row for row in rows if row is not None]
    if shown:
        yield "| option | |\n|---|---|"
        yield from (f"| {option} | {text} |" for option, text in shown)
        yield ""
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            inner = command.get_command(context, name)
            if inner is not None:
                inner_context = click.Context(inner, context, f"{context.info_name} {name}")
                yield from (
                    line.replace("## ", "### ", 1) for line in _section(inner, inner_context)
                )


def _paragraphs(text: str) -> str:
    """Help text as Markdown: click's marks taken out, what is kept as it stands fenced."""
    parts = []
    for part in inspect.cleandoc(text).split("\n\n"):
        if part.startswith("\b"):
            lines = part.lstrip("\b").strip("\n")
            parts.append(f"```text\n{lines}\n```")
        else:
            parts.append(part.replace("<", "&lt;"))
    return "\n\n".join(parts) + "\n"


def _row(parameter: click.Parameter, context: click.Context) -> tuple[str, str] | None:
    """Cells of an option; None for an argument, which the text explains."""
    record = parameter.get_help_record(context)
    if record is None or isinstance(parameter, click.Argument):
        return None
    names, text = record
    text = " ".join(text.replace("<", "&lt;").split())
    return f"`{names}`", re.sub(r"([\[\]*_`|])", r"\\\1", text)
