"""torch and onnxruntime behind one interface, and export from one to the other."""

import numpy as np
import pytest

from sn7fast import load_model, predict
from sn7fast.errors import InputError
from sn7fast.nn.spec import METADATA_KEY, ModelSpec

torch = pytest.importorskip("torch")
onnx = pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")
pytest.importorskip("onnxscript")

from sn7fast.nn.build import build  # noqa: E402 - after torch is known to be there
from sn7fast.nn.export import export_onnx  # noqa: E402
from sn7fast.nn.model import model_of  # noqa: E402
from sn7fast.nn.weights import save_weights  # noqa: E402

SPEC = ModelSpec.small(width=4, depth=2, scale=2, info={"trained": "never"})


@pytest.fixture(scope="module")
def network():
    torch.manual_seed(0)
    network = build(SPEC)
    network.train()
    for _ in range(5):  # statistics that are not 0 and 1
        network(torch.randn(4, 3, 16, 16) * 2 + 1)
    return network.eval()


@pytest.fixture(scope="module")
def folder(tmp_path_factory, network):
    folder = tmp_path_factory.mktemp("networks")
    save_weights(folder / "net.safetensors", network, SPEC)
    difference = export_onnx(folder / "net.onnx", network, SPEC)
    assert 0 <= difference < 1e-5
    return folder


@pytest.fixture(scope="module")
def images():
    return np.random.default_rng(0).integers(0, 255, (2, 3, 33, 46), np.uint8)


def straight(network, images):
    """The plain way: normalise, pad by mirroring, run, cut."""
    numbers = (images.astype(np.float32) - 110) / 45
    numbers = np.pad(numbers, [(0, 0), (0, 0), (0, 1), (0, 0)], "symmetric")
    with torch.no_grad():
        return network(torch.from_numpy(numbers)).numpy()[:, :, :66]


def test_both_backends_say_what_the_network_does(folder, network, images):
    wanted = straight(network, images)
    assert wanted.shape == (2, 3, 66, 92)
    by_torch = load_model(folder / "net.safetensors", device="cpu", precision="float32")
    by_onnx = load_model(folder / "net.onnx", device="cpu", threads=1)
    assert by_torch.spec == by_onnx.spec == SPEC
    assert by_torch.backend.name == "torch on cpu, float32"
    assert by_onnx.backend.name == "onnxruntime on cpu"
    np.testing.assert_allclose(by_torch(images), wanted, atol=1e-5)
    np.testing.assert_allclose(by_onnx(images), wanted, atol=1e-5)
    assert by_torch.fingerprint != by_onnx.fingerprint
    assert len(by_torch.fingerprint) == 64


def test_bfloat16_says_nearly_the_same(network, images):
    wanted = straight(network, images)
    got = model_of(network, SPEC, precision="bfloat16")(images)
    assert got.dtype == np.float32
    error = np.abs(got - wanted)
    assert 0 < error.max() < 0.03 * np.abs(wanted).max()


def test_the_network_given_is_left_as_it_is(network, images):
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    model_of(network, SPEC, precision="bfloat16")(images)
    assert all(torch.equal(before[name], tensor) for name, tensor in network.state_dict().items())
    assert network.head.weight.requires_grad


def test_both_go_through_predict(folder, images):
    one, other = (predict(images, load_model(folder / name, device="cpu"), tile=16, overlap=8)
                  for name in ("net.safetensors", "net.onnx"))  # fmt: skip
    np.testing.assert_allclose(one, other, atol=0.01)


def test_whole_and_tiled_agree_far_from_the_seams(network):
    """A tile that lies as the pooling does and has enough around it says the same as the whole."""
    model = model_of(network, SPEC, precision="float32")
    pixels = np.random.default_rng(1).integers(0, 255, (3, 128, 128), np.uint8)
    whole = predict(pixels, model, kind="logit")
    tiled = predict(pixels, model, kind="logit", tile=64, overlap=32)
    # Tiles at 0, 32 and 64; rows 24 to 40 of the first are 24 pixels away from its end.
    np.testing.assert_allclose(tiled[:, :30, :30], whole[:, :30, :30], atol=1e-4)
    assert np.abs(tiled - whole).max() > 1e-4


def test_xdxd_runs_through_tiles_of_the_baseline():
    from sn7fast.nn.settings import PredictSettings

    torch.manual_seed(1)
    spec = ModelSpec.xdxd()
    network = build(spec).eval()
    pixels = np.random.default_rng(2).integers(0, 255, (3, 64, 63), np.uint8)
    settings = PredictSettings.baseline(tile=32)
    got = predict(pixels, model_of(network, spec, precision="float32"), settings=settings)
    with torch.no_grad():
        tiles = {
            (y, x): network(torch.from_numpy(pixels[None, :, y : y + 32, x : x + 32]).float())[0]
            for y in (0, 32)
            for x in (0, 31)
        }
    stitched = np.full((4, 64, 63), np.nan, np.float32)
    for layer, ((y, x), tile) in zip(stitched, tiles.items(), strict=True):
        layer[y : y + 32, x : x + 32] = tile.numpy()
    np.testing.assert_allclose(got[0], np.nanmean(stitched, axis=0), atol=1e-4)


