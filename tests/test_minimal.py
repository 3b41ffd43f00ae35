"""What must work wherever sn7fast is installed, with nothing but what it needs itself.

It runs on the installed wheel outside of the source tree, without the fixtures and settings of the
other tests:

    python -m pytest -p no:cacheprovider --noconftest -c /dev/null test_minimal.py

and it also runs without pytest, for images that hold nothing to test with:

    python test_minimal.py
"""

import importlib.util
import json
import os
import re
import subprocess
import sys
import tempfile
from importlib import metadata
from pathlib import Path

import numpy as np

import sn7fast

FOLDER = Path(sn7fast.__file__).parent
# False for an editable installation, such as that of a checkout.
IS_WHEEL = FOLDER.is_relative_to(Path(str(metadata.distribution("sn7fast").locate_file(""))))
MONTHS = tuple(f"2020_{month:02}" for month in range(1, 7))

# What an extra brings, by the module that a test needs.
EXTRAS = {
    "onnxruntime": "onnx",
    "shapely": "vector",
    "pyarrow": "vector",
    "torch": "torch",
    "zarr": "zarr",
}


class Skipped(Exception):
    """Why a test cannot run here; used where there is no pytest."""


def need(module):
    """Skip the test unless the extra that brings this module is installed."""
    if importlib.util.find_spec(module) is None:
        skip(f"{module} is not installed; it comes with sn7fast[{EXTRAS[module]}]")


def skip(reason):
    """Say that a test cannot run, and why."""
    if "pytest" in sys.modules:
        import pytest

        pytest.skip(reason)
    raise Skipped(reason)


