"""Slow, plain implementations of what sn7fast does, written from the description of the originals.

They use numpy, scipy, shapely and rasterio, never sn7fast, so that they can be its judge in parity
and property tests and its rival in benchmarks. Nothing here is shipped. ``vectorised`` holds the
same results by the quickest means of those libraries, for inputs of real size.
"""
