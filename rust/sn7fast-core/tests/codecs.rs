//! The codecs from outside: what is written reads back, and no text makes them panic.
#![allow(clippy::expect_used, clippy::unwrap_used)]

use proptest::prelude::*;
use sn7fast_core::Cancel;
use sn7fast_core::codec::{csv, geojson, wkt};
use sn7fast_core::footprints::{Builder, Footprints, Point};

fn coordinate() -> impl Strategy<Value = f64> {
    prop_oneof![
        (-2000..2000i32).prop_map(f64::from),
        -1e9..1e9f64,
        (-200_000..200_000i32).prop_map(|cents| f64::from(cents) / 100.0),
        Just(-0.0),
        any::<f64>().prop_filter("in range", |v| v.abs() <= 1e9),
    ]
}

fn ring() -> impl Strategy<Value = Vec<Point>> {
    prop::collection::vec([coordinate(), coordinate()], 3..12).prop_map(|mut points| {
        points.push(points[0]);
        points
    })
}

/// Footprints of one polygon, several, or none: one without rings is written as one empty polygon.
fn footprints() -> impl Strategy<Value = Footprints> {
    let polygon = prop::collection::vec(ring(), 0..3);
    let footprint = prop::collection::vec(polygon, 1..4).prop_map(|polygons| {
        if polygons.iter().all(Vec::is_empty) { vec![Vec::new()] } else { polygons }
    });
    prop::collection::vec(footprint, 0..8).prop_map(|footprints| {
        let mut builder = Builder::new();
        for polygons in footprints {
            for rings in polygons {
                for ring in rings {
                    builder.ring(ring);
                }
                builder.end_polygon();
            }
            builder.end_footprint();
        }
        builder.finish().unwrap()
    })
}

/// Equal by bits: `==` takes -0.0 for 0.0.
fn same(a: &Footprints, b: &Footprints) -> bool {
    let bits = |f: &Footprints| -> Vec<[u64; 2]> {
        f.coords.iter().map(|p| p.map(f64::to_bits)).collect()
    };
    bits(a) == bits(b) && a == b
}

fn csv_text(footprints: &Footprints, months: &[String], offsets: &[i32], ids: &[i64]) -> Vec<u8> {
    let rows = csv::Rows {
        aoi: "some, \"area\"",
        months,
        frame_offsets: offsets,
        footprints: footprints.view(),
        ids,
    };
    let mut out = Vec::new();
    csv::write_csv(&mut out, &[rows], None, &Cancel::new()).unwrap();
    out
}

const KEEP: csv::ReadOptions = csv::ReadOptions { keep_empty: true, keep_duplicates: false };