def command(*arguments, status=0):
    """Run the command line in a process of its own; returns stdout and stderr."""
    done = subprocess.run(
        [sys.executable, "-m", "sn7fast.run", *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == status, (arguments, done.returncode, done.stdout, done.stderr)
    return done.stdout, done.stderr


def town():
    """Six months of probabilities: a building that stays, one that is built in the fourth."""
    prob = np.zeros((6, 64, 64), np.uint8)
    prob[:, 10:14, 10:16] = 230
    prob[3:, 30:35, 40:44] = 230
    return prob


def tracks():
    return sn7fast.track(sn7fast.polygonize_frames(town(), months=MONTHS, aoi="town"))


# The installation


def test_it_is_whole():
    for name in ("py.typed", "_core.pyi", "nn/default/default.onnx"):
        assert (FOLDER / name).is_file(), name
    assert not list(FOLDER.rglob("test_*.py"))
    assert metadata.version("sn7fast") == sn7fast.__version__
    texts = [path.name for path in metadata.files("sn7fast") or () if "licenses" in path.as_posix()]
    if IS_WHEEL:
        assert {"LICENSE", "THIRD-PARTY.md"} <= set(texts)


def test_importing_needs_numpy_alone():
    code = (
        "import sys, sn7fast\n"
        "heavy = {'rasterio', 'torch', 'onnxruntime', 'shapely', 'pandas', 'pydantic', 'click'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_every_public_name_is_there():
    for name in sn7fast.__all__:
        assert getattr(sn7fast, name) is not None


# The library


def test_polygonize_and_rasterize():
    mask = town()[-1]
    footprints = sn7fast.polygonize(mask)
    assert len(footprints) == 2
    assert footprints.areas.tolist() == [24, 20]
    assert np.array_equal(sn7fast.rasterize(footprints, mask.shape) > 0, mask > 0)


def test_track_and_collapse():
    assert tracks().ids.tolist() == [0, 0, 0, 0, 1, 0, 1, 0, 1]
    cube = sn7fast.Cube.from_arrays(town(), months=MONTHS)
    assert sn7fast.collapse(cube, aoi="town").buildings.first_month.tolist() == [3, 0]


def test_score():
    score = sn7fast.score_scot(tracks(), tracks())
    assert score.score == 1
    assert score.aois["town"].change_tp == 1
    assert sn7fast.score_f1(tracks(), tracks()).mean == 1


def test_results_do_not_depend_on_threads():
    before = sn7fast.get_num_threads()
    seen = set()
    for count in (1, 2, 4):
        sn7fast.set_num_threads(count)
        seen.add(tracks().footprints.coords.tobytes())
    sn7fast.set_num_threads(before)
    assert len(seen) == 1


def test_csv_there_and_back():
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "tracks.csv"
        sn7fast.write_csv(path, tracks())
        again = sn7fast.read_csv(path)
    assert again["town"].ids.tolist() == tracks().ids.tolist()
    assert again["town"].months == MONTHS


def test_bad_input_is_refused():
    for wrong in (np.zeros(3), np.zeros((3, 3), complex)):
        try:
            sn7fast.polygonize(wrong)
        except sn7fast.InputError as error:
            assert "mask" in str(error)  # noqa: PT017 - there may be no pytest to do it
        else:
            raise AssertionError("taken")


def test_a_missing_package_is_named_with_its_extra():
    for module, run in (
        ("shapely", lambda: tracks().footprints.to_shapely()),
        ("pyarrow", lambda: sn7fast.write_parquet(Path(os.devnull).parent / "x", tracks())),
    ):
        if importlib.util.find_spec(module) is not None:
            continue
        try:
            run()
        except sn7fast.MissingDependencyError as error:
            assert "pip install 'sn7fast[vector]'" in str(error)  # noqa: PT017
        else:
            raise AssertionError(f"{module} was not needed")


# The command line


def test_help():
    from click.testing import CliRunner

    from sn7fast.cli.group import commands

    shown, _ = command("--help")
    listed = shown.partition("Commands:\n")[2].partition("\n\n")[0]
    names = re.findall(r"^  (\w+) ", listed, re.MULTILINE)
    assert {"demo", "pipeline", "track", "score", "doctor"} <= set(names)
    for name in names:
        done = CliRunner().invoke(commands, [name, "--help"])
        assert done.exit_code == 0
        assert "Example:" in done.output
    assert command("--version")[0].strip().endswith(sn7fast.__version__)


def test_script_is_installed():
    name = "sn7fast.exe" if os.name == "nt" else "sn7fast"
    script = Path(sys.executable).parent / name
    if script.exists():
        done = subprocess.run([script, "--version"], capture_output=True, text=True, check=True)
        assert sn7fast.__version__ in done.stdout


def test_doctor():
    facts = json.loads(command("doctor", "--json")[0])
    assert facts["whole"]
    assert facts["sn7fast"] == sn7fast.__version__
    assert facts["core"]["build"] == "release"
    for module, extra in EXTRAS.items():
        if importlib.util.find_spec(module) is None:
            assert extra in facts["fix"]


def test_masks_to_tracks_to_scores():
    from sn7fast.io.rasters import write_mask

    with tempfile.TemporaryDirectory() as folder:
        masks, out = Path(folder) / "masks", Path(folder) / "tracks.csv"
        masks.mkdir()
        for month, mask in zip(MONTHS, town(), strict=True):
            write_mask(masks / f"town_{month}.tif", mask)
        command("track", masks, "--out", out)
        report = json.loads(command("score", out, out, "--json", "-")[0])
    assert report["scot"]["score"] == 1
    assert report["f1"]["pooled"]["true_positives"] == 9


def test_wrong_usage_says_what_to_do():
    _, said = command("scor", status=2)
    assert "did you mean score" in said
    assert "next: " in said


# With extras


def test_demo():
    need("onnxruntime")
    if not IS_WHEEL:
        skip("this is a checkout, whose other tests run a demo")
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "demo"
        command("demo", "--quiet", "--out", out)
        scores = json.loads((out / "scores.json").read_text())
        assert 0.3 < scores["scot"]["track"] <= 1


def test_without_onnxruntime_the_demo_names_it():
    if importlib.util.find_spec("onnxruntime") is not None:
        return
    with tempfile.TemporaryDirectory() as folder:
        _, said = command("demo", "--quiet", "--out", Path(folder) / "demo", status=3)
        assert "sn7fast[onnx]" in said
        assert list(Path(folder).iterdir()) == []


def test_shapely_there_and_back():
    need("shapely")
    footprints = tracks().footprints
    polygons = footprints.to_shapely()
    assert [polygon.area for polygon in polygons] == footprints.areas.tolist()


def test_parquet_there_and_back():
    need("pyarrow")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "tracks.parquet"
        sn7fast.write_parquet(path, tracks())
        assert sn7fast.read_parquet(path)["town"].ids.tolist() == tracks().ids.tolist()


def test_torch_network_gives_probabilities():
    need("torch")
    from sn7fast.nn.build import build
    from sn7fast.nn.spec import ModelSpec
    from sn7fast.nn.weights import save_weights

    spec = ModelSpec.small(width=4, depth=2)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "small.safetensors"
        save_weights(path, build(spec), spec)
        prob = sn7fast.predict(np.zeros((3, 64, 64), np.uint8), path)
    assert prob.shape == (3, 64, 64)
    assert ((prob >= 0) & (prob <= 1)).all()


def main():
    """Run all tests without pytest; the exit status is 1 if any failed."""
    counts = {"passed": 0, "failed": 0, "skipped": 0}
    for name, test in list(globals().items()):
        if not name.startswith("test_"):
            continue
        try:
            test()
        except Skipped as reason:
            print(f"skipped {name}: {reason}")  # noqa: T201
            counts["skipped"] += 1
        except Exception as error:
            import traceback

            traceback.print_exception(error)
            print(f"FAILED  {name}")  # noqa: T201
            counts["failed"] += 1
        else:
            print(f"passed  {name}")  # noqa: T201
            counts["passed"] += 1
    print(", ".join(f"{count} {what}" for what, count in counts.items()))  # noqa: T201
    return 1 if counts["failed"] else 0


if __name__ == "__main__":
    sys.exit(main())
