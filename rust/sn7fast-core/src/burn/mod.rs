//! Footprints to pixels: footprint, boundary and contact masks.
//!
//! ```text
//! spans       polygon -> runs of pixels, by the pixel-centre rule
//! bands       rows of an image shared out to threads
//! footprint   runs -> mask
//! morphology  erosion and dilation by a square
//! boundary    rim of a mask, or of each building
//! buffer      footprint -> convex pieces of its round buffer
//! contact     where the buffers of two buildings meet
//! seen        which pixels of images are seen, in bytes or bits
//! sight       what clouds leave of a footprint
//! ```

mod bands;
mod boundary;
mod buffer;
mod contact;
mod footprint;
mod morphology;
mod seen;
mod shape;
mod sight;
mod spans;
mod training_mask;

pub use boundary::BoundaryType;
pub(crate) use buffer::RingBuffer;
pub use footprint::rasterize;
pub use seen::{BitRows, SeenMonth, Valid};
pub use shape::Shape;
pub use sight::{Looker, Sight};
pub(crate) use spans::Scanner;
pub use training_mask::{Channel, TrainingMask, training_mask};
