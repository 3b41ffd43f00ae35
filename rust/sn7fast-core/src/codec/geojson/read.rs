//! Reads a feature collection.

use super::collection::{Outline, outline};
use super::column::{Column, Rows};
use super::feature::{NullGeometry, read_feature};
use super::scan::Scan;
use crate::codec::join::{append, reserve};
use crate::codec::sink::Sink;
use crate::footprints::Footprints;
use crate::{Cancel, Result};
use memchr::memchr_iter;
use rayon::prelude::*;
use std::ops::Range;

/// Features that are read at a time by one thread.
const BLOCK_FEATURES: usize = 1024;

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
    reserve(&mut footprints, blocks.iter().flatten().map(|(part, _)| part));
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

#[cfg(test)]
mod tests {
    #![allow(clippy::expect_used, clippy::panic)]
    use super::*;
    use crate::Error;
    use crate::codec::geojson::Value;
    use crate::codec::wkt::write_wkt;

    const RING: &str = "[[0,0],[4,0],[4,4],[0,0]]";

    fn collection(features: &str) -> String {
        format!("{{\"type\":\"FeatureCollection\",\"features\":[{features}]}}")
    }

    fn feature(geometry: &str) -> String {
        format!("{{\"type\":\"Feature\",\"properties\":{{}},\"geometry\":{geometry}}}")
    }

    fn polygon(coordinates: &str) -> String {
        feature(&format!("{{\"type\":\"Polygon\",\"coordinates\":{coordinates}}}"))
    }

    fn read(text: &str) -> Result<Collection> {
        read_geojson(text.as_bytes(), &ReadOptions::default(), &Cancel::new())
    }

    fn texts(text: &str) -> Vec<String> {
        write_wkt(read(text).expect(text).footprints.view(), None).expect("fits")
    }

    #[test]
    fn polygons_of_all_forms() {
        let features = [
            polygon(&format!("[{RING}]")),
            polygon(&format!("[{RING}, [[1,1],[2,1],[2,2],[1,1]]]")),
            polygon("[]"),
            polygon("[[]]"),
            polygon("[[[0,0,7],[4,0,7],[4,4,7,8],[0,0,7]]]"),
            feature(&format!("{{\"coordinates\":[[{RING}],[]],\"type\":\"MultiPolygon\"}}")),
            feature("{\"type\":\"MultiPolygon\",\"coordinates\":[]}"),
            feature(&format!(
                "{{\"bbox\":[0,0,4,4],\"type\":\"MultiPolygon\",\"coordinates\":[[{RING}],[{RING}]]}}"
            )),
        ];
        assert_eq!(
            texts(&collection(&features.join(" ,\n"))),
            [
                "POLYGON ((0 0, 4 0, 4 4, 0 0))",
                "POLYGON ((0 0, 4 0, 4 4, 0 0), (1 1, 2 1, 2 2, 1 1))",
                "POLYGON EMPTY",
                "POLYGON EMPTY",
                "POLYGON ((0 0, 4 0, 4 4, 0 0))",
                "MULTIPOLYGON (((0 0, 4 0, 4 4, 0 0)), EMPTY)",
                "POLYGON EMPTY",
                "MULTIPOLYGON (((0 0, 4 0, 4 4, 0 0)), ((0 0, 4 0, 4 4, 0 0)))",
            ]
        );
    }

    #[test]
    fn members_may_come_in_any_order() {
        let text = format!(
            "\u{feff} {{\"name\":\"x}}]\\\"\",\"features\":[{{\"geometry\":{{\"coordinates\":[{RING}],\
             \"type\":\"Polygon\"}},\"id\":7,\"properties\":null,\"type\":\"Feature\"}}],\
             \"crs\":{{\"properties\":{{\"name\":\"urn:x\"}},\"type\":\"name\"}},\
             \"type\":\"FeatureCollection\"}}\r\n"
        );
        let found = read(&text).expect("valid");
        assert_eq!((found.footprints.len(), found.crs.as_deref()), (1, Some("urn:x")));
    }

