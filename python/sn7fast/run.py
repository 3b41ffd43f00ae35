"""Entry of the command line: ``python -m sn7fast.run``, and the script ``sn7fast``."""

from __future__ import annotations

from sn7fast.cli.group import commands


def main() -> None:
    """Run the command that the arguments of the process name, and exit with its status."""
    commands(prog_name="sn7fast")


if __name__ == "__main__":
    main()
