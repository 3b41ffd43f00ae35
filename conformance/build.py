"""Writes the cases of this folder: ``python conformance/build.py``.

Here each case is told in a few lines: footprints by month and identifier, and the counts that
follow from the definition of the metric. The counts were found by hand, from the rules in
README.md; nothing in this file scores. Ratios are computed from the counts. It needs the standard
library alone.
"""

import json
from fractions import Fraction
from pathlib import Path

HERE = Path(__file__).resolve().parent
AOI, OTHER, THIRD = (f"L15-000{k}E-000{k}N_000{k}_000{k}_13" for k in (1, 2, 3))
SETTINGS = {"iou_threshold": 0.25, "beta": 2, "truth_min_area": 4}
EMPTY = "POLYGON EMPTY"


# Shapes, as WKT in pixels


def ring(*points):
    return "(" + ", ".join(f"{x:g} {y:g}" for x, y in (*points, points[0])) + ")"


def corners(x, width, y=0, height=4):
    return (x, y), (x + width, y), (x + width, y + height), (x, y + height)


def box(x, width=4, y=0, height=4):
    """Left edge and width; by default 4 pixels high, so that IoU is that of the widths."""
    return f"POLYGON ({ring(*corners(x, width, y, height))})"


def holed(outer, *holes):
    rings = [ring(*corners(*outer)), *(ring(*reversed(corners(*hole))) for hole in holes)]
    return f"POLYGON ({', '.join(rings)})"


def several(*boxes):
    return f"MULTIPOLYGON ({', '.join(f'({ring(*corners(*one))})' for one in boxes)})"


# Buildings that many cases share, far apart.
A, B, C, D = box(0), box(100), box(200), box(300)


# Cases


class Case:
    """One case.

    Args:
        name: Of its folder.
        about: What it shows.
        truth, proposal: Footprints by month and identifier, of AOI; or the same by AOI.
        scot: Mismatches, (tp, fp, fn) of tracking and of change, by AOI or of AOI alone.
        f1: (tp, fp, fn) by AOI or of AOI alone.
        settings: Where they differ from SETTINGS.
        or_else: Another answer that counts as right: (why, scot, f1), or (why, None, None) if an
            implementation may refuse the input.
        rows: Called on the list of rows of each side before it is written.
    """

    def __init__(
        self, name, about, truth, proposal, scot, f1, *, settings=None, or_else=None, rows=None
    ):
        self.name, self.about = name, about
        self.truth, self.proposal = by_aoi(truth), by_aoi(proposal)
        self.scot, self.f1 = scot, f1
        self.settings = SETTINGS | (settings or {})
        self.or_else, self.rows = or_else, rows or (lambda rows: rows)

    def csv(self, side):
        rows = [
            f'global_monthly_{month}_mosaic_{aoi},{identifier},"{geometry}"'
            for aoi, months in side.items()
            for month, footprints in months.items()
            for identifier, geometry in (
                footprints.items() if isinstance(footprints, dict) else footprints
            )
        ]
        return "\n".join(["filename,id,geometry", *self.rows(rows)]) + "\n"

    def expected(self, scot, f1):
        return {
            "scot": scot_of(scot if isinstance(scot, dict) else {AOI: scot}, self.settings["beta"]),
            "f1": f1_of(f1 if isinstance(f1, dict) else {AOI: f1}),
        }

    def json(self):
        accepted = [{"because": "the definition", **self.expected(self.scot, self.f1)}]
        if self.or_else:
            why, scot, f1 = self.or_else
            accepted.append(
                {"because": why, **({"error": True} if scot is None else self.expected(scot, f1))}
            )
        return {"about": self.about, "settings": self.settings, "accepted": accepted}


def by_aoi(side):
    return side if all(key.startswith("L15") for key in side) else {AOI: side}


def ratio(tp, fp, fn):
    return Fraction(2 * tp, 2 * tp + fp + fn) if tp + fp + fn else Fraction(0)


def scot_of(counts, beta):
    aois, scores = {}, []
    for aoi, (mismatches, tracking, changing) in counts.items():
        track, change = ratio(*tracking), ratio(*changing)
        below = Fraction(beta) ** 2 * change + track
        score = (1 + Fraction(beta) ** 2) * change * track / below if below else Fraction(0)
        scores.append(score)
        aois[aoi] = {
            "mismatches": mismatches,
            **{f"track_{name}": n for name, n in zip(("tp", "fp", "fn"), tracking, strict=True)},
            "track": float(track),
            **{f"change_{name}": n for name, n in zip(("tp", "fp", "fn"), changing, strict=True)},
            "change": float(change),
            "score": float(score),
        }
    return {"score": float(sum(scores) / len(scores)), "aois": aois}


