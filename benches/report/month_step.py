"""Size of a report and time of a month step: ``month_step.py [--months N] [--record]``.

The page shows the real stack of AOI 0368E where the shared folder is, else a synthetic one, behind
its predicted masks, and images as noisy as real ones if there is a real image to make them of. A
step is timed in two ways. By the clock: the new month is painted and drawn, and a pixel of the
canvas is read back, which waits until the browser is done with drawing. By processor time: what a
press of the arrow key costs the main thread in all, layout and painting of the whole page with it;
other programs disturb that far less.
"""

import argparse
import json
import statistics
import sys
import tempfile
import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "benches" / "python")]

import inputs  # noqa: E402
from browser import launched  # noqa: E402
from shared_folder import find_shared  # noqa: E402
from sn7fast import Stack, __version__  # noqa: E402
from sn7fast.data.catalog import Catalog  # noqa: E402
from sn7fast.data.sn7 import sn7_grid  # noqa: E402
from sn7fast.report import write_report  # noqa: E402
from sn7fast.report.sources import CatalogImages  # noqa: E402

STEP = """async () => {
  const context = document.getElementById("map").getContext("2d");
  const times = { first: [], again: [] };
  for (const round of ["first", "again"]) {
    for (let month = 0; month < sn7fast.months.length; month += 1) {
      // Away from the frame before it, as between two key presses.
      await new Promise((done) => setTimeout(done, 30));
      const start = performance.now();
      sn7fast.show({ month });
      sn7fast.drawNow();
      context.getImageData(0, 0, 1, 1);
      times[round].push(performance.now() - start);
    }
  }
  return times;
}"""


def processor_ms(page):
    """Processor time of the page's main thread for each press of the arrow key."""
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable", {"timeDomain": "threadTicks"})

    def spent():
        metrics = session.send("Performance.getMetrics")["metrics"]
        return next(one["value"] for one in metrics if one["name"] == "TaskDuration")

    page.keyboard.press("Home")
    page.wait_for_timeout(300)
    steps, start = page.evaluate("sn7fast.months.length") - 1, spent()
    for _ in range(steps):
        page.keyboard.press("ArrowRight")
        page.wait_for_timeout(100)
    return round((spent() - start) * 1000 / steps, 2)


def longer(stack, months):
    """The stack with its months over and over until there are so many; ids stay."""
    labels = [f"{2000 + k // 12}_{k % 12 + 1:02}" for k in range(months)]
    source = [stack.months[k % len(stack.months)] for k in range(months)]
    frames = [stack.frame(month) for month in source]
    ids = [stack.ids[stack.rows(month)] for month in source]
    return Stack.from_frames(frames, months=labels, aoi=stack.aoi, ids=ids, grid=stack.grid)


def images(months):
    """An image a month: the real tile, moved and with grain that differs; None without it."""
    shared = find_shared()
    if shared is None:
        return None
    (aoi,) = Catalog.scan(shared / "data" / "real" / "sn7-full-tile").aois
    image = np.asarray(*CatalogImages(aoi).values())
    out = {}
    for index, month in enumerate(months):
        rng = np.random.default_rng(index)
        moved = np.roll(image[..., :3], (index * 37, index * 53), (0, 1)).astype(float)
        grain = rng.normal(0, 3, moved.shape)
        out[month] = np.clip(moved * rng.uniform(0.85, 1.15) + grain, 0, 255).astype(np.uint8)
    return out


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--months", type=int, help="repeat the stack up to so many months")
    parser.add_argument("--out", type=Path, help="keep the page")
    parser.add_argument("--record", action="store_true", help="also write benches/record/")
    given = parser.parse_args()
    chosen = inputs.choose()
    truth, tracks = (replace(stack, grid=sn7_grid(stack.aoi)) for stack in inputs.stacks())
    if given.months:
        truth, tracks = (longer(stack, given.months) for stack in (truth, tracks))
    with tempfile.TemporaryDirectory() as folder:
        path = given.out or Path(folder) / "report.html"
        start = time.perf_counter()
        report = write_report(path, tracks, truth=truth, images=images(tracks.months))
        seconds = time.perf_counter() - start
        with launched() as browser:
            page = browser.new_page(viewport={"width": 1440, "height": 900})
            start = time.perf_counter()
            page.goto(path.resolve().as_uri())
            page.wait_for_selector("html[data-ready]", state="attached")
            ready = time.perf_counter() - start
            page.wait_for_selector("html[data-images]", state="attached")
            times, processor = {}, {}
            for name, parts in {
                "against the truth": "{colour: 'truth'}",
                "by age": "{colour: 'age'}",
                "by id": "{colour: 'id'}",
                "zoomed to outlines": "{view: {x: 500, y: 500, zoom: 6}}",
            }.items():
                page.evaluate(f"sn7fast.show({parts})")
                times[name] = page.evaluate(STEP)
                processor[name] = processor_ms(page)
            version = browser.version
    rows = {
        name: {
            round_name: {
                "least_ms": round(min(ms), 2),
                "median_ms": round(statistics.median(ms), 2),
                "most_ms": round(max(ms), 2),
            }
            for round_name, ms in rounds.items()
        }
        for name, rounds in times.items()
    }
    found = {
        "sn7fast": __version__,
        "date": f"{datetime.now(UTC):%Y-%m-%d}",
        "source": chosen.source,
        "chromium": version,
        "months": len(tracks.months),
        "buildings a month": [int(np.diff(s.frame_offsets).mean()) for s in (truth, tracks)],
        "page_bytes": report.size_bytes,
        "notes": report.notes,
        "write_s": round(seconds, 2),
        "open_s": round(ready, 2),
        "month step, clock": rows,
        "month step, main thread, ms": processor,
    }
    text = json.dumps(found, indent=1)
    print(text)
    if given.record:
        (ROOT / "benches" / "record" / f"report-{found['date']}.json").write_text(text + "\n")


if __name__ == "__main__":
    main()
