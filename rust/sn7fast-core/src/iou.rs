//! IoU of footprint pairs.
