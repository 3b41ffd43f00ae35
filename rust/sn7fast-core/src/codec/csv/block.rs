//! Reads the records of a block into the footprints of each image.

use super::record::{Block, Records};
use crate::Result;
use crate::codec::join::append;
use crate::codec::number::decimal;
use crate::codec::problem::{Parsed, Problem, quoted};
use crate::codec::sink::Sink;
use crate::codec::wkt;
use crate::footprints::Footprints;
use crate::names::{Name, parse_name};
use std::borrow::Cow;
use std::collections::HashMap;

/// What to do with rows that are not as they should be.
#[derive(Clone, Copy, Debug, Default)]
pub struct ReadOptions {
    /// Keep every row whose geometry is empty as an empty footprint, as the original scorer does.
    pub keep_empty: bool,
    /// Keep rows that repeat an id in one image.
    pub keep_duplicates: bool,
}

pub(super) fn place(line: u64) -> String {
    format!("line {line}")
}

/// Where the wanted columns stand.
#[derive(Debug)]
pub(super) struct Columns {
    filename: usize,
    id: usize,
    geometry: usize,
    count: usize,
}

impl Columns {
    /// Takes the header off the blocks; `None` if they hold blank lines only.
    pub(super) fn take(text: &[u8], blocks: &mut Vec<Block>) -> Result<Option<Self>> {
        while let Some(block) = blocks.first_mut() {
            let mut records = Records::new(&text[block.bytes.clone()], block.line);
            let mut fields = Vec::new();
            if let Some((line, outcome)) = records.read(&mut fields) {
                block.bytes.start += records.position();
                block.line = records.line();
                let found = outcome.and_then(|()| Self::find(&fields));
                return found.map(Some).map_err(|problem| problem.at(place(line)));
            }
            blocks.remove(0);
        }
        Ok(None)
    }

    fn find(fields: &[Cow<'_, [u8]>]) -> Parsed<Self> {
        let position = |wanted: &str| {
            let mut named =
                (0..fields.len()).filter(|&k| fields[k].trim_ascii() == wanted.as_bytes());
            let (first, again) = (named.next(), named.next());
            let wrong = match (first, again) {
                (Some(position), None) => return Ok(position),
                (None, _) => "no column",
                _ => "more than one column",
            };
            let header = quoted(&fields.join(&b','));
            Err(Problem::syntax(
                format_args!("{wrong} {wanted} in the header {header}"),
                "the columns filename, id, geometry",
            ))
        };
        Ok(Self {
            filename: position("filename")?,
            id: position("id")?,
            geometry: position("geometry")?,
            count: fields.len(),
        })
    }
}

/// The rows of one image.
#[derive(Debug, Default)]
pub(super) struct Rows {
    pub(super) footprints: Footprints,
    pub(super) ids: Vec<i64>,
    /// Where each row stands, for a complaint about a repeated id.
    pub(super) lines: Vec<u64>,
    /// Rows left out because their geometry is empty, although they have an id.
    pub(super) empty: u64,
}

impl Rows {
    /// Appends rows that stand further down in the file.
    pub(super) fn append(&mut self, more: Self) -> Result<()> {
        append(&mut self.footprints, &more.footprints)?;
        self.ids.extend(more.ids);
        self.lines.extend(more.lines);
        self.empty += more.empty;
        Ok(())
    }
}

#[derive(Default)]
struct OpenRows {
    sink: Sink,
    rows: Rows,
}

/// The rows of a block, by image, in the order in which the images first come.
pub(super) fn read_block(
    mut records: Records<'_>,
    columns: &Columns,
    options: ReadOptions,
) -> Result<Vec<(Name, Rows)>> {
    let mut images: Vec<(Name, OpenRows)> = Vec::new();
    let mut position_of = HashMap::new();
    // Rows of an image mostly follow one another: the name is looked up when it changes.
    let mut current: Option<(Vec<u8>, usize)> = None;
    let mut fields = Vec::with_capacity(columns.count);
    while let Some((line, outcome)) = records.read(&mut fields) {
        let here = |problem: Problem| problem.at(place(line));
        outcome.map_err(here)?;
        if fields.len() != columns.count {
            let got = format_args!("{} fields", fields.len());
            let wanted = format!(
                "{} as in the header (a geometry stands in quotes, it holds commas)",
                columns.count
            );
            return Err(here(Problem::syntax(got, &wanted)));
        }
        let filename = &*fields[columns.filename];
        let position = match &current {
            Some((same, position)) if same == filename => *position,
            _ => {
                let name = read_name(filename).map_err(here)?;
                let position = *position_of.entry(name.clone()).or_insert_with(|| {
                    images.push((name, OpenRows::default()));
                    images.len() - 1
                });
                current = Some((filename.to_vec(), position));
                position
            }
        };
        let id = read_id(&fields[columns.id]).map_err(here)?;
        let image = &mut images[position].1;
        wkt::read_geometry(&fields[columns.geometry], &mut image.sink)
            .map_err(|problem| here(problem.about("geometry")))?;
        if image.sink.is_empty_so_far() && !options.keep_empty {
            image.sink.drop_empty();
            image.rows.empty += u64::from(id >= 0);
            continue;
        }
        image.sink.end_footprint();
        image.rows.ids.push(id);
        if !options.keep_duplicates {
            image.rows.lines.push(line);
        }
    }
    let finished = images.into_iter().map(|(name, OpenRows { sink, rows })| {
        Ok((name, Rows { footprints: sink.finish()?, ..rows }))
    });
    finished.collect()
}

fn read_name(field: &[u8]) -> Parsed<Name> {
    let Ok(name) = std::str::from_utf8(field) else {
        return Err(Problem::syntax(quoted(field), "UTF-8").about("filename"));
    };
    parse_name(name).map_err(|error| Problem::Syntax(error.to_string()).about("filename"))
}

/// An integer, also one that a table program has made a float (`12.0`).
fn read_id(field: &[u8]) -> Parsed<i64> {
    // Beyond this a float does not hold every integer.
    const EXACT: f64 = 9_007_199_254_740_992.0;
    let digits = field.trim_ascii();
    if let Some(id) = std::str::from_utf8(digits).ok().and_then(|digits| digits.parse().ok()) {
        return Ok(id);
    }
    match decimal(digits) {
        Some((value, len))
            if len == digits.len() && value.fract() == 0.0 && value.abs() < EXACT =>
        {
            Ok(value as i64)
        }
        _ => Err(Problem::syntax(quoted(field), "an integer").about("id")),
    }
}
