//! Pixels to regions that do not touch: peaks, connected components and the seeded watershed.
//!
//! ```text
//! values --peaks--> pixels --components--> seeds --flood--> labels --> mask::polygonize
//!        \-- above a level --/
//! ```
//!
//! High values are flooded first: what scikit-image would do with the values negated. Only pixels
//! above a floor take part; all others, and the dividing lines, get no label. Neighbours share an
//! edge, so with dividing lines two pixels of different labels never do, and the labelled pixels
//! can be polygonized as one 4-connected mask: each polygon is of one label.
//!
//! Peak finder and watershed exist in two versions ([`Rules`]): that of scikit-image 0.17, with
//! which the winner of SpaceNet 7 ran in 2020, and that of scikit-image since 0.19. Both are met
//! to the last pixel, ties included ([`heap`]).

mod components;
mod fifo;
mod flood;
mod heap;
mod peaks;
mod ranks;

pub use components::{Components, Run, equal_components, mask_components};
pub use flood::{Flood, Labels, Order, flood};
pub use peaks::{Peaks, peaks};

use crate::error::{Error, Result};
use crate::mask::{Cut, Pixel};

/// Whose rules peak finder and watershed follow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rules {
    /// scikit-image 0.17: a pixel waits under its own value, dividing lines hand nothing on, and
    /// pixels of the frame compete with peaks.
    Of2020,
    /// scikit-image since 0.19: a pixel waits under the lower of its own value and that of the one
    /// before it, dividing lines hand on, and pixels of the frame do not compete.
    Current,
}

/// Value of a pixel that floods can compare.
pub trait Level: Pixel + PartialOrd {
    /// Number of different values, if there are few.
    const LEVELS: Option<usize>;
    /// Smaller for larger values, the same for equal ones. Not for NaN.
    fn depth(self) -> u64;
}

impl Level for u8 {
    const LEVELS: Option<usize> = Some(1 << 8);

    fn depth(self) -> u64 {
        u64::from(Self::MAX - self)
    }
}

impl Level for u16 {
    const LEVELS: Option<usize> = Some(1 << 16);

    fn depth(self) -> u64 {
        u64::from(Self::MAX - self)
    }
}

impl Level for f32 {
    const LEVELS: Option<usize> = None;

    fn depth(self) -> u64 {
        f64::from(self).depth()
    }
}

impl Level for f64 {
    const LEVELS: Option<usize> = None;

    fn depth(self) -> u64 {
        // The sum makes one zero of the two. Bits of positive numbers sort as the numbers do,
        // those of negative ones the other way round.
        let bits = (self + 0.0).to_bits();
        if bits >> 63 == 0 { !bits & !(1 << 63) } else { bits }
    }
}

/// True if the value lies above the cut.
fn is_above<T: Pixel>(value: T, cut: Cut<T>) -> bool {
    match cut {
        Cut::All => true,
        Cut::Above(limit) => value.is_above(limit),
    }
}

/// Most pixels of an image: ages of a flood, up to four for each pixel, are counted in 32 bits.
const MOST_PIXELS: usize = 1 << 30;

fn check_shape(argument: &'static str, pixels: usize, [rows, columns]: [usize; 2]) -> Result<()> {
    if rows.checked_mul(columns) != Some(pixels) {
        let got = format!("{pixels} pixels for a shape of {rows} x {columns}");
        return Err(Error::argument(argument, got, "rows * columns pixels"));
    }
    if pixels >= MOST_PIXELS {
        let wanted = format!("fewer than {MOST_PIXELS}; split the image");
        return Err(Error::argument(argument, format!("{pixels} pixels"), wanted));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn depth_sorts_the_other_way_round() {
        let values = [f64::INFINITY, 2.5, 1.0, 1e-300, 0.0, -1e-300, -3.0, f64::NEG_INFINITY];
        assert!(values.windows(2).all(|w| w[0].depth() < w[1].depth()));
        assert_eq!((-0.0f64).depth(), 0.0f64.depth());
        assert!(200u8.depth() < 3u8.depth());
    }
}
