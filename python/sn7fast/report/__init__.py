"""The report: one HTML file that shows an AOI through time, without a server or a network.

`write_report` makes it; what a reader does with it stands in the page itself (the key ``?``).

=============  =================================================================================
writer         the way from stacks and images to the file
content        what the page knows, as a header and byte columns; these are made by rows,
               shapes, dates, ground and score
comparison     tracks against truth, row by row
packing        varints and the container
backgrounds    images a month as WebP within a number of bytes
sources        where the images come from: SpaceNet 7 files, a manifest, a cube
clouds         what is hidden, as runs of pixels
document       template, styles and scripts of ``page/`` joined to one document
inputs         (with image_inputs) what a run of the pipeline or other files hold for a report
contents_page  the page that links those of several AOIs
=============  =================================================================================
"""

from __future__ import annotations

from sn7fast.report.writer import Report, write_report

__all__ = ["Report", "write_report"]
