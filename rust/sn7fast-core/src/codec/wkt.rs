//! Well-known text of polygons and multipolygons.
//!
//! Read in any case and with any blanks, with or without `Z`, `M` and `ZM` (the extra numbers are
//! checked and left out). An empty geometry of any kind is an empty footprint.

use super::number::{decimal, write_number};
use super::problem::{Parsed, Problem, quoted};
use super::sink::Sink;
use crate::error::Result;
use crate::footprints::{FootprintRef, Footprints, FootprintsRef, Point};

const KINDS: [&str; 16] = [
    "POLYGON",
    "MULTIPOLYGON",
    "POINT",
    "LINESTRING",
    "LINEARRING",
    "MULTIPOINT",
    "MULTILINESTRING",
    "GEOMETRYCOLLECTION",
    "CIRCULARSTRING",
    "COMPOUNDCURVE",
    "CURVEPOLYGON",
    "MULTICURVE",
    "MULTISURFACE",
    "POLYHEDRALSURFACE",
    "TIN",
    "TRIANGLE",
];

/// Footprints from one text each.
///
/// # Errors
/// [`crate::Error::Format`] or [`crate::Error::TextGeometry`] with the position of the text, from 0.
pub fn read_wkt<'a>(texts: impl IntoIterator<Item = &'a str>) -> Result<Footprints> {
    let mut sink = Sink::new();
    for (position, text) in texts.into_iter().enumerate() {
        read_geometry(text.as_bytes(), &mut sink).map_err(|p| p.at(format!("text {position}")))?;
        sink.end_footprint();
    }
    sink.finish()
}

/// The texts of footprints, with `decimals` or as many as give the same bits back.
///
/// # Errors
/// [`crate::Error::Argument`] if there are too many decimals.
pub fn write_wkt(footprints: FootprintsRef<'_>, decimals: Option<u8>) -> Result<Vec<String>> {
    super::check_decimals(decimals)?;
    let text = |footprint| {
        let mut out = Vec::new();
        write_geometry(&mut out, &footprint, decimals);
        String::from_utf8_lossy(&out).into_owned()
    };
    Ok(footprints.iter().map(text).collect())
}

/// Reads one geometry into the sink and leaves its footprint open.
pub(super) fn read_geometry(text: &[u8], sink: &mut Sink) -> Parsed<()> {
    let mut cursor = Cursor { text, at: 0, ordinates: 0 };
    let word = cursor.word();
    let (kind, glued) = kind_of(word).ok_or_else(|| {
        Problem::syntax(quoted(text), "a geometry that starts with POLYGON or MULTIPOLYGON")
    })?;
    let dimensions = if glued.is_empty() { cursor.word_if(&["Z", "M", "ZM"]) } else { glued };
    cursor.ordinates = if dimensions.is_empty() { 0 } else { 2 + dimensions.len() };
    if cursor.word_if(&["EMPTY"]).is_empty() {
        match kind {
            "POLYGON" => cursor.polygon(sink)?,
            "MULTIPOLYGON" => cursor.list(|cursor| cursor.member(sink))?,
            _ => return Err(Problem::geometry(quoted(text), "a POLYGON or MULTIPOLYGON")),
        }
    }
    cursor.blanks();
    if cursor.at < text.len() { Err(cursor.unlike("the end of the geometry")) } else { Ok(()) }
}

/// The kind that a word names, and the dimensions glued to it (`POLYGONZ`).
fn kind_of(word: &[u8]) -> Option<(&'static str, &[u8])> {
    KINDS.iter().find_map(|&kind| {
        let (head, rest) = word.split_at_checked(kind.len())?;
        let known = ["", "Z", "M", "ZM"].iter().any(|d| rest.eq_ignore_ascii_case(d.as_bytes()));
        (head.eq_ignore_ascii_case(kind.as_bytes()) && known).then_some((kind, rest))
    })
}

struct Cursor<'a> {
    text: &'a [u8],
    at: usize,
    /// Numbers in a point; 0 as long as no point has told.
    ordinates: usize,
}

