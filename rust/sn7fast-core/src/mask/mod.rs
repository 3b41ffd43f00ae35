//! Masks to footprints.
