//! Building footprints through time: masks to polygons, polygons to tracks, tracks to scores.
//!
//! Data flows one way through the modules:
//!
//! ```text
//! mask -> footprints -> (simplify, burn) -> iou -> matching -> track -> f1, scot
//!                \- codec: SN7 CSV and GeoJSON, both ways
//! cube -> (watershed, mask) -> stc -> footprints with ids
//! ```
//!
//! The crate does no file I/O, prints nothing and knows no Python. Results do not depend on the
//! number of threads.

pub mod burn;
pub mod cancel;
pub mod clusters;
pub mod codec;
pub mod collapse;
pub mod cube;
pub mod error;
pub mod f1;
pub mod footprints;
pub mod geo;
pub mod geom;
pub mod index;
pub mod iou;
pub mod mask;
pub mod matching;
pub mod names;
pub mod scot;
pub mod separate;
pub mod simplify;
pub mod stc;
pub mod track;
pub mod watershed;

pub use cancel::Cancel;
pub use error::{Error, Result};
pub use footprints::{Footprints, FootprintsRef, Point};