impl<'a> Cursor<'a> {
    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    fn blanks(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\r' | b'\n')) {
            self.at += 1;
        }
    }

    /// The next run of letters.
    fn word(&mut self) -> &'a [u8] {
        self.blanks();
        let rest = &self.text[self.at..];
        let len = rest.iter().take_while(|byte| byte.is_ascii_alphabetic()).count();
        self.at += len;
        &rest[..len]
    }

    /// The next word if it is one of `words`; otherwise nothing, and it stays.
    fn word_if(&mut self, words: &[&str]) -> &'a [u8] {
        let before = self.at;
        let word = self.word();
        if words.iter().any(|wanted| word.eq_ignore_ascii_case(wanted.as_bytes())) {
            return word;
        }
        self.at = before;
        b""
    }

    fn unlike(&self, wanted: &str) -> Problem {
        let rest = &self.text[self.at..];
        if rest.is_empty() {
            return Problem::syntax(format_args!("the end of {}", quoted(self.text)), wanted);
        }
        let character = String::from_utf8_lossy(&self.text[..self.at]).chars().count() + 1;
        let whole = quoted(self.text);
        Problem::syntax(
            format_args!("{} at character {character} of {whole}", quoted(rest)),
            wanted,
        )
    }

    /// `(item, item, ...)`.
    fn list(&mut self, mut item: impl FnMut(&mut Self) -> Parsed<()>) -> Parsed<()> {
        self.blanks();
        if self.peek() != Some(b'(') {
            return Err(self.unlike("an opening bracket"));
        }
        self.at += 1;
        loop {
            item(self)?;
            self.blanks();
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b')') => break,
                _ => return Err(self.unlike("a comma or a closing bracket")),
            }
        }
        self.at += 1;
        Ok(())
    }

    /// A polygon of a multipolygon.
    fn member(&mut self, sink: &mut Sink) -> Parsed<()> {
        if self.word_if(&["EMPTY"]).is_empty() {
            return self.polygon(sink);
        }
        sink.end_polygon();
        Ok(())
    }

    fn polygon(&mut self, sink: &mut Sink) -> Parsed<()> {
        self.list(|cursor| {
            cursor.list(|cursor| {
                sink.point(cursor.point()?);
                Ok(())
            })?;
            sink.end_ring()
        })?;
        sink.end_polygon();
        Ok(())
    }

    #[inline]
    fn point(&mut self) -> Parsed<Point> {
        let start = self.at;
        let point = [self.number()?, self.number()?];
        let mut count = 2;
        loop {
            self.blanks();
            if matches!(self.peek(), Some(b',' | b')')) || count == 4 {
                break;
            }
            self.number()?;
            count += 1;
        }
        if self.ordinates == 0 {
            self.ordinates = count;
        } else if self.ordinates != count {
            self.at = start;
            self.blanks();
            return Err(self.unlike(&format!("a point of {} numbers", self.ordinates)));
        }
        Ok(point)
    }

    #[inline]
    fn number(&mut self) -> Parsed<f64> {
        self.blanks();
        let Some((value, len)) = decimal(&self.text[self.at..]) else {
            return Err(self.unlike("a number"));
        };
        if !matches!(
            self.text.get(self.at + len),
            Some(b' ' | b',' | b')' | b'\t' | b'\r' | b'\n') | None
        ) {
            return Err(self.unlike("a number"));
        }
        self.at += len;
        Ok(value)
    }
}

