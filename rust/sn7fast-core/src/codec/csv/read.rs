//! Reads an SN7 CSV as a stream: large chunks, cut into blocks that are read side by side.

use super::block::{Columns, ReadOptions, Rows, place, read_block};
use super::record::{Records, split};
use crate::codec::join::append;
use crate::codec::problem::Problem;
use crate::footprints::Footprints;
use crate::names::Name;
use crate::{Cancel, Result};
use rayon::prelude::*;
use std::collections::BTreeMap;
use std::io::Read;

/// Bytes that are read and then parsed at once.
const CHUNK_LEN: usize = 8 << 20;
const BLOCK_LEN: usize = 512 << 10;
/// A longer record is taken for a quote that was never closed.
const MAX_RECORD_LEN: usize = 64 << 20;

/// The footprints of one area, months in text order, rows of a month in file order.
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    /// Name of the area.
    pub aoi: String,
    /// Months as `YYYY_MM`, those without footprints too.
    pub months: Vec<String>,
    /// Start of each month in `footprints`, and the end of the last one.
    pub frame_offsets: Vec<i32>,
    /// Footprints of all months.
    pub footprints: Footprints,
    /// Id of each footprint.
    pub ids: Vec<i64>,
    /// Rows with an id of 0 or more and an empty geometry that were left out.
    pub empty_rows: u64,
}

/// Reads an SN7 CSV. Tables are sorted by area.
///
/// Rows with an empty geometry say that the month exists, and no more unless they are to be kept.
/// Text without any line, or with a header alone, holds no table.
///
/// # Errors
/// [`crate::Error::Format`] or [`crate::Error::TextGeometry`] with the line, [`crate::Error::Io`],
/// [`crate::Error::Cancelled`].
pub fn read_csv(reader: impl Read, options: ReadOptions, cancel: &Cancel) -> Result<Vec<Table>> {
    read_chunks(reader, options, cancel, CHUNK_LEN, BLOCK_LEN)
}

fn read_chunks(
    mut reader: impl Read,
    options: ReadOptions,
    cancel: &Cancel,
    chunk_len: usize,
    block_len: usize,
) -> Result<Vec<Table>> {
    let mut images = BTreeMap::<Name, Rows>::new();
    let mut header = None;
    let mut buffer = Vec::new();
    let mut line = 1;
    let mut at_start = true;
    let mut ended = false;
    while !ended {
        cancel.check()?;
        let got = reader.by_ref().take(chunk_len as u64).read_to_end(&mut buffer)?;
        ended = got < chunk_len;
        if std::mem::take(&mut at_start) && buffer.starts_with(b"\xef\xbb\xbf") {
            buffer.drain(..3);
        }
        let (mut blocks, rest) = split(&buffer, line, block_len, ended);
        if header.is_none() {
            header = Columns::take(&buffer, &mut blocks)?;
        }
        if let Some(columns) = &header {
            let read = |block: &super::record::Block| {
                let records = Records::new(&buffer[block.bytes.clone()], block.line);
                read_block(records, columns, options)
            };
            let parts: Vec<_> = blocks.par_iter().map(read).collect();
            for part in parts {
                for (name, rows) in part? {
                    images.entry(name).or_default().append(rows)?;
                }
            }
        }
        if rest.bytes.len() > MAX_RECORD_LEN {
            let got = format_args!("a record of more than {} MiB", MAX_RECORD_LEN >> 20);
            return Err(Problem::syntax(got, "a closing quote").at(place(rest.line)));
        }
        line = rest.line;
        buffer.drain(..rest.bytes.start);
    }
    if !options.keep_duplicates {
        check_ids(&images)?;
    }
    tables(images)
}

/// Finds the first row in the file whose id came before in the same image.
fn check_ids(images: &BTreeMap<Name, Rows>) -> Result<()> {
    let images: Vec<_> = images.iter().collect();
    let repeated = images.par_iter().filter_map(|(name, rows)| {
        if rows.ids.is_sorted_by(|a, b| a < b) {
            return None;
        }
        let mut sorted: Vec<(i64, u64)> =
            rows.ids.iter().copied().zip(rows.lines.iter().copied()).collect();
        sorted.sort_unstable();
        let twice = sorted.windows(2).filter(|pair| pair[0].0 == pair[1].0);
        twice.map(|pair| (pair[1].1, pair[0], *name)).min()
    });
    let Some((line, (id, first), name)) = repeated.min() else { return Ok(()) };
    let Name { aoi, month } = name;
    let got = format_args!("id {id} again for {month} of {aoi:?}, first in line {first}");
    Err(Problem::syntax(got, "each id once in an image").at(place(line)))
}

