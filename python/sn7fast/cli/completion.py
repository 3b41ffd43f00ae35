"""``sn7fast completion``: commands, options and files by the tabulator key."""

from __future__ import annotations

import click


@click.command(
    "completion",
    short_help="Print the script that lets a shell complete commands.",
    epilog="Example: sn7fast completion bash > ~/.sn7fast.bash, and in ~/.bashrc: "
    "source ~/.sn7fast.bash",
)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def command(shell: str) -> None:
    """Print the completion script of SHELL.

    bash (4.4 or later): source it in ~/.bashrc. zsh: source it in ~/.zshrc, after compinit. fish:
    write it to ~/.config/fish/completions/sn7fast.fish.
    """
    from click.shell_completion import get_completion_class

    from sn7fast.cli.group import commands

    kind = get_completion_class(shell)
    if kind is None:
        raise click.UsageError(f"click does not know the shell {shell}")
    completion = kind(commands, {}, "sn7fast", "_SN7FAST_COMPLETE")
    # Not its source(), which starts bash to see how old it is.
    click.echo(completion.source_template % completion.source_vars())
