"""Checks a scorer against the cases beside this file. Needs Python 3.9 or later and nothing else.

    python conformance/run.py "my-scorer {truth} {proposal}"
    python conformance/run.py "my-scorer {truth} {proposal} --iou {iou_threshold}" --metric scot

The command is started once for each case, without a shell. It prints JSON to stdout as README.md
says; what it prints to stderr is shown if the case fails. The exit status is 0 if all cases passed.
"""

import argparse
import json
import os
import shlex
import subprocess
import sys
from pathlib import Path

CASES = Path(__file__).resolve().parent / "cases"
TOLERANCE = 1e-9


def differences(wanted, got, where=""):
    """What of ``wanted`` is absent from ``got`` or different there, as lines of text."""
    if isinstance(wanted, dict):
        if not isinstance(got, dict):
            return [f"{where or 'result'}: got {got!r}, wanted an object"]
        lines = []
        for key, value in wanted.items():
            place = f"{where}.{key}" if where else key
            if key in got:
                lines += differences(value, got[key], place)
            else:
                lines.append(f"{place}: missing")
        if where.endswith(".aois"):
            lines += [f"{where}.{key}: not wanted" for key in got if key not in wanted]
        return lines
    if isinstance(got, bool) or not isinstance(got, (int, float)):
        return [f"{where}: got {got!r}, wanted {wanted!r}"]
    # Counts are exact; a count may come as 3.0.
    allowed = TOLERANCE if isinstance(wanted, float) else 0
    # Written so that NaN fails.
    same = abs(got - wanted) <= allowed
    return [] if same else [f"{where}: got {got!r}, wanted {wanted!r}"]


def outcome(command, timeout):
    """(result or None, what to say if it is None)."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=timeout, check=False)
    except subprocess.TimeoutExpired:
        return None, f"no answer in {timeout:g} s"
    if done.returncode:
        said = done.stderr.strip().splitlines()
        return None, f"exit status {done.returncode}{': ' + said[0] if said else ''}"
    try:
        return json.loads(done.stdout), ""
    except ValueError as error:
        return None, f"stdout is no JSON ({error}): {done.stdout[:80]!r}"


def check(folder, template, metrics, timeout):
    """(why the case counts as passed or None, lines about how it failed)."""
    case = json.loads((folder / "case.json").read_text(encoding="utf-8"))
    fields = {
        "truth": str(folder / "truth.csv"),
        "proposal": str(folder / "proposal.csv"),
        **case["settings"],
    }
    command = [word.format(**fields) for word in shlex.split(template, posix=os.name != "nt")]
    result, trouble = outcome(command, timeout)
    closest = None
    for answer in case["accepted"]:
        if answer.get("error"):
            # A scorer refuses an input by its exit status.
            lines = [] if result is None and trouble.startswith("exit status") else None
        elif result is None:
            lines = None
        else:
            lines = differences({metric: answer[metric] for metric in metrics}, result)
        if lines == []:
            return answer["because"], []
        if lines and (closest is None or len(lines) < len(closest)):
            closest = lines
    return None, [case["about"], *(closest or [trouble or "a result where none can be"])]


def main():
    """Run the cases and print a line for each."""
    parser = argparse.ArgumentParser(description="Check a scorer of SCOT and F1.")
    parser.add_argument(
        "command",
        help="with {truth} and {proposal}, and if it takes them {iou_threshold}, {beta} and "
        "{truth_min_area}",
    )
    parser.add_argument("--metric", default="scot,f1", help="scot, f1 or scot,f1")
    parser.add_argument("--only", metavar="NAME", help="one case")
    parser.add_argument("--timeout", type=float, default=60, metavar="S", help="for each case")
    arguments = parser.parse_args()
    metrics = arguments.metric.split(",")
    if not set(metrics) <= {"scot", "f1"}:
        parser.error(f"--metric: got {arguments.metric}, wanted scot, f1 or scot,f1")
    for field in ("{truth}", "{proposal}"):
        if field not in arguments.command:
            parser.error(f"the command has no {field}")
    folders = sorted(path.parent for path in CASES.glob("*/case.json"))
    if arguments.only:
        folders = [folder for folder in folders if folder.name == arguments.only]
    if not folders:
        parser.error(
            f"no such case: {arguments.only}" if arguments.only else f"no cases in {CASES}"
        )
    failed = 0
    for folder in folders:
        try:
            why, lines = check(folder, arguments.command, metrics, arguments.timeout)
        except (KeyError, IndexError, ValueError) as error:
            parser.error(f"the command cannot be filled in: {error}")
        except OSError as error:
            parser.error(f"the command cannot be started: {error}")
        failed += why is None
        note = "" if why in (None, "the definition") else f" ({why})"
        print(f"{'FAIL' if why is None else 'ok  '} {folder.name}{note}")
        for line in lines:
            print(f"       {line}")
    print(f"{len(folders) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
