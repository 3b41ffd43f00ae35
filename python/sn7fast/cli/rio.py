"""``rio sn7``: the same commands under the command line of rasterio.

rasterio finds the group by the entry point ``rasterio.rio_plugins`` of this package.
"""

from __future__ import annotations

from typing import Any

import click

from sn7fast.cli.group import Commands, status_of


class _Plugin(Commands):
    """Commands that exit as they do on their own, though another program calls them."""

    def invoke(self, ctx: click.Context) -> Any:  # noqa: ANN401 - click's own
        """Run the command, tell what went wrong, and exit with its status."""

        def call() -> object:
            try:
                return super(_Plugin, self).invoke(ctx)
            except click.exceptions.Exit as done:  # of --help
                return done.exit_code

        ctx.exit(status_of(call))


@click.group(
    "sn7",
    cls=_Plugin,
    short_help="Buildings in monthly satellite stacks, followed through time.",
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Example: rio sn7 pipeline SN7/train --out run/",
)
def commands() -> None:
    """Find every building in a monthly satellite stack and follow it through time."""
