"""Networks: what they are, how they are built, kept, run and exported.

Nothing here is imported by ``import sn7fast``; torch and onnxruntime are imported where used.

============  ====================================================================================
spec          `ModelSpec`: all that must be known to feed a network and to read what it gives
pixels        images to the numbers a network takes: enlargement and normalisation
xdxd, small   the U-Net of the SpaceNet 7 baseline, and a small fast one of our own
build         from a spec to a torch module
weights       files of weights with their spec, and those of others
============  ====================================================================================
"""
