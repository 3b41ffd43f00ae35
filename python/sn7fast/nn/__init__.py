"""Networks: what they are, how they are built, kept, run and exported.

Nothing here is imported by ``import sn7fast``; torch and onnxruntime are imported where used.

===================  =============================================================================
spec                 `ModelSpec`: all that must be known to feed a network and read what it gives
pixels               images to the numbers a network takes: enlargement and normalisation
xdxd, small          the U-Net of the SpaceNet 7 baseline, and a small fast one of our own
build, weights       from a spec to a torch module; files of weights with their spec
model, backend_*     a network ready for use, run by torch or by onnxruntime
export               from torch to an ONNX file
settings, ensemble   how to predict; several networks and mirror images as one
tiles, plan, canvas  an image in tiles, in pieces that fit into memory, and put together again
flow, writer         read, predict and write at the same time
predicting           sources into files, with resuming; arrays
jobs, outputs        the images of a source; the files of predictions
cubes                files of predictions as cubes
===================  =============================================================================
"""
