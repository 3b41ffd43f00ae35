"""``sn7fast predict`` and ``export`` as processes: what they print, and a kill in the middle."""

import json
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
from click.testing import CliRunner

from nn_fakes import write_rgba
from sn7fast.cli.group import commands
from sn7fast.data.sn7 import sn7_aoi, sn7_grid, sn7_stem
from sn7fast.nn.outputs import read_prediction

torch = pytest.importorskip("torch")
pytest.importorskip("onnxruntime")
pytest.importorskip("onnxscript")

AOI = sn7_aoi(1474, 3210)
MONTHS = [f"2018_{month:02}" for month in range(1, 9)]


@pytest.fixture(scope="module")
def network(tmp_path_factory):
    from sn7fast.nn.build import build
    from sn7fast.nn.spec import ModelSpec
    from sn7fast.nn.weights import save_weights

    torch.manual_seed(0)
    spec = ModelSpec.small(width=4, depth=3)
    path = tmp_path_factory.mktemp("network") / "net.safetensors"
    save_weights(path, build(spec), spec)
    return path


@pytest.fixture(scope="module")
def stack(tmp_path_factory):
    folder = tmp_path_factory.mktemp("stack")
    random = np.random.default_rng(0)
    for month in MONTHS:
        path = folder / AOI / "images_masked" / f"{sn7_stem(AOI, month)}.tif"
        valid = random.random((300, 280)) > 0.1
        pixels = random.integers(1, 255, (3, 300, 280), np.uint8)
        write_rgba(path, np.where(valid, pixels, 0).astype(np.uint8), valid,
                   sn7_grid(AOI, (300, 280)))  # fmt: skip
    return folder


def run(*arguments, status=0):
    """In this process."""
    done = CliRunner().invoke(commands, [str(argument) for argument in arguments])
    assert done.exit_code == status, done.output
    return done.stdout, done.stderr


def command(*arguments):
    return [sys.executable, "-m", "sn7fast.run", *map(str, arguments)]


def visible(folder):
    return {path.relative_to(folder): path.read_bytes()
            for path in folder.rglob("*") if path.is_file() and path.name[0] != "."}  # fmt: skip


@pytest.mark.slow
def test_killed_and_run_again(stack, network, tmp_path):
    settings = ["--weights", network, "--device", "cpu", "--tile", 96, "--threads", 1]
    subprocess.run(command("predict", stack, "--out", tmp_path / "whole", *settings), check=True)
    whole = visible(tmp_path / "whole")
    assert len(whole) == len(MONTHS)

    out = tmp_path / "killed"
    process = subprocess.Popen(
        command("predict", stack, "--out", out, *settings),
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    while process.poll() is None and len(visible(out)) < 2:
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    before = visible(out)
    assert 2 <= len(before) < len(MONTHS)
    assert before.items() <= whole.items()

    again = command("predict", stack, "--out", out, *settings, "--json")
    told = json.loads(subprocess.run(again, check=True, capture_output=True).stdout)
    assert len(told["kept"]) == len(before)
    assert len(told["written"]) == len(MONTHS) - len(before)
    assert visible(out) == whole


@pytest.mark.slow
def test_export_and_predict_without_torch(stack, network, tmp_path):
    file = tmp_path / "net.onnx"
    text, _ = run("export", network, "--out", file)
    assert "net.onnx" in text
    _, errors = run("export", network, "--out", file, status=2)
    assert "is there already" in errors
    _, errors = run("export", network, "--out", tmp_path / "net.pt", status=2)
    assert ".onnx" in errors

    code = (
        "import sys; sys.modules['torch'] = None; from sn7fast.run import main; "
        "sys.argv[0] = 'sn7fast'; main()"
    )
    out = tmp_path / "out"
    done = subprocess.run(
        [sys.executable, "-c", code, "predict", stack, "--weights", file, "--out", out,
         "--outputs", "footprint,contact", "--dtype", "uint8", "--flips"],
        capture_output=True, text=True, check=False, env=os.environ | {"SN7FAST_DEBUG": "1"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert f"{len(MONTHS)} images" in done.stdout
    assert "note: network: onnxruntime on cpu" in done.stderr
    made = read_prediction(out / AOI / f"{sn7_stem(AOI, MONTHS[0])}.tif")
    assert made.outputs == ("footprint", "contact")
    assert 0.05 < (~made.valid).mean() < 0.15


def test_bad_images_and_usage(stack, network, tmp_path):
    source = tmp_path / "in"
    write_rgba(source / "good.tif", np.ones((3, 32, 32), np.uint8))
    (source / "bad.tif").write_bytes(b"II*\0")
    settings = ["--weights", network, "--device", "cpu", "--out", tmp_path / "out"]
    text, errors = run("predict", source, *settings, status=4)
    assert "1 image," in text
    assert "error: left out: " in errors
    assert "bad.tif" in errors
    (source / "good.tif").unlink()
    _, errors = run("predict", source, "--weights", network, "--out", tmp_path / "no", status=3)
    assert "none of 1 image could be used" in errors
    _, errors = run("predict", source, *settings, "--tile", "16", "--overlap", "9", status=2)
    assert "--overlap: got 9" in errors


def test_weights_that_do_not_say_what_they_are(stack, network, tmp_path):
    from safetensors.torch import load_file

    from sn7fast.nn.weights import read_spec

    bare, spec = tmp_path / "net.pth", tmp_path / "spec.json"
    torch.save(load_file(network), bare)
    spec.write_text(read_spec(network).to_json())
    image = next(stack.rglob("*.tif"))
    settings = ["--weights", bare, "--device", "cpu", "--out"]
    _, errors = run("predict", image, *settings, tmp_path / "no", status=3)
    assert "net.pth: says nothing about its network" in errors
    _, errors = run("predict", image, *settings, tmp_path / "no", "--spec", "xdxd", status=3)
    assert "net.pth: does not fit the network" in errors
    run("predict", image, *settings, tmp_path / "out", "--spec", spec)
    assert len(visible(tmp_path / "out")) == 1
    spec.write_text("{}")
    _, errors = run("predict", image, *settings, tmp_path / "no", "--spec", spec, status=3)
    assert "spec.json: spec: version: got None" in errors
