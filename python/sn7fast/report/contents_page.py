"""The page that links the reports of several AOIs."""

from __future__ import annotations

import html
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from sn7fast.data.manifest import aoi_name
from sn7fast.errors import InputError
from sn7fast.io.outputs import whole_file
from sn7fast.report.document import filled, policy, styles

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping

    from sn7fast.report.writer import Report


def page_name(aoi: str) -> str:
    """Name of the file of an AOI.

    Raises:
        InputError: The AOI cannot be the name of a file.
    """
    try:
        return f"{aoi_name(aoi)}.html"
    except InputError as error:
        raise InputError(f"{error}; write a page of its own with --aoi") from None


def write_contents(path: str | os.PathLike[str], reports: Mapping[str, Report]) -> None:
    """Write a table of the AOIs with their scores, each with a link to its page beside this one.

    Args:
        path: HTML file.
        reports: By AOI; their files lie in the folder of ``path``.

    Raises:
        OSError: The file cannot be written.
    """
    style = styles("base", "contents")
    scores = [report.score for report in reports.values() if report.score is not None]
    mean = {
        name: sum(score[name] for score in scores) / len(scores) if scores else None
        for name in ("scot", "track", "change", "f1")
    }
    columns = ("SCOT", "Track", "Change", "F1") if scores else ()
    heads = "".join(f'<th scope="col">{column}</th>' for column in columns)
    rows = [_row(aoi, report, is_scored=bool(scores)) for aoi, report in reports.items()]
    if len(scores) > 1:
        rows.append(
            f'<tr class="mean"><th scope="row">mean</th><td></td><td></td>{_cells(mean)}</tr>'
        )
    text = filled(
        "contents.html",
        {"policy": policy(style=style), "style": style, "scores": heads, "rows": "\n".join(rows)},
    )
    with whole_file(Path(path)) as part:
        part.write_text(text, encoding="utf-8")


def _row(aoi: str, report: Report, *, is_scored: bool) -> str:
    link = f'<a href="{html.escape(quote(report.path.name))}">{html.escape(aoi)}</a>'
    counts = f"<td>{report.months}</td><td>{report.buildings:,}</td>"
    score = report.score or dict.fromkeys(("scot", "track", "change", "f1"))
    cells = counts + (_cells(score) if is_scored else "")
    return f'<tr><th scope="row">{link}</th>{cells}</tr>'


def _cells(score: Mapping[str, float | None]) -> str:
    texts = ["" if value is None else f"{value:.4f}" for value in score.values()]
    return "".join(f"<td>{text}</td>" for text in texts)
