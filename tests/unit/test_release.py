"""What is published with a release: versions, notices, workflows, wheels, the Dockerfile."""

import io
import json
import re
import shutil
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path

import jsonschema
import pytest
import yaml
from check_jsonschema.builtin_schemas import get_builtin_schema

import check_release
import check_tag
import docker_dry_run
import notices
import oldest
import sn7fast

ROOT = Path(__file__).resolve().parents[2]
GITHUB = ROOT / ".github"
WORKFLOWS = sorted((GITHUB / "workflows").glob("*.yml"))
NEEDS_CARGO = pytest.mark.skipif(shutil.which("cargo") is None, reason="cargo is not installed")


def toml(name):
    return tomllib.loads((ROOT / name).read_text())


def tool(*arguments):
    done = subprocess.run(
        [sys.executable, *map(str, arguments)],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


# Versions and the changelog


def test_the_version_stands_in_one_place():
    version = toml("Cargo.toml")["workspace"]["package"]["version"]
    assert sn7fast.__version__ == check_tag.version() == version
    assert toml("pyproject.toml")["project"]["dynamic"] == ["version"]
    for crate in ("sn7fast-core", "sn7fast-py"):
        assert toml(f"rust/{crate}/Cargo.toml")["package"]["version"] == {"workspace": True}
    locked = {one["name"]: one["version"] for one in toml("Cargo.lock")["package"]}
    assert locked["sn7fast-core"] == locked["sn7fast-py"] == version
    assert "version" not in yaml.safe_load((ROOT / "CITATION.cff").read_text())


def changelog_problems(text):
    """What is not as keepachangelog.com says."""
    lines, problems = text.splitlines(), []
    parts = [line[3:] for line in lines if line.startswith("## ")]
    kinds = [line[4:] for line in lines if line.startswith("### ")]
    if lines[0] != "# Changelog":
        problems.append("title")
    if parts[:1] != ["Unreleased"]:
        problems.append("first part")
    dated = [re.fullmatch(r"(\d+)\.(\d+)\.(\d+) - (\d{4}-\d\d-\d\d)", part) for part in parts[1:]]
    if not all(dated):
        problems.append("dates")
    else:
        order = [tuple(map(int, one.groups()[:3])) for one in dated]
        problems += ["order"] if order != sorted(order, reverse=True) else []
    allowed = ["Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"]
    problems += [f"kind {kind}" for kind in kinds if kind not in allowed]
    for kind in re.findall(r"^### (\w+)\n(?!- )", text, re.MULTILINE):
        problems.append(f"empty {kind}")
    return problems


def test_the_changelog_has_its_format():
    text = (ROOT / "CHANGELOG.md").read_text()
    assert changelog_problems(text) == []
    assert changelog_problems(text.replace("## Unreleased", "## Soon")) == ["first part"]
    assert changelog_problems(text.replace("### Fixed", "### Mended")) == ["kind Mended"]
    assert changelog_problems(f"{text}\n## 0.1\n") == ["dates"]
    released = (
        f"{text}\n## 0.1.0 - 2026-01-02\n### Added\n- A.\n\n## 0.2.0 - 2026-02-03\n### Fixed\n"
    )
    assert changelog_problems(released) == ["order", "empty Fixed"]


def test_a_tag_is_released_only_with_its_notes(tmp_path, monkeypatch, capsys):
    version = check_tag.version()
    (tmp_path / "Cargo.toml").write_text((ROOT / "Cargo.toml").read_text())
    monkeypatch.setattr(check_tag, "ROOT", tmp_path)

    def status(*arguments):
        monkeypatch.setattr(sys, "argv", ["check_tag.py", *arguments])
        return check_tag.main()

    log = tmp_path / "CHANGELOG.md"
    log.write_text("# Changelog\n\n## Unreleased\n\n### Added\n- Next.\n")
    assert status("v9.9.9") == 1
    assert f"Cargo.toml has {version}" in capsys.readouterr().err
    assert status(f"v{version}") == 1
    assert "CHANGELOG.md has no part" in capsys.readouterr().err
    log.write_text(
        f"{log.read_text()}\n## {version} - 2026-01-02\n\n### Added\n- This.\n\n## 0.0.1 - 2025\n"
    )
    assert status(f"v{version}", "--notes") == 0
    assert capsys.readouterr().out == "### Added\n- This.\n"


def test_oldest_packages():
    pins = oldest.oldest(["onnx", "smp"])
    assert "numpy==1.26.*" in pins
    assert "onnxruntime==1.20.*" in pins
    assert len(pins) == len(toml("pyproject.toml")["project"]["dependencies"]) + 2


# Licences


@NEEDS_CARGO
def test_notices_are_current():
    status, said = tool("tools/notices.py", "--check")
    assert status == 0, said


def test_notices_hold_what_they_must():
    text = notices.OUT.read_text()
    for name in ("pyo3", "rayon", "mimalloc, in libmimalloc-sys", "standard library of Rust"):
        assert name in text
    assert len(re.findall("Copyright|copyright", text)) > 20
    assert toml("pyproject.toml")["project"]["license-files"] == ["LICENSE", "THIRD-PARTY.md"]


@pytest.mark.parametrize("licence", ["GPL-3.0", "MIT AND GPL-3.0", "LGPL-2.1 OR GPL-3.0"])
def test_a_licence_that_a_person_has_to_look_at(licence, tmp_path):
    package = {"name": "new", "license": licence, "manifest_path": str(tmp_path / "Cargo.toml")}
    (tmp_path / "LICENSE").write_text("Permission is hereby granted, free of charge, to any person")
    with pytest.raises(SystemExit, match="new: licence"):
        notices.chosen({**package, "authors": [], "repository": ""})


# Workflows and other files for GitHub


def read_yaml(path):
    """As GitHub reads it: ``on`` is a word and not a truth value."""
    data = yaml.safe_load(path.read_text())
    return {"on" if key is True else key: value for key, value in data.items()}


def schema_of(name):
    return get_builtin_schema(f"vendor.{name}")


@pytest.mark.parametrize(
    ("schema", "files"),
    [
        ("github-workflows", WORKFLOWS),
        ("dependabot", [GITHUB / "dependabot.yml"]),
        ("github-issue-config", [GITHUB / "ISSUE_TEMPLATE" / "config.yml"]),
        (
            "github-issue-forms",
            [one for one in (GITHUB / "ISSUE_TEMPLATE").glob("*.yml") if one.stem != "config"],
        ),
        ("citation-file-format", [ROOT / "CITATION.cff"]),
    ],
)
def test_files_keep_to_their_schema(schema, files):
    assert files
    for path in files:
        jsonschema.validate(read_yaml(path), schema_of(schema))


def test_the_schema_check_can_fail():
    wrong = {"on": "push", "jobs": {"a": {"steps": [{"run": "x"}]}}}
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(wrong, schema_of("github-workflows"))


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_actions_are_pinned(path):
    used = re.findall(r"uses: (\S+)(.*)", path.read_text())
    assert used
    for name, comment in used:
        if name.startswith("./"):
            assert (ROOT / name).is_file()
            continue
        assert re.fullmatch(r"[\w./-]+@[0-9a-f]{40}", name), name
        assert re.fullmatch(r" # v\d+\.\d+\.\d+", comment), name


def test_workflows_ask_for_no_more_rights_than_they_need():
    for path in WORKFLOWS:
        workflow = yaml.safe_load(path.read_text())
        assert workflow["permissions"] == {"contents": "read"}, path
        for name, job in workflow["jobs"].items():
            assert "timeout-minutes" in job or "uses" in job, (path, name)


def test_workflows_pass_the_auditor():
    zizmor = Path(sys.executable).with_name("zizmor")
    if not zizmor.exists():
        pytest.skip("zizmor is not installed; it comes with the dependency group release")
    done = subprocess.run(
        [zizmor, "--offline", "--no-progress", "--min-severity", "medium", GITHUB],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_workflows_cover_what_is_promised():
    matrix = yaml.safe_load((GITHUB / "workflows" / "test.yml").read_text())["jobs"]["matrix"]
    tested = matrix["strategy"]["matrix"]
    assert tested["python"] == ["3.11", "3.12", "3.13", "3.14"]
    assert {one.split("-")[0] for one in tested["os"]} == {"ubuntu", "macos", "windows"}
    promised = toml("pyproject.toml")["project"]["classifiers"]
    for python in tested["python"]:
        assert f"Programming Language :: Python :: {python}" in promised
    wheels = yaml.safe_load((GITHUB / "workflows" / "wheels.yml").read_text())["jobs"]["wheel"]
    built = {one["target"] for one in wheels["strategy"]["matrix"]["include"]}
    assert built == set(notices.TARGETS)


def test_scripts_that_workflows_run_are_there():
    for path in WORKFLOWS:
        for name in re.findall(r"(?:tools|conformance|tests)/\w+\.py", path.read_text()):
            assert (ROOT / name).is_file(), (path, name)


# Wheels and source distributions

VERSION = check_tag.version()
INFO = f"sn7fast-{VERSION}.dist-info"
METADATA = "\n".join(
    [
        "Metadata-Version: 2.4",
        "Name: sn7fast",
        f"Version: {VERSION}",
        "License-Expression: Apache-2.0",
        "License-File: LICENSE",
        "License-File: THIRD-PARTY.md",
        "Requires-Python: >=3.11",
        "Project-URL: Repository, https://example.org",
        "",
        "# sn7fast",
    ]
)
BILL = {
    "bomFormat": "CycloneDX",
    "components": [
        {"name": name, "version": "1", "licenses": [{"expression": "MIT"}]}
        for name in ("pyo3", "numpy", "rayon", "sn7fast-core")
    ],
}


def wheel(
    tmp_path, name=f"sn7fast-{VERSION}-cp311-abi3-manylinux_2_28_x86_64.whl", without=(), **extra
):
    """A wheel with all that one must have, less and more."""
    files = {
        **dict.fromkeys(
            [
                "sn7fast/__init__.py",
                "sn7fast/_core.abi3.so",
                "sn7fast/_core.pyi",
                "sn7fast/py.typed",
                "sn7fast/run.py",
                "sn7fast/nn/default/default.onnx",
                "sn7fast/nn/training/__init__.py",
                f"{INFO}/entry_points.txt",
                f"{INFO}/licenses/LICENSE",
                f"{INFO}/licenses/THIRD-PARTY.md",
            ],
            "",
        ),
        f"{INFO}/METADATA": METADATA,
        f"{INFO}/sboms/sn7fast-py.cyclonedx.json": json.dumps(BILL),
        **extra,
    }
    path = tmp_path / name
    with zipfile.ZipFile(path, "w") as archive:
        for place, text in files.items():
            if place not in without:
                archive.writestr(place, text)
    return path


def test_a_whole_wheel_has_no_problems(tmp_path):
    assert check_release.wheel_problems(wheel(tmp_path)) == []


@pytest.mark.parametrize(
    ("without", "extra", "problem"),
    [
        (["sn7fast/py.typed"], {}, r"lacks sn7fast/py\.typed"),
        (["sn7fast/nn/default/default.onnx"], {}, r"lacks sn7fast/nn/default/default"),
        ([f"{INFO}/licenses/THIRD-PARTY.md"], {}, r"lacks .*THIRD-PARTY"),
        ([f"{INFO}/sboms/sn7fast-py.cyclonedx.json"], {}, r"lacks .*sboms"),
        ([], {"tests/test_x.py": ""}, r"has tests/test_x\.py"),
        ([], {"sn7fast/tests/x.py": ""}, r"has sn7fast/tests/x\.py"),
        ([], {"sn7fast/test_x.py": ""}, r"has sn7fast/test_x\.py"),
        ([], {"sn7fast/_core.pdb": ""}, r"has sn7fast/_core\.pdb"),
        ([], {"sn7fast/__pycache__/x.pyc": ""}, r"has sn7fast/__pycache__"),
        ([], {"training/sn7fast.yaml": ""}, r"has training/"),
        ([], {f"{INFO}/METADATA": METADATA.replace("Apache-2.0", "MIT")}, r"metadata lack"),
        ([], {f"{INFO}/sboms/sn7fast-py.cyclonedx.json": "{}"}, r"its SBOM is not of CycloneDX"),
        ([], {f"{INFO}/sboms/sn7fast-py.cyclonedx.json": "x"}, r"its SBOM is no JSON"),
        (
            [],
            {
                f"{INFO}/sboms/sn7fast-py.cyclonedx.json": json.dumps(
                    BILL | {"components": [*BILL["components"][1:], {"name": "x", "version": "1"}]}
                )
            },
            r"its SBOM lacks pyo3",
        ),
    ],
)
def test_a_wheel_with_a_fault(tmp_path, without, extra, problem):
    problems = check_release.wheel_problems(wheel(tmp_path, without=without, **extra))
    assert problems
    assert re.match(problem, problems[0].replace("\\", "")), problems


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("sn7fast-9.9.9-cp311-abi3-manylinux_2_28_x86_64.whl", "is version 9.9.9"),
        (f"sn7fast-{VERSION}-cp312-cp312-manylinux_2_28_x86_64.whl", "is for cp312-cp312"),
        (f"sn7fast-{VERSION}-cp311-abi3-linux_x86_64.whl", "is for linux_x86_64"),
    ],
)
def test_a_wheel_with_a_wrong_name(tmp_path, name, problem):
    problems = check_release.wheel_problems(wheel(tmp_path, name))
    assert any(one.startswith(problem) for one in problems)


