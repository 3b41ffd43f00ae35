"""The 24 quirks of the originals and what sn7fast does about each.

``test_quirks`` holds this table to the docstrings, to the tests, and to the section of DESIGN.md,
which is printed by ``PYTHONPATH=tests python -m parity.quirks``.
"""

from dataclasses import dataclass

HEADING = "Quirks of the originals"


@dataclass(frozen=True)
class Quirk:
    number: int
    quirk: str
    decision: str
    documented: tuple[str, ...] = ()  # functions whose docstring names it
    later: str = ""  # what it waits for, if not yet implemented


MASK, TRACK, PIXELS = "mask_to_poly_geojson", "track_footprint_identifiers", "df_to_px_mask"
SCOT, F1, CSV = "scot_one_aoi", "Evaluator.eval_iou", "sn7_convert_geojsons_to_csv"
COLLAPSE, FILTERED = "collapse_stc", "the filtered tracker"

QUIRKS = [
    Quirk(
        1,
        "Polygonizing compares with bg_threshold twice, the second time the 0/255 mask.",
        "Kept in compat, since its results depend on it; `second_threshold=False` does without. "
        "`sn7fast.polygonize` compares once.",
        (MASK,),
    ),
    Quirk(
        2,
        "The channel axis is guessed from the shape: first if shorter than the last.",
        "Kept in compat; `channel_axis` says it outright. `sn7fast.polygonize` takes two "
        "dimensions only.",
        (MASK,),
    ),
    Quirk(
        3,
        "An empty result cannot be written.",
        "An empty collection is written.",
        (MASK,),
    ),
    Quirk(
        4,
        "Touching buildings merge in the mask and get no boundary between them.",
        "Kept; `per_building_boundary` gives each building its own.",
        (PIXELS,),
    ),
    Quirk(
        5,
        "A boundary square of even width w is off-centre: offsets -(w/2 - 1) to +w/2.",
        "Kept.",
        (PIXELS,),
    ),
    Quirk(
        6,
        "The tracker sorts by area with an unstable sort.",
        "Stable: equal areas keep file order.",
        (TRACK,),
    ),
    Quirk(
        7,
        "An empty month or a missing property `value` raises; an empty first month gives NaN ids; "
        "a file of 0 bytes cannot be converted to CSV.",
        "Such a month has no detections; ids start at 0 in the first month that has any; its file "
        "is an empty collection; files of 0 bytes are read as empty.",
        (TRACK, CSV),
    ),
    Quirk(
        8,
        "Months go in the text order of file names, so m10 comes before m2.",
        "Kept in compat. The command line and `sn7fast.io` order by the month in the name.",
        (TRACK, CSV),
    ),
    Quirk(
        9,
        "Matching is greedy, the largest first, and a master shape is never updated.",
        'Kept as the baseline method; `sn7fast.track(master="latest")` updates it.',
        (TRACK,),
    ),
    Quirk(
        10,
        "An IoU equal to the limit is a match for the tracker, none for SCOT and F1.",
        "Kept.",
        (TRACK, SCOT, F1),
    ),
    Quirk(
        11,
        "With min_iou 0 the tracker matches polygons that only touch.",
        "Kept.",
        (TRACK,),
    ),
    Quirk(
        12,
        "SCOT ignores proposal rows of months without ground truth.",
        'Kept; `sn7fast.score_scot(unmatched_months="count")` counts them as false positives.',
        (SCOT,),
    ),
    Quirk(
        13,
        "SCOT counts rows with an empty geometry, as false positives in a proposal.",
        "Kept, with a QuirkWarning from compat.",
        (SCOT, CSV),
    ),
    Quirk(
        14,
        "IoU and rewards of equal ids in a month add up.",
        "Kept in compat, with a QuirkWarning; an error in `sn7fast.score_scot`, unless "
        '`duplicate_ids="sum"`.',
        (SCOT,),
    ),
    Quirk(
        15,
        "Which of several optimal assignments is taken depends on the solver.",
        "Our own rule, the same on every machine and for any order of rows. Counts of pairs and "
        "total reward equal the original's; pairs, mismatches and change counts need not.",
        (SCOT,),
    ),
    Quirk(
        16,
        "Identifiers read from CSV are text and sort as text.",
        "Whole numbers in the CSV route; in tables as they come. Only ties can differ.",
        (SCOT, "multi_temporal_buildings"),
    ),
    Quirk(
        17,
        "Without construction the change score is 0, and so is SCOT, even for a perfect proposal.",
        "Kept, with a QuirkWarning from compat.",
        (SCOT,),
    ),
    Quirk(
        18,
        "F1 with miniou 0 counts every proposal as a true positive.",
        "Kept in compat; `sn7fast.score_f1` counts matches.",
        (F1,),
    ),
    Quirk(
        19,
        "F1 sorts by confidence with an unstable sort.",
        "Stable: equal confidences keep file order.",
        (F1,),
    ),
    Quirk(
        20,
        "The collapse stores region labels in 8 bits, so that every 256th building is lost.",
        "Wide labels; `labels_8bit` for the original.",
        (COLLAPSE,),
    ),
    Quirk(
        21,
        "The collapse fails if no building changes, or if a shrunken outline falls apart.",
        "The tracked buildings alone; all parts of the outline.",
        (COLLAPSE,),
    ),
    Quirk(
        22,
        "In the collapse one hidden pixel hides a building for the month.",
        'Kept as the default; with `hidden="pixels"` visible pixels tell for all.',
        (COLLAPSE,),
    ),
    Quirk(
        23,
        "Watershed and peaks differ between the libraries of 2020 and today's.",
        'Today\'s rules, as for all other golden cases; `rules="2020"` for those of 2020.',
        (COLLAPSE,),
    ),
    Quirk(
        24,
        "The filtered tracker allows one neighbour more than its name says and leaves gaps in the "
        "first ids.",
        "Kept.",
        later=FILTERED,
    ),
]


def table():
    """The section of DESIGN.md."""
    lines = [
        f"## {HEADING}",
        "",
        "What the original code does that one would not expect, and what `sn7fast.compat` and",
        "`sn7fast` do. The table is `tests/parity/quirks.py`, which also names the docstrings that",
        "say so; `tests/parity/test_quirks.py` shows each decision.",
        "",
        "| # | quirk | decision |",
        "|---|---|---|",
    ]
    for quirk in QUIRKS:
        later = f" (To come with {quirk.later}.)" if quirk.later else ""
        lines.append(f"| {quirk.number} | {quirk.quirk} | {quirk.decision}{later} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    print(table(), end="")  # noqa: T201 - its purpose