    #[test]
    fn no_text_and_no_features_are_no_footprints() {
        for text in ["", "\n", "\u{feff}", &collection(""), &collection(" \n")] {
            assert_eq!(read(text).expect(text).footprints.len(), 0);
        }
    }

    #[test]
    fn properties_become_columns() {
        let features = [
            "{\"Id\": 3, \"conf\": 1, \"name\": \"a\\u00e9\", \"on\": true, \"deep\": {\"k\": [1]}}",
            "{\"conf\": 0.5, \"Id\": -4, \"late\": null, \"on\": false, \"Id\": 4}",
            "{\"Id\": 9223372036854775807, \"conf\": NaN, \"on\": true}",
        ]
        .map(|properties| {
            format!(
                "{{\"type\":\"Feature\",\"properties\":{properties},\
                 \"geometry\":{{\"type\":\"Polygon\",\"coordinates\":[]}}}}"
            )
        });
        let text = collection(&features.join(","));
        let columns = read(&text).expect("valid").columns;
        let names: Vec<&str> = columns.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["Id", "conf", "name", "on", "deep", "late"]);
        assert_eq!(columns[0].1, Column::Int(vec![3, 4, i64::MAX]));
        let Column::Float(conf) = &columns[1].1 else { panic!("conf is no float column") };
        assert!(conf[..2] == [1.0, 0.5] && conf[2].is_nan());
        let texts = |a: &str| vec![Value::Text(a.to_owned()), Value::Null, Value::Null];
        assert_eq!(columns[2].1, Column::Mixed(texts("aé")));
        assert_eq!(columns[3].1, Column::Bool(vec![true, false, true]));
        assert_eq!(columns[4].1, Column::Mixed(texts("{\"k\": [1]}")));
        assert!(matches!(&columns[5].1, Column::Float(v) if v.iter().all(|v| v.is_nan())));

