"""One image through a network: ours by torch and by onnxruntime, and torch as it comes.

Ratios are of one thread to one thread. xdxd has a small image, as a full one takes a minute.
"""

import pytest

pytest.importorskip("torch")
pytest.importorskip("onnxruntime")

import torch

import networks
from sn7fast.nn.export import export_onnx
from sn7fast.nn.model import load_model, model_of

SIDES = {"xdxd": 256, "small": 1024}
# bfloat16 has 8 bits; of float32 nearly all are kept.
ROUGH, FINE = 0.2, 1e-3

by_torch = [
    pytest.param(name, marks=pytest.mark.benchmark(group=f"{name}_torch")) for name in SIDES
]
by_onnx = [pytest.param(name, marks=pytest.mark.benchmark(group=f"{name}_onnx")) for name in SIDES]


@pytest.fixture(scope="module")
def onnx_files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("networks")
    for name in SIDES:
        export_onnx(folder / f"{name}.onnx", networks.network(name), networks.SPECS[name])
    return folder


@pytest.fixture(scope="module")
def answers():
    """What torch says as it comes."""
    return {name: networks.eager(name, side) for name, side in SIDES.items()}


@pytest.mark.parametrize("name", by_torch)
def test_sn7fast_torch(ours, threads, answers, name):
    torch.set_num_threads(threads)
    model, image = (
        model_of(networks.network(name), networks.SPECS[name]),
        networks.image(SIDES[name]),
    )
    allowed = ROUGH if "bfloat16" in model.backend.name else FINE

    def check(answer):
        assert networks.difference(answer, answers[name].answer) < allowed

    ours(lambda: model(image), check)


@pytest.mark.parametrize("name", by_onnx)
def test_sn7fast_onnx(ours, threads, onnx_files, answers, name):
    model = load_model(onnx_files / f"{name}.onnx", device="cpu", threads=threads)
    image = networks.image(SIDES[name])

    def check(answer):
        assert networks.difference(answer, answers[name].answer) < FINE

    ours(lambda: model(image), check)


@pytest.mark.parametrize("name", by_torch + by_onnx)
def test_torch_eager(race, answers, name):
    assert answers[name].answer.shape[2:] == (SIDES[name], SIDES[name])
    race(answers[name])
