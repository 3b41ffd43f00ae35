//! Planar measures of footprints: area, bounds, and the area that two footprints share.
//!
//! SCOT, F1 and tracking need the area of an intersection, never its outline, so no overlay is
//! built. A region is kept as its non-vertical edges with signs ([`edges`]), and the shared area
//! of two regions is a sum over pairs of edges ([`overlap`]), exact on the pixel grid. That holds
//! for regions that are covered once; footprints that cross or touch themselves ([`validity`])
//! are first cut into such edges by the rule of whoever asks ([`repair`]).

mod area;
mod bounds;
mod columns;
mod edges;
mod interior;
mod nesting;
mod overlap;
mod repair;
mod segments;
mod shapes;
mod sweep;
mod touch;
mod validity;

pub use area::{area, areas, signed_ring_area};
pub use bounds::{Bounds, bounds};
pub(crate) use segments::{Meeting, Segment, for_each_near_pair, meet, side};
pub use shapes::{Repair, Shapes};
pub use touch::intersects;
pub use validity::is_valid;
