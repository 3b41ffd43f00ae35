"""Training from end to end, on a tiny network: what is left, and what interruptions change."""

import csv
import errno
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml

torch = pytest.importorskip("torch")
pytest.importorskip("safetensors")

from click.testing import CliRunner  # noqa: E402

import sn7fast  # noqa: E402
from sn7fast.cli.group import commands  # noqa: E402
from sn7fast.data.catalog import Catalog  # noqa: E402
from sn7fast.data.prep import prepare  # noqa: E402
from sn7fast.errors import InputError  # noqa: E402
from sn7fast.nn.training import checkpoint, loop  # noqa: E402
from sn7fast.nn.training.checkpoint import Progress, differences, load_checkpoint  # noqa: E402
from sn7fast.nn.training.ema import Ema  # noqa: E402
from sn7fast.nn.training.recipe import Recipe  # noqa: E402
from sn7fast.nn.training.schedule import learning_rate  # noqa: E402
from sn7fast.nn.weights import load_weights, read_spec  # noqa: E402
from tiny_training import recipe, write_prepared, write_scene  # noqa: E402

PACKAGE = Path(sn7fast.__file__).parents[1]
# What an interruption may not change. (The log has clock times.)
SAME = ("best.safetensors", "last.safetensors", "metrics.csv", "recipe.yaml")


class Cut(Exception):
    """The run is cut off here."""


def bytes_of(folder):
    return {name: (folder / name).read_bytes() for name in SAME}


@pytest.fixture(scope="module")
def prepared(tmp_path_factory):
    return write_prepared(tmp_path_factory.mktemp("training"))


@pytest.fixture(scope="module")
def undisturbed(prepared, tmp_path_factory):
    out = tmp_path_factory.mktemp("runs") / "undisturbed"
    return sn7fast.train(recipe(prepared), out)


