"""Runs the steps of the Dockerfile without an engine, each stage in a folder of its own.

    python tools/docker_dry_run.py [--python PYTHON] [--build-arg NAME=VALUE] [--keep]

The Dockerfile is read, so that this cannot say something else than it. What differs from a real
build is told as it goes:

* An image is an empty folder with this machine's programs; a base image for Python becomes the
  interpreter of --python, one for Rust this machine's cargo. Absolute paths of the Dockerfile are
  paths in that folder.
* Steps that change the system (apt-get, useradd) are shown and not run.
* USER: later steps run as the user nobody if this is run by root, else as who runs it.

An instruction that this script does not know is an error.
"""

from __future__ import annotations

import argparse
import fnmatch
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter

ROOT = Path(__file__).resolve().parents[1]
SYSTEM_STEP = re.compile(r"\b(apt-get|useradd|adduser|groupadd)\b")
# Top folders that are this machine's in every stage.
HOST = {"bin", "dev", "etc", "lib", "lib64", "proc", "sbin", "sys", "tmp", "usr", "var"}
PASSED_ON = ("PIP_", "CARGO_", "RUSTUP_", "SSL_", "http_proxy", "https_proxy", "no_proxy")
NOBODY = 65534


class StepError(Exception):
    """A step failed, or cannot be understood."""


@dataclass
class Stage:
    """One stage of a build: where it is and what its steps have set.

    Attributes:
        name: What COPY --from calls it.
        root: The folder that stands for its image.
        environment: Of its steps.
        folder: Where they run, as the Dockerfile calls it.
        user: Who runs them; None for root.
        entry: The command of ENTRYPOINT.
    """

    name: str
    root: Path
    environment: dict[str, str]
    folder: str = "/"
    user: str | None = None
    entry: list[str] = field(default_factory=list)

    def real(self, path: str) -> Path:
        """Where a path of the image is on this machine."""
        return self.root / str(Path(self.folder, path)).lstrip("/")

    def rewritten(self, text: str) -> str:
        """A command with the absolute paths of the image made real."""

        def replace(found: re.Match[str]) -> str:
            top = found[2].split("/")[1]
            return found[1] + (found[2] if top in HOST else f"{self.root}{found[2]}")

        return re.sub(r"(^|[\s\"'=:(])(/[A-Za-z][\w./*+-]*)", replace, text)


def instructions(text: str) -> list[tuple[str, str]]:
    """Keyword and rest of each instruction; comments left out, continued lines joined."""
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    joined = re.sub(r"\\\n\s*", "", "\n".join(lines))
    steps = []
    for line in joined.splitlines():
        if line.strip():
            keyword, _, rest = line.strip().partition(" ")
            steps.append((keyword.upper(), rest.strip()))
    return steps


def filled(text: str, values: dict[str, str]) -> str:
    """``$NAME`` and ``${NAME}`` replaced, as the engine does outside of RUN."""
    return re.sub(r"\$\{?(\w+)\}?", lambda found: values.get(found[1], ""), text)


