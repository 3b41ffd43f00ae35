//! Footprint F1 of one frame.
