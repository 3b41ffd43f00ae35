"""What buildings cost SCOT: the worked example, one scene for each kind of error, and files."""

import csv
import json

import numpy as np
import pytest
import shapely
from click.testing import CliRunner
from scipy.integrate import quad

from scenes import stack
from sn7fast import InputError, attribute_scot, score_scot, write_csv
from sn7fast.attribution.costs import ErrorCounts, unit_costs
from sn7fast.attribution.events import KINDS
from sn7fast.cli.group import commands

A, B, C, D = 0, 10, 20, 30


def at(*places):
    return [shapely.box(x, 0, x + 4, 4) for x in places]


def scot(rows, new, errors, beta):
    """The score as a function of its counts, by the formulas of the paper."""
    fn, fp, mm, cfn, cfp = errors
    tp, fp, fn = rows - fn - mm, fp + mm, fn + mm
    track = tp / (tp + (fp + fn) / 2)
    change = (new - cfn) / (new - cfn + (cfp + cfn) / 2)
    return (1 + beta**2) * change * track / (beta**2 * change + track)


def prices_by_differences(rows, new, errors, beta):
    """Slopes as differences, integrals by an adaptive rule of another library."""

    def slope(s, k, step=1e-5):
        low, high = ([s * count for count in errors] for _ in range(2))
        low[k], high[k] = low[k] - step, high[k] + step
        return (scot(rows, new, low, beta) - scot(rows, new, high, beta)) / (2 * step)

    return [quad(slope, 0, 1, args=(k,), epsabs=1e-11)[0] for k in range(5)]


def costs_of(attribution):
    """{(side, id): {kind: cost}} of what costs something, of a single AOI."""
    (aoi,) = attribution.aois.values()
    kinds = (*KINDS, "no_change")
    return {
        (row["side"], row["id"]): {kind: row[kind] for kind in kinds if row[kind]}
        for row in aoi.rows()
    }


def kinds_of(truth, proposal):
    """{(side, id): kinds} of one AOI, and its errors by kind in each count."""
    attribution = attribute_scot(truth, proposal)
    assert attribution.total == pytest.approx(1 - attribution.scot.score, abs=1e-12)
    (aoi,) = attribution.aois.values()
    errors = {
        kind: {name: count for name, count in counts._asdict().items() if count}
        for kind, counts in aoi.errors.items()
    }
    return {name: set(costs) for name, costs in costs_of(attribution).items()}, {
        kind: counts for kind, counts in errors.items() if counts
    }


class TestPrices:
    @pytest.mark.parametrize("beta", [0.5, 2.0, 5.0])
    @pytest.mark.parametrize(
        ("rows", "new", "errors"),
        [
            (6, 2, (0, 1, 1, 0, 2)),
            (100, 20, (30, 10, 8, 12, 90)),
            (50, 3, (10, 400, 0, 1, 0)),
            (50, 3, (0, 0, 0, 0, 0)),
        ],
    )
    def test_are_mean_slopes(self, rows, new, errors, beta):
        found = unit_costs(rows, new, ErrorCounts(*errors), beta)
        assert found == pytest.approx(prices_by_differences(rows, new, errors, beta), rel=1e-6)

    @pytest.mark.parametrize("beta", [1e-9, 1e-3, 1.0, 2.0, 1e3, 1e9])
    @pytest.mark.parametrize(
        ("rows", "new", "errors"),
        [
            (7, 3, (7, 0, 0, 3, 0)),  # nothing found
            (7, 3, (7, 10**6, 0, 3, 10**6)),
            (7, 3, (0, 0, 0, 3, 0)),  # no change found
            (10**6, 1, (10**6 - 1, 0, 0, 1, 10**7)),
            (10**6, 1, (1, 0, 0, 0, 0)),
            (10**6, 10**5, (10**6 - 1, 1, 0, 10**5 - 1, 1)),
        ],
    )
    def test_add_up_wherever_the_counts_lead(self, rows, new, errors, beta):
        prices = unit_costs(rows, new, ErrorCounts(*errors), beta)
        lost = rows == errors[0] or new == errors[3]
        wanted = 1 if lost else 1 - scot(rows, new, errors, beta)
        assert np.dot(prices, errors) == pytest.approx(wanted, abs=1e-12)
        assert min(prices) >= 0


