"""Files of weights: ours, those of others, and those that are refused."""

import json
import os
import resource
import struct

import pytest

from sn7fast.errors import InputError
from sn7fast.nn.spec import METADATA_KEY, ModelSpec

torch = pytest.importorskip("torch")
pytest.importorskip("safetensors")

from sn7fast.nn.build import build  # noqa: E402 - after torch is known to be there
from sn7fast.nn.weights import load_weights, read_spec, save_weights  # noqa: E402

SPEC = ModelSpec.small(width=2, depth=2, info={"trained": "never"})


@pytest.fixture
def saved(tmp_path):
    path, network = tmp_path / "net.safetensors", build(SPEC)
    save_weights(path, network, SPEC)
    return path, network


def same(one, other):
    mine, theirs = one.state_dict(), other.state_dict()
    return mine.keys() == theirs.keys() and all(torch.equal(mine[k], theirs[k]) for k in mine)


def test_comes_back_with_its_spec(saved, tmp_path):
    path, network = saved
    again, spec = load_weights(path)
    assert spec == SPEC == read_spec(path)
    assert same(again, network)
    assert not again.training
    assert list(tmp_path.iterdir()) == [path]


def test_a_failed_write_leaves_the_old_file(saved):
    """With a limit on the size of files, which works like a full disk."""
    path, network = saved
    before = path.read_bytes()
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(before) // 2, limits[1]))
    try:
        with pytest.raises(OSError, match="File too large"):
            save_weights(path, network, SPEC)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert path.read_bytes() == before
    assert len(list(path.parent.iterdir())) == 1


@pytest.fixture(scope="module")
def xdxd():
    torch.manual_seed(3)
    return build(ModelSpec.xdxd())


@pytest.mark.slow
@pytest.mark.parametrize("family", ["encoder", "conv", "both"])
@pytest.mark.parametrize("zip_container", [True, False])
def test_published_containers_and_both_families_of_names(tmp_path, xdxd, family, zip_container):
    path = tmp_path / "xdxd.pth"
    other = {"encoder": "conv", "conv": "encoder.", "both": "-"}[family]
    state = {k: v for k, v in xdxd.state_dict().items() if not k.startswith(other)}
    assert len(state) == (76 if family == "both" else 50)
    torch.save(state, path, _use_new_zipfile_serialization=zip_container)
    network, spec = load_weights(path, ModelSpec.xdxd())
    assert spec == ModelSpec.xdxd()
    assert same(network, xdxd)


@pytest.mark.slow
def test_shared_tensors_are_written_once(tmp_path, xdxd):
    path = tmp_path / "xdxd.safetensors"
    save_weights(path, xdxd, ModelSpec.xdxd())
    assert path.stat().st_size < 4 * 29_306_465 + 20_000
    assert same(load_weights(path)[0], xdxd)


@pytest.mark.parametrize("wrap", ["state_dict", "model", "module."])
def test_finds_the_weights_in_a_checkpoint(tmp_path, wrap):
    path, network = tmp_path / "net.pt", build(SPEC)
    state = network.state_dict()
    if wrap == "module.":
        kept = {wrap + key: value for key, value in state.items()}
    else:
        kept = {wrap: state, "epoch": 3}
    torch.save(kept, path)
    assert same(load_weights(path, SPEC)[0], network)


def refused(path, match, spec=None):
    with pytest.raises(InputError, match=match) as caught:
        load_weights(path, spec)
    assert str(caught.value).startswith(str(path))


def test_refuses_a_file_without_spec(tmp_path):
    path = tmp_path / "net.pt"
    torch.save(build(SPEC).state_dict(), path)
    refused(path, "says nothing about its network")


def test_refuses_a_spec_that_does_not_agree(saved):
    refused(saved[0], "bands: .*against", ModelSpec.small(width=2, depth=2, bands=("n", "r", "g")))


@pytest.mark.parametrize("zip_container", [True, False])
def test_a_pickle_with_a_payload_is_not_run(tmp_path, zip_container):
    class Payload:
        def __reduce__(self):
            return os.mkdir, (str(tmp_path / "owned"),)

    path = tmp_path / "evil.pth"
    torch.save({"final.weight": Payload()}, path, _use_new_zipfile_serialization=zip_container)
    refused(path, "holds more than tensors", ModelSpec.xdxd())
    assert not (tmp_path / "owned").exists()


@pytest.mark.parametrize("length", [0, 4, 60, -100])
def test_refuses_truncated_safetensors(saved, length):
    path = saved[0]
    path.write_bytes(path.read_bytes()[:length])
    refused(path, "truncated|wanted safetensors")


@pytest.mark.parametrize("zip_container", [True, False])
def test_refuses_a_truncated_checkpoint(tmp_path, zip_container):
    path = tmp_path / "net.pt"
    torch.save(build(SPEC).state_dict(), path, _use_new_zipfile_serialization=zip_container)
    path.write_bytes(path.read_bytes()[:-300])
    refused(path, "truncated or damaged|is damaged", SPEC)


def test_refuses_other_files(tmp_path):
    path = tmp_path / "net.pt"
    refused(path, "cannot be opened", SPEC)
    path.write_text("weights, honestly")
    refused(path, "wanted safetensors or what torch.save wrote", SPEC)
    torch.save([1, 2], path)
    refused(path, "no state_dict", SPEC)


def changed_spec(path, **changes):
    """Rewrite the spec in the header of a file."""
    data = path.read_bytes()
    (length,) = struct.unpack("<Q", data[:8])
    header = json.loads(data[8 : 8 + length])
    spec = json.loads(header["__metadata__"][METADATA_KEY]) | changes
    header["__metadata__"][METADATA_KEY] = json.dumps(spec)
    text = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + data[8 + length :])


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"architecture": "xdxd", "arguments": {}, "multiple": 32}, "does not fit the network"),
        ({"bands": ["a", "b"], "mean": [], "std": []}, "got shape .*the network wants"),
        ({"arguments": {"width": 3, "depth": 2}}, "got shape"),
        ({"arguments": {"width": 2, "depth": 3}, "multiple": 4}, "lacks .* tensors"),
        ({"arguments": {"width": 2, "depth": 1}}, "others, such as"),
        ({"outputs": ["footprint"]}, "got shape"),
        ({"colour": 1}, "unknown key 'colour'"),
        ({"architecture": "os:mkdir", "arguments": {"path": "x"}}, "would import os:mkdir"),
        ({"scale": 9}, "scale: got 9"),
    ],
)
def test_refuses_metadata_that_does_not_fit(saved, changes, message):
    changed_spec(saved[0], **changes)
    refused(saved[0], message)


def test_refuses_numbers_that_are_none(tmp_path):
    path, network = tmp_path / "net.safetensors", build(SPEC)
    with torch.no_grad():
        network.head.bias[0] = float("nan")
    save_weights(path, network, SPEC)
    refused(path, "head.bias: holds NaN")
