//! Matching of two sets of footprints.
