"""What the README shows runs and prints what it says."""

import re
import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner

from sn7fast.cli.group import commands

README = (Path(__file__).resolve().parents[2] / "README.md").read_text()


def blocks(language):
    return re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)


@pytest.mark.parametrize("code", blocks("python"))
def test_python(code, capsys):
    exec(compile(code, "README.md", "exec"), {})
    printed = capsys.readouterr().out.splitlines()
    promised = re.findall(r"^print\(.*\) +# (.*)$", code, re.MULTILINE)
    assert promised
    assert printed == promised


def test_commands_exist_and_take_these_options():
    lines = [line for block in blocks("sh") for line in block.splitlines()]
    shown_commands = [shlex.split(line)[1:] for line in lines if line.startswith("sn7fast ")]
    assert len(shown_commands) >= 4
    for name, *arguments in shown_commands:
        shown = CliRunner().invoke(commands, [name, "--help"])
        assert shown.exit_code == 0, shown.output
        for option in (word for word in arguments if word.startswith("--")):
            assert option in shown.output


def test_make_targets_exist():
    makefile = (Path(__file__).resolve().parents[2] / "Makefile").read_text()
    for target in re.findall(r"^make (\w+)", README, re.MULTILINE):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE)