proptest! {
    #[test]
    fn wkt_gives_the_same_bits_back(footprints in footprints()) {
        let texts = wkt::write_wkt(footprints.view(), None).unwrap();
        let back = wkt::read_wkt(texts.iter().map(String::as_str)).unwrap();
        prop_assert!(same(&back, &footprints));
    }

    #[test]
    fn csv_gives_the_same_bits_back(footprints in footprints(), cut in 0..8usize) {
        let count = footprints.len();
        let cut = cut.min(count) as i32;
        let months = ["2018_01", "2018_02"].map(str::to_owned);
        let ids: Vec<i64> = (0..count as i64).rev().collect();
        let text = csv_text(&footprints, &months, &[0, cut, count as i32], &ids);
        let mut tables = csv::read_csv(text.as_slice(), KEEP, &Cancel::new()).unwrap();
        let table = tables.remove(0);
        prop_assert_eq!(table.months.as_slice(), &months[..]);
        prop_assert_eq!(table.aoi, "some, \"area\"");
        if cut == 0 || cut == count as i32 {
            // The row of the empty month is an empty footprint when such rows are kept.
            prop_assert!(table.ids.contains(&csv::EMPTY_MONTH_ID));
        } else {
            prop_assert_eq!(table.frame_offsets, [0, cut, count as i32]);
            prop_assert_eq!(table.ids, ids);
            prop_assert!(same(&table.footprints, &footprints));
        }
    }

    #[test]
    fn geojson_gives_the_same_bits_back(
        footprints in footprints(),
        ints in prop::collection::vec(any::<i64>(), 8),
        floats in prop::collection::vec(any::<f64>().prop_filter("finite", |v| v.is_finite()), 8),
        texts in prop::collection::vec(prop::option::of("\\PC*|[\\x00-\\x7f]*"), 8),
        name in "\\PC{0,6}|[\"\\\\\n]{0,3}",
    ) {
        use geojson::{Column, Value};
        let count = footprints.len();
        let text = |text: &Option<String>| text.clone().map_or(Value::Null, Value::Text);
        let columns = [
            (name, Column::Int(ints[..count].to_vec())),
            ("a float".to_owned(), Column::Float(floats[..count].to_vec())),
            ("a text".to_owned(), Column::Mixed(texts[..count].iter().map(text).collect())),
        ];
        prop_assume!(count > 0 && columns[0].0 != "a float" && columns[0].0 != "a text");
        prop_assume!(texts[..count].iter().any(Option::is_some));
        let mut out = Vec::new();
        let (view, cancel) = (footprints.view(), Cancel::new());
        geojson::write_geojson(&mut out, view, &columns, Some("a\"b"), None, &cancel).unwrap();
        let back = geojson::read_geojson(&out, &geojson::ReadOptions::default(), &cancel).unwrap();
        prop_assert!(same(&back.footprints, &footprints));
        prop_assert_eq!(&back.columns, &columns);
        prop_assert_eq!(back.crs.as_deref(), Some("a\"b"));
    }

    #[test]
    fn damaged_text_is_read_or_refused(
        footprints in footprints(),
        cut in any::<prop::sample::Index>(),
        hits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4),
    ) {
        let count = footprints.len();
        let ids: Vec<i64> = (0..count as i64).collect();
        let months = ["2018_01".to_owned()];
        let table = csv_text(&footprints, &months, &[0, count as i32], &ids);
        let (view, cancel) = (footprints.view(), Cancel::new());
        let mut features = Vec::new();
        let column = [("Id".to_owned(), geojson::Column::Int(ids))];
        geojson::write_geojson(&mut features, view, &column, None, None, &cancel).unwrap();
        let damaged = |mut text: Vec<u8>| {
            for (place, byte) in &hits {
                let place = place.index(text.len());
                text[place] = *byte;
            }
            text.truncate(cut.index(text.len() + 1));
            text
        };
        let table = damaged(table);
        // What was taken keeps the rules of the arrays.
        if let Ok(tables) = csv::read_csv(table.as_slice(), KEEP, &cancel) {
            for table in tables {
                prop_assert_eq!(table.ids.len(), table.footprints.len());
                check(&table.footprints);
            }
        }
        let features = damaged(features);
        let options = geojson::ReadOptions::default();
        if let Ok(found) = geojson::read_geojson(&features, &options, &cancel) {
            check(&found.footprints);
            for (_, column) in &found.columns {
                prop_assert_eq!(column.len(), found.footprints.len());
            }
        }
    }

    #[test]
    fn any_bytes_are_read_or_refused(
        bytes in prop::collection::vec(any::<u8>(), 0..200),
        text in "(filename,id,geometry\n)?[\\[\\]{}\":,a-z0-9 \n-]{0,80}",
        wkt_text in "(MULTI)?POLYGON( Z)? ?[(),0-9. EMPTYe-]{0,40}",
    ) {
        let cancel = Cancel::new();
        for input in [bytes.as_slice(), text.as_bytes()] {
            let _ = csv::read_csv(input, KEEP, &cancel);
            let _ = geojson::read_geojson(input, &geojson::ReadOptions::default(), &cancel);
        }
        if let Ok(footprints) = wkt::read_wkt([wkt_text.as_str()]) {
            check(&footprints);
        }
    }
}

fn check(footprints: &Footprints) {
    let Footprints { coords, ring_offsets, polygon_offsets, footprint_offsets } = footprints;
    let offsets = footprint_offsets.as_deref();
    sn7fast_core::FootprintsRef::try_new("read", coords, ring_offsets, polygon_offsets, offsets)
        .expect("valid arrays");
}
