"""``sn7fast download``: the data set, or an archive of the same layout."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from sn7fast.cli import options
from sn7fast.cli.console import Console, counted

if TYPE_CHECKING:
    from pathlib import Path

    from sn7fast.download import Downloaded

# Those of sn7fast.download.ARCHIVES and Limits, so that --help imports nothing.
_NAMES = ("train", "test_public", "sample", "csvs")


@click.command(
    "download",
    short_help="SpaceNet 7 from its public bucket, checked and unpacked.",
    epilog="Example: sn7fast download train --out SN7",
)
@click.argument("what", metavar="[train|test_public|sample|csvs]", required=False,
                type=click.Choice(_NAMES))  # fmt: skip
@click.option("--out", required=True, type=options.input_path, metavar="DIR", help="Folder.")
@click.option("--url", metavar="URL", help="Another archive: s3://BUCKET/KEY or https://HOST/PATH.")
@click.option("--endpoint", metavar="URL", help="S3 server; that of AWS by default.")
@click.option("--region", default="us-east-1", show_default=True, help="Region of the bucket.")
@click.option("--md5", metavar="HEX", help="MD5 that the archive must have.")
@click.option("--no-extract", is_flag=True, help="Fetch and check the archive, no more.")
@click.option("--keep-archive", is_flag=True, help="Keep the archive after it was unpacked.")
@click.option(
    "--retries",
    type=click.IntRange(0, 1000),
    default=8,
    show_default=True,
    help="Tries in a row without a byte before it gives up.",
)
@click.option("--max-files", type=click.IntRange(1), default=100_000, show_default=True,
              help="Refuse an archive with more entries.")  # fmt: skip
@click.option("--max-gib", type=click.IntRange(1), default=64, show_default=True,
              help="Refuse an archive that unpacks to more.")  # fmt: skip
@click.option("--max-file-gib", type=click.IntRange(1), default=8, show_default=True,
              help="Refuse an archive with a larger file.")  # fmt: skip
@click.option("--max-ratio", type=click.IntRange(1), default=100, show_default=True,
              help="Refuse an archive of which each byte becomes more.")  # fmt: skip
@click.option(
    "--overwrite", is_flag=True, help="Replace folders of DIR that are in the archive, all of them."
)
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@options.quiet
def command(
    what: str | None,
    out: Path,
    url: str | None,
    endpoint: str | None,
    region: str,
    md5: str | None,
    no_extract: bool,
    keep_archive: bool,
    retries: int,
    max_files: int,
    max_gib: int,
    max_file_gib: int,
    max_ratio: int,
    overwrite: bool,
    as_json: bool,
    quiet: bool,
) -> None:
    """Fetch an archive of SpaceNet 7 into DIR, check it and unpack it.

    Needs no account. Run the same again after whatever went wrong: it goes on from there, and does
    nothing if all is there. Only the files of SpaceNet 7 are unpacked; an archive with links, paths
    that lead elsewhere and the like is refused. The archive is removed after it was unpacked. The
    data are licensed CC BY-SA 4.0.
    """
    if (what is None) == (url is None):
        raise click.UsageError(f"wanted one of {', '.join(_NAMES)}, or --url, and not both")

    from sn7fast.cli.bytes import ByteProgress
    from sn7fast.download import Limits, download

    console = Console(quiet=quiet)
    done = download(
        what,
        out=out,
        url=url,
        endpoint=endpoint,
        region=region,
        md5=md5,
        extract=not no_extract,
        keep_archive=keep_archive,
        overwrite=overwrite,
        limits=Limits(max_files, max_gib * 2**30, max_file_gib * 2**30, max_ratio),
        retries=retries,
        progress=ByteProgress(console),
    )
    _tell(console, done)
    if as_json:
        import json
        from dataclasses import asdict

        click.echo(json.dumps(asdict(done), default=str, indent=1))
    else:
        for line in _lines(done):
            console.result(line)


def _tell(console: Console, done: Downloaded) -> None:
    """What a reader of the result should know."""
    if not done.is_md5_checked:
        console.note(f"no MD5 of {done.url} is known beforehand; that of what came is {done.md5}, "
                     "its size is that of the server")  # fmt: skip
    if done.extracted is not None and done.extracted.skipped:
        console.note(
            f"{counted(done.extracted.skipped, 'member')} of the archive left out, which are no "
            f"files of SpaceNet 7, such as {done.extracted.skipped_first}"
        )


def _lines(done: Downloaded) -> list[str]:
    """The result for people."""
    lines = []
    if done.fetched:
        again = f", {done.resumed_from / 1e6:.1f} MB were there" if done.resumed_from else ""
        lost = f", {counted(done.reconnects, 'connection')} lost" if done.reconnects else ""
        lines.append(f"{done.url}: {done.fetched / 1e6:.1f} MB fetched{again}{lost}")
    if done.archive is not None:
        lines.append(f"{done.archive}: {done.size / 1e6:.1f} MB, MD5 {done.md5}")
    if done.extracted is not None:
        where = ", ".join(map(str, done.extracted.folders))
        lines.append(
            f"{where}: {counted(done.extracted.files, 'file')}, {done.extracted.size / 1e6:.1f} MB"
        )
    if done.was_there:
        lines.append("all was there already, nothing was done")
    return lines
