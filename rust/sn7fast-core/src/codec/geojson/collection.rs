//! First pass: the top level of a feature collection, and where its features lie.

use super::scan::Scan;
use crate::codec::problem::{Parsed, Problem, quoted};
use memchr::memchr3_iter;
use std::borrow::Cow;
use std::ops::Range;

/// What the top level says. Filled as far as the text is in order.
#[derive(Debug, Default)]
pub(super) struct Outline {
    /// The bytes of each feature.
    pub(super) features: Vec<Range<usize>>,
    pub(super) crs: Option<String>,
}

/// Walks the top level. On an error the features before it are in the outline.
pub(super) fn outline(scan: &mut Scan<'_>, outline: &mut Outline) -> Parsed<()> {
    const WANTED: &str = "a GeoJSON FeatureCollection";
    if scan.peek() != Some(b'{') {
        return Err(scan.unlike(WANTED));
    }
    let (mut kind, mut has_features) = (None, false);
    scan.object(|scan, key| match key {
        b"type" => {
            kind = Some(scan.string()?);
            Ok(())
        }
        b"features" => {
            if std::mem::replace(&mut has_features, true) {
                return Err(Problem::syntax("a second member \"features\"", "one"));
            }
            split(scan, &mut outline.features)
        }
        b"crs" => {
            outline.crs = crs(scan).map_err(|problem| problem.about("crs"))?;
            Ok(())
        }
        _ => scan.skip(),
    })?;
    match kind.as_deref() {
        Some("FeatureCollection") if has_features => {}
        Some("FeatureCollection") => {
            return Err(Problem::syntax("a FeatureCollection without \"features\"", WANTED));
        }
        Some(other) => return Err(Problem::syntax(format_args!("the type {other:?}"), WANTED)),
        None => return Err(Problem::syntax("an object without a type", WANTED)),
    }
    if scan.peek().is_some() { Err(scan.unlike("the end of the text")) } else { Ok(()) }
}

/// The features of an array: each from its opening brace to the brace that closes it.
fn split(scan: &mut Scan<'_>, features: &mut Vec<Range<usize>>) -> Parsed<()> {
    scan.array(|scan| {
        if scan.peek() != Some(b'{') {
            return Err(scan.unlike("a feature"));
        }
        let Some(len) = object_len(&scan.text[scan.at..]) else {
            // Its reader finds out what is wrong with it.
            features.push(scan.at..scan.text.len());
            scan.at = scan.text.len();
            return Err(Problem::syntax("the end of the text in a feature", "a closing brace"));
        };
        features.push(scan.at..scan.at + len);
        scan.at += len;
        Ok(())
    })
    .map(|_| ())
}

/// Length of the object at the start of `text`, by its braces and quotes.
fn object_len(text: &[u8]) -> Option<usize> {
    let (mut depth, mut in_string) = (0_usize, false);
    for at in memchr3_iter(b'{', b'}', b'"', text) {
        match text[at] {
            b'"' if in_string => {
                let backslashes = text[..at].iter().rev().take_while(|&&b| b == b'\\').count();
                in_string = backslashes % 2 == 1;
            }
            b'"' => in_string = true,
            _ if in_string => {}
            b'{' => depth += 1,
            _ => {
                depth -= 1;
                if depth == 0 {
                    return Some(at + 1);
                }
            }
        }
    }
    None
}

/// The name in the `crs` member that GeoJSON had before RFC 7946.
fn crs(scan: &mut Scan<'_>) -> Parsed<Option<String>> {
    if scan.word(&["null"]).is_some() {
        return Ok(None);
    }
    let start = scan.at;
    let mut name = None;
    scan.object(|scan, key| match key {
        b"properties" => scan.object(|scan, key| {
            if key != b"name" {
                return scan.skip();
            }
            name = Some(scan.string().map(Cow::into_owned)?);
            Ok(())
        }),
        _ => scan.skip(),
    })?;
    match name {
        Some(name) => Ok(Some(name)),
        None => Err(Problem::syntax(quoted(&scan.text[start..]), "null or a named system")),
    }
}