def test_a_wheel_lacks_no_file_of_the_package(tmp_path):
    package = tmp_path / "sn7fast"
    (package / "report").mkdir(parents=True)
    (package / "report" / "page.html").touch()
    assert check_release.wheel_problems(wheel(tmp_path), package) == [
        "lacks sn7fast/report/page.html"
    ]


def sdist(tmp_path, names, info=METADATA):
    path = tmp_path / f"sn7fast-{VERSION}.tar.gz"
    with tarfile.open(path, "w:gz") as archive:
        for name in names:
            data = info.encode() if name.endswith("PKG-INFO") else b""
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return path


def test_source_distributions(tmp_path):
    whole = [f"sn7fast-{VERSION}/{name}" for name in check_release.SDIST_WANTED]
    assert check_release.sdist_problems(sdist(tmp_path, whole)) == []
    for name in whole:
        found = check_release.sdist_problems(sdist(tmp_path, [one for one in whole if one != name]))
        assert len(found) == 1
        assert found[0].startswith("lacks ")
    more = [*whole, f"sn7fast-{VERSION}/python/sn7fast/_core.abi3.so", f"evil/sn7fast-{VERSION}"]
    found = check_release.sdist_problems(sdist(tmp_path, more))
    assert [one.split()[1] for one in found] == [
        "python/sn7fast/_core.abi3.so", f"evil/sn7fast-{VERSION}"
    ]  # fmt: skip


