"""Runs the code blocks of a page one after the other in one folder, as a reader would."""

import contextlib
import csv
import doctest
import io
import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import click
import yaml
from click.testing import CliRunner

from sn7fast.cli.group import commands

ROOT = Path(__file__).resolve().parents[1]
PYTHON, SHELL, FILES = ("python",), ("sh",), ("csv", "yaml", "json")
# What says that a line is more than the words of one command.
_SHELL_SIGNS = re.compile(r"[|<>$*;&`(){}]")
_AS_COMMAND = 'sn7fast() { "$PYTHON" -m sn7fast.run "$@"; }'
_PROMISE = re.compile(r"^ *print\(.*\)  # (.*)$", re.MULTILINE)
_NUMBER = re.compile(r"(?<![\w.])\d+(?:\.\d+)?(?![\w.])")
# Of numbers of what is only roughly the same everywhere.
_TOLERANCE = 0.05
_OWN = re.compile(r"(?:^|\s)(?:sn7fast|rio sn7|-m sn7fast\.run) +(?=[a-z-])")


class Failed(AssertionError):
    """A block does not do what the page says."""


class Page:
    """What a reader of one page has: a folder, the names of their Python session, what was last
    printed."""

    def __init__(self, folder, names=None):
        self.folder, self.names, self.printed = folder, dict(names or {}), ""
        self.names.setdefault("__name__", "page")

    def run(self, block):
        """Do what the block says; raises `Failed`."""
        if block.language == "text" and block.title == "output":
            check_output(block, self.printed)
            return
        if "not run" in block.marks:
            only_read(block)
            return
        with contextlib.chdir(self.folder):
            if block.title and block.language in (*FILES, *PYTHON):
                parsed(block)
                Path(block.title).parent.mkdir(parents=True, exist_ok=True)
                Path(block.title).write_text(block.code)
            elif block.language in PYTHON:
                self.printed = run_python(block, self.names)
            elif block.language in SHELL:
                self.printed = run_shell(block)
            elif block.language in FILES:
                parsed(block)
            elif block.language not in ("", "text"):
                raise Failed(f"{block.place}: got {block.language!r}, which nothing here can run")


def run_python(block, names):
    """Run and compare with what comments behind print() promise; returns all that is printed."""
    out = io.StringIO()
    code = compile("\n" * block.line + block.code, block.place, "exec")
    with contextlib.redirect_stdout(out):
        exec(code, names)
    printed, promised = out.getvalue(), _PROMISE.findall(block.code)
    if promised:
        compare(block, "\n".join(promised), printed)
    return printed


def run_shell(block):
    """Run all lines; plain commands of sn7fast in this process, which is faster."""
    lines = command_lines(block.code)
    extra = shlex.split(block.marks.get("run with", ""))
    if all(line.startswith("sn7fast ") and not _SHELL_SIGNS.search(line) for line in lines):
        return "".join(_in_process(block, [*shlex.split(line)[1:], *extra]) for line in lines)
    if extra:
        raise Failed(f"{block.place}: 'run with' is for plain commands of sn7fast")
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", f"{_AS_COMMAND}\n{block.code}"],
        env={**os.environ, "PYTHON": sys.executable},
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )  # fmt: skip
    if done.returncode:
        raise Failed(f"{block.place}: exit status {done.returncode}: {done.stdout}{done.stderr}")
    return done.stdout


def _in_process(block, arguments):
    result = CliRunner().invoke(commands, arguments, prog_name="sn7fast")
    if result.exit_code:
        raise Failed(f"{block.place}: sn7fast {shlex.join(arguments)}: {result.output}")
    return result.stdout


def only_read(block):
    """What can be known of a block without running it."""
    if len(block.marks["not run"]) < 8:
        raise Failed(f"{block.place}: not run, and no reason given")
    if block.language in PYTHON:
        compile(block.code, block.place, "exec")
    elif block.language in SHELL:
        checked = subprocess.run(["bash", "-n", "-c", block.code], capture_output=True, check=False)
        if checked.returncode:
            raise Failed(f"{block.place}: no shell: {checked.stderr.decode()}")
        for line in command_lines(block.code):
            check_line(block, line)
    else:
        parsed(block)


def check_line(block, line):
    """Commands, options, make targets and extras that a line names exist."""
    own = _OWN.search(line)
    if own:
        words = shlex.split(re.split(r" [|>&;]|;", line[own.end() :])[0], comments=True)
        check_command(block, words)
    for target in re.findall(r"\bmake ([a-z]+)", line):
        if not re.search(rf"^{target}:", (ROOT / "Makefile").read_text(), re.MULTILINE):
            raise Failed(f"{block.place}: make {target}: no such target")
    project = (ROOT / "pyproject.toml").read_text()
    for extras in re.findall(r"sn7fast\[([\w,]+)\]", line):
        for extra in extras.split(","):
            if not re.search(rf"^{extra} = \[", project, re.MULTILINE):
                raise Failed(f"{block.place}: sn7fast[{extra}]: no such extra")


def check_command(block, words):
    """The command exists and takes these options."""
    group = click.Context(commands, info_name="sn7fast")
    if words and words[0].startswith("-"):
        return
    command = commands.get_command(group, words[0])
    if command is None:
        raise Failed(f"{block.place}: sn7fast {words[0]}: no such command")
    context = click.Context(command, parent=group, info_name=words[0])
    try:
        command.make_parser(context).parse_args(list(words[1:]))
    except click.UsageError as error:
        raise Failed(f"{block.place}: sn7fast {words[0]}: {error.format_message()}") from error


def parsed(block):
    """The block is what its language says."""
    if block.language == "yaml":
        yaml.safe_load(block.code)
    elif block.language == "json":
        json.loads(block.code)
    elif block.language == "csv":
        lengths = {len(row) for row in csv.reader(block.code.splitlines())}
        if len(lengths) != 1:
            raise Failed(f"{block.place}: rows of {sorted(lengths)} columns")
    elif block.language in PYTHON:
        compile(block.code, block.place, "exec")


def command_lines(code):
    """Lines of a shell block, continued ones joined, without comments."""
    joined = code.replace("\\\n", " ")
    lines = (re.sub(r"(^|\s)#.*$", "", line).strip() for line in joined.splitlines())
    return [line for line in lines if line]


def check_output(block, printed):
    """The block shows what was printed last."""
    compare(block, block.code.rstrip("\n"), printed)


def compare(block, promised, printed):
    if "roughly" in block.marks:
        promised = _rounded(promised, printed)
    flags = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
    if not doctest.OutputChecker().check_output(promised + "\n", printed, flags):
        raise Failed(f"{block.place}: promised:\n{promised}\nprinted:\n{printed}")


def _rounded(promised, printed):
    """What is promised, with numbers that are near one that is printed replaced by that."""
    known = {float(text) for text in _NUMBER.findall(printed)}

    def nearest(number):
        value = float(number[0])
        near = min(known, key=lambda other: abs(other - value), default=value)
        if abs(near - value) > max(_TOLERANCE * abs(value), 10 ** -_decimals(number[0])):
            return number[0]
        return next(text for text in _NUMBER.findall(printed) if float(text) == near)

    return _NUMBER.sub(nearest, promised)


def _decimals(number):
    return len(number.partition(".")[2])
