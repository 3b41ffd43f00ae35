# %% [markdown]
# # What a score is made of
#
# A score is a number; what to do about it is another question. Here the tracks of a synthetic town are scored, what is
# missing is shared out among kinds of error, and methods and settings are compared by that.

# %%
import matplotlib.pyplot as plt

import sn7fast
from sn7fast.data.degrade import Faults, degrade
from sn7fast.data.synthetic import synthetic_scene
from sn7fast.postprocess import PostProcessing, postprocess

scene = synthetic_scene(seed=11, shape_yx=(220, 260), months=14, kind="town", births_per_month=8)
truth = scene.truth


def cube_of(faults=None, strength=0.7):
    seen = degrade(truth, seed=2, strength=strength, faults=faults, probabilities=True)
    return sn7fast.Cube.from_arrays(
        seen.prob, months=truth.months, valid=seen.valid, grid=truth.grid
    )


cube = cube_of()
truth

# %% [markdown]
# ## Four methods
#
# One object holds all settings of a post-processing; its method is one of four.

# %%
settings = {
    "baseline": PostProcessing.from_dict({"method": "baseline"}),
    "filtered": PostProcessing.from_dict({"method": "filtered"}),
    "stc": PostProcessing.from_dict({"method": "stc"}),
    "collapse": PostProcessing.from_dict({"method": "collapse"}),
}
tracks = {name: postprocess(cube, how, aoi=truth.aoi) for name, how in settings.items()}
scores = {name: sn7fast.score_scot(truth, stack).aois[truth.aoi] for name, stack in tracks.items()}
ax = sn7fast.ScotScore(scores).plot()
# %% [markdown]
# (The mean is over the bars, which are methods here and would be areas otherwise.)
#
# ## What is missing to 1
#
# SCOT counts rows without a partner, switched identifiers, and new buildings. `attribute_scot` gives every such error its
# price and charges it to a building:
#
# * *missed*, *false*: never found, never there
# * *late*, *early*: found in another month than it came
# * *switched*: another number than before
# * *dropped*, *extra*: lost again, or seen in months without a partner

# %%
figure, axes = plt.subplots(1, 2, figsize=(13, 3.6), layout="constrained", sharex=True)
for ax, name in zip(axes, ("baseline", "collapse"), strict=True):
    sn7fast.attribute_scot(truth, tracks[name]).plot(ax=ax)
    ax.set_title(f"{name}: {ax.get_title()}")

# %% [markdown]
# The prices of all errors add up to what is missing:

# %%
costs = sn7fast.attribute_scot(truth, tracks["collapse"]).aois[truth.aoi]
print(f"{costs.costs.sum():.6f} {1 - costs.score.score:.6f}")

# %% [markdown]
# ## The dearest errors
#
# Which buildings are they, and where? The table is sorted by cost.

# %%
for row in list(costs.rows())[:5]:
    kinds = {kind: round(row[kind], 4) for kind in costs.by_kind if row[kind]}
    print(row["side"], row["id"], kinds)

# %%
last = truth.months[-1]
is_dear = dict(zip(costs.ids[costs.is_truth], costs.costs[costs.is_truth].sum(axis=1), strict=True))
ids = truth.ids[truth.rows(last)]
colours = ["#d55e00" if is_dear.get(building, 0) > 0.0005 else "#bbbbbb" for building in ids]
ax = truth.plot(last, color=colours)
title = ax.set_title("truth in the last month, dear errors in red")
# %% [markdown]
# ## Change one thing
#
# What does a fault of the network cost? The same town, and a network that makes one kind of error only:

# %%
none = dict.fromkeys(Faults.__slots__, 0.0)
kinds = {
    "nothing": {},
    "clouds": {"cloud_chance": 0.3},
    "shifts": {"shift_px": 1.5},
    "flicker": {"missed_monthly": 0.08},
    "false alarms": {"false_monthly": 0.02, "false_always": 0.03},
    "merged": {"merged": 0.2},
}
print(f"{'':14}{'baseline':>9}{'collapse':>9}")
for fault, changes in kinds.items():
    seen = cube_of(Faults(**(none | changes)), strength=1.0)
    line = [
        sn7fast.score_scot(truth, postprocess(seen, settings[name], aoi=truth.aoi)).score
        for name in ("baseline", "collapse")
    ]
    print(f"{fault:14}" + "".join(f"{score:9.3f}" for score in line))

# %% [markdown]
# ## Change a setting
#
# How readily should the collapse believe in a new building? `birth` is the chance that one is built in a given month.

# %%
births = [0.001, 0.003, 0.01, 0.02, 0.05, 0.1]
line = []
for birth in births:
    how = settings["collapse"].with_values({"params.birth": birth})
    line.append(sn7fast.score_scot(truth, postprocess(cube, how, aoi=truth.aoi)).aois[truth.aoi])
figure, ax = plt.subplots(figsize=(6, 3.2), layout="constrained")
for name, colour in (("score", "#0072b2"), ("track", "#56b4e9"), ("change", "#e69f00")):
    ax.semilogx(births, [getattr(one, name) for one in line], "o-", color=colour, label=name)
ax.set(xlabel="birth", ylim=(0, 1))
legend = ax.legend()

# %% [markdown]
# On one town this is a curiosity. `sn7fast search` does it for all settings at once, on many areas, and scores what it
# finds on areas that it has not seen.
