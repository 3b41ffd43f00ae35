"""Makes the command that run.py wants of a function like ``scot_multi_aoi`` of solaris.

    python conformance/run.py --metric scot "python conformance/adapters/solaris.py
        --module solaris.eval.scot {truth} {proposal} {iou_threshold} {beta} {truth_min_area}"

Any module will do that has ``scot_multi_aoi(truth, proposal, threshold=, beta=, stats=True)`` for
tables with the columns aoi, timestep, id and geometry, such as ``sn7fast.compat``. Needs geopandas.
"""

import argparse
import importlib
import json
import warnings

import geopandas
import pandas

NUMBERS = (
    *("mismatches", "track_tp", "track_fp", "track_fn", "track"),
    *("change_tp", "change_fp", "change_fn", "change", "score"),
)


def table(path):
    """A CSV of a case as solaris wants it."""
    frame = pandas.read_csv(path)
    names = frame["filename"].str.extract(r"_(\d{4}_\d\d)_mosaic_(.*)$")
    geometry = geopandas.GeoSeries.from_wkt(frame["geometry"])
    return geopandas.GeoDataFrame(
        {"aoi": names[1], "timestep": names[0], "id": frame["id"]}, geometry=geometry
    )


def main():
    """Score one case and print the answer."""
    parser = argparse.ArgumentParser(description="SCOT by a function like that of solaris.")
    parser.add_argument("--module", required=True)
    parser.add_argument("paths", nargs=2, metavar="CSV")
    parser.add_argument("numbers", nargs=3, type=float, metavar="threshold, beta, area")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    truth, proposal = map(table, options.paths)
    threshold, beta, area = options.numbers
    truth = truth[truth.geometry.area >= area]
    score_all = importlib.import_module(options.module).scot_multi_aoi
    score, rows = score_all(truth, proposal, threshold=threshold, beta=beta, stats=True)
    aois = {aoi: dict(zip(NUMBERS, map(float, row), strict=True)) for aoi, row in rows.items()}
    print(json.dumps({"scot": {"score": float(score), "aois": aois}}))


if __name__ == "__main__":
    main()