def test_what_a_run_leaves(undisturbed):
    out = undisturbed.folder
    with (out / "metrics.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["epoch"] for row in rows] == ["0", "1", "2"]
    for row, figures in zip(rows, undisturbed.history, strict=True):
        assert float(row["val_iou"]) == figures["val_iou"]
    best = max(undisturbed.history, key=lambda row: row["val_iou"])
    assert undisturbed.best_epoch == best["epoch"]
    assert best["val_iou"] > undisturbed.history[0]["val_iou"] or best["epoch"] == 0
    events = [json.loads(line) for line in (out / "log.jsonl").read_text().splitlines()]
    assert [event["event"] for event in events] == ["start", "epoch", "epoch", "epoch", "end"]
    assert all(event["images_per_s"] > 0 for event in events[1:-1])
    resolved = yaml.safe_load((out / "recipe.yaml").read_text())
    assert (resolved["optimiser"]["lr"], resolved["optimiser"]["name"]) == (0.01, "adamw")
    assert set(json.loads((out / "versions.json").read_text())) >= {
        "sn7fast",
        "torch",
        "data_sha256",
    }


def test_the_weights_say_how_to_feed_them(undisturbed):
    network, spec = load_weights(undisturbed.best)
    assert spec.outputs == ("footprint",)
    assert spec.info["training"]["figures"]["epoch"] == undisturbed.best_epoch
    assert all(60 < mean < 200 for mean in spec.mean)
    assert network(torch.zeros(1, 3, 32, 32)).shape == (1, 1, 32, 32)


def test_a_val_loss_that_is_no_number_stops(prepared, tmp_path, monkeypatch):
    out = tmp_path / "out"
    forward = loop.Trainer._forward

    def broken(self, network, batch):
        loss, *others = forward(self, network, batch)
        broken = not torch.is_grad_enabled() and self._progress.epoch == 1
        return (loss * float("inf") if broken else loss, *others)

    monkeypatch.setattr(loop.Trainer, "_forward", broken)
    with pytest.raises(InputError, match=r"the val_loss is inf in epoch 2; the checkpoint before"):
        sn7fast.train(recipe(prepared), out)
    assert load_checkpoint(out / "checkpoint.pt")[0].epoch == 1


def test_it_learns(prepared, tmp_path):
    done = sn7fast.train(recipe(prepared, epochs=30, augment={}), tmp_path / "out")
    assert done.history[-1]["loss"] < 0.5 * done.history[0]["loss"]
    assert max(row["val_iou"] for row in done.history) > 0.8


def test_the_same_seed_gives_the_same_run(prepared, undisturbed, tmp_path):
    sn7fast.train(recipe(prepared), tmp_path / "again")
    assert bytes_of(tmp_path / "again") == bytes_of(undisturbed.folder)
    other = sn7fast.train(recipe(prepared, seed=4), tmp_path / "other")
    assert other.last.read_bytes() != undisturbed.last.read_bytes()


@pytest.mark.parametrize("batches", [2, 4, 7])
def test_cut_off_within_an_epoch_and_gone_on(prepared, undisturbed, tmp_path, monkeypatch, batches):
    """3 batches an epoch: after 2, 4 and 7."""
    done = 0
    step = loop.Trainer._step

    def steps_then_cut(self):
        nonlocal done
        if done == batches:
            raise Cut
        done += 1
        step(self)

    out = tmp_path / "out"
    changes = ["checkpoints.every_steps=1"]
    with monkeypatch.context() as patch:
        patch.setattr(loop.Trainer, "_step", steps_then_cut)
        with pytest.raises(Cut):
            sn7fast.train(recipe(prepared), out, changes=changes)
    progress, _, _ = load_checkpoint(out / "checkpoint.pt")
    assert progress.step == batches
    said = []
    sn7fast.train(recipe(prepared), out, changes=["checkpoints.every_steps=null"], say=said.append)
    assert said[0].startswith("goes on in epoch")
    made = bytes_of(out)
    assert {name: made[name] for name in SAME} == bytes_of(undisturbed.folder)


@pytest.mark.slow
def test_kill_9_and_run_again(prepared, undisturbed, tmp_path):
    path, out = tmp_path / "recipe.yaml", tmp_path / "out"
    path.write_text(yaml.safe_dump(recipe(prepared, compute__workers=1)))
    command = [sys.executable, "-m", "sn7fast.run", "train", str(path), "--out", str(out)]
    environment = os.environ | {"PYTHONPATH": str(PACKAGE), "OMP_NUM_THREADS": "1"}
    run = subprocess.Popen(
        [*command, "--set", "checkpoints.every_steps=1"],
        env=environment,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        until = time.monotonic() + 90
        while not (out / "checkpoint.pt").exists():
            assert run.poll() is None
            assert time.monotonic() < until
            time.sleep(0.005)
    finally:
        os.killpg(run.pid, signal.SIGKILL)
        run.wait()
    assert not load_checkpoint(out / "checkpoint.pt")[0].done
    again = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert "goes on in epoch" in again.stderr
    made, wanted = bytes_of(out), bytes_of(undisturbed.folder)
    for name in ("best.safetensors", "last.safetensors", "metrics.csv"):
        assert made[name] == wanted[name]


def test_a_run_that_is_done_is_left_alone(prepared, undisturbed, tmp_path):
    before = bytes_of(undisturbed.folder)
    again = sn7fast.train(recipe(prepared), undisturbed.folder)
    assert again.history == undisturbed.history
    assert bytes_of(undisturbed.folder) == before


def test_another_recipe_in_the_same_folder(prepared, tmp_path):
    out = tmp_path / "out"
    sn7fast.train(recipe(prepared, epochs=1), out)
    with pytest.raises(InputError, match=r"optimiser\.lr: 0\.01 against 0\.02"):
        sn7fast.train(recipe(prepared, epochs=1), out, changes=["optimiser.lr=0.02"])
    done = sn7fast.train(
        recipe(prepared, epochs=1), out, changes=["optimiser.lr=0.02"], overwrite=True
    )
    assert len(done.history) == 1
    assert len((out / "log.jsonl").read_text().splitlines()) == 3


def test_where_it_is_computed_may_change():
    one = Recipe.model_validate(recipe("p")).model_dump(mode="json")
    other = Recipe.model_validate(recipe("p", compute__workers=2, name="x")).model_dump(mode="json")
    assert differences(one, other) == []


def test_a_loss_that_is_no_number_stops(prepared, tmp_path, monkeypatch):
    out = tmp_path / "out"
    forward, calls = loop.Trainer._forward, 0

    def broken(self, network, batch):
        nonlocal calls
        loss, *others = forward(self, network, batch)
        calls += torch.is_grad_enabled()
        return (loss * float("nan") if calls == 5 else loss, *others)

    monkeypatch.setattr(loop.Trainer, "_forward", broken)
    with pytest.raises(InputError) as error:
        sn7fast.train(recipe(prepared), out)
    assert "the loss is nan in epoch 2, batch 2, with crops of L15-" in str(error.value)
    assert str(out / "checkpoint.pt") in str(error.value)
    assert load_checkpoint(out / "checkpoint.pt")[0].epoch == 1
    network, _ = load_weights(out / "last.safetensors")
    assert all(bool(torch.isfinite(tensor).all()) for tensor in network.state_dict().values())


def test_a_learning_rate_without_measure(prepared, tmp_path):
    changes = ["optimiser.lr=1e30", "optimiser.name=sgd", "ema=null", "model.options.depth=1"]
    with pytest.raises(InputError, match=r"the loss is (nan|inf) in epoch"):
        sn7fast.train(recipe(prepared, epochs=30), tmp_path / "out", changes=changes)


def test_a_full_disk_leaves_the_checkpoint_before(prepared, tmp_path, monkeypatch):
    out = tmp_path / "out"
    calls = 0

    def full(descriptor):
        nonlocal calls
        calls += 1
        if calls == 2:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(checkpoint.os, "fsync", full)
    with pytest.raises(OSError, match="the disk is full") as error:
        sn7fast.train(recipe(prepared), out)
    assert (error.value.errno, error.value.filename) == (errno.ENOSPC, str(out / "checkpoint.pt"))
    assert load_checkpoint(out / "checkpoint.pt")[0].epoch == 1
    assert not list(out.glob(".sn7fast-*"))
    done = sn7fast.train(recipe(prepared), out)
    assert len(done.history) == 3


def test_a_damaged_checkpoint(prepared, tmp_path):
    out = tmp_path / "out"
    sn7fast.train(recipe(prepared, epochs=1), out)
    whole = (out / "checkpoint.pt").read_bytes()
    for damaged in (b"", b"PK\x03\x04 no", whole[: len(whole) // 2]):
        (out / "checkpoint.pt").write_bytes(damaged)
        with pytest.raises(InputError, match=r"checkpoint\.pt: is no checkpoint"):
            sn7fast.train(recipe(prepared, epochs=2), out)


def judged(losses, patience):
    """Number of epochs until a run with these val_losses stops."""
    trainer = loop.Trainer.__new__(loop.Trainer)
    trainer._progress = Progress()
    trainer._recipe = Recipe.model_validate(
        recipe("p", patience=patience, checkpoints={"best_by": "val_loss"})
    )
    improved = []
    for epoch, loss in enumerate(losses):
        improved.append(trainer._judge({"epoch": epoch, "val_loss": loss}))
        if trainer._is_out_of_patience():
            return epoch + 1, improved
    return None, improved


def test_early_stopping_of_the_baseline():
    """Epochs in a row above the best; a tie counts as no worse, but is no improvement."""
    assert judged([3, 2, 2.5, 2.4, 2.3], 3) == (5, [True, True, False, False, False])
    assert judged([3, 2, 2.5, 2, 2.4, 2.3], 3)[0] is None
    found = [True, True, False, False, True, False, False, False]
    assert judged([3, 2, 2.5, 2.2, 1, 4, 4, 4], 3) == (8, found)
    assert judged([2, 2, 2, 2], 1)[0] is None


def test_early_stopping_ends_a_run(prepared, tmp_path):
    out = tmp_path / "out"
    changes = ["epochs=40", "patience=1", "optimiser.lr=0.3", "schedule.name=constant", "ema=null"]
    done = sn7fast.train(recipe(prepared), out, changes=changes)
    assert len(done.history) < 40
    assert done.history[-1]["val_loss"] > min(row["val_loss"] for row in done.history)


def test_improvements_are_kept_as_by_the_baseline(prepared, tmp_path):
    changes = ["checkpoints.keep_improvements=true", "checkpoints.best_by=val_loss"]
    done = sn7fast.train(recipe(prepared), tmp_path / "out", changes=changes)
    kept = {path.name for path in done.folder.glob("best_epoch*")}
    best = done.history[done.best_epoch]
    assert f"best_epoch{done.best_epoch}_{best['val_loss']:.3f}.safetensors" in kept


def test_gradients_add_up_over_passes(prepared, tmp_path):
    """Two passes of two crops make the step of one of four, but for the last digits."""
    plain = {"augment": {}, "ema": None, "model__options": {"width": 4, "depth": 1}, "epochs": 1}
    plain |= {"optimiser": {"name": "sgd", "lr": 0.1}, "loss": {"terms": [{"name": "bce"}]}}
    together = sn7fast.train(recipe(prepared, **plain), tmp_path / "one")
    apart = sn7fast.train(recipe(prepared, batch=2, accumulate=2, **plain), tmp_path / "two")
    assert together.history[0]["step"] == apart.history[0]["step"] == 3
    # BatchNorm sees other batches, so not to the last digit.
    assert together.history[0]["val_loss"] == pytest.approx(apart.history[0]["val_loss"], rel=0.1)


def test_start_from_weights(prepared, undisturbed, tmp_path):
    changes = [f"model.weights={undisturbed.best}", "epochs=1", "optimiser.lr=1e-9", "ema=null"]
    done = sn7fast.train(recipe(prepared), tmp_path / "out", changes=changes)
    begun = undisturbed.history[undisturbed.best_epoch]["val_iou"]
    assert done.history[0]["val_iou"] == pytest.approx(begun, abs=0.1)
    assert read_spec(done.best).mean == read_spec(undisturbed.best).mean
    with pytest.raises(InputError, match=r"model\.weights: .* does not fit the recipe: arguments"):
        sn7fast.train(
            recipe(prepared), tmp_path / "no", changes=[*changes, "model.options.width=6"]
        )


def test_three_channels_enlarged(tmp_path):
    channels = ["footprint", "boundary", "contact"]
    prepared = write_prepared(tmp_path, aois=2, months=1, scale=2, channels=tuple(channels))
    changed = recipe(prepared, data__channels=channels, data__scale=2, epochs=1)
    done = sn7fast.train(changed, tmp_path / "out")
    assert {"val_iou_boundary", "val_iou_contact"} <= done.history[0].keys()
    spec = read_spec(done.best)
    assert (spec.scale, spec.resampling, spec.outputs) == (2, "network", tuple(channels))


def test_bf16_and_raw_numbers(prepared, tmp_path):
    changes = ["compute.precision=bf16", "data.normalise=raw", "epochs=1", "optimiser.clip=1"]
    done = sn7fast.train(recipe(prepared), tmp_path / "out", changes=changes)
    assert read_spec(done.best).mean == (0, 0, 0)
    assert done.history[0]["val_loss"] > 0


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (["compute.device=cuda:7"], r"got cuda:7, this machine has \d+ CUDA devices"),
        (["compute.device=gpu"], "compute.device: got 'gpu', wanted auto, cpu or cuda"),
        (["crops.size=31"], "gives the network 31 pixels; it wants a multiple of 2"),
        (["data.split.validation=[nowhere]"], "data.split.validation: got nowhere"),
        (["data.split.name=mine"], "split: got 'mine', wanted one of lxastro0"),
        (["model.name=resnet"], "architecture: got 'resnet'"),
        (["model.weights=none.safetensors"], "none.safetensors: cannot be opened"),
    ],
)
def test_what_is_refused(prepared, tmp_path, changes, message):
    with pytest.raises(InputError, match=message):
        sn7fast.train(recipe(prepared), tmp_path / "out", changes=changes)


def test_one_aoi_cannot_be_split_by_aoi(tmp_path):
    prepared = write_prepared(tmp_path, aois=1)
    with pytest.raises(InputError, match=r"the data have one AOI, .* set data\.split\.by=image"):
        sn7fast.train(recipe(prepared), tmp_path / "out")
    by_image = recipe(prepared, data__split={"by": "image", "fraction": 0.5}, epochs=1)
    assert len(sn7fast.train(by_image, tmp_path / "image").history) == 1
    by_heart = recipe(prepared, data__split={"fraction": 0}, epochs=1)
    assert len(sn7fast.train(by_heart, tmp_path / "heart").history) == 1


def test_images_without_any_valid_pixel(tmp_path):
    """One among others is no harm; nothing but such images is."""
    hidden = (slice(None), slice(None))
    write_prepared(tmp_path, aois=3, months=1)
    write_scene(tmp_path / "data", "L15-0251E-1297N_1004_3000_13", "2018_05", cloud=hidden)
    prepare(Catalog.scan(tmp_path / "data"), tmp_path / "prepared")
    done = sn7fast.train(recipe(tmp_path / "prepared", epochs=1), tmp_path / "out")
    assert done.history[0]["val_loss"] > 0
    nothing = write_prepared(tmp_path / "nothing", cloud=hidden)
    with pytest.raises(InputError, match="no pixel of the training images is valid"):
        sn7fast.train(recipe(nothing), tmp_path / "no")


def test_interrupted_by_hand(prepared, tmp_path, monkeypatch):
    def interrupt(self):
        raise KeyboardInterrupt

    path = tmp_path / "recipe.yaml"
    path.write_text(yaml.safe_dump(recipe(prepared)))
    monkeypatch.setattr(loop.Trainer, "_validate", interrupt)
    result = run("train", path, "--out", tmp_path / "out")
    assert result.exit_code == 130
    assert "goes on from the last checkpoint" in result.stderr


def test_out_of_memory_says_what_to_lower(prepared, tmp_path, monkeypatch):
    def full(self, network, batch):
        raise RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried 1 TB")

    monkeypatch.setattr(loop.Trainer, "_forward", full)
    with pytest.raises(InputError, match=r"out of memory in training: lower batch \(now 4; .*size"):
        sn7fast.train(recipe(prepared), tmp_path / "out")


def test_learning_rates():
    def rates(**schedule):
        made = Recipe.model_validate(recipe("p", schedule=schedule, epochs=4, optimiser={"lr": 1}))
        return [learning_rate(made, step, 5) for step in range(20)]

    assert rates(name="constant") == [1] * 20
    steps = rates(name="multistep", milestones=[1, 3], gamma=0.1)
    assert steps == pytest.approx([1] * 5 + [0.1] * 10 + [0.01] * 5)
    cosine = rates(name="cosine", final=0.1)
    assert (cosine[0], cosine[-1]) == (1, pytest.approx(0.1))
    assert cosine == sorted(cosine, reverse=True)
    warm = rates(name="cosine", warmup_epochs=1)
    assert warm[:6] == sorted(warm[:6])
    assert warm[5] == 1


def test_the_average_follows_the_network():
    network = torch.nn.Sequential(torch.nn.Conv2d(1, 1, 1), torch.nn.BatchNorm2d(1))
    ema = Ema(network, 0.5)
    start = ema.network[0].weight.clone()
    with torch.no_grad():
        network[0].weight += 1
    network[1].num_batches_tracked += 3
    ema.update(network)
    torch.testing.assert_close(ema.network[0].weight, start + 10 / 11)
    assert int(ema.network[1].num_batches_tracked) == 3
    for _ in range(20):
        ema.update(network)
    torch.testing.assert_close(ema.network[0].weight, network[0].weight, rtol=0, atol=1e-4)


@pytest.mark.slow
def test_two_processes(prepared, tmp_path):
    """Under torchrun with gloo: they share the crops, and one writes."""
    path = tmp_path / "recipe.yaml"
    path.write_text(yaml.safe_dump(recipe(prepared, batch=2)))
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"]
    command += ["-m", "sn7fast.run", "train", str(path), "--out", str(tmp_path / "out"), "--json"]
    done = subprocess.run(
        command,
        env=os.environ | {"PYTHONPATH": str(PACKAGE), "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    best = json.loads(done.stdout)["best"]
    with (tmp_path / "out/metrics.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [int(row["step"]) for row in rows] == [3, 6, 9]
    assert 0 < best["val_iou"] <= 1


# The command


def run(*arguments):
    return CliRunner().invoke(commands, [str(argument) for argument in arguments])


def test_command(prepared, tmp_path):
    path, out = tmp_path / "recipe.yaml", tmp_path / "out"
    path.write_text(yaml.safe_dump(recipe(prepared)))
    result = run("train", path, "--out", out, "--set", "epochs=2")
    assert result.exit_code == 0, result.output
    assert "epoch 2/2  loss" in result.stderr
    assert "images/s" in result.stderr
    assert f"{out / 'best.safetensors'}: val_iou" in result.stdout
    quiet = run("train", path, "--out", out, "--set", "epochs=2", "--quiet")
    assert (quiet.exit_code, quiet.output) == (0, "")


@pytest.mark.parametrize(
    ("changes", "status", "message"),
    [
        (["--set", "optimizer.lr=1"], 3, "optimizer: unknown key; did you mean optimiser?"),
        (["--set", "epochs"], 3, "wanted key=value"),
        (["--set", "compute.device=cuda:9"], 3, "CUDA devices"),
        ([], 2, "--out"),
    ],
)
def test_command_with_bad_input(prepared, tmp_path, changes, status, message):
    path = tmp_path / "recipe.yaml"
    path.write_text(yaml.safe_dump(recipe(prepared)))
    where = ["--out", tmp_path / "out"] if status == 3 else []
    result = run("train", path, *where, *changes)
    assert result.exit_code == status
    assert message in result.stderr


def test_command_without_images(tmp_path):
    write_scene(tmp_path / "data", "L15-0250E-1297N_1000_3000_13", "2018_01")
    path = tmp_path / "recipe.yaml"
    path.write_text(yaml.safe_dump(recipe(tmp_path / "data")))
    result = run("train", path, "--out", tmp_path / "out")
    assert result.exit_code == 3
    assert "data.prepared wants a folder that sn7fast prep wrote" in result.stderr
