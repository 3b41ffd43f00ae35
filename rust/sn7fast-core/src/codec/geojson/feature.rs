//! Second pass: one feature, its geometry into a [`Sink`] and its properties into columns.

use super::column::Rows;
use super::scan::Scan;
use crate::codec::problem::{Parsed, Problem};
use crate::codec::sink::Sink;

/// What to do with a feature without a geometry.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum NullGeometry {
    /// It is an error.
    #[default]
    Error,
    /// It is left out, properties and all.
    Skip,
}

/// Reads the feature that fills the rest of the text.
pub(super) fn read_feature(
    scan: &mut Scan<'_>,
    sink: &mut Sink,
    rows: &mut Rows,
    null_geometry: NullGeometry,
) -> Parsed<()> {
    let (mut kind, mut has_geometry, mut is_null) = (None, false, true);
    scan.object(|scan, key| match key {
        b"type" => {
            kind = Some(scan.string()?);
            Ok(())
        }
        b"geometry" => {
            if std::mem::replace(&mut has_geometry, true) {
                return Err(Problem::syntax("a second member \"geometry\"", "one"));
            }
            is_null = scan.word(&["null"]).is_some();
            if is_null { Ok(()) } else { read_geometry(scan, sink) }
        }
        b"properties" => rows.read(scan),
        _ => scan.skip(),
    })?;
    if kind.as_deref() != Some("Feature") {
        let got = kind.map_or("an object without a type".to_owned(), |kind| {
            format!("an object of type {kind:?}")
        });
        return Err(Problem::syntax(got, "a Feature"));
    }
    if scan.peek().is_some() {
        return Err(scan.unlike("the end of the feature"));
    }
    match (is_null, null_geometry) {
        (false, _) => {
            sink.end_footprint();
            rows.end_row();
            Ok(())
        }
        (true, NullGeometry::Skip) => {
            rows.drop_row();
            Ok(())
        }
        (true, NullGeometry::Error) => {
            let got = if has_geometry { "a null geometry" } else { "no geometry" };
            Err(Problem::geometry(got, "a Polygon or MultiPolygon"))
        }
    }
}

#[derive(Clone, Copy)]
enum Kind {
    Polygon,
    MultiPolygon,
}

fn read_geometry(scan: &mut Scan<'_>, sink: &mut Sink) -> Parsed<()> {
    let mut kind = None;
    // Where coordinates stand that come before the type.
    let mut waiting: Option<Scan<'_>> = None;
    let mut has_coordinates = false;
    scan.object(|scan, key| match (key, kind) {
        (b"type", _) => {
            kind = Some(match &*scan.string()? {
                "Polygon" => Kind::Polygon,
                "MultiPolygon" => Kind::MultiPolygon,
                other => {
                    let got = format_args!("a geometry of type {other:?}");
                    return Err(Problem::geometry(got, "a Polygon or MultiPolygon"));
                }
            });
            Ok(())
        }
        (b"coordinates", _) if has_coordinates => {
            Err(Problem::syntax("a second member \"coordinates\"", "one"))
        }
        (b"coordinates", kind) => {
            has_coordinates = true;
            if let Some(kind) = kind {
                return read_coordinates(scan, sink, kind);
            }
            waiting = Some(scan.clone());
            scan.skip()
        }
        _ => scan.skip(),
    })?;
    match (kind, waiting) {
        (Some(kind), Some(mut before)) => {
            read_coordinates(&mut before, sink, kind).inspect_err(|_| scan.at = before.at)
        }
        (Some(_), None) if has_coordinates => Ok(()),
        (Some(_), None) => Err(Problem::syntax("a geometry without coordinates", "coordinates")),
        (None, _) => Err(Problem::syntax("a geometry without a type", "a type")),
    }
}

fn read_coordinates(scan: &mut Scan<'_>, sink: &mut Sink, kind: Kind) -> Parsed<()> {
    match kind {
        Kind::Polygon => read_polygon(scan, sink),
        Kind::MultiPolygon => scan.array(|scan| read_polygon(scan, sink)).map(|_| ()),
    }
}

fn read_polygon(scan: &mut Scan<'_>, sink: &mut Sink) -> Parsed<()> {
    let (mut rings, mut empty) = (0, 0);
    scan.array(|scan| {
        if scan.array(|scan| read_position(scan, sink))? == 0 {
            empty += 1;
            return Ok(());
        }
        rings += 1;
        sink.end_ring()
    })?;
    // `[[]]` is how some programs write an empty polygon; beside other rings it makes no sense.
    if empty > 1 || (empty == 1 && rings > 0) {
        return Err(Problem::geometry("a ring of 0 points", "at least 4"));
    }
    sink.end_polygon();
    Ok(())
}

/// `[x, y, ...]`: what comes after x and y is checked and left out.
#[inline]
fn read_position(scan: &mut Scan<'_>, sink: &mut Sink) -> Parsed<()> {
    if !scan.take(b'[') {
        return Err(scan.unlike("a position"));
    }
    let x = coordinate(scan)?;
    scan.expect(b',', "a comma and y")?;
    let y = coordinate(scan)?;
    while scan.take(b',') {
        scan.float()?;
    }
    scan.expect(b']', "a comma or a closing bracket")?;
    sink.point([x, y]);
    Ok(())
}

#[inline]
fn coordinate(scan: &mut Scan<'_>) -> Parsed<f64> {
    let failed = match scan.float() {
        Ok(value) => return Ok(value),
        Err(problem) => problem,
    };
    const WORDS: [&str; 5] = ["NaN", "nan", "null", "Infinity", "-Infinity"];
    let start = scan.at;
    let Some(word) = scan.word(&WORDS) else { return Err(failed) };
    scan.at = start;
    Err(Problem::geometry(format_args!("the coordinate {}", WORDS[word]), "a finite number"))
}
