"""The ratio table of a pytest-benchmark run: ``report.py RESULTS.json [--record FOLDER]``.

Prints it; with ``--record`` also writes ``<machine>-<date>.md`` and ``.json`` into the folder, from
which everything that names the computer or its folders is left out.
"""

import argparse
import json
import os
import re
import sys
from importlib.metadata import version
from pathlib import Path

from rows import ROWS

LIBRARIES = (
    "sn7fast",
    "numpy",
    "rasterio",
    "shapely",
    "scipy",
    "opencv-python-headless",
    "connected-components-3d",
    "pyogrio",
    "pandas",
    "torch",
    "onnxruntime",
)
HEADER = ("work", "target", "1 thread", "2 threads", "met", "best rival", "ratio")


def condense(results):
    """What is kept of a run: machine kind, versions, and every contender's times in seconds."""
    machine = results["machine_info"]
    rows = {}
    for entry in results["benchmarks"]:
        info, stats = entry["extra_info"], entry["stats"]
        rows.setdefault(entry["group"], []).append(
            {
                "contender": info["contender"],
                "part": info["part"],
                "threads": info["threads"],
                "input": info["input"],
                "amount_bytes": info["amount_bytes"],
                **{key: stats[key] for key in ("median", "min", "q1", "q3", "rounds")},
            }
        )
    return {
        "date": results["datetime"][:10],
        "machine": {"cpu": machine["cpu"]["brand_raw"], "cores": os.cpu_count()},
        "python": machine["python_version"],
        "libraries": {name: version(name) for name in LIBRARIES},
        # A run may be of some rows only; they come in the order of rows.py.
        "rows": {key: rows[key] for key in ROWS if key in rows},
    }


def seconds(value):
    """Three digits with a unit that suits."""
    return f"{value:.3g} s" if value >= 1 else f"{value * 1e3:.3g} ms"


def shown(entry):
    """Time, and rate if the amount is known."""
    if entry is None:
        return "-"
    rate = entry["amount_bytes"] and f", {entry['amount_bytes'] / 1e6 / entry['median']:.0f} MB/s"
    return seconds(entry["median"]) + (rate or "")


def met(row, ours):
    """yes or no for the limits that were measured; empty if there is none."""
    verdicts = {
        threads: ours[threads]["median"] <= s for threads, s in row.limits if threads in ours
    }
    if row.mb_per_s and 1 in ours:
        verdicts[1] = ours[1]["amount_bytes"] / 1e6 / ours[1]["median"] >= row.mb_per_s
    words = {threads: "yes" if verdict else "no" for threads, verdict in verdicts.items()}
    if len(set(words.values())) == 1:
        return words.popitem()[1]
    return ", ".join(f"{word} on {threads}" for threads, word in words.items())


def ratio_rows(report):
    """One line a row: sn7fast against the quickest rival, whichever part of the job that does."""
    for key, entries in report["rows"].items():
        ours = {e["threads"]: e for e in entries if e["threads"]}
        rivals = [e for e in entries if not e["threads"]]
        best = min(rivals, key=lambda e: e["median"], default=None)
        ratio = best and 1 in ours and f"{best['median'] / ours[1]['median']:.1f}x"
        yield (
            ROWS[key].title,
            ROWS[key].target,
            shown(ours.get(1)),
            shown(ours.get(2)),
            met(ROWS[key], ours),
            f"{name_of(best)} {shown(best)}" if best else "-",
            ratio or "-",
        )


def name_of(entry):
    """Contender, with what it leaves out or how many threads it has."""
    if entry["threads"]:
        return f"{entry['contender']}, {entry['threads']} thread{'s'[: entry['threads'] - 1]}"
    return f"{entry['contender']} ({entry['part']})" if entry["part"] else entry["contender"]


def contender_rows(report):
    """One line a contender: median, quartiles, least, rounds, ratio to sn7fast on one thread."""
    for key, entries in report["rows"].items():
        ours = next((e["median"] for e in entries if e["threads"] == 1), None)
        for entry in entries:
            yield (
                ROWS[key].title,
                name_of(entry),
                seconds(entry["median"]),
                f"{seconds(entry['q1'])} to {seconds(entry['q3'])}",
                seconds(entry["min"]),
                str(entry["rounds"]),
                f"{entry['median'] / ours:.1f}x" if ours else "-",
            )


def table(header, lines, *, markdown):
    """Lines of a table, in Markdown or in columns."""
    lines = [header, *lines]
    if markdown:
        lines.insert(1, ["---"] * len(header))
        return ["| " + " | ".join(line) + " |" for line in lines]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return ["  ".join(map(str.ljust, line, widths)).rstrip() for line in lines]


def heading(report):
    """Machine, versions and input in a few lines."""
    sources = {entry["input"] for entries in report["rows"].values() for entry in entries}
    machine = report["machine"]
    libraries = ", ".join(f"{name} {number}" for name, number in report["libraries"].items())
    return [
        f"{machine['cpu']}, {machine['cores']} cores, {report['date']}",
        f"Input: {', '.join(sorted(sources))}",
        f"Python {report['python']}, {libraries}",
        "Times are medians; ratio = best rival / sn7fast on 1 thread.",
    ]


def render(report, *, markdown):
    """The whole text."""
    columns = ("work", "contender", "median", "quartiles", "least", "rounds", "ratio")
    parts = [
        heading(report),
        table(HEADER, ratio_rows(report), markdown=markdown),
        table(columns, contender_rows(report), markdown=markdown),
    ]
    if markdown:
        parts[0] = [line for part in zip(parts[0], [""] * 4, strict=True) for line in part][:-1]
        parts.insert(0, ["# Benches"])
    return "\n\n".join("\n".join(part) for part in parts) + "\n"


def record(report, folder):
    """Write the report as Markdown and JSON; the paths."""
    machine = f"{report['machine']['cpu']} {report['machine']['cores']} cores"
    stem = re.sub(r"[^a-z0-9]+", "-", machine.lower()).strip("-") + "-" + report["date"]
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f"{stem}.md", folder / f"{stem}.json"]
    paths[0].write_text(render(report, markdown=True), encoding="utf-8")
    paths[1].write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    return paths


def main(arguments):
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("results", type=Path, help="JSON of pytest-benchmark")
    parser.add_argument("--record", type=Path, metavar="FOLDER", help="also write it there")
    options = parser.parse_args(arguments)
    report = condense(json.loads(options.results.read_text(encoding="utf-8")))
    print(render(report, markdown=False), end="")
    if options.record:
        for path in record(report, options.record):
            print(f"wrote {path}")


if __name__ == "__main__":
    main(sys.argv[1:])
