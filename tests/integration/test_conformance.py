"""The conformance cases: as the script writes them, right by the slow twin, and not too easy."""

import csv
import importlib.util
import io
import json
import subprocess
import sys
from pathlib import Path

import pytest
import shapely

import reference.scot
from sn7fast import score_f1, score_scot
from sn7fast.io import read_csv

FOLDER = Path(__file__).resolve().parents[2] / "conformance"
COMMAND = (
    f'"{sys.executable}" -m sn7fast.run score {{truth}} {{proposal}} --iou {{iou_threshold}} '
    "--beta {beta} --truth-min-area {truth_min_area} --json"
)


def loaded(name):
    spec = importlib.util.spec_from_file_location(
        f"conformance_{Path(name).name}", FOLDER / f"{name}.py"
    )
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


BUILD, RUN = loaded("build"), loaded("run")
CASES = {case.name: case for case in BUILD.CASES}


def run(command, *options):
    return subprocess.run(
        [sys.executable, str(FOLDER / "run.py"), command, *options],
        capture_output=True,
        text=True,
        check=False,
    )


def test_files_are_those_that_the_script_writes():
    there = {
        path.relative_to(FOLDER).as_posix(): path.read_text(encoding="utf-8")
        for path in (FOLDER / "cases").rglob("*")
        if path.is_file()
    }
    assert there == BUILD.files(), "run: python conformance/build.py"
    assert len(CASES) == len(BUILD.CASES) >= 30


# By the slow twin, which has never seen these cases


def rows_of(text):
    """(month, id, polygon) by AOI; empty polygons say that there is nothing."""
    sides = {}
    for row in csv.DictReader(io.StringIO(text)):
        month = row["filename"][len("global_monthly_") :][:7]
        aoi = row["filename"].partition("_mosaic_")[2]
        polygon = shapely.from_wkt(row["geometry"])
        months = sides.setdefault(aoi, [])
        if not polygon.is_empty:
            months.append((month, int(row["id"]), polygon))
    return sides


def answer(case, scot=reference.scot):
    """What a scorer made of the twin would print."""
    settings = case.settings
    truth, proposal = rows_of(case.csv(case.truth)), rows_of(case.csv(case.proposal))
    aois, f1 = {}, {}
    for aoi, rows in truth.items():
        found = proposal.get(aoi, [])
        large = [row for row in rows if row[2].area >= settings["truth_min_area"]]
        result = scot.one_aoi(
            large, found, threshold=settings["iou_threshold"], beta=settings["beta"]
        )
        aois[aoi] = dict(zip(scot.STATS, result["stats"], strict=True))
        months = {month for month, _, _ in (*rows, *found)}
        pairs = 0
        for month in months:
            sides = [
                [(k, row[2]) for k, row in enumerate(side) if row[0] == month]
                for side in (rows, found)
            ]
            pairs += len(scot.match(*sides, threshold=settings["iou_threshold"]))
        f1[aoi] = (pairs, len(found) - pairs, len(rows) - pairs)
    score = sum(one["score"] for one in aois.values()) / len(aois)
    return {"scot": {"score": score, "aois": aois}, "f1": BUILD.f1_of(f1)}


def accepted(case, result, metrics=("scot", "f1")):
    """True if one of the accepted answers is this one."""
    wanted = [one for one in case.json()["accepted"] if "error" not in one]
    return any(
        RUN.differences({name: one[name] for name in metrics}, result) == [] for one in wanted
    )


@pytest.mark.parametrize("name", CASES)
def test_counts_found_by_hand_are_those_of_the_slow_twin(name):
    case = CASES[name]
    wanted = case.expected(case.scot, case.f1)
    assert RUN.differences(wanted, json.loads(json.dumps(answer(case)))) == []


def test_all_geometries_are_valid():
    for case in CASES.values():
        for side in (case.truth, case.proposal):
            for rows in rows_of(case.csv(side)).values():
                assert all(polygon.is_valid for _, _, polygon in rows), case.name


# Wrong scorers: the twin with one line of it changed

