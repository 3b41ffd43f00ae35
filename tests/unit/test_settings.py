"""Settings: what is refused, and what the message says about it."""

from pathlib import Path

import pytest
import yaml

from sn7fast.errors import InputError
from sn7fast.nn.training.recipe import Recipe
from sn7fast.settings import read_settings, settings_of
from tiny_training import recipe

RECIPES = Path(__file__).resolve().parents[2] / "training"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (["optimizer.lr=1"], "optimizer: unknown key; did you mean optimiser?"),
        (
            ["optimiser.speed=1"],
            "optimiser.speed: unknown key, wanted one of betas",
        ),
        (["optimiser.lrr=1"], "optimiser.lrr: unknown key; did you mean lr?"),
        (["data.split.fractoin=0.2"], "data.split.fractoin: unknown key; did you mean fraction?"),
        (["loss.terms=[{name: bce, wieght: 2}]"], "wieght: unknown key; did you mean weight?"),
        (["optimiser.lr=fast"], "optimiser.lr: got 'fast', "),
        (["optimiser.lr=-1"], "optimiser.lr: got -1, "),
        (["optimiser.lr=.nan"], "optimiser.lr: got nan, "),
        (["epochs=0"], "epochs: got 0, "),
        (["loss.terms=[]"], "loss.terms: got"),
        (["loss.terms=[{name: l2}]"], "loss.terms.0.name: got 'l2', input should be 'bce'"),
        (["data.prepared=null"], "data.prepared: got None"),
        (["data.channels=[boundary]"], "wanted footprint first"),
        (["data.scale=3"], "crops.size: got 32, wanted a multiple of data.scale, which is 3"),
        (["loss.channel_weights=[1, 2]"], "loss.channel_weights: got 2, wanted 1"),
        (["data.split.name=lxastro0", "data.split.by=image"], "a split by image is by fraction"),
        (["loss.gap_weight=2"], "loss.gap_weight: wanted contact among data.channels"),
        (["epochs"], "--set: got 'epochs', wanted key=value"),
        (["epochs=[1"], "--set epochs: got '[1', which is no YAML"),
        (["epochs.more=1"], "--set epochs.more: epochs is 3, which has no keys"),
        (["name.=1"], "--set: got 'name.=1'"),
    ],
)
def test_refused(changes, message):
    with pytest.raises(InputError) as error:
        settings_of(Recipe, recipe("p"), changes, source="mine")
    assert message in str(error.value)


def test_missing_key_and_no_mapping(tmp_path):
    with pytest.raises(InputError, match="mine: data: is missing"):
        settings_of(Recipe, {}, source="mine")
    path = tmp_path / "recipe.yaml"
    for text, message in (
        ("- 1", "got list, wanted keys with values"),
        ("", "data: is missing"),
        ("a: [", "is no YAML"),
        ("!!python/object/apply:os.getcwd []", "is no YAML"),
    ):
        path.write_text(text)
        with pytest.raises(InputError, match=f"recipe.yaml: .*{message}"):
            read_settings(Recipe, path)
    path.write_bytes(b"name: \xff\xfe")
    with pytest.raises(InputError, match="no text in UTF-8"):
        read_settings(Recipe, path)
    with pytest.raises(InputError, match=r"none\.yaml: cannot be opened"):
        read_settings(Recipe, tmp_path / "none.yaml")


def test_changes_come_on_top_and_leave_the_input_alone():
    given = recipe("p")
    made = settings_of(Recipe, given, ["optimiser.lr=1e-4", "ema=null", "schedule.name=constant"])
    assert (made.optimiser.lr, made.ema, made.schedule.name) == (1e-4, None, "constant")
    assert given == recipe("p")


def test_written_settings_read_as_the_same(tmp_path):
    made = settings_of(Recipe, recipe("p"))
    (tmp_path / "all.yaml").write_text(made.to_yaml())
    assert read_settings(Recipe, tmp_path / "all.yaml") == made
    assert yaml.safe_load(made.to_yaml())["optimiser"]["betas"] == [0.9, 0.999]


@pytest.mark.parametrize("path", sorted(RECIPES.glob("*.yaml")), ids=lambda path: path.stem)
def test_recipes_of_the_project(path):
    assert read_settings(Recipe, path).name == path.stem


def test_the_baseline_is_as_it_really_ran():
    made = read_settings(Recipe, RECIPES / "baseline.yaml")
    assert [(term.name, term.weight) for term in made.loss.terms] == [("bce", 10), ("jaccard", 2.5)]
    assert (made.data.normalise, made.data.ignore_masked, made.data.split.by) == (
        "raw",
        False,
        "image",
    )
    assert (made.schedule.name, made.optimiser.lr, made.batch) == ("constant", 1e-4, 6)
    assert (made.epochs, made.patience, made.ema) == (300, 24, None)
