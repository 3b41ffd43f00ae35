//! A town of which everything is known: about 9,000 houses on 1024 x 1024 pixels, month by month.
//!
//! Each house stands in a cell of its own and never touches the next cell, so a footprint tells by
//! its position which house it is ([`house_at`]), and the right answer of each job follows. In the
//! truth a house stays as it is from the month it is built. In the proposal it is seen now and then
//! only, and moved by a pixel: it always keeps more than a quarter IoU with itself.

use crate::frames::{Frames, SIZE};
use crate::random::Random;
use sn7fast_core::footprints::FootprintRef;

const CELL: usize = 10;
const CELLS: usize = SIZE / CELL;
const MONTHS: usize = 12;

struct House {
    row: usize,
    column: usize,
    height: usize,
    width: usize,
    form: Form,
    born: usize,
}

enum Form {
    Rectangle,
    /// Without a corner of half its sides.
    Angle,
    /// With a hole of one pixel.
    Courtyard,
}

impl House {
    fn new(cell: usize, random: &mut Random) -> Self {
        // Shifted by a pixel it must still leave the last line of its cell free.
        let (height, width) = (4 + random.below(5), 4 + random.below(5));
        let large = height.min(width) >= 6;
        let form = match random.below(8) {
            0..2 if large => Form::Angle,
            2 if large => Form::Courtyard,
            _ => Form::Rectangle,
        };
        let late = random.one_in(20);
        Self {
            row: cell / CELLS * CELL + random.below(CELL - 1 - height),
            column: cell % CELLS * CELL + random.below(CELL - 1 - width),
            height,
            width,
            form,
            born: if late { 1 + random.below(MONTHS - 1) } else { 0 },
        }
    }

    fn draw(&self, frame: &mut [u8], [down, right]: [usize; 2]) {
        for y in 0..self.height {
            for x in 0..self.width {
                let inside = match self.form {
                    Form::Rectangle => true,
                    Form::Angle => y >= self.height / 2 || x < self.width.div_ceil(2),
                    Form::Courtyard => (y, x) != (2, 2),
                };
                if inside {
                    frame[(self.row + down + y) * SIZE + self.column + right + x] = 255;
                }
            }
        }
    }
}

/// The frames of both sides.
pub fn town() -> Frames {
    let mut random = Random::new(7);
    let houses: Vec<House> = (0..CELLS * CELLS)
        .filter_map(|cell| {
            let empty = random.one_in(8);
            (!empty).then(|| House::new(cell, &mut random))
        })
        .collect();
    let blank = || vec![vec![0; SIZE * SIZE]; MONTHS];
    let (mut truth, mut proposal) = (blank(), blank());
    for month in 0..MONTHS {
        for house in houses.iter().filter(|house| house.born <= month) {
            house.draw(&mut truth[month], [0, 0]);
            let shift = [random.below(2), random.below(2)];
            if !random.one_in(30) {
                house.draw(&mut proposal[month], shift);
            }
        }
    }
    Frames { name: "town", truth, proposal, is_town: true }
}

/// Which house of the town a footprint is.
pub fn house_at(footprint: &FootprintRef<'_>) -> usize {
    // Points are corners of pixels, and no house ends beyond its cell.
    let cell = |axis: usize| {
        let least = footprint.points().iter().map(|p| p[axis]).fold(f64::INFINITY, f64::min);
        least as usize / CELL
    };
    cell(1) * CELLS + cell(0)
}
