//! Planar measures of footprints.

mod area;
mod bounds;

pub use area::{area, areas, signed_ring_area};
pub use bounds::{Bounds, bounds};
