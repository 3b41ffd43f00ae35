//! Reads a feature collection.

use super::collection::{Outline, outline};
use super::column::{Column, Rows};
use super::feature::read_feature;
use super::scan::Scan;
use crate::codec::join::append;
use crate::codec::sink::Sink;
use crate::footprints::Footprints;
use crate::{Cancel, Result};
use memchr::memchr_iter;
use rayon::prelude::*;
use std::ops::Range;

/// Features that are read at a time by one thread.
const BLOCK_FEATURES: usize = 1024;

/// What to do with a feature without a geometry.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum NullGeometry {
    /// It is an error.
    #[default]
    Error,
    /// It is left out, properties and all.
    Skip,
}

/// What to read, and how strictly.
#[derive(Clone, Debug, Default)]
pub struct ReadOptions {
    /// Names of the properties to read, or `None` for all.
    pub columns: Option<Vec<String>>,
    /// What to do with a feature without a geometry.
    pub null_geometry: NullGeometry,
}

/// The features of a collection.
#[derive(Clone, Debug, PartialEq)]
pub struct Collection {
    /// One footprint for each feature.
    pub footprints: Footprints,
    /// Properties: those asked for in that order, or all in the order in which they first come.
    pub columns: Vec<(String, Column)>,
    /// Name in the `crs` member.
    pub crs: Option<String>,
}

/// Reads a feature collection. No text at all holds no features.
///
/// # Errors
/// [`crate::Error::Format`] or [`crate::Error::TextGeometry`] with the number of the feature, from
/// 0, and the line; [`crate::Error::Cancelled`].
pub fn read_geojson(text: &[u8], options: &ReadOptions, cancel: &Cancel) -> Result<Collection> {
    let start = if text.starts_with(b"\xef\xbb\xbf") { 3 } else { 0 };
    let mut scan = Scan::new(text, start);
    let mut found = Outline::default();
    let outcome = if scan.peek().is_none() { Ok(()) } else { outline(&mut scan, &mut found) };
    let blocks: Vec<Result<(Footprints, Rows)>> = found
        .features
        .par_chunks(BLOCK_FEATURES)
        .enumerate()
        .map(|(block, features)| {
            cancel.check()?;
            read_block(text, features, block * BLOCK_FEATURES, options)
        })
        .collect();
    let mut footprints = Footprints::default();
    let mut rows = Rows::new(options.columns.as_deref());
    for block in blocks {
        let (more, more_rows) = block?;
        append(&mut footprints, &more)?;
        rows.append(more_rows);
    }
    // The first error in the text is told: one in a feature comes before one behind it.
    outcome.map_err(|problem| problem.at(format!("line {}", line(text, scan.at))))?;
    Ok(Collection { footprints, columns: rows.finish(), crs: found.crs })
}

fn read_block(
    text: &[u8],
    features: &[Range<usize>],
    first: usize,
    options: &ReadOptions,
) -> Result<(Footprints, Rows)> {
    let mut sink = Sink::new();
    let mut rows = Rows::new(options.columns.as_deref());
    for (k, bytes) in features.iter().enumerate() {
        let mut scan = Scan::new(&text[..bytes.end], bytes.start);
        read_feature(&mut scan, &mut sink, &mut rows, options.null_geometry).map_err(
            |problem| problem.at(format!("feature {} (line {})", first + k, line(text, scan.at))),
        )?;
    }
    Ok((sink.finish()?, rows))
}

fn line(text: &[u8], at: usize) -> usize {
    1 + memchr_iter(b'\n', &text[..at.min(text.len())]).count()
}