def test_the_lock_file_holds_nothing_that_a_source_distribution_leaves_out():
    assert toml("Cargo.toml")["workspace"]["members"] == ["rust/sn7fast-core", "rust/sn7fast-py"]
    assert "sn7fast-benches" not in {one["name"] for one in toml("Cargo.lock")["package"]}


# The Dockerfile, and its dry run

STEPS = docker_dry_run.instructions((ROOT / "Dockerfile").read_text())


def test_dockerfile_is_what_it_should_be():
    keywords = [keyword for keyword, _ in STEPS]
    assert keywords.count("FROM") == 2
    assert STEPS[keywords.index("FROM")][1].startswith("rust:")
    assert STEPS[-1] == ("RUN", "python /opt/sn7fast/test_minimal.py")
    last_stage = STEPS[len(keywords) - 1 - keywords[::-1].index("FROM") :]
    assert last_stage[0] == ("FROM", "${BASE}")
    users = [rest for keyword, rest in last_stage if keyword == "USER"]
    assert users == ["sn7fast"]
    assert ("ENTRYPOINT", '["sn7fast"]') in last_stage
    # As a user without rights is how the tests run, too.
    assert last_stage.index(("USER", "sn7fast")) < len(last_stage) - 1
    for keyword in set(keywords):
        assert hasattr(docker_dry_run.Build, f"_{keyword.lower()}"), keyword