/// One table for each area, months and areas in order.
fn tables(images: BTreeMap<Name, Rows>) -> Result<Vec<Table>> {
    let mut tables: Vec<Table> = Vec::new();
    for (Name { aoi, month }, rows) in images {
        if tables.last().is_none_or(|table| table.aoi != aoi) {
            tables.push(Table {
                aoi,
                months: Vec::new(),
                frame_offsets: vec![0],
                footprints: Footprints::default(),
                ids: Vec::new(),
                empty_rows: 0,
            });
        }
        if let Some(table) = tables.last_mut() {
            append(&mut table.footprints, &rows.footprints)?;
            table.ids.extend(rows.ids);
            table.months.push(month);
            // `append` has refused more footprints than 32 bits can count.
            table.frame_offsets.push(table.ids.len() as i32);
            table.empty_rows += rows.empty;
        }
    }
    Ok(tables)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::expect_used)]
    use super::*;
    use crate::codec::wkt::write_wkt;
    use proptest::prelude::*;

    const HEADER: &str = "filename,id,geometry\n";
    const A: &str = "global_monthly_2018_01_mosaic_L15-0331E-1257N_1327_3160_13";
    const B: &str = "global_monthly_2018_02_mosaic_L15-0331E-1257N_1327_3160_13";
    const SQUARE: &str = "\"POLYGON ((0 0, 4 0, 4 4, 0 0))\"";

    fn read(text: &str) -> Result<Vec<Table>> {
        read_csv(text.as_bytes(), ReadOptions::default(), &Cancel::new())
    }

    fn one(text: &str) -> Table {
        let mut tables = read(text).expect(text);
        assert_eq!(tables.len(), 1);
        tables.remove(0)
    }

    fn refusal(text: &str) -> String {
        read(text).expect_err(text).to_string()
    }

    #[test]
    fn rows_are_grouped_by_area_and_month() {
        let text = format!(
            "{HEADER}{B},2,{SQUARE}\n{A},5,{SQUARE}\nz_2018-01,1,{SQUARE}\n{B},1,\"POLYGON ((1 1, \
             2 1, 2 2, 1 1))\"\n"
        );
        let tables = read(&text).expect("valid");
        let names: Vec<&str> = tables.iter().map(|table| table.aoi.as_str()).collect();
        assert_eq!(names, ["L15-0331E-1257N_1327_3160_13", "z"]);
        let Table { months, frame_offsets, ids, footprints, .. } = &tables[0];
        assert_eq!(months, &["2018_01", "2018_02"]);
        assert_eq!((frame_offsets.as_slice(), ids.as_slice()), (&[0, 1, 3][..], &[5, 2, 1][..]));
        assert_eq!(
            write_wkt(footprints.view(), None).expect("fits"),
            [
                "POLYGON ((0 0, 4 0, 4 4, 0 0))",
                "POLYGON ((0 0, 4 0, 4 4, 0 0))",
                "POLYGON ((1 1, 2 1, 2 2, 1 1))"
            ]
        );
    }

    #[test]
    fn column_order_bom_line_ends_and_further_columns_do_not_matter() {
        let plain = one(&format!("{HEADER}{A},12,{SQUARE}\n{B},-1,POLYGON EMPTY\n"));
        assert_eq!(plain.months, ["2018_01", "2018_02"]);
        assert_eq!(plain.frame_offsets, [0, 1, 1]);
        for text in [
            format!("\u{feff}{HEADER}{A},12,{SQUARE}\n{B},-1,POLYGON EMPTY"),
            format!(
                "filename,id,geometry\r\n{A}.tif,12.0,{SQUARE}\r\n{B},-1,POLYGON EMPTY\r\n\r\n"
            ),
            format!(
                "\n,geometry,note,id, filename \n0,{SQUARE},\"a\n,\"\"b\",12,{A}\n\n1,POLYGON \
                 EMPTY,,-1,\"{B}\"\n"
            ),
        ] {
            assert_eq!(one(&text), plain, "{text}");
        }
    }

    #[test]
    fn text_without_rows_holds_no_table() {
        for text in
            ["", "\u{feff}", "\n\r\n", HEADER, "filename,id,geometry", "\n\nid,geometry,filename"]
        {
            assert_eq!(read(text).expect(text), [], "{text:?}");
        }
    }

    #[test]
    fn empty_rows_with_an_id_are_counted_or_kept() {
        let text = format!("{HEADER}{A},0,POLYGON EMPTY\n{A},-1,POLYGON EMPTY\n{A},3,{SQUARE}\n");
        let dropped = one(&text);
        assert_eq!((dropped.ids.as_slice(), dropped.empty_rows), (&[3][..], 1));
        let options = ReadOptions { keep_empty: true, ..ReadOptions::default() };
        let kept = read_csv(text.as_bytes(), options, &Cancel::new()).expect("valid").remove(0);
        assert_eq!((kept.ids.as_slice(), kept.empty_rows), (&[0, -1, 3][..], 0));
        assert_eq!(kept.footprints.polygon_offsets, [0, 0, 0, 1]);
    }

    #[test]
    fn errors_tell_the_line_and_what_was_wanted() {
        for (rows, said) in [
            (format!("{A},x1,{SQUARE}\n"), "line 2: id: got \"x1\", wanted an integer"),
            (format!("{A},1.5,{SQUARE}\n"), "line 2: id: got \"1.5\", wanted an integer"),
            (format!("{A},,{SQUARE}\n"), "line 2: id: got \"\", wanted an integer"),
            (
                format!("\n\r\n{A},1,\"POLYGON ((1 2\"\n"),
                "line 4: geometry: got the end of \"POLYGON ((1 2\"",
            ),
            (format!("{A},1,POLYGON ((1 2, 3 4))\n"), "line 2: got 4 fields, wanted 3"),
            (format!("{A},1\n"), "line 2: got 2 fields, wanted 3"),
            (format!("tokyo,1,{SQUARE}\n"), "line 2: filename: \"tokyo\": got no month"),
            (
                format!("{A},1,POINT EMPTY\n{A},2,\"POINT (1 2)\"\n"),
                "line 3: geometry: got \"POINT (1 2)\"",
            ),
            (
                format!("{A},7,{SQUARE}\n{B},7,{SQUARE}\n{A},8,{SQUARE}\n{A}.tif,7.0,{SQUARE}\n"),
                "line 5: got id 7 again for 2018_01 of \"L15-0331E-1257N_1327_3160_13\", first in line 2",
            ),
        ] {
            let message = refusal(&format!("{HEADER}{rows}"));
            assert!(message.starts_with(said), "{message}");
        }
        for (header, said) in [
            (
                "ImageId,BuildingId,PolygonWKT_Pix",
                "line 1: got no column filename in the header \"ImageId,",
            ),
            ("filename,id,id,geometry", "line 1: got more than one column id in the header"),
            ("filename;id;geometry", "wanted the columns filename, id, geometry"),
            ("\"filename", "line 1: got "),
        ] {
            let message = refusal(&format!("{header}\n{A},1,{SQUARE}\n"));
            assert!(message.contains(said), "{message}");
        }
    }

    #[test]
    fn repeated_ids_can_be_kept() {
        let text = format!("{HEADER}{A},7,{SQUARE}\n{A},7,{SQUARE}\n");
        let options = ReadOptions { keep_duplicates: true, ..ReadOptions::default() };
        let table = read_csv(text.as_bytes(), options, &Cancel::new()).expect("valid").remove(0);
        assert_eq!(table.ids, [7, 7]);
    }

    #[test]
    fn a_quote_that_never_closes_does_not_fill_the_memory() {
        let head = format!("{HEADER}{A},1,\"");
        let endless = std::io::repeat(b'x');
        let error =
            read_csv(head.as_bytes().chain(endless), ReadOptions::default(), &Cancel::new());
        assert!(
            error.expect_err("no end").to_string().contains("line 2: got a record of more than")
        );
    }

    #[test]
    fn a_cancelled_job_stops() {
        let cancel = Cancel::new();
        cancel.cancel();
        let outcome = read_csv(HEADER.as_bytes(), ReadOptions::default(), &cancel);
        assert!(matches!(outcome, Err(crate::Error::Cancelled)));
    }

    proptest! {
        #[test]
        fn pieces_do_not_matter(
            rows in prop::collection::vec((0..3u8, 0..4i64, 0..4u8), 0..30),
            chunk_len in 20..400usize,
            block_len in 1..300usize,
        ) {
            let mut text = HEADER.to_owned();
            for (month, id, kind) in rows {
                let geometry = match kind {
                    0 => "POLYGON EMPTY".to_owned(),
                    1 => format!("\"POLYGON (({id} 0, 4 0, 4 4,\n {id} 0))\""),
                    2 => "\"POLYGON ((0 0, 1 0, 1 1))\"".to_owned(),
                    _ => format!("\"MULTIPOLYGON ((({id} 0, 4 0, 4 4, {id} 0)), EMPTY)\""),
                };
                text.push_str(&format!("aoi{id}_2018-1{month},{id},{geometry}\n"));
            }
            let said = |outcome: Result<Vec<Table>>| outcome.map_err(|error| error.to_string());
            let options = ReadOptions { keep_empty: true, keep_duplicates: false };
            let whole = said(read_csv(text.as_bytes(), options, &Cancel::new()));
            let pieces =
                said(read_chunks(text.as_bytes(), options, &Cancel::new(), chunk_len, block_len));
            prop_assert_eq!(whole, pieces);
        }
    }
}
