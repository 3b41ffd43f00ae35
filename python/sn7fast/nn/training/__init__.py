"""Training of networks by recipes.

============  ====================================================================================
recipe        everything that decides what comes out
run           `train`: from a recipe to weights
pixels        images and masks, decoded once
crops, order  which crop comes when, and what the network gets of it
augment       random changes of crops
losses        what is made small
loop          epochs of steps, validation, what is kept, when to stop
============  ====================================================================================
"""