def test_dockerignore_lets_through_what_is_copied():
    build = docker_dry_run.Build(ROOT, Path(sys.executable), {}, ROOT)
    for name in (
        "Cargo.lock",
        "pyproject.toml",
        "tests/test_minimal.py",
        "THIRD-PARTY.md",
        "LICENSE",
    ):
        assert not build._is_ignored(ROOT / name), name
    for name in (".git", ".venv", "target", "python/sn7fast/_core.abi3.so"):
        assert build._is_ignored(ROOT / name), name


def dry_run(tmp_path, text, **arguments):
    context = tmp_path / "context"
    context.mkdir(exist_ok=True)
    (context / ".dockerignore").write_text("secret\n**/*.so\n")
    for name in ("file", "secret", "x.so"):
        (context / name).write_text(name)
    folder = tmp_path / "build"
    folder.mkdir()
    python = Path(sys.executable)
    build = docker_dry_run.Build(folder, python, arguments, context)
    return build.run(docker_dry_run.instructions(text))


@pytest.mark.skipif(sys.platform == "win32", reason="steps are commands of a POSIX shell")
def test_a_dry_run_runs_the_steps(tmp_path):
    last = dry_run(
        tmp_path,
        "ARG BASE=slim\n"
        "FROM first AS one\n"
        "WORKDIR /src\n"
        "# a comment\n"
        "COPY . .\n"
        "RUN mkdir /out \\\n    && ls > /out/listing\n"
        "FROM ${BASE}\n"
        "ARG WORD=hello\n"
        "ENV PLACE=/there\n"
        "COPY --from=one /out /out\n"
        "RUN apt-get install nothing-like-this\n"
        'RUN echo "$WORD" > /out/word && echo $PLACE > /out/place\n'
        'ENTRYPOINT ["cat"]\n',
        WORD="bye",
    )
    assert last.real("/out/listing").read_text() == "file\n"
    assert last.real("/out/word").read_text() == "bye\n"
    assert last.real("/out/place").read_text() == f"{last.root}/there\n"
    assert last.entry == ["cat"]


