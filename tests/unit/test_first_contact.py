"""What a newcomer meets first: help, suggestions, completion, doctor, errors with a next step."""

import importlib
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from importlib import metadata
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

import sn7fast
from sn7fast import errors
from sn7fast.cli import machine, needs
from sn7fast.cli.group import COMMANDS, commands
from sn7fast.cli.status import _report

PYPROJECT = tomllib.loads((Path(__file__).resolve().parents[2] / "pyproject.toml").read_text())
CLI = Path(sn7fast.__file__).parent / "cli"


def run(*arguments, **options):
    return CliRunner().invoke(commands, list(arguments), **options)


def in_process(code, **environment):
    return subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=True,
    )


# Help


@pytest.mark.parametrize("name", COMMANDS)
def test_short_help_is_that_of_the_command(name):
    command = importlib.import_module(f"sn7fast.cli.{name}").command
    assert command.short_help == COMMANDS[name]
    assert command.name == name
    assert f"Example: sn7fast {name}" in run(name, "--help").output.replace("\n", " ")


def test_every_module_with_a_command_is_in_the_table():
    marked = {path.stem for path in CLI.glob("*.py") if "@click.command(" in path.read_text()}
    assert marked == set(COMMANDS)


def test_help_and_completion_import_no_command():
    code = (
        "import sys\n"
        "from sn7fast.cli.group import commands\n"
        "try: commands(['--help'], prog_name='sn7fast')\n"
        "except SystemExit: pass\n"
        "print(sorted(m for m in sys.modules if m.startswith('sn7fast.cli.')), file=sys.stderr)"
    )
    assert in_process(code).stderr == "['sn7fast.cli.group', 'sn7fast.cli.status']\n"
    completing = {
        "_SN7FAST_COMPLETE": "bash_complete",
        "COMP_WORDS": "sn7fast ",
        "COMP_CWORD": "1",
    }
    code = code.replace("['--help']", "[]")
    done = in_process(code, **completing)
    assert "plain,completion\n" in done.stdout
    assert done.stderr == "['sn7fast.cli.group', 'sn7fast.cli.status']\n"


# Suggestions


@pytest.mark.parametrize(
    ("typed", "meant"), [("scor", "score"), ("Pipeline", "pipeline"), ("docter", "doctor")]
)
def test_unknown_command_names_the_nearest(typed, meant):
    result = run(typed)
    assert result.exit_code == 2
    assert result.stderr == (
        f"error: no such command: '{typed}'; did you mean {meant}?\nnext: sn7fast --help\n"
    )


def test_unknown_command_that_is_like_none():
    assert run("xyzzy").stderr.startswith("error: no such command: 'xyzzy'\n")


@pytest.mark.parametrize("option", ["--versoin", "-x"])
def test_unknown_option_of_the_group(option):
    result = run(option)
    assert result.exit_code == 2
    assert "No such option" in result.stderr


def test_unknown_option_names_the_nearest():
    result = run("track", "masks", "--outt", "x")
    assert result.exit_code == 2
    assert "--out" in result.stderr.splitlines()[0].partition("--outt")[2]
    assert result.stderr.endswith("next: sn7fast track --help\n")


# Errors


