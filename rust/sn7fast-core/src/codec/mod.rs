//! Text formats: SN7 CSV (WKT) and GeoJSON, both ways.
//!
//! Readers take bytes or [`std::io::Read`], writers [`std::io::Write`]; opening files is for the
//! caller. Numbers are read correctly rounded and written as the shortest text that gives the same
//! bits back. Work is split at places that do not depend on the number of threads, and put together
//! in order.

pub mod csv;
pub mod geojson;
mod join;
mod number;
mod problem;
mod sink;
pub mod wkt;

/// Decimals of written coordinates at most; a double has no more to say.
pub const MAX_DECIMALS: u8 = 20;

/// Refuses a number of decimals beyond [`MAX_DECIMALS`].
fn check_decimals(decimals: Option<u8>) -> crate::Result<()> {
    match decimals {
        Some(count) if count > MAX_DECIMALS => {
            Err(crate::Error::argument("decimals", count, format!("0 to {MAX_DECIMALS}")))
        }
        _ => Ok(()),
    }
}