@pytest.mark.skipif(sys.platform == "win32", reason="steps are commands of a POSIX shell")
@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("FROM x\nRUN false", "exit status 1"),
        ("FROM x\nHEALTHCHECK NONE", "HEALTHCHECK: not known"),
        ("FROM x\nCOPY none /none", "COPY: no none"),
        ("FROM x\nCOPY secret /secret", "in .dockerignore"),
        ("FROM x\nCOPY --chown=a file /file", "--chown=a: not known"),
        ("RUN true", "before the first FROM"),
        ("ARG A=1", "no FROM"),
    ],
)
def test_a_dry_run_fails_where_a_build_would(tmp_path, text, said):
    with pytest.raises(docker_dry_run.StepError, match=re.escape(said)):
        dry_run(tmp_path, text)


# What contributors read


def test_commands_of_the_guide_exist():
    guide, makefile = (ROOT / "CONTRIBUTING.md").read_text(), (ROOT / "Makefile").read_text()
    targets = re.findall(r"\bmake ([a-z]+)", guide)
    assert {"build", "test", "lint", "release"} <= set(targets)
    for target in targets:
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target
    for script in re.findall(r"python (\w+/\w+\.py)", guide + makefile):
        assert (ROOT / script).is_file(), script
    for script in re.findall(r"\$\(BIN\)/python ((?!-)\S+\.py)", makefile):
        assert (ROOT / script).is_file(), script