/// Appends the text of one footprint.
pub(super) fn write_geometry(
    out: &mut Vec<u8>,
    footprint: &FootprintRef<'_>,
    decimals: Option<u8>,
) {
    if footprint.points().is_empty() {
        out.extend_from_slice(b"POLYGON EMPTY");
        return;
    }
    let several = footprint.polygon_count() > 1;
    out.extend_from_slice(if several { b"MULTIPOLYGON (" } else { b"POLYGON " });
    for (k, rings) in footprint.polygons().enumerate() {
        if k > 0 {
            out.extend_from_slice(b", ");
        }
        if rings.len() == 0 {
            out.extend_from_slice(b"EMPTY");
            continue;
        }
        out.push(b'(');
        for (k, ring) in rings.enumerate() {
            out.extend_from_slice(if k > 0 { b", (" } else { b"(" });
            for (k, [x, y]) in ring.iter().enumerate() {
                if k > 0 {
                    out.extend_from_slice(b", ");
                }
                write_number(out, *x, decimals);
                out.push(b' ');
                write_number(out, *y, decimals);
            }
            out.push(b')');
        }
        out.push(b')');
    }
    if several {
        out.push(b')');
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::expect_used, clippy::unwrap_used)]
    use super::*;
    use crate::Error;

    const SQUARE: &str = "POLYGON ((0 0, 4 0, 4 4, 0 0))";

    fn one(text: &str) -> Footprints {
        read_wkt([text]).expect(text)
    }

    fn refusal(text: &str) -> String {
        read_wkt([SQUARE, text]).expect_err(text).to_string()
    }

    fn back(text: &str) -> String {
        write_wkt(one(text).view(), None).unwrap().remove(0)
    }

    #[test]
    fn writing_what_was_read_gives_the_same_text() {
        for text in [
            SQUARE,
            "POLYGON ((0 0, 9 0, 9 9.5, 0 0), (1 1, 2 1, 2 2, 1 1))",
            "MULTIPOLYGON (((0 0, 4 0, 4 4, 0 0)), ((5 5, 6 5, 6 6.25, 5 5)))",
            "MULTIPOLYGON (EMPTY, ((0 0, 4 0, 4 4, 0 0)), EMPTY)",
            "POLYGON EMPTY",
            "POLYGON ((814.98 845.6, -0.25 1e-7, 3 4, 814.98 845.6))",
        ] {
            assert_eq!(back(text), text);
        }
    }

    #[test]
    fn case_blanks_and_further_dimensions_do_not_matter() {
        for text in [
            "polygon((0 0,4 0,4 4,0 0))",
            " Polygon\t(\n( 0  0 , 4.0 0e0,+4 4. , 0 0 ) )\r\n",
            "POLYGON Z ((0 0 7, 4 0 7, 4 4 7, 0 0 7))",
            "POLYGONZ((0 0 7, 4 0 7, 4 4 7, 0 0 7))",
            "POLYGON M ((0 0 7, 4 0 7, 4 4 7, 0 0 7))",
            "POLYGON ZM ((0 0 7 8, 4 0 7 8, 4 4 7 8, 0 0 7 8))",
            "POLYGON ((0 0 7, 4 0 7, 4 4 7, 0 0 7))",
            "MULTIPOLYGON (((0 0, 4 0, 4 4, 0 0)))",
        ] {
            assert_eq!(back(text), SQUARE, "{text}");
        }
    }

    #[test]
    fn anything_empty_is_one_empty_polygon() {
        for text in [
            "POLYGON EMPTY",
            "polygon z empty",
            "MULTIPOLYGON EMPTY",
            "MULTIPOLYGON (EMPTY, EMPTY)",
            "LINESTRING EMPTY",
            "POINT EMPTY",
            "GEOMETRYCOLLECTION EMPTY",
        ] {
            let footprints = one(text);
            assert_eq!(footprints.polygon_offsets, [0, 0], "{text}");
            assert_eq!((footprints.len(), footprints.footprint_offsets), (1, None));
        }
    }

    #[test]
    fn what_is_no_polygon_is_named() {
        for (text, said) in [
            ("", "got \"\", wanted a geometry that starts with POLYGON"),
            ("POINT (1 2)", "got \"POINT (1 2)\", wanted a POLYGON or MULTIPOLYGON"),
            ("POLYGONE ((1 2))", "starts with POLYGON"),
            ("POLYGON", "got the end of \"POLYGON\", wanted an opening bracket"),
            ("POLYGON ((1 2", "got the end of \"POLYGON ((1 2\", wanted a number"),
            ("POLYGON ((1 2,", "wanted a number"),
            ("POLYGON ((1 x, 2 2", "got \"x, 2 2\" at character 13 of"),
            ("POLYGON ((1 2x, 2 2", "wanted a number"),
            ("POLYGON ((1 nan, 2 2, 3 3, 1 nan))", "wanted a number"),
            ("POLYGON ((0 0, 4 0, 4 4 0 0))", "wanted a point of 2 numbers"),
            ("POLYGON ((0 0 1 1 1, 4 0))", "wanted a comma or a closing bracket"),
            ("POLYGON Z ((0 0, 4 0, 4 4, 0 0))", "wanted a point of 3 numbers"),
            ("POLYGON ((0 0, 4 0, 4 4, 0 0)) x", "wanted the end of the geometry"),
            ("POLYGON ((0 0, 4 0, 4 4, 0 0)", "wanted a comma or a closing bracket"),
            ("SRID=4326;POLYGON EMPTY", "starts with POLYGON"),
        ] {
            let message = refusal(text);
            assert!(message.starts_with("text 1: got "), "{message}");
            assert!(message.contains(said), "{message}");
        }
    }

    #[test]
    fn rings_that_cannot_be_used_are_geometry_errors() {
        for (text, said) in [
            ("POLYGON ((0 0, 4 0, 4 4, 0 1))", "not closed, from (0, 0) to (0, 1)"),
            ("POLYGON ((0 0, 4 0, 0 0))", "a ring of 3 points"),
            ("POLYGON ((0 0, 1e18 0, 4 4, 0 0))", "the coordinate (1e18, 0.0)"),
            ("POLYGON ((0 0, 1e999 0, 4 4, 0 0))", "the coordinate (inf, 0.0)"),
            ("POINT (1 2)", "POINT"),
        ] {
            let error = read_wkt([text]).expect_err(text);
            assert!(matches!(error, Error::TextGeometry { .. }), "{error}");
            assert!(error.to_string().contains(said), "{error}");
        }
    }

    #[test]
    fn long_texts_are_cut_in_messages() {
        let text = format!("POLYGON (({}", "é".repeat(5000));
        assert!(refusal(&text).len() < 300);
    }
}