WRONG = {
    "the threshold itself matches": (" > threshold", " >= threshold"),
    "the best pairs, not the most": ("base_reward + value", "value"),
    "many pairs, whichever": ("base_reward + value if", "base_reward if"),
    "a mismatch by the truth alone": (
        "partner_of_ground.get(g, p) != p or partner_of_proposal.get(p, g) != g",
        "partner_of_ground.get(g, p) != p",
    ),
    "a mismatch by the proposal alone": (
        "partner_of_ground.get(g, p) != p or partner_of_proposal.get(p, g) != g",
        "partner_of_proposal.get(p, g) != g",
    ),
    "two mismatches in a pair": (
        'tally["mismatches"] += 1',
        'tally["mismatches"] += (partner_of_ground.get(g, p) != p) '
        "+ (partner_of_proposal.get(p, g) != g)",
    ),
    "the first partner is kept": (
        "partner_of_ground[g], partner_of_proposal[p] = p, g",
        "partner_of_ground.setdefault(g, p), partner_of_proposal.setdefault(p, g)",
    ),
    "partners are forgotten in a month without": (
        "        pairs = match(truth",
        "        partner_of_ground = {g: p for g, p in partner_of_ground.items()"
        " if g in {i for i, _ in truth}}\n        pairs = match(truth",
    ),
    "mismatches cost nothing": ('    tally["track_fp"] += tally["mismatches"]\n', ""),
    "mismatches keep their match": ('    tally["track_tp"] -= tally["mismatches"]\n', ""),
    "the first month is all new": ("        if step:\n", "        if True:\n"),
    "new again after a month away": (
        "        seen_ground |= ground_ids\n        seen_proposal |= proposal_ids\n",
        "        seen_ground, seen_proposal = ground_ids, proposal_ids\n",
    ),
    "seen is what was matched": (
        "seen_proposal |= proposal_ids",
        "seen_proposal |= {p for _, p, _ in pairs}",
    ),
    "new in the truth is enough": (
        "g in new_ground and p in new_proposal for g, p, _ in pairs",
        "g in new_ground for g, p, _ in pairs",
    ),
    "months of either side": ("count_other_months=False", "count_other_months=True"),
    "beta is always 2": ("    below = beta**2", "    beta = 2\n    below = beta**2"),
    "change weighs more": (
        'below = beta**2 * tally["change"] + tally["track"]',
        'below = beta**2 * tally["track"] + tally["change"]',
    ),
    "f-measure without halves": ("true_pos + wrong / 2", "true_pos + wrong"),
    "nothing to change is perfect": (
        "if true_pos or wrong else 0.0",
        "if true_pos or wrong else 1.0",
    ),
    "holes are filled": (
        "ground, proposal = array_of(ground), array_of(proposal)",
        "ground, proposal = (array_of([shapely.Polygon(one.exterior) if one.geom_type == 'Polygon'"
        " else one for one in side]) for side in (ground, proposal))",
    ),
    "the first part of several": (
        "ground, proposal = array_of(ground), array_of(proposal)",
        "ground, proposal = (array_of([shapely.get_geometry(one, 0) for one in side])"
        " for side in (ground, proposal))",
    ),
    "the box around": (
        "ground, proposal = array_of(ground), array_of(proposal)",
        "ground, proposal = (array_of([shapely.envelope(one) for one in side])"
        " for side in (ground, proposal))",
    ),
    "months in the order of the file": (
        "enumerate(sorted(months))",
        "enumerate(dict.fromkeys(month for month, _, _ in ground))",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_scorer_fails(name):
    right, wrong = WRONG[name]
    source = Path(reference.scot.__file__).read_text()
    assert right in source
    mutant = type(sys)("mutant")
    exec(compile(source.replace(right, wrong), name, "exec"), mutant.__dict__)
    failed = [
        case.name for case in CASES.values() if not accepted(case, answer(case, mutant), ["scot"])
    ]
    assert failed


@pytest.mark.parametrize("part", ["truth", "proposal"])
def test_a_scorer_with_another_limit_on_area_fails(part):
    failed = []
    for case in CASES.values():
        settings = {"truth": case.settings | {"truth_min_area": 0}, "proposal": case.settings}
        changed = BUILD.Case("", "", case.truth, case.proposal, None, None, settings=settings[part])
        if part == "proposal":
            big = {
                aoi: {
                    month: [
                        (k, wkt)
                        for k, wkt in (found.items() if isinstance(found, dict) else found)
                        if shapely.from_wkt(wkt).area >= case.settings["truth_min_area"]
                    ]
                    for month, found in months.items()
                }
                for aoi, months in case.proposal.items()
            }
            changed.proposal = big
        if not accepted(case, answer(changed), ["scot"]):
            failed.append(case.name)
    assert failed == ["small-footprints-of-the-truth"] or (
        part == "truth" and set(failed) == {"small-footprints-of-the-truth", "month-of-small-truth"}
    )


# The runner, and sn7fast by it


@pytest.mark.slow
def test_sn7fast_passes_by_its_command_line():
    done = run(COMMAND)
    assert done.returncode == 0, done.stdout
    assert done.stdout.endswith(f"{len(CASES)} passed, 0 failed\n")


@pytest.mark.parametrize("name", CASES)
def test_sn7fast_passes_in_python(name, tmp_path):
    case = CASES[name]
    stacks = []
    for side in ("truth", "proposal"):
        (tmp_path / side).write_text(case.csv(getattr(case, side)))
        # As the scorer of the challenge: with empty rows, and an id as often as it comes.
        stacks.append(
            read_csv(tmp_path / side, keep_empty=side == "proposal", duplicate_ids="keep")
        )
    truth, proposal = stacks
    if not proposal:
        pytest.skip("a table without rows has no AOI to score in Python; the command line takes it")
    options = {"iou_threshold": case.settings["iou_threshold"], "beta": case.settings["beta"]}
    scot = score_scot(
        truth,
        proposal,
        truth_min_area_px=case.settings["truth_min_area"],
        duplicate_ids="sum",
        **options,
    )
    f1 = score_f1(
        truth,
        {aoi: proposal[aoi] for aoi in truth if aoi in proposal},
        iou_threshold=options["iou_threshold"],
    )
    assert accepted(case, {"scot": scot.to_dict(), "f1": f1.to_dict()})


def test_functions_like_those_of_solaris_pass_by_the_adapter(tmp_path, monkeypatch, capsys):
    adapter = loaded("adapters/solaris")
    failed = []
    for name, case in CASES.items():
        words = ["--module", "sn7fast.compat"]
        for side in ("truth", "proposal"):
            path = tmp_path / f"{name}-{side}.csv"
            path.write_text(case.csv(getattr(case, side)))
            words.append(str(path))
        words += [str(case.settings[key]) for key in ("iou_threshold", "beta", "truth_min_area")]
        monkeypatch.setattr(sys, "argv", ["solaris.py", *words])
        adapter.main()
        if not accepted(case, json.loads(capsys.readouterr().out), ["scot"]):
            failed.append(name)
    assert failed == []


def script(tmp_path, text):
    path = tmp_path / "scorer.py"
    path.write_text(text)
    return f'"{sys.executable}" "{path}" {{truth}} {{proposal}}'


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("import sys; sys.exit('no idea')", "exit status 1: no idea"),
        ("print('0.5')", "got 0.5, wanted an object"),
        ("print('half')", "stdout is no JSON"),
        ("print('{}')", "scot: missing"),
        ('print(\'{"scot": {"score": NaN, "aois": {}}}\')', "scot.score: got nan"),
        ("import time; time.sleep(60)", "no answer in 1 s"),
    ],
)
def test_the_runner_says_what_is_wrong(tmp_path, text, said):
    command = script(tmp_path, text)
    done = run(command, "--only", "perfect", "--metric", "scot", "--timeout", "1")
    assert done.returncode == 1
    assert done.stdout.startswith("FAIL perfect\n")
    assert said in done.stdout
    assert done.stdout.endswith("0 passed, 1 failed\n")


def test_the_runner_accepts_a_refusal_only_where_it_may_be(tmp_path):
    command = script(tmp_path, "import sys; sys.exit(3)")
    done = run(command, "--only", "id-twice-in-a-month")
    assert done.returncode == 0
    assert "(the input may be refused)" in done.stdout


@pytest.mark.parametrize(
    ("command", "options"),
    [
        ("scorer", ()),
        ("scorer {truth} {proposal} {nonsense}", ()),
        ("/no/such/scorer {truth} {proposal}", ()),
        ("scorer {truth} {proposal}", ("--only", "none")),
        ("scorer {truth} {proposal}", ("--metric", "f2")),
    ],
)
def test_the_runner_refuses_what_it_cannot_run(command, options):
    done = run(command, *options)
    assert done.returncode == 2
    assert "error:" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_readme_shows_an_answer_that_passes():
    text = (FOLDER / "README.md").read_text().partition("```json\n")[2].partition("```")[0]
    assert accepted(CASES["perfect"], json.loads(text))
