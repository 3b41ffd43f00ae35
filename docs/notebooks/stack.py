# %% [markdown]
# # A stack, from masks to tracked buildings
#
# Twelve months of a town that does not exist, seen by a network that errs as networks do. We find the buildings,
# follow them, and score what we found.

# %%
import matplotlib.pyplot as plt
import numpy as np

import sn7fast
from sn7fast.data.degrade import degrade
from sn7fast.data.synthetic import synthetic_scene

scene = synthetic_scene(seed=3, shape_yx=(200, 240), months=12, kind="suburb", births_per_month=6)
truth = scene.truth
truth

# %% [markdown]
# The truth knows every building in every month. Colours are those of the identifiers; a building keeps its
# colour through all months.

# %%
figure, axes = plt.subplots(1, 2, figsize=(12, 5), layout="constrained")
for ax, month in zip(axes, (truth.months[0], truth.months[-1]), strict=True):
    truth.plot(month, image=scene.image(month), ax=ax, alpha=0.6)

# %% [markdown]
# ## What the network says
#
# `degrade` makes of the truth what an imperfect network would have seen: months are shifted by a
# pixel or so, buildings are missed or run into each other, some places look like buildings from time to time, and clouds
# hide part of some months. With a network of yours this would be `sn7fast.predict`.

# %%
seen = degrade(truth, seed=1, strength=0.7, probabilities=True)
figure, axes = plt.subplots(1, 3, figsize=(12, 3.6), layout="constrained")
for ax, index in zip(axes, (0, 5, 11), strict=True):
    ax.imshow(np.where(seen.valid[index], seen.prob[index], 90), cmap="gray", vmin=0, vmax=255)
    ax.set(title=truth.months[index].replace("_", "-"), xticks=[], yticks=[])

# %% [markdown]
# ## Month by month: polygons, then tracks
#
# The way of the SpaceNet 7 baseline: each month is cut into polygons on its own, and each polygon takes the identifier of
# what it overlaps.

# %%
masks = sn7fast.Cube.from_arrays(seen.masks, months=truth.months, valid=seen.valid, grid=truth.grid)
footprints = sn7fast.polygonize_frames(masks, aoi=truth.aoi, min_area_px=4)
tracked = sn7fast.track(footprints, min_iou=0.25)
tracked

# %% [markdown]
# ## All months at once
#
# The temporal collapse looks for places where buildings stand, and asks for each when it came. It knows what clouds hid.

# %%
cube = sn7fast.Cube.from_arrays(seen.prob, months=truth.months, valid=seen.valid, grid=truth.grid)
collapsed = sn7fast.collapse(cube, aoi=truth.aoi)
collapsed

# %%
figure, axes = plt.subplots(1, 2, figsize=(12, 4.4), layout="constrained")
for ax, (name, stack) in zip(
    axes, {"tracked": tracked, "collapsed": collapsed}.items(), strict=True
):
    stack.plot(by="first_month", ax=ax)
    ax.set_title(name)

# %% [markdown]
# The baseline takes much for new that is not: each flicker starts another building.
#
# ## Scores

# %%
scores = {
    "tracked": sn7fast.score_scot(truth, tracked),
    "collapsed": sn7fast.score_scot(truth, collapsed),
}
both = sn7fast.ScotScore({name: score.aois[truth.aoi] for name, score in scores.items()})
ax = both.plot()
# %%
figure, axes = plt.subplots(1, 2, figsize=(12, 4), layout="constrained", sharey=True)
for ax, (name, aoi) in zip(axes, both.aois.items(), strict=True):
    aoi.plot("change", ax=ax)
    ax.set_title(f"{name}: {ax.get_title()}")

# %% [markdown]
# Orange are new buildings that were missed in the month in which they came, red what was taken for new and is not.
#
# ## When was it built?
#
# For each building the collapse says in which month it came, and how sure it is.

# %%
table = collapsed.buildings.columns(collapsed.months)
new = np.flatnonzero(collapsed.buildings.first_month > 0)[:5]
for row in new:
    span = f"{table['first_month_lo'][row]} to {table['first_month_hi'][row]}"
    print(f"building {row:3}: {table['first_month'][row]}, 80 % between {span}")

# %% [markdown]
# ## Out
#
# A file for a GIS, in the projection of the images:

# %%
sn7fast.write_parquet("buildings.parquet", collapsed)
collapsed.to_geopandas().head(3)
