//! Rows of pixels as bits: 1 where the value lies above the threshold.

/// A kind of pixel value.
pub trait Pixel: Copy + Send + Sync {
    /// What a threshold means for this kind.
    fn cut(threshold: f64) -> Cut<Self>;
    /// True if the value lies above; NaN never does.
    fn is_above(self, limit: Self) -> bool;
}

/// A threshold in the pixel's own type.
#[derive(Clone, Copy, Debug)]
pub enum Cut<T> {
    /// Every value is foreground.
    All,
    /// Values above this one are foreground.
    Above(T),
}

macro_rules! whole_number_pixel {
    ($kind:ty) => {
        impl Pixel for $kind {
            fn cut(threshold: f64) -> Cut<Self> {
                // A cast from float to integer saturates: what is beyond the type is its end.
                if threshold < 0.0 { Cut::All } else { Cut::Above(threshold as Self) }
            }
            fn is_above(self, limit: Self) -> bool {
                self > limit
            }
        }
    };
}

macro_rules! float_pixel {
    ($kind:ty) => {
        impl Pixel for $kind {
            fn cut(threshold: f64) -> Cut<Self> {
                Cut::Above(threshold as Self)
            }
            fn is_above(self, limit: Self) -> bool {
                self > limit
            }
        }
    };
}

whole_number_pixel!(u8);
whole_number_pixel!(u16);
float_pixel!(f32);
float_pixel!(f64);

/// Words needed for a row, with at least one zero bit behind its last pixel.
pub fn words_per_row(columns: usize) -> usize {
    columns / 64 + 1
}

/// Packs a row, pixel `x` into bit `x % 64` of word `x / 64`. There must be
/// [`words_per_row`] words; the bits behind the row become 0.
pub fn pack<T: Pixel>(row: &[T], cut: Cut<T>, words: &mut [u64]) {
    let (blocks, rest) = row.as_chunks::<64>();
    let (head, tail) = words.split_at_mut(blocks.len());
    tail.fill(0);
    match cut {
        Cut::All => {
            head.fill(u64::MAX);
            if let Some(last) = tail.first_mut() {
                *last = (1 << rest.len()) - 1;
            }
        }
        Cut::Above(limit) => {
            for (word, block) in head.iter_mut().zip(blocks) {
                *word = pack_block(block, limit);
            }
            if let Some(last) = tail.first_mut() {
                let bit = |(k, value): (usize, &T)| u64::from(value.is_above(limit)) << k;
                *last = rest.iter().enumerate().map(bit).fold(0, |a, b| a | b);
            }
        }
    }
}

/// 64 comparisons, which the compiler turns into vector instructions, then eight times eight bytes
/// of 0 or 1 gathered to eight bits by a multiplication: byte k lands on bit 56 + k.
fn pack_block<T: Pixel>(block: &[T; 64], limit: T) -> u64 {
    const GATHER: u64 = 0x0102_0408_1020_4080;
    let flags = block.map(|value| u8::from(value.is_above(limit)));
    let (eights, _) = flags.as_chunks::<8>();
    eights.iter().enumerate().fold(0, |word, (k, &eight)| {
        word | (u64::from_le_bytes(eight).wrapping_mul(GATHER) >> 56) << (8 * k)
    })
}
