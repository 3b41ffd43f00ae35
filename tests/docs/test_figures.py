"""Figures on the pages are those of benches/record."""

import re
from decimal import ROUND_HALF_UP, Decimal

import pytest

from doc_runner import ROOT

RECORD = ROOT / "benches" / "record"
DOCS = ROOT / "docs"


def newest(pattern):
    return max(RECORD.glob(pattern)).read_text(encoding="utf-8")


def text_of(page):
    return " ".join((DOCS / page).read_text(encoding="utf-8").split())


def rounded(number):
    """To three digits, halves up, as people do."""
    return str(Decimal(number).quantize(Decimal("0.001"), ROUND_HALF_UP))


def row(text, start):
    """Cells of the first row of a table that starts with this cell."""
    line = re.search(rf"^\| {re.escape(start)} \|.*$", text, re.MULTILINE)[0]
    return [cell.strip() for cell in line.strip("|").split("|")]


def quality():
    """Method -> SCOT: real; two areas mildly and two strongly degraded."""
    real, mild, strong = re.split(r"^## ", newest("quality-*.md"), flags=re.MULTILINE)[1:4]
    assert real.startswith("Real")
    assert mild.startswith("Degraded labels, strength 0.5")
    assert strong.startswith("Degraded labels, strength 1")
    methods = re.findall(r"^\| ([^|]+) \| 0\.", real, re.MULTILINE)
    return {
        method: [
            row(real, method)[1],
            *(row(part, method)[place] for part in (mild, strong) for place in (1, 5)),
        ]
        for method in methods
    }


NAMES = {
    "baseline": "baseline tracker",
    "filtered, motokimura": "preset motokimura",
    "filtered, cannab": "preset cannab",
    "filtered, selim_sef": "preset selim_sef",
    "stc, at 3x": "STC-2",
    "**collapse**": "collapse",
}


@pytest.mark.parametrize("name", NAMES)
def test_table_of_the_methods(name):
    page = (DOCS / "postprocessing.md").read_text(encoding="utf-8")
    # The method has a row in the table of what it does, too.
    shown = [cell.strip("*") for cell in row(page[page.index("| method | real") :], name)[1:]]
    assert shown == [rounded(value) for value in quality()[NAMES[name]]]


def searched(method):
    """Held-out score after the search, and at its start."""
    part = newest("search-*.md").split(f"\n## {method}\n")[1].split("\n## ")[0]
    found, start = re.search(
        r"^all folds +\d+ +([\d.]+) \(.*?\) +([\d.]+) \(", part, re.MULTILINE
    ).groups()
    return rounded(found), rounded(start)


def test_what_a_search_is_worth():
    page = text_of("search.md")
    for method, words in {
        "collapse": "`collapse` from {start} to {found}",
        "stc": "`stc` from {start} to {found}",
        "filtered": "`filtered` from {start} to {found}",
        "baseline": "`baseline` from {start} to {found}",
    }.items():
        found, start = searched(method)
        assert words.format(found=found, start=start) in page
    (ours, ours_start), (stc, stc_start) = searched("collapse"), searched("stc")
    words = f"it scores {stc_start} where ours scores {ours_start}, and after a search {stc}"
    assert f"{words} against {ours}" in text_of("postprocessing.md")


def test_speed():
    bench = newest("*-cores-*.md")
    page = text_of("index.md")
    for work, words in {
        "track the predicted stack": r"Tracking the stack takes (\S+ ms) .* need (\S+ s);",
        "SCOT of the stack": r"scoring it (\S+ ms) against (\S+ s)\.",
    }.items():
        ours, rival = re.search(words, page).groups()
        cells = row(bench, work)
        assert ours == f"{float(cells[2].split()[0]):.0f} ms"
        seconds = float(re.search(r"([\d.]+) s", cells[5])[1])
        assert rival == f"{seconds:.1f} s"
    trial = float(row(bench, "one search trial, baseline tracker")[2].split()[0])
    assert f"takes {trial / 1000:.2f} s on one thread" in text_of("search.md")


def test_quality_on_the_first_page():
    ours, baseline = quality()["collapse"][0], quality()["baseline tracker"][0]
    assert (
        f"the temporal collapse scores SCOT {rounded(ours)} where the tracker of the baseline "
        f"scores {rounded(baseline)}" in text_of("index.md")
    )