def test_cuda_that_is_absent(folder, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(
        InputError, match=r"device: got cuda, torch .* sees 0 CUDA devices; use cpu"
    ):
        load_model(folder / "net.safetensors", device="cuda")
    import onnxruntime

    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: ["CPUExecutionProvider"])
    with pytest.raises(InputError, match="device: got cuda:1, this onnxruntime has CPU"):
        load_model(folder / "net.onnx", device="cuda:1")
    assert load_model(folder / "net.onnx").backend.name == "onnxruntime on cpu"
    assert load_model(folder / "net.safetensors").backend.name.startswith("torch on cpu")


@pytest.mark.parametrize("device", ["gpu", "mps", "cuda:x", "cpu:cuda"])
@pytest.mark.parametrize("name", ["net.onnx", "net.safetensors"])
def test_odd_devices(folder, name, device):
    with pytest.raises(InputError, match=f"device: got '{device}'"):
        load_model(folder / name, device=device)


def test_the_wrong_backend(folder):
    with pytest.raises(InputError, match="this file is run by torch; to make an ONNX file"):
        load_model(folder / "net.safetensors", backend="onnxruntime")
    with pytest.raises(InputError, match="this file is run by onnxruntime"):
        load_model(folder / "net.onnx", backend="torch")
    with pytest.raises(InputError, match="backend: got 'tflite'"):
        load_model(folder / "net.onnx", backend="tflite")
    with pytest.raises(InputError, match="precision: got 'int4'"):
        load_model(folder / "net.safetensors", precision="int4")


def test_the_exported_file(folder):
    proto = onnx.load(folder / "net.onnx")
    onnx.checker.check_model(proto)
    assert {entry.key for entry in proto.metadata_props} >= {METADATA_KEY}
    assert "BatchNormalization" not in {node.op_type for node in proto.graph.node}
    shape = proto.graph.input[0].type.tensor_type.shape.dim
    assert [bool(dim.dim_param) for dim in shape] == [True, False, True, True]
    # No path of the machine it was made on.
    assert b"site-packages" not in (folder / "net.onnx").read_bytes()


def rewritten(folder, tmp_path, change):
    path = tmp_path / "changed.onnx"
    proto = onnx.load(folder / "net.onnx")
    change(proto)
    onnx.save(proto, path)
    return path


def test_an_onnx_file_of_others(folder, tmp_path, network, images):
    path = rewritten(folder, tmp_path, lambda proto: proto.ClearField("metadata_props"))
    with pytest.raises(InputError, match=r"changed.onnx: says nothing about its network"):
        load_model(path)
    spec = ModelSpec("onnx", mean=(110,) * 3, std=(45,) * 3, outputs=("a", "b", "c"), scale=2,
                     resampling="network", multiple=2)  # fmt: skip
    np.testing.assert_allclose(
        load_model(path, spec=spec)(images), straight(network, images), atol=1e-5
    )
    for changes, message in (
        ({"bands": ("a", "b"), "mean": (), "std": ()}, "bands: the file has shape .*its spec 2"),
        ({"outputs": ("a",)}, "outputs: the file has shape .*its spec 1"),
        ({"scale": 4}, "the network gave .* its spec promises"),
    ):
        from dataclasses import replace

        with pytest.raises(InputError, match=message):
            load_model(path, spec=replace(spec, **changes))(images)


def test_onnx_files_that_cannot_be_used(folder, tmp_path):
    with pytest.raises(InputError, match=r"absent.onnx: no such file"):
        load_model(tmp_path / "absent.onnx")
    (tmp_path / "odd.onnx").write_bytes(b"weights")
    with pytest.raises(InputError, match=r"odd.onnx: onnxruntime cannot use it"):
        load_model(tmp_path / "odd.onnx")
    path = tmp_path / "short.onnx"
    path.write_bytes((folder / "net.onnx").read_bytes()[:-2000])
    with pytest.raises(InputError, match=r"short.onnx: onnxruntime cannot use it"):
        load_model(path)

    def spoil(proto):
        proto.metadata_props[0].value = '{"version": 9}'

    with pytest.raises(InputError, match=r"changed.onnx: spec: version: got 9"):
        load_model(rewritten(folder, tmp_path, spoil))
    with pytest.raises(InputError, match="its spec is not the one wanted: outputs"):
        load_model(
            folder / "net.onnx", spec=ModelSpec.small(width=4, depth=2, scale=2, outputs=("a",))
        )


@pytest.mark.slow
def test_an_export_that_differs_is_not_kept(network, tmp_path):
    path = tmp_path / "net.onnx"
    with pytest.raises(InputError, match="gives other numbers than torch"):
        export_onnx(path, network, SPEC, tolerance=-1)
    assert not list(tmp_path.iterdir())
    with pytest.raises(InputError, match="cannot be exported"):
        export_onnx(path, Stubborn(), SPEC)


class Stubborn(torch.nn.Module):
    def forward(self, x):
        return x * 2 if x.sum().item() > 0 else x
