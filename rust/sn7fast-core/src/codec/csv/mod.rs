//! The SN7 table of footprints: `filename,id,geometry`, one row per image and building.
//!
//! Columns may come in any order among others. The file name gives area and month by the rule of
//! [`crate::names`]; the geometry is WKT; the id is an integer. An image without buildings has one
//! row with `POLYGON EMPTY`. Quotes, commas and line ends follow RFC 4180; a line may end in `\n`.

mod block;
mod read;
mod record;
mod write;

pub use block::ReadOptions;
pub use read::{Table, read_csv};
pub use write::{EMPTY_MONTH_ID, Rows, write_csv};