class TestWorkedExample:
    @pytest.fixture
    def sides(self):
        """B a pixel off and under two ids, C two pixels off, D invented for a month."""
        return (
            stack([at(A), at(A, B), at(A, B, C)], [[1], [1, 2], [1, 2, 3]]),
            stack(
                [at(A), at(A, B + 1, D), at(A, B + 1, C + 2)], [[10], [10, 20, 40], [10, 21, 30]]
            ),
        )

    def test_costs(self, sides):
        attribution = attribute_scot(*sides)
        _, fp, mm, _, cfp = prices_by_differences(6, 2, (0, 1, 1, 0, 2), 2)
        costs = costs_of(attribution)
        assert list(costs) == [("truth", 2), ("proposal", 40)]
        assert costs["truth", 2] == pytest.approx({"switched": mm + cfp}, rel=1e-6)
        assert costs["proposal", 40] == pytest.approx({"false": fp + cfp}, rel=1e-6)
        assert attribution.total == pytest.approx(1 - 0.7463, abs=5e-5)
        assert attribution.total == pytest.approx(1 - attribution.scot.score, abs=1e-12)
        assert sum(attribution.by_kind.values()) == pytest.approx(attribution.total, abs=1e-12)

    def test_score_is_that_of_the_scorer(self, sides):
        options = {"beta": 1.0, "iou_threshold": 0.4, "truth_min_area_px": 4}
        attribution = attribute_scot(*sides, **options)
        assert attribution.scot.score == score_scot(*sides, **options).score
        assert attribution.total == pytest.approx(1 - attribution.scot.score, abs=1e-12)

    def test_json(self, sides, tmp_path):
        attribution = attribute_scot(*sides)
        attribution.write_json(tmp_path / "costs.json")
        read = json.loads((tmp_path / "costs.json").read_text())
        assert read == attribution.to_dict()
        aoi = read["aois"]["area"]
        assert aoi["errors"]["switched"] == {
            "fn": 0,
            "fp": 0,
            "mismatches": 1,
            "change_fn": 0,
            "change_fp": 1,
        }
        assert sum(row["cost"] for row in aoi["buildings"]) == pytest.approx(read["cost"])

    def test_csv(self, sides, tmp_path):
        attribution = attribute_scot(*sides)
        attribution.write_csv(tmp_path / "costs.csv")
        with (tmp_path / "costs.csv").open(newline="") as file:
            rows = list(csv.DictReader(file))
        assert list(rows[0]) == ["aoi", "side", "id", "cost", *KINDS, "no_change"]
        assert [(row["aoi"], row["side"], row["id"]) for row in rows] == [
            ("area", "truth", "2"),
            ("area", "proposal", "40"),
        ]
        assert sum(float(row["cost"]) for row in rows) == pytest.approx(
            1 - attribution.scot.score, abs=1e-12
        )


class TestKinds:
    """A stands and is always found; C is new in month 3; each scene has one thing wrong at B."""

    def scene(self, truth_b, proposal_b, ids=None):
        """B is where the strings have a letter; the proposal's ids for it are 20 if not given."""
        months = range(len(truth_b))
        truth, proposal = [[] for _ in months], [[] for _ in months]
        truth_ids, proposal_ids = [[] for _ in months], [[] for _ in months]
        given = iter(ids or [20] * len(proposal_b))
        for k in months:
            places = [A, *([C] if k >= 2 else [])]
            truth[k] = at(*places, *([B] if truth_b[k] != "." else []))
            truth_ids[k] = [1, *([3] if k >= 2 else []), *([2] if truth_b[k] != "." else [])]
            seen = proposal_b[k] != "."
            proposal[k] = at(*places, *([B] if seen else []))
            proposal_ids[k] = [10, *([30] if k >= 2 else []), *([next(given)] if seen else [])]
        return stack(truth, truth_ids), stack(proposal, proposal_ids)

    def test_nothing_wrong(self):
        assert kinds_of(*self.scene(".BBB", ".BBB")) == ({}, {})

    def test_missed(self):
        buildings, errors = kinds_of(*self.scene("BBBB", "...."))
        assert buildings == {("truth", 2): {"missed"}}
        assert errors == {"missed": {"fn": 4}}
        _, errors = kinds_of(*self.scene(".BBB", "...."))
        assert errors == {"missed": {"fn": 3, "change_fn": 1}}

    def test_false(self):
        buildings, errors = kinds_of(*self.scene("....", "BB.."))
        assert buildings == {("proposal", 20): {"false"}}
        assert errors == {"false": {"fp": 2}}
        _, errors = kinds_of(*self.scene("....", ".BB."))
        assert errors == {"false": {"fp": 2, "change_fp": 1}}

    def test_late(self):
        buildings, errors = kinds_of(*self.scene(".BBB", "...B"))
        assert buildings == {("truth", 2): {"late"}}
        assert errors == {"late": {"fn": 2, "change_fn": 1, "change_fp": 1}}

    def test_late_although_it_stood_from_the_start(self):
        _, errors = kinds_of(*self.scene("BBBB", "..BB"))
        assert errors == {"late": {"fn": 2, "change_fp": 1}}

    def test_early(self):
        buildings, errors = kinds_of(*self.scene("...B", ".BBB"))
        assert buildings == {("truth", 2): {"early"}}
        assert errors == {"early": {"fp": 2, "change_fn": 1, "change_fp": 1}}
        # There from the first month, its change is not invented, but the truth's is missed.
        _, errors = kinds_of(*self.scene("..BB", "BBBB"))
        assert errors == {"early": {"fp": 2, "change_fn": 1}}

    def test_switched(self):
        buildings, errors = kinds_of(*self.scene("BBBB", "BBBB", [20, 20, 21, 21]))
        assert buildings == {("truth", 2): {"switched"}}
        assert errors == {"switched": {"mismatches": 1, "change_fp": 1}}
        # Back and forth between ids that are known.
        _, errors = kinds_of(*self.scene("BBBB", "BBBB", [20, 21, 20, 21]))
        assert errors == {"switched": {"mismatches": 3, "change_fp": 1}}

    def test_a_new_building_under_the_id_of_another(self):
        truth = stack([at(A, B), at(A, C), at(A, C, D)], [[1, 2], [1, 3], [1, 3, 4]])
        proposal = stack([at(A, B), at(A, C), at(A, C, D)], [[10, 20], [10, 20], [10, 20, 40]])
        buildings, errors = kinds_of(truth, proposal)
        assert buildings == {("truth", 3): {"switched"}}
        assert errors == {"switched": {"mismatches": 1, "change_fn": 1}}

    def test_dropped(self):
        buildings, errors = kinds_of(*self.scene("BBBB", "B..B"))
        assert buildings == {("truth", 2): {"dropped"}}
        assert errors == {"dropped": {"fn": 2}}

    def test_extra(self):
        buildings, errors = kinds_of(*self.scene("B..B", "BBBB"))
        assert buildings == {("truth", 2): {"extra"}}
        assert errors == {"extra": {"fp": 2}}

    def test_several_at_one_building(self):
        buildings, errors = kinds_of(*self.scene(".BBBBB", "..B.BB", [20, 21, 21]))
        assert buildings == {("truth", 2): {"late", "dropped", "switched"}}
        assert errors == {
            "late": {"fn": 1, "change_fn": 1, "change_fp": 1},
            "dropped": {"fn": 1},
            "switched": {"mismatches": 1, "change_fp": 1},
        }