class Build:
    """A dry run.

    Args:
        folder: An empty folder to work in.
        python: The interpreter that stands for those of the images.
        arguments: Those of --build-arg.
        context: The folder that is built.
    """

    def __init__(
        self, folder: Path, python: Path, arguments: dict[str, str], context: Path
    ) -> None:
        self.folder, self.python, self.context = folder, python, context
        self.given, self.defaults = arguments, {}
        self.stages: list[Stage] = []

    def run(self, steps: list[tuple[str, str]]) -> Stage:
        """Run all steps; returns the last stage.

        Raises:
            StepError: A step failed.
        """
        for number, (keyword, rest) in enumerate(steps, 1):
            print(f"[{number}/{len(steps)}] {keyword} {rest}", flush=True)
            start = perf_counter()
            step = getattr(self, f"_{keyword.lower()}", None)
            if step is None:
                raise StepError(f"{keyword}: not known to this script")
            if keyword not in ("FROM", "ARG") and not self.stages:
                raise StepError(f"{keyword}: before the first FROM")
            step(rest)
            if perf_counter() - start > 1:
                print(f"    {perf_counter() - start:.1f} s", flush=True)
        if not self.stages:
            raise StepError("no FROM")
        return self.stages[-1]

    def _from(self, rest: str) -> None:
        words = filled(rest, self.defaults | self.given).split()
        name = words[2] if len(words) == 3 and words[1].upper() == "AS" else str(len(self.stages))
        root = self.folder / f"stage-{len(self.stages)}"
        programs = root / "programs"
        programs.mkdir(parents=True)
        (programs / "python3").symlink_to(self.python)
        path = [str(programs), "/usr/local/bin", "/usr/bin", "/bin"]
        stands_for = f"Python of {self.python}"
        if words[0].startswith("rust"):
            cargo = shutil.which("cargo")
            if cargo is None:
                raise StepError("this machine has no cargo to stand for that of the image")
            path.insert(1, str(Path(cargo).parent))
            stands_for += f", cargo of {cargo}"
        environment = {
            name: value for name, value in os.environ.items() if name.startswith(PASSED_ON)
        }
        for variable, default in (("CARGO_HOME", ".cargo"), ("RUSTUP_HOME", ".rustup")):
            environment.setdefault(variable, str(Path.home() / default))
        environment |= {"PATH": ":".join(path), "HOME": str(root / "root"), "LANG": "C.UTF-8"}
        (root / "root").mkdir()
        self.stages.append(Stage(name, root, environment))
        print(f"    {words[0]}: {stands_for}")

    def _arg(self, rest: str) -> None:
        name, _, default = rest.partition("=")
        if not self.stages:
            self.defaults[name] = self.given.get(name, default)
            return
        value = self.given.get(name, default or self.defaults.get(name, ""))
        self.stages[-1].environment[name] = value

    def _env(self, rest: str) -> None:
        stage = self.stages[-1]
        name, _, value = rest.partition("=")
        stage.environment[name] = filled(stage.rewritten(value), stage.environment)

    def _workdir(self, rest: str) -> None:
        stage = self.stages[-1]
        stage.folder = str(Path(stage.folder, rest))
        stage.real(".").mkdir(parents=True, exist_ok=True)
        self._own(stage.real("."))

    def _user(self, rest: str) -> None:
        self.stages[-1].user = rest
        home = self.stages[-1].real(f"/home/{rest}")
        home.mkdir(parents=True, exist_ok=True)
        self.stages[-1].environment["HOME"] = str(home)
        if os.geteuid() == 0 and not self._is_for_all(self.python):
            print(f"    run as root all the same: others may not use {self.python}")
            self.stages[-1].user = None
        self._own(home)

    def _is_for_all(self, program: Path) -> bool:
        try:
            subprocess.run([program, "-c", ""], user=NOBODY, group=NOBODY, check=True)
        except (OSError, subprocess.SubprocessError):
            return False
        return True

    def _entrypoint(self, rest: str) -> None:
        self.stages[-1].entry = json.loads(rest)

    def _cmd(self, rest: str) -> None:
        json.loads(rest)

    def _copy(self, rest: str) -> None:
        stage, words = self.stages[-1], rest.split()
        source_root = self.context
        if words[0].startswith("--from="):
            name = words.pop(0).removeprefix("--from=")
            (source,) = [one for one in self.stages if one.name == name]
            source_root = source.root
        elif words[0].startswith("--"):
            raise StepError(f"COPY {words[0]}: not known to this script")
        *sources, target = words
        for one in sources:
            origin, place = source_root / one.lstrip("/"), stage.real(target)
            if origin.is_dir():
                ignored = self._ignored if source_root == self.context else None
                shutil.copytree(origin, place, ignore=ignored, dirs_exist_ok=True, symlinks=True)
            elif origin.is_file():
                if self._is_ignored(origin) and source_root == self.context:
                    raise StepError(f"COPY: {one} is in .dockerignore")
                place = place / origin.name if target.endswith("/") or place.is_dir() else place
                place.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(origin, place)
            else:
                raise StepError(f"COPY: no {one}")

    def _is_ignored(self, path: Path) -> bool:
        place = path.relative_to(self.context).as_posix()
        rules = (self.context / ".dockerignore").read_text().splitlines()
        return any(
            fnmatch.fnmatch(path.name, rule[3:]) if rule.startswith("**/") else place == rule
            for rule in rules
            if rule.strip()
        )

    def _ignored(self, folder: str, names: list[str]) -> set[str]:
        return {name for name in names if self._is_ignored(Path(folder) / name)}

    def _run(self, rest: str) -> None:
        stage = self.stages[-1]
        if SYSTEM_STEP.search(rest):
            print("    not run: it changes the system of the image")
            return
        who = {}
        if stage.user and os.geteuid() == 0:
            who = {"user": NOBODY, "group": NOBODY, "extra_groups": []}
        done = subprocess.run(
            ["/bin/sh", "-ec", stage.rewritten(rest)],
            cwd=stage.real("."),
            env=stage.environment,
            check=False,
            **who,
        )
        if done.returncode:
            raise StepError(f"RUN: exit status {done.returncode}: {rest}")

    def _own(self, path: Path) -> None:
        if self.stages[-1].user and os.geteuid() == 0:
            shutil.chown(path, NOBODY, NOBODY)


def main() -> int:
    """Run; the exit status is 1 if a step failed."""
    parser = argparse.ArgumentParser(description="Run the steps of the Dockerfile.")
    parser.add_argument("--python", type=Path, default=Path(sys.executable), metavar="PYTHON")
    parser.add_argument("--build-arg", action="append", default=[], metavar="NAME=VALUE")
    parser.add_argument("--keep", action="store_true", help="keep the folders")
    options = parser.parse_args()
    arguments = dict(one.split("=", 1) for one in options.build_arg)
    steps = instructions((ROOT / "Dockerfile").read_text())
    folder = Path(tempfile.mkdtemp(prefix="docker-dry-run-"))
    folder.chmod(0o755)  # so that another user may pass
    try:
        last = Build(folder, options.python.resolve(), arguments, ROOT).run(steps)
        size = sum(path.lstat().st_size for path in last.root.rglob("*") if not path.is_dir())
        print(f"ok: {' '.join(last.entry)} is there; {size / 1e6:.0f} MB on top of the base image")
    except StepError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    finally:
        if options.keep:
            print(f"kept: {folder}")
        else:
            shutil.rmtree(folder, ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
