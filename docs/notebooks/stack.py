# %% [markdown]
# # A stack, from masks to tracked buildings
