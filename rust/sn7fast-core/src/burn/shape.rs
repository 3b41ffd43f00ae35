//! Size of an image.

use crate::error::{Error, Result};

/// Rows and columns of an image, both at least 1, whose pixels fit into memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    rows: usize,
    cols: usize,
}

impl Shape {
    /// Checks rows and columns.
    ///
    /// # Errors
    /// [`Error::Argument`] if one of them is 0 or above 2^31 - 1.
    pub fn try_new(shape_yx: [usize; 2]) -> Result<Self> {
        let [rows, cols] = shape_yx;
        if shape_yx.iter().all(|n| (1..=i32::MAX as usize).contains(n)) {
            return Ok(Self { rows, cols });
        }
        let wanted = format!("rows and columns from 1 to {}", i32::MAX);
        Err(Error::argument("shape_yx", format!("({rows}, {cols})"), wanted))
    }

    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Number of columns.
    pub fn cols(&self) -> usize {
        self.cols
    }

    /// Zeros for all pixels of an image with this number of channels.
    ///
    /// # Errors
    /// [`Error::Argument`] if there is no memory for them.
    pub fn zeros(&self, channels: usize) -> Result<Vec<u8>> {
        let mut pixels = Vec::new();
        let fits = self
            .rows
            .checked_mul(self.cols)
            .and_then(|n| n.checked_mul(channels))
            .filter(|&n| pixels.try_reserve_exact(n).is_ok());
        let Some(count) = fits else {
            let got = format!("({}, {}) with {channels} channels", self.rows, self.cols);
            return Err(Error::argument("shape_yx", got, "an image that fits into memory"));
        };
        pixels.resize(count, 0);
        Ok(pixels)
    }
}