class TestNothing:
    def test_no_change_is_nobodys_fault(self):
        truth = stack([at(A), at(A)], [[1], [1]])
        attribution = attribute_scot(truth, stack([at(B), at()], [[5], []]))
        assert attribution.total == attribution.by_kind["no_change"] == 1
        assert [row["cost"] for row in attribution.aois["area"].rows()] == [1, 0, 0]
        assert attribution.aois["area"].errors["false"].fp == 1

    def test_nothing_at_all(self):
        empty = stack([[], []], [[], []])
        assert attribute_scot(empty, empty).by_kind["no_change"] == 1

    def test_nothing_proposed(self):
        truth = stack([at(A), at(A, B)], [[1], [1, 2]])
        attribution = attribute_scot(truth, stack([], []))
        assert attribution.total == pytest.approx(1, abs=1e-12)
        assert attribution.by_kind["missed"] == pytest.approx(1, abs=1e-12)

    def test_perfect(self):
        truth = stack([at(A), at(A, B)], [[1], [1, 2]])
        attribution = attribute_scot(truth, truth)
        assert attribution.total == 0
        assert list(attribution.aois["area"].rows()) == []

    def test_no_aoi(self):
        assert attribute_scot({}, {}).total == 0

    def test_without_ids(self):
        truth = stack([at(A), at(A, B)], [[1], [1, 2]])
        with pytest.raises(InputError, match="no ids"):
            attribute_scot(truth, truth.with_ids(None))


class TestCommand:
    @pytest.fixture
    def files(self, tmp_path):
        truth = stack([at(A), at(A, B), at(A, B, C)], [[1], [1, 2], [1, 2, 3]])
        write_csv(tmp_path / "truth.csv", truth)
        write_csv(tmp_path / "proposal.csv", truth.take(truth.ids != 2))
        return tmp_path / "truth.csv", tmp_path / "proposal.csv"

    def run(self, *arguments):
        return CliRunner().invoke(commands, ["score", *map(str, arguments)])

    @pytest.mark.parametrize("suffix", ["csv", "JSON"])
    def test_prints_the_kinds_and_writes_a_file(self, files, tmp_path, suffix):
        path = tmp_path / f"costs.{suffix}"
        result = self.run(*files, "--attribution", path, "--json", tmp_path / "score.json")
        assert result.exit_code == 0
        lines = [line.split() for line in result.stdout.splitlines()]
        missed = next(line for line in lines if line[:1] == ["missed"])
        report = json.loads((tmp_path / "score.json").read_text())
        cost = 1 - report["scot"]["score"]
        assert missed[1:4] == [f"{cost:.4f}", "100.0", "%"]
        assert report["attribution"]["missed"] == pytest.approx(cost)
        assert "area" in path.read_text()

    @pytest.mark.parametrize(
        ("name", "more", "message"),
        [
            ("costs.txt", [], ".csv or .json"),
            ("absent/costs.csv", [], "not there"),
            ("costs.csv", ["--metric", "f1"], "--metric"),
        ],
    )
    def test_refuses_before_it_works(self, files, tmp_path, name, more, message):
        result = self.run(*files, "--attribution", tmp_path / name, *more)
        assert result.exit_code == 2
        assert message in result.stderr
