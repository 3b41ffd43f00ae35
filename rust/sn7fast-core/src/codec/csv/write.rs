//! Writes an SN7 CSV.

use crate::codec::number::write_int;
use crate::codec::{check_decimals, wkt};
use crate::footprints::FootprintsRef;
use crate::names::{Name, parse_name};
use crate::{Cancel, Error, Result};
use memchr::memchr3;
use rayon::prelude::*;
use std::io::Write;
use std::ops::Range;

/// Id in the one row of a month without footprints. Readers leave out negative ids, so the row says
/// that the image was looked at and cannot be taken for a building.
pub const EMPTY_MONTH_ID: i64 = -1;

/// Rows that are turned into text at a time by one thread.
const BLOCK_ROWS: usize = 1024;
/// Blocks whose text is held in memory at once.
const GROUP: usize = 64;

/// The footprints of one area, borrowed.
#[derive(Clone, Copy, Debug)]
pub struct Rows<'a> {
    /// Name of the area.
    pub aoi: &'a str,
    /// Months as `YYYY_MM`.
    pub months: &'a [String],
    /// Start of each month in `footprints`, and the end of the last one.
    pub frame_offsets: &'a [i32],
    /// Footprints of all months.
    pub footprints: FootprintsRef<'a>,
    /// Id of each footprint.
    pub ids: &'a [i64],
}

/// Writes one row for each footprint, areas and months as they come, and for each month without
/// footprints a row with [`EMPTY_MONTH_ID`] and `POLYGON EMPTY`.
///
/// # Errors
/// [`Error::Argument`] if the columns do not fit together, an id repeats in a month, or a name that
/// is made of area and month would not read back as these; [`Error::Io`]; [`Error::Cancelled`].
pub fn write_csv(
    writer: &mut impl Write,
    areas: &[Rows<'_>],
    decimals: Option<u8>,
    cancel: &Cancel,
) -> Result<()> {
    check_decimals(decimals)?;
    let mut blocks = Vec::new();
    for area in areas {
        cancel.check()?;
        area.check()?;
        for (month, frame) in area.months.iter().zip(area.frames()) {
            blocks.extend(Block::of_month(area, month, frame)?);
        }
    }
    writer.write_all(b"filename,id,geometry\n")?;
    for group in blocks.chunks(GROUP) {
        cancel.check()?;
        let texts: Vec<Vec<u8>> = group.par_iter().map(|block| block.text(decimals)).collect();
        for text in texts {
            writer.write_all(&text)?;
        }
    }
    Ok(())
}

impl<'a> Rows<'a> {
    fn frames(&self) -> impl Iterator<Item = Range<usize>> + use<'a> {
        self.frame_offsets.windows(2).map(|w| w[0] as usize..w[1] as usize)
    }

    fn check(&self) -> Result<()> {
        let count = self.footprints.len();
        let offsets = self.frame_offsets;
        let fits = offsets.len() == self.months.len() + 1
            && offsets.first() == Some(&0)
            && offsets.last().and_then(|&last| usize::try_from(last).ok()) == Some(count)
            && offsets.is_sorted();
        if !fits {
            let got = format!("{} offsets for {} months", offsets.len(), self.months.len());
            let wanted = format!("one more than months, from 0 to {count}");
            return Err(Error::argument("frame_offsets", got, wanted));
        }
        if self.ids.len() != count {
            let got = format!("{} ids", self.ids.len());
            return Err(Error::argument("ids", got, format!("{count}, one for each footprint")));
        }
        for (month, frame) in self.months.iter().zip(self.frames()) {
            let mut ids = self.ids[frame].to_vec();
            ids.sort_unstable();
            if let Some(pair) = ids.windows(2).find(|pair| pair[0] == pair[1]) {
                let got = format!("{} twice in {month} of {:?}", pair[0], self.aoi);
                return Err(Error::argument("ids", got, "each id once in a month"));
            }
        }
        Ok(())
    }
}

/// Some rows of one image.
struct Block<'a> {
    area: &'a Rows<'a>,
    /// First field of each row and the comma.
    head: Vec<u8>,
    rows: Range<usize>,
}

impl<'a> Block<'a> {
    fn of_month(area: &'a Rows<'a>, month: &str, frame: Range<usize>) -> Result<Vec<Self>> {
        let name = format!("global_monthly_{month}_mosaic_{}", area.aoi);
        let wanted = Name { aoi: area.aoi.to_owned(), month: month.to_owned() };
        if parse_name(&name).ok().as_ref() != Some(&wanted) {
            return Err(Error::argument(
                "months",
                format!("{month:?} of {:?}", area.aoi),
                "a month as YYYY_MM and an area without folder, extension or _Buildings, so that \
                 they can be read back from a file name",
            ));
        }
        let mut head = field(&name);
        head.push(b',');
        let starts = frame.clone().step_by(BLOCK_ROWS);
        let rows = starts.map(|start| start..frame.end.min(start + BLOCK_ROWS));
        let mut blocks: Vec<Self> =
            rows.map(|rows| Self { area, head: head.clone(), rows }).collect();
        if blocks.is_empty() {
            blocks.push(Self { area, head, rows: frame });
        }
        Ok(blocks)
    }

    fn text(&self, decimals: Option<u8>) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.rows.len() * 256);
        for row in self.rows.clone() {
            out.extend_from_slice(&self.head);
            write_int(&mut out, self.area.ids[row]);
            out.extend_from_slice(b",\"");
            wkt::write_geometry(&mut out, &self.area.footprints.get(row), decimals);
            out.extend_from_slice(b"\"\n");
        }
        if self.rows.is_empty() {
            out.extend_from_slice(&self.head);
            write_int(&mut out, EMPTY_MONTH_ID);
            out.extend_from_slice(b",POLYGON EMPTY\n");
        }
        out
    }
}

/// A text as a field: in quotes if it has to be.
fn field(text: &str) -> Vec<u8> {
    let special = memchr3(b',', b'"', b'\n', text.as_bytes()).is_some() || text.contains('\r');
    if special { format!("\"{}\"", text.replace('"', "\"\"")).into_bytes() } else { text.into() }
}