        let wanted = ["none", "Id"].map(str::to_owned).to_vec();
        let options = ReadOptions { columns: Some(wanted), ..ReadOptions::default() };
        let found = read_geojson(text.as_bytes(), &options, &Cancel::new()).expect("valid");
        assert_eq!(found.columns.len(), 2);
        assert!(matches!(&found.columns[0], (name, Column::Float(_)) if name == "none"));
        assert_eq!(found.columns[1], columns[0]);
    }

    #[test]
    fn null_geometries_are_errors_or_left_out_with_their_properties() {
        let text = collection(
            "{\"type\":\"Feature\",\"properties\":{\"Id\":1},\"geometry\":{\"type\":\"Polygon\",\
             \"coordinates\":[]}},\n{\"type\":\"Feature\",\"properties\":{\"Id\":2},\"geometry\":null},\
             {\"geometry\":{\"type\":\"Polygon\",\"coordinates\":[]},\"type\":\"Feature\",\
             \"properties\":{\"Id\":3}}",
        );
        let error = read(&text).expect_err("null").to_string();
        assert_eq!(
            error,
            "feature 1 (line 2): got a null geometry, wanted a Polygon or MultiPolygon"
        );
        let options = ReadOptions { null_geometry: NullGeometry::Skip, ..ReadOptions::default() };
        let found = read_geojson(text.as_bytes(), &options, &Cancel::new()).expect("valid");
        assert_eq!(found.columns, [("Id".to_owned(), Column::Int(vec![1, 3]))]);
    }

    #[test]
    fn what_is_no_collection_of_polygons_is_refused() {
        let first = polygon("[]");
        let after = |second: &str| collection(&format!("{first},\n{second}"));
        for (text, said) in [
            ("[]".to_owned(), "line 1: got \"[]\", wanted a GeoJSON FeatureCollection"),
            ("{}".to_owned(), "line 1: got an object without a type"),
            ("{\"type\":\"Feature\",\"geometry\":null}".to_owned(), "got the type \"Feature\""),
            ("{\"type\":\"FeatureCollection\"}".to_owned(), "without \"features\""),
            (format!("{} x", collection("")), "got \"x\", wanted the end of the text"),
            (format!("{}{}", collection(""), collection("")), "wanted the end of the text"),
            (after("1"), "line 2: got \"1]}\", wanted a feature"),
            (after(""), "line 2: got \"]}\", wanted a feature"),
            (after("{}"), "feature 1 (line 2): got an object without a type, wanted a Feature"),
            (
                after("{\"type\":\"Polygon\"}"),
                "got an object of type \"Polygon\", wanted a Feature",
            ),
            (after("{\"type\":\"Feature\"}"), "feature 1 (line 2): got no geometry"),
            (after(&feature("{\"type\":\"Point\",\"coordinates\":[1,2]}")), "of type \"Point\""),
            (after(&feature("{\"type\":\"Polygon\"}")), "a geometry without coordinates"),
            (after(&feature("{\"coordinates\":[]}")), "a geometry without a type"),
            (
                after(&feature("{\"type\":\"Polygon\",\"coordinates\":[],\"coordinates\":[]}")),
                "second",
            ),
            (after(&feature("[1]")), "feature 1 (line 2): got \"[1]}\", wanted an object"),
            (after(&polygon("[[[0,0],[4,0],[4,4],[0,1]]]")), "not closed, from (0, 0) to (0, 1)"),
            (after(&polygon("[[[0,0],[4,0],[0,0]]]")), "a ring of 3 points"),
            (after(&polygon("[[[0,0],[NaN,0],[4,4],[0,0]]]")), "the coordinate NaN"),
            (after(&polygon("[[[0,0],[null,0],[4,4],[0,0]]]")), "the coordinate null"),
            (after(&polygon("[[[0,0],[1e999,0],[4,4],[0,0]]]")), "the coordinate (inf, 0.0)"),
            (after(&polygon("[[[0,0],[1e18,0],[4,4],[0,0]]]")), "the coordinate (1e18, 0.0)"),
            (after(&polygon("[[[0],[1,0],[4,4],[0]]]")), "wanted a comma and y"),
            (after(&polygon("[[[0,0],[\"1\",0]]]")), "wanted a number"),
            (after(&polygon("[[0,0],[4,0]]")), "wanted a position"),
            (after(&polygon(&format!("[{RING},[]]"))), "a ring of 0 points"),
            (collection(&first)[..60].to_owned(), "feature 0 (line 1): got the end of the text"),
            (
                collection(&first)[..collection(&first).len() - 2].to_owned(),
                "line 1: got the end of the text, wanted a comma or a closing bracket",
            ),
            (
                format!("{{\"type\":\"FeatureCollection\",\"crs\":7,\"features\":[{first}]}}"),
                "line 1: crs: got \"7,",
            ),
        ] {
            let error = read(&text).expect_err(&text);
            assert!(error.to_string().contains(said), "{text}: {error}");
        }
    }

    #[test]
    fn the_kind_of_error_tells_text_from_geometry() {
        let error = read(&collection(&polygon("[[[0,0],[4,0],[0,0]]]"))).expect_err("3 points");
        assert!(matches!(error, Error::TextGeometry { .. }));
        let error = read(&collection(&polygon("[[[0,0],[4,0]"))).expect_err("cut");
        assert!(matches!(error, Error::Format { .. }));
    }

    #[test]
    fn the_first_error_is_told_over_many_blocks() {
        let good = polygon(&format!("[{RING}]"));
        let mut features = vec![good.as_str(); 5000];
        features[4321] = "{\"type\":1}";
        features[1234] = "{\"type\":\"Feature\",\"geometry\":null}";
        let text = collection(&features.join(",\n"));
        // The cut at the end comes later in the text than both.
        let error = read(&text[..text.len() - 1]).expect_err("null geometry").to_string();
        assert!(error.starts_with("feature 1234 (line 1235): got a null geometry"), "{error}");
    }
}