def f1_of(counts):
    def told(tp, fp, fn):
        return {
            "true_positives": tp,
            "false_positives": fp,
            "false_negatives": fn,
            "f1": float(ratio(tp, fp, fn)),
        }

    ratios = [ratio(*one) for one in counts.values()]
    return {
        "mean": float(sum(ratios) / len(ratios)),
        "pooled": told(*map(sum, zip(*counts.values(), strict=True))),
        "aois": {aoi: told(*one) for aoi, one in counts.items()},
    }


M1, M2, M3, M4, M5 = (f"2020_0{k}" for k in range(1, 6))

CASES = [
    Case(
        "worked-example",
        "Three buildings, two of them new; one is found under two identifiers, one is invented. "
        "B and C are found 1 and 2 pixels off: IoU 12/20 and 8/24.",
        {M1: {1: box(0)}, M2: {1: box(0), 2: box(10)}, M3: {1: box(0), 2: box(10), 3: box(20)}},
        {
            M1: {10: box(0)},
            M2: {10: box(0), 20: box(11), 40: box(30)},
            M3: {10: box(0), 21: box(11), 30: box(22)},
        },
        (1, (5, 2, 1), (2, 2, 0)),
        (6, 1, 0),
    ),
    Case(
        "perfect",
        "All found, under other identifiers: what counts is which rows share one, not its value.",
        {M1: {1: A}, M2: {1: A, 2: B}},
        {M1: {7: A}, M2: {7: A, 1: B}},
        (0, (3, 0, 0), (1, 0, 0)),
        (3, 0, 0),
    ),
    Case(
        "iou-equal-to-the-threshold",
        "A has an IoU of exactly 0.25 (5 pixels wide, 3 off: 2 of 8), which is no match; B one of "
        "3/7, which is.",
        {M1: {1: box(0, 5)}, M2: {1: box(0, 5), 2: box(100, 5)}},
        {M1: {1: box(3, 5)}, M2: {1: box(3, 5), 2: box(102, 5)}},
        (0, (1, 2, 2), (1, 0, 0)),
        (1, 2, 2),
    ),
    Case(
        "another-threshold",
        "The threshold is 0.5, and A has an IoU of exactly that (3 pixels wide, 1 off).",
        {M1: {1: box(0, 3)}, M2: {1: box(0, 3), 2: B}},
        {M1: {1: box(1, 3)}, M2: {1: box(1, 3), 2: B}},
        (0, (1, 2, 2), (1, 0, 0)),
        (1, 2, 2),
        settings={"iou_threshold": 0.5},
    ),
    Case(
        "beta-of-one",
        "Tracking and change weigh the same: track 10/13, change 1/2.",
        {M1: {1: A}, M2: {1: A, 2: B}, M3: {1: A, 2: B, 3: C}},
        {M1: {1: A}, M2: {1: A, 2: B, 4: D}, M3: {1: A, 2: B, 4: D}},
        (0, (5, 2, 1), (1, 1, 1)),
        (5, 2, 1),
        settings={"beta": 1},
    ),
    Case(
        "nothing-built",
        "No new building in the truth: change is 0, and so is SCOT, of a perfect proposal too.",
        {M1: {1: A, 2: B}, M2: {1: A, 2: B}},
        {M1: {1: A, 2: B}, M2: {1: A, 2: B}},
        (0, (4, 0, 0), (0, 0, 0)),
        (4, 0, 0),
    ),
    Case(
        "nothing-proposed",
        "A table with a header alone.",
        {M1: {1: A}, M2: {1: A, 2: B}},
        {AOI: {}},
        (0, (0, 0, 3), (0, 0, 1)),
        (0, 0, 3),
    ),
    Case(
        "nothing-matches",
        "As many footprints, all elsewhere. Their identifiers in the second month: one new.",
        {M1: {1: A}, M2: {1: A, 2: B}},
        {M1: {1: C}, M2: {1: C, 2: D}},
        (0, (0, 3, 3), (0, 1, 1)),
        (0, 3, 3),
    ),
    Case(
        "hidden-and-back",
        "B is hidden in the second month and comes back: it is not new then, on either side.",
        {M1: {1: A, 2: B}, M2: {1: A}, M3: {1: A, 2: B, 3: C}},
        {M1: {1: A, 2: B}, M2: {1: A}, M3: {1: A, 2: B, 3: C}},
        (0, (6, 0, 0), (1, 0, 0)),
        (6, 0, 0),
    ),
    Case(
        "back-under-another-id",
        "B comes back under an identifier of its own: a mismatch, and a false change.",
        {M1: {1: A, 2: B}, M2: {1: A}, M3: {1: A, 2: B, 3: C}},
        {M1: {1: A, 2: B}, M2: {1: A}, M3: {1: A, 9: B, 3: C}},
        (1, (5, 1, 1), (1, 1, 0)),
        (6, 0, 0),
    ),
    Case(
        "proposed-where-hidden",
        "B is proposed in the month in which the truth does not show it: a false positive, and no "
        "more.",
        {M1: {1: A, 2: B}, M2: {1: A}, M3: {1: A, 2: B, 3: C}},
        {M1: {1: A, 2: B}, M2: {1: A, 2: B}, M3: {1: A, 2: B, 3: C}},
        (0, (6, 1, 0), (1, 0, 0)),
        (6, 1, 0),
    ),
    Case(
        "ids-swapped",
        "A and B swap identifiers in the second month and keep them so in the third: two "
        "mismatches, one for each pair, though both of its sides had another partner before.",
        {M1: {1: A, 2: B}, M2: {1: A, 2: B}, M3: {1: A, 2: B, 3: C}},
        {M1: {1: A, 2: B}, M2: {2: A, 1: B}, M3: {2: A, 1: B, 3: C}},
        (2, (5, 2, 2), (1, 0, 0)),
        (7, 0, 0),
    ),
    Case(
        "ids-swapped-and-back",
        "The last partner counts, not all of them: swapping back makes two mismatches more.",
        {M1: {1: A, 2: B}, M2: {1: A, 2: B}, M3: {1: A, 2: B, 3: C}},
        {M1: {1: A, 2: B}, M2: {2: A, 1: B}, M3: {1: A, 2: B, 3: C}},
        (4, (3, 4, 4), (1, 0, 0)),
        (7, 0, 0),
    ),
    Case(
        "another-partner-after-a-gap",
        "A is not found in the second and third month, and then under another identifier: a "
        "mismatch, however long ago its last partner was. The identifier is new as well.",
        {M1: {1: A}, M2: {1: A}, M3: {1: A}, M4: {1: A, 2: B}},
        {M1: {1: A}, M4: {5: A, 2: B}},
        (1, (2, 1, 3), (1, 1, 0)),
        (3, 0, 2),
    ),
    Case(
        "one-id-moves-on",
        "An identifier is on A in the first month and on C, which is new, in the second: a "
        "mismatch by the side of the proposal alone. The identifier is not new, C is: missed.",
        {M1: {1: A}, M2: {3: C}},
        {M1: {1: A}, M2: {1: C}},
        (1, (1, 1, 1), (0, 0, 1)),
        (2, 0, 0),
    ),
    Case(
        "false-in-between",
        "An identifier that lies elsewhere for a month has no partner there: none is forgotten.",
        {M1: {1: A}, M2: {1: A}, M3: {1: A, 2: B}},
        {M1: {1: A}, M2: {1: D}, M3: {1: A, 2: B}},
        (0, (3, 1, 1), (1, 0, 0)),
        (3, 1, 1),
    ),
    Case(
        "most-pairs-first",
        "In the second month 2 with 12 (IoU 29/51) is better than 2 with 11 and 3 with 12 (11/40 "
        "each) together. But those are two pairs.",
        {M1: {1: A}, M2: {1: A, 2: box(100, 40), 3: box(140, 11)}},
        {M1: {1: A}, M2: {1: A, 11: box(100, 11), 12: box(111, 40)}},
        (0, (4, 0, 0), (2, 0, 0)),
        (4, 0, 0),
    ),
    Case(
        "then-the-better-pairs",
        "Two footprints could be A (IoU 8/10 and 1): the better one is, so that no identifier "
        "changes in the third month. Overlapping proposals are allowed; the other one is false.",
        {M1: {1: box(0, 10)}, M2: {1: box(0, 10)}, M3: {1: box(0, 10), 2: B}},
        {M1: {6: box(0, 10)}, M2: {5: box(0, 8), 6: box(0, 10)}, M3: {6: box(0, 10), 2: B}},
        (0, (4, 1, 0), (1, 1, 0)),
        (4, 1, 0),
    ),
    Case(
        "a-chain-of-overlaps",
        "Four buildings side by side, three proposals that each lie over two of them, less over "
        "the left one (IoU 7/25) than over the right one (9/23), and one on the last (1/2). All "
        "find a partner if the three take what they fit less.",
        {M1: {1: A}, M2: {1: A, **{10 + k: box(100 + 8 * k, 8) for k in range(4)}}},
        {
            M1: {1: A},
            M2: {1: A, **{20 + k: box(104.5 + 8 * k, 8) for k in range(3)}, 30: box(128)},
        },
        (0, (6, 0, 0), (4, 0, 0)),
        (6, 0, 0),
    ),
    Case(
        "small-footprints-of-the-truth",
        "Footprints of the truth below 4 square pixels are left out of SCOT (2 and, for its hole, "
        "4), one of exactly 4 is not (3). Those of the proposal are never left out. F1 takes all.",
        {
            M1: {1: A},
            M2: {
                1: A,
                2: box(100, 3.99, height=1),
                3: box(200, 4, height=1),
                4: holed((300, 3, 0, 3), (300.25, 2.5, 0.25, 2.5)),
            },
        },
        {
            M1: {1: A},
            M2: {1: A, 2: box(100, 3.99, height=1), 3: box(200, 4, height=1), 5: box(400, 1, 0, 1)},
        },
        (0, (3, 2, 0), (1, 2, 0)),
        (4, 1, 1),
    ),
    Case(
        "month-without-truth",
        "Nothing in the truth in the second month: SCOT ignores what is proposed then, and its "
        "identifiers are not seen before the third. F1 counts it.",
        {M1: {1: A}, M3: {1: A, 2: B}},
        {M1: {1: A}, M2: {1: A, 2: B, 4: D}, M3: {1: A, 2: B}},
        (0, (3, 0, 0), (1, 0, 0)),
        (3, 3, 0),
    ),
    Case(
        "month-of-empty-truth",
        "The truth says by an empty polygon that the second month has no buildings: for SCOT as if "
        "the month were not there.",
        {M1: {1: A}, M2: {0: EMPTY}, M3: {1: A, 2: B}},
        {M1: {1: A}, M2: {2: B}, M3: {1: A, 2: B}},
        (0, (3, 0, 0), (1, 0, 0)),
        (3, 1, 0),
    ),
    Case(
        "month-of-small-truth",
        "All footprints of the truth in the first month are too small: SCOT begins with the "
        "second, whose buildings are therefore not new.",
        {M1: {1: box(0, 3, height=1)}, M2: {1: A, 2: B}, M3: {1: A, 2: B, 3: C}},
        {M1: {9: box(0, 3, height=1)}, M2: {1: A, 2: B}, M3: {1: A, 2: B, 3: C}},
        (0, (5, 0, 0), (1, 0, 0)),
        (6, 0, 0),
    ),
    Case(
        "month-without-proposal",
        "Nothing is proposed in the second month: its buildings are missed, the new one too, and B "
        "is new for the proposal a month later.",
        {M1: {1: A}, M2: {1: A, 2: B}, M3: {1: A, 2: B}},
        {M1: {1: A}, M3: {1: A, 2: B}},
        (0, (3, 0, 2), (0, 1, 1)),
        (3, 0, 2),
    ),
    Case(
        "month-of-empty-proposal",
        "The same, said by a row with an empty polygon, as submissions to the challenge had to.",
        {M1: {1: A}, M2: {1: A, 2: B}, M3: {1: A, 2: B}},
        {M1: {1: A}, M2: {0: EMPTY}, M3: {1: A, 2: B}},
        (0, (3, 0, 2), (0, 1, 1)),
        (3, 0, 2),
        or_else=(
            "the scorer of the challenge, which counts the row as a footprint that is false, and "
            "its identifier as a new one",
            (0, (3, 1, 2), (0, 2, 1)),
            (3, 1, 2),
        ),
    ),
    Case(
        "first-month-is-never-new",
        "Both sides begin with buildings, which are no change; B, hidden in the first month, is "
        "one in the second, although it was there.",
        {M1: {1: A}, M2: {1: A, 2: B}},
        {M1: {1: A, 2: B}, M2: {1: A, 2: B}},
        (0, (3, 1, 0), (0, 0, 1)),
        (3, 1, 0),
    ),
    Case(
        "found-a-month-early",
        "B is proposed before it is there: a false change, and a month later a missed one.",
        {M1: {1: A}, M2: {1: A}, M3: {1: A, 2: B}},
        {M1: {1: A}, M2: {1: A, 2: B}, M3: {1: A, 2: B}},
        (0, (4, 1, 0), (0, 1, 1)),
        (4, 1, 0),
    ),
    Case(
        "found-a-month-late",
        "B is proposed a month late: a missed change, and then a false one.",
        {M1: {1: A}, M2: {1: A, 2: B}, M3: {1: A, 2: B}},
        {M1: {1: A}, M2: {1: A}, M3: {1: A, 2: B}},
        (0, (4, 0, 1), (0, 1, 1)),
        (4, 0, 1),
    ),
    Case(
        "new-but-not-matched",
        "B and D are new in the same month and do not overlap: one missed and one false change.",
        {M1: {1: A}, M2: {1: A, 2: B, 3: C}},
        {M1: {1: A}, M2: {1: A, 3: C, 4: D}},
        (0, (3, 1, 1), (1, 1, 1)),
        (3, 1, 1),
    ),
    Case(
        "torn-down",
        "A vanishes from the truth and stays in the proposal: false positives of tracking, and "
        "no change.",
        {M1: {1: A, 2: B}, M2: {2: B, 3: C}, M3: {2: B, 3: C}},
        {M1: {1: A, 2: B}, M2: {1: A, 2: B, 3: C}, M3: {1: A, 2: B, 3: C}},
        (0, (6, 2, 0), (1, 0, 0)),
        (6, 2, 0),
    ),
    Case(
        "holes",
        "A building around a courtyard, found without it (1: IoU 10/16); in the courtyard of "
        "another (2) stands a third (3), and both are found as they are.",
        {
            M1: {1: holed((0, 4, 0, 4), (1, 2, 0.5, 3))},
            M2: {
                1: holed((0, 4, 0, 4), (1, 2, 0.5, 3)),
                2: holed((100, 20, 0, 20), (105, 10, 5, 10)),
                3: box(107, 6, 7, 6),
            },
        },
        {
            M1: {1: box(0)},
            M2: {
                1: box(0),
                2: holed((100, 20, 0, 20), (105, 10, 5, 10)),
                3: box(107, 6, 7, 6),
            },
        },
        (0, (4, 0, 0), (2, 0, 0)),
        (4, 0, 0),
    ),
    Case(
        "a-hole-decides",
        "Without looking at holes 1 and 2 would match: the courtyard of 1 takes 3/4 of its area, "
        "so that its IoU with the filled box is exactly 1/4; 2 just fills the courtyard of the "
        "proposal.",
        {
            M1: {1: holed((0, 10, 0, 10), (0.25, 9.375, 1, 8))},
            M2: {1: holed((0, 10, 0, 10), (0.25, 9.375, 1, 8)), 2: box(101, 8, 1, 8), 3: C},
        },
        {
            M1: {1: box(0, 10, 0, 10)},
            M2: {1: box(0, 10, 0, 10), 2: holed((100, 10, 0, 10), (101, 8, 1, 8)), 3: C},
        },
        (0, (1, 3, 3), (1, 1, 1)),
        (1, 3, 3),
    ),
    Case(
        "multipolygons",
        "A building of two parts: found in two parts (1), found by one of them (2: IoU 1/2), and "
        "by the smaller of them (3: exactly 1/4, no match).",
        {
            M1: {1: several((0, 4, 0, 4), (10, 4, 0, 4))},
            M2: {
                1: several((0, 4, 0, 4), (10, 4, 0, 4)),
                2: several((100, 4, 0, 4), (110, 4, 0, 4)),
                3: several((200, 6, 0, 4), (210, 2, 0, 4)),
            },
        },
        {
            M1: {1: several((0, 4, 0, 4), (10, 4, 0, 4))},
            M2: {1: several((0, 4, 0, 4), (10, 4, 0, 4)), 2: box(110), 3: box(210, 2)},
        },
        (0, (3, 1, 1), (1, 1, 1)),
        (3, 1, 1),
    ),
    Case(
        "touching",
        "Footprints that share an edge (A) or a corner (B) share no area.",
        {M1: {1: A}, M2: {1: A, 2: B, 3: C}},
        {M1: {1: box(4)}, M2: {1: box(4), 2: box(104, y=4), 3: C}},
        (0, (1, 3, 3), (1, 1, 1)),
        (1, 3, 3),
    ),
    Case(
        "any-winding-and-decimals",
        "Rings run either way and begin anywhere; coordinates have decimals and exponents. IoU of "
        "A: 3.5 of 4.5.",
        {M1: {1: "POLYGON ((0 0, 4 0, 4 4, 0 4, 0 0))"}, M2: {1: A, 2: B}},
        {
            M1: {1: "POLYGON ((4.5 4, 4.5 0, 5e-1 0, 0.50 4.0, 4.5 4))"},
            M2: {1: "POLYGON((.5 0,.5 4,4.5 4,4.5 0,.5 0))", 2: B},
        },
        (0, (3, 0, 0), (1, 0, 0)),
        (3, 0, 0),
    ),
    Case(
        "rows-in-any-order",
        "Months and identifiers of the file are in no order: months sort as text, and the order "
        "of rows changes nothing.",
        {M1: {1: A, 2: B}, M2: {1: A, 2: B}, M3: {1: A, 2: B, 3: C}},
        {M1: {1: A, 2: B}, M2: {2: A, 1: B}, M3: {2: A, 1: B, 3: C}},
        (2, (5, 2, 2), (1, 0, 0)),
        (7, 0, 0),
        rows=lambda rows: rows[::-1][1::2] + rows[::-1][::2],
    ),
    Case(
        "year-ends",
        "December comes before January of the next year: B is new in January.",
        {"2019_12": {1: A}, "2020_01": {1: A, 2: B}},
        {"2019_12": {1: A}, "2020_01": {1: A, 2: B}},
        (0, (3, 0, 0), (1, 0, 0)),
        (3, 0, 0),
        rows=lambda rows: rows[::-1],
    ),
    Case(
        "large-ids",
        "Identifiers beyond 32 bits, which differ in their last digit, and 9 and 10, which sort "
        "another way as text.",
        {M1: {9: A, 4294967296: B}, M2: {9: A, 4294967296: B, 10: C, 4294967297: D}},
        {M1: {10: A, 9007199254740993: B}, M2: {10: A, 9007199254740993: B, 9: C, 1: D}},
        (0, (6, 0, 0), (2, 0, 0)),
        (6, 0, 0),
    ),
    Case(
        "id-twice-in-a-month",
        "The proposal has an identifier on two footprints of a month: an error in the input.",
        {M1: {1: A}, M2: {1: A, 2: B}},
        {M1: {1: A}, M2: [(1, A), (1, D), (2, B)]},
        (0, (3, 1, 0), (1, 0, 0)),
        (3, 1, 0),
        or_else=("the input may be refused", None, None),
    ),
    Case(
        "several-aois",
        "SCOT is the mean of the AOIs' scores, not the score of mean terms. An AOI that the "
        "proposal lacks scores 0; one that only the proposal has is left out. Equal identifiers of "
        "two AOIs have nothing to do with each other.",
        {
            AOI: {M1: {1: A}, M2: {1: A, 2: B}},
            OTHER: {M1: {1: A}, M2: {1: A, 2: B}, M3: {1: A, 2: B, 3: C}},
            THIRD: {M1: {1: A}, M2: {1: A, 2: B}},
        },
        {
            OTHER: {M1: {2: A}, M2: {2: A, 1: B, 4: D}, M3: {2: A, 1: B}},
            AOI: {M1: {1: A}, M2: {1: A, 2: B}},
            "L15-0009E-0009N_0009_0009_13": {M1: {1: A}},
        },
        {
            AOI: (0, (3, 0, 0), (1, 0, 0)),
            OTHER: (0, (5, 1, 1), (1, 1, 1)),
            THIRD: (0, (0, 0, 3), (0, 0, 1)),
        },
        {AOI: (3, 0, 0), OTHER: (5, 1, 1), THIRD: (0, 0, 3)},
    ),
]


def files():
    """Content of every file of the cases, by its path in this folder."""
    out = {}
    for case in CASES:
        out[f"cases/{case.name}/truth.csv"] = case.csv(case.truth)
        out[f"cases/{case.name}/proposal.csv"] = case.csv(case.proposal)
        out[f"cases/{case.name}/case.json"] = json.dumps(case.json(), indent=1) + "\n"
    return out


if __name__ == "__main__":
    for path, text in files().items():
        (HERE / path).parent.mkdir(parents=True, exist_ok=True)
        (HERE / path).write_text(text, encoding="utf-8")