@pytest.mark.parametrize(
    "error",
    [
        errors.InputError("mask: got 1 dimension, wanted 2"),
        errors.FormatError("a.csv, line 2: no number"),
        errors.GeometryError("footprint 3 is not closed"),
        errors.RasterError("a.tif: cannot be read"),
        errors.StackError("two files for 2018_01"),
        errors.MissingDependencyError("torch is needed here; install it with: pip install x"),
        errors.InternalError("a panic"),
        FileNotFoundError(2, "No such file or directory", "a.tif"),
        MemoryError(),
        ZeroDivisionError("division by zero"),
        click.BadParameter("got 3, wanted 4"),
        click.ClickException("something"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_every_error_says_what_to_do_next(error, capsys):
    status = _report(error)
    first, last = capsys.readouterr().err.splitlines()
    assert first.startswith("error: ")
    assert last.startswith("next: ")
    assert len(last) > len("next: ") + 10
    assert status in (2, 3, 70)


def test_interrupting_needs_no_advice(capsys):
    assert _report(KeyboardInterrupt()) == 130
    assert capsys.readouterr().err == "error: interrupted; nothing was written\n"


def test_bad_input_points_to_the_help_of_its_command(tmp_path):
    result = run("score", str(tmp_path / "none"), str(tmp_path / "none"))
    assert result.exit_code == 3
    assert "sn7fast score --help" in result.stderr


# Completion


def complete(shell, words, place):
    return in_process(
        "from sn7fast.run import main; main()",
        _SN7FAST_COMPLETE=f"{shell}_complete",
        COMP_WORDS=words,
        COMP_CWORD=place,
    ).stdout


def test_completion_protocol_of_bash():
    assert complete("bash", "sn7fast po", "1") == "plain,polygonize\n"
    assert "plain,--connectivity\n" in complete("bash", "sn7fast track --c", "2")
    assert complete("bash", "sn7fast track --connectivity ", "3") == "plain,4\nplain,8\n"
    # click leaves files to the shell.
    assert complete("bash", "sn7fast score ", "2") == "file,\n"


def test_completion_protocol_of_zsh_and_fish():
    # zsh takes a colon for the end of the word, unless there is a backslash before it.
    assert complete("zsh", "sn7fast sco", "1").splitlines()[:2] == ["plain", "score"]
    assert "score" in complete("fish", "sn7fast sco", "sco")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_scripts(shell):
    script = run("completion", shell).stdout
    assert f"_SN7FAST_COMPLETE={shell}_complete" in script
    tool = shutil.which(shell)
    if tool:
        subprocess.run([tool, "-n"], input=script, text=True, check=True)


def test_bash_completes_with_the_script(tmp_path):
    bash = shutil.which("bash")
    if bash is None:
        pytest.skip("there is no bash on this machine")
    # The command on the path of this test: a script that runs this Python.
    command = tmp_path / "sn7fast"
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m sn7fast.run "$@"\n')
    command.chmod(0o755)
    script = (
        'eval "$(sn7fast completion bash)"\n'
        "COMP_WORDS=(sn7fast tr) COMP_CWORD=1\n"
        "_sn7fast_completion sn7fast\n"
        'echo "${COMPREPLY[@]}"\n'
    )
    path = f"{tmp_path}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        [bash, "-c", script],
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == ["train", "track"]


# Doctor


@pytest.fixture
def nothing_installed(monkeypatch):
    def version(name):
        if name in needs.BASE:
            return "1.0"
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "version", version)
    monkeypatch.setattr(machine, "_torch", lambda: None)
    monkeypatch.setattr(machine, "_onnxruntime", lambda: None)


def doctor(**options):
    return json.loads(run("doctor", "--json", **options).stdout)


@pytest.mark.usefixtures("nothing_installed")
def test_doctor_says_what_is_missing_for_what():
    result = run("doctor")
    assert result.exit_code == 0
    train = next(line for line in result.stdout.splitlines() if line.startswith("train "))
    assert train.split("  ")[0] == "train"
    assert "NO" in train
    assert "torch, safetensors" in train
    assert train.endswith("pip install 'sn7fast[torch]'")
    extras = ",".join(sorted({task.extra for task in needs.TASKS}))
    assert result.stdout.endswith(f"For all of it: pip install 'sn7fast[{extras}]'\n")
    assert re.search(r"^torch +not installed$", result.stdout, re.MULTILINE)


def test_doctor_knows_every_package_of_every_extra():
    """Its table and pyproject say the same, so that neither can forget one."""

    def name(requirement):
        return re.match(r"[\w.-]+", requirement)[0].lower()

    optional = PYPROJECT["project"]["optional-dependencies"]
    told = {}
    for task in needs.TASKS:
        told.setdefault(task.extra, set()).update(task.packages)
    assert set(told) == set(optional) - {"all"}
    for extra, requirements in optional.items():
        if extra == "all":
            continue
        own = {name(one) for one in requirements} - {"sn7fast"}
        brought = {
            package
            for one in requirements
            if name(one) == "sn7fast"
            for part in re.search(r"\[(.*)\]", one)[1].split(",")
            for package in told[part]
        }
        assert own <= told[extra] <= own | brought
    assert {name(one) for one in PYPROJECT["project"]["dependencies"]} == set(needs.BASE)


def test_all_covers_every_extra():
    optional = PYPROJECT["project"]["optional-dependencies"]
    (everything,) = optional["all"]
    covered = set(re.fullmatch(r"sn7fast\[(.*)\]", everything)[1].split(","))
    assert covered == set(optional) - {"all"}


def test_doctor_names_another_build(monkeypatch):
    def version(name):
        if name == "onnxruntime-gpu":
            return "1.30"
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "version", version)
    assert needs.installed_version("onnxruntime") == "1.30 (onnxruntime-gpu)"


@pytest.mark.skipif(os.name != "posix", reason="the stand-in of nvidia-smi is a shell script")
def test_doctor_shows_the_gpu_and_who_cannot_use_it(tmp_path, monkeypatch):
    tool = tmp_path / "nvidia-smi"
    tool.write_text("#!/bin/sh\necho 'NVIDIA H100 80GB HBM3, 550.54.15, 81559 MiB'\n")
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    monkeypatch.setattr(machine, "_torch", lambda: {"version": "2.9+cpu", "cuda": None, "gpus": []})
    monkeypatch.setattr(
        machine,
        "_onnxruntime",
        lambda: {"version": "1.20", "providers": ["CPUExecutionProvider"]},
    )
    result = run("doctor")
    assert "NVIDIA H100 80GB HBM3, 81559 MiB, driver 550.54.15" in result.stdout
    assert result.stderr.splitlines() == [
        "warning: there is a GPU, but torch 2.9+cpu is built for CPUs",
        "warning: there is a GPU, but onnxruntime is built for CPUs; onnxruntime-gpu can use it",
        *[line for line in result.stderr.splitlines() if "debug build" in line],
    ]
    assert doctor()["gpu"]["nvidia"][0]["driver"] == "550.54.15"


@pytest.mark.skipif(os.name != "posix", reason="the stand-in of nvidia-smi is a shell script")
def test_nvidia_smi_without_a_driver_is_no_gpu(tmp_path, monkeypatch):
    tool = tmp_path / "nvidia-smi"
    tool.write_text("#!/bin/sh\necho 'NVIDIA-SMI has failed'\nexit 9\n")
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    assert machine.gpus()["nvidia"] == []


def test_doctor_without_the_embedded_network(monkeypatch, tmp_path):
    monkeypatch.setattr("sn7fast.nn.model._DEFAULT_FILE", tmp_path / "none.onnx")
    result = run("doctor")
    assert result.exit_code == 3
    assert "network that comes with sn7fast is missing: pip install" in result.stderr


def test_doctor_tells_of_a_broken_package(monkeypatch):
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: object())
    monkeypatch.setattr(machine, "_torch", lambda: None)
    problems = machine.gpus()["problems"]
    assert len(problems) == 1
    assert problems[0].startswith("onnxruntime is installed and cannot be imported")


def test_processors():
    facts = machine.processors()
    assert facts["count"] >= 1
    assert facts["machine"]
