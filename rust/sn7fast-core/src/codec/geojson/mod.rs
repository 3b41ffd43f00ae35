//! GeoJSON feature collections (RFC 7946) of polygons, both ways, with the old `crs` member.
//!
//! Reading goes twice over the text. The first pass (`collection`) walks the top level and finds
//! where each feature begins and ends, looking at braces and quotes alone; the second reads the
//! features, blocks of them side by side, and checks every byte. So the result, and the error if
//! there is one, is that of reading from the first byte to the last.

mod collection;
mod column;
mod feature;
mod read;
mod scan;
mod write;

pub use column::{Column, Value};
pub use feature::NullGeometry;
pub use read::{Collection, ReadOptions, read_geojson};
pub use write::write_geojson;
