//! R-tree over bounding boxes.
