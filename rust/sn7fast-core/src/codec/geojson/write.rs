//! Writes a feature collection, one feature a line.

use super::column::{Column, Value};
use crate::codec::check_decimals;
use crate::codec::number::{write_float, write_int, write_number};
use crate::footprints::{FootprintRef, FootprintsRef};
use crate::{Cancel, Error, Result};
use rayon::prelude::*;
use std::io::Write;
use std::ops::Range;

/// Features that are turned into text at a time by one thread.
const BLOCK_FEATURES: usize = 1024;
/// Blocks whose text is held in memory at once.
const GROUP: usize = 64;

/// Writes one feature for each footprint. `crs` is the name for the `crs` member that GeoJSON had
/// before RFC 7946. Integers are written without a point in coordinates, floats in properties with
/// one; NaN in properties is `null`.
///
/// # Errors
/// [`Error::Argument`] if a column has another length, a repeated name or an infinite number, or
/// there are too many decimals; [`Error::Io`]; [`Error::Cancelled`].
pub fn write_geojson(
    writer: &mut impl Write,
    footprints: FootprintsRef<'_>,
    columns: &[(String, Column)],
    crs: Option<&str>,
    decimals: Option<u8>,
    cancel: &Cancel,
) -> Result<()> {
    check_decimals(decimals)?;
    check_columns(footprints.len(), columns)?;
    let keys: Vec<Vec<u8>> = columns.iter().map(|(name, _)| key(name)).collect();
    let mut head = b"{\n\"type\": \"FeatureCollection\",\n".to_vec();
    if let Some(crs) = crs {
        head.extend_from_slice(b"\"crs\": { \"type\": \"name\", \"properties\": { \"name\": ");
        write_string(&mut head, crs);
        head.extend_from_slice(b" } },\n");
    }
    head.extend_from_slice(b"\"features\": [\n");
    writer.write_all(&head)?;
    let count = footprints.len();
    let starts: Vec<usize> = (0..count).step_by(BLOCK_FEATURES).collect();
    for group in starts.chunks(GROUP) {
        cancel.check()?;
        let block = |&start: &usize| {
            let rows = start..count.min(start + BLOCK_FEATURES);
            text_of(footprints, rows, columns, &keys, decimals)
        };
        let texts: Vec<Vec<u8>> = group.par_iter().map(block).collect();
        for text in texts {
            writer.write_all(&text)?;
        }
    }
    writer.write_all(b"]\n}\n")?;
    Ok(())
}

fn check_columns(count: usize, columns: &[(String, Column)]) -> Result<()> {
    for (k, (name, column)) in columns.iter().enumerate() {
        if column.len() != count {
            let got = format!("{} values in {name:?}", column.len());
            return Err(Error::argument("columns", got, format!("{count}, one a footprint")));
        }
        if columns[..k].iter().any(|(other, _)| other == name) {
            return Err(Error::argument("columns", format!("{name:?} twice"), "each name once"));
        }
        let infinite = match column {
            Column::Float(values) => values.iter().position(|value| value.is_infinite()),
            Column::Mixed(values) => {
                values.iter().position(|v| matches!(v, Value::Float(f) if f.is_infinite()))
            }
            Column::Int(_) | Column::Bool(_) => None,
        };
        if let Some(row) = infinite {
            let got = format!("an infinite number in {name:?}, row {row}");
            return Err(Error::argument("columns", got, "numbers that JSON can hold"));
        }
    }
    Ok(())
}

fn key(name: &str) -> Vec<u8> {
    let mut out = Vec::new();
    write_string(&mut out, name);
    out.extend_from_slice(b": ");
    out
}

fn text_of(
    footprints: FootprintsRef<'_>,
    rows: Range<usize>,
    columns: &[(String, Column)],
    keys: &[Vec<u8>],
    decimals: Option<u8>,
) -> Vec<u8> {
    let mut out = Vec::with_capacity(rows.len() * 512);
    for row in rows {
        out.extend_from_slice(b"{ \"type\": \"Feature\", \"properties\": { ");
        for (k, (key, (_, column))) in keys.iter().zip(columns).enumerate() {
            if k > 0 {
                out.extend_from_slice(b", ");
            }
            out.extend_from_slice(key);
            write_value(&mut out, column, row);
        }
        out.extend_from_slice(b" }, \"geometry\": { \"type\": \"");
        write_geometry(&mut out, &footprints.get(row), decimals);
        let last = row + 1 == footprints.len();
        out.extend_from_slice(if last { b" } }\n" } else { b" } },\n" });
    }
    out
}

fn write_value(out: &mut Vec<u8>, column: &Column, row: usize) {
    let float = |out: &mut Vec<u8>, value: f64| {
        if value.is_nan() { out.extend_from_slice(b"null") } else { write_float(out, value) }
    };
    let truth = |value| if value { &b"true"[..] } else { &b"false"[..] };
    match column {
        Column::Int(values) => write_int(out, values[row]),
        Column::Float(values) => float(out, values[row]),
        Column::Bool(values) => out.extend_from_slice(truth(values[row])),
        Column::Mixed(values) => match &values[row] {
            Value::Null => out.extend_from_slice(b"null"),
            Value::Bool(value) => out.extend_from_slice(truth(*value)),
            Value::Int(value) => write_int(out, *value),
            Value::Float(value) => float(out, *value),
            Value::Text(value) => write_string(out, value),
        },
    }
}

fn write_string(out: &mut Vec<u8>, text: &str) {
    out.push(b'"');
    for byte in text.bytes() {
        match byte {
            b'"' | b'\\' => out.extend_from_slice(&[b'\\', byte]),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            b'\t' => out.extend_from_slice(b"\\t"),
            // Writing to a vector cannot fail.
            0..0x20 => drop(write!(out, "\\u{byte:04x}")),
            _ => out.push(byte),
        }
    }
    out.push(b'"');
}

/// From the type of the geometry on.
fn write_geometry(out: &mut Vec<u8>, footprint: &FootprintRef<'_>, decimals: Option<u8>) {
    if footprint.points().is_empty() {
        out.extend_from_slice(b"Polygon\", \"coordinates\": []");
        return;
    }
    let several = footprint.polygon_count() > 1;
    let head: &[u8] = if several {
        b"MultiPolygon\", \"coordinates\": ["
    } else {
        b"Polygon\", \"coordinates\": "
    };
    out.extend_from_slice(head);
    for (k, rings) in footprint.polygons().enumerate() {
        out.extend_from_slice(if k > 0 { b",[" } else { b"[" });
        for (k, ring) in rings.enumerate() {
            out.extend_from_slice(if k > 0 { b",[" } else { b"[" });
            for (k, [x, y]) in ring.iter().enumerate() {
                out.extend_from_slice(if k > 0 { b",[" } else { b"[" });
                write_number(out, *x, decimals);
                out.push(b',');
                write_number(out, *y, decimals);
                out.push(b']');
            }
            out.push(b']');
        }
        out.push(b']');
    }
    if several {
        out.push(b']');
    }
}
