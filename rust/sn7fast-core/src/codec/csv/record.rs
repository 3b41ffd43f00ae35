//! Cuts CSV text into records and fields.
//!
//! Two passes. [`split`] looks only at quotes and line ends to find places between records, so that
//! blocks of records can be read side by side. [`Records`] reads a block. The two agree because a
//! quote inside a field without quotes, which could fool the first, is an error for the second.

use crate::codec::problem::{Parsed, Problem, quoted};
use memchr::{memchr, memchr_iter, memchr2_iter, memchr3};
use std::borrow::Cow;
use std::ops::Range;

/// A stretch of whole records.
#[derive(Debug, PartialEq)]
pub(super) struct Block {
    pub(super) bytes: Range<usize>,
    /// Line of its first byte, from 1.
    pub(super) line: u64,
}

/// The text, which starts in `line`, as blocks of about `block_len` bytes, and the rest that is no
/// whole record. With `to_end` there is no rest.
pub(super) fn split(
    text: &[u8],
    mut line: u64,
    block_len: usize,
    to_end: bool,
) -> (Vec<Block>, Block) {
    let mut blocks = Vec::new();
    let mut in_quotes = false;
    // The block in the making, whole records only, and where the record in the making starts.
    let mut open = Block { bytes: 0..0, line };
    let mut record_line = line;
    for at in memchr2_iter(b'"', b'\n', text) {
        if text[at] == b'"' {
            in_quotes = !in_quotes;
            continue;
        }
        line += 1;
        if in_quotes {
            continue;
        }
        open.bytes.end = at + 1;
        record_line = line;
        if open.bytes.len() >= block_len {
            let next = Block { bytes: at + 1..at + 1, line };
            blocks.push(std::mem::replace(&mut open, next));
        }
    }
    if to_end {
        open.bytes.end = text.len();
    }
    let rest = Block { bytes: open.bytes.end..text.len(), line: record_line };
    if !open.bytes.is_empty() {
        blocks.push(open);
    }
    (blocks, rest)
}

/// The records of a text, one after the other. Blank lines are left out.
pub(super) struct Records<'a> {
    text: &'a [u8],
    at: usize,
    line: u64,
}

enum End {
    Field,
    Record,
}

impl<'a> Records<'a> {
    /// Starts at the first byte of `text`, which is in `line`.
    pub(super) fn new(text: &'a [u8], line: u64) -> Self {
        Self { text, at: 0, line }
    }

    /// Bytes read so far.
    pub(super) fn position(&self) -> usize {
        self.at
    }

    /// Line of the next byte.
    pub(super) fn line(&self) -> u64 {
        self.line
    }

    /// Puts the fields of the next record into `fields` and tells the line where it starts; `None`
    /// at the end.
    pub(super) fn read(&mut self, fields: &mut Vec<Cow<'a, [u8]>>) -> Option<(u64, Parsed<()>)> {
        while self.at < self.text.len() {
            let (line, start) = (self.line, self.at);
            fields.clear();
            loop {
                match self.field() {
                    Ok((field, End::Field)) => fields.push(field),
                    Ok((field, End::Record)) => {
                        fields.push(field);
                        break;
                    }
                    Err(problem) => return Some((line, Err(problem))),
                }
            }
            if fields.len() > 1 || !self.text[start..self.at].trim_ascii().is_empty() {
                return Some((line, Ok(())));
            }
        }
        None
    }

    fn field(&mut self) -> Parsed<(Cow<'a, [u8]>, End)> {
        let rest = &self.text[self.at..];
        let blanks = rest.iter().take_while(|&&byte| byte == b' ').count();
        if rest.get(blanks) == Some(&b'"') {
            self.at += blanks + 1;
            return self.quoted_field();
        }
        let (len, end) = match memchr3(b',', b'\n', b'"', rest) {
            Some(len) if rest[len] == b',' => (len, End::Field),
            Some(len) if rest[len] == b'\n' => (len, End::Record),
            Some(_) => {
                return Err(Problem::syntax(
                    format_args!("a quote inside the field {}", quoted(rest)),
                    "the whole field in quotes",
                ));
            }
            None => (rest.len(), End::Record),
        };
        let field = &rest[..len];
        self.at = (self.at + len + 1).min(self.text.len());
        let field = match end {
            End::Field => field,
            End::Record => {
                self.line += 1;
                field.strip_suffix(b"\r").unwrap_or(field)
            }
        };
        Ok((Cow::Borrowed(field), end))
    }

    /// A field whose opening quote is read.
    fn quoted_field(&mut self) -> Parsed<(Cow<'a, [u8]>, End)> {
        let start = self.at;
        let mut doubled = false;
        let close = loop {
            let Some(len) = memchr(b'"', &self.text[self.at..]) else {
                return Err(Problem::syntax(
                    format_args!("the end of the text in {}", quoted(&self.text[start..])),
                    "a closing quote",
                ));
            };
            let close = self.at + len;
            if self.text.get(close + 1) != Some(&b'"') {
                break close;
            }
            doubled = true;
            self.at = close + 2;
        };
        let field = &self.text[start..close];
        self.line += memchr_iter(b'\n', field).count() as u64;
        let rest = &self.text[close + 1..];
        let blanks = rest.iter().take_while(|&&byte| byte == b' ').count();
        let (end, len) = match &rest[blanks..] {
            [b',', ..] => (End::Field, 1),
            [b'\n', ..] => (End::Record, 1),
            [b'\r', b'\n', ..] => (End::Record, 2),
            [] | [b'\r'] => (End::Record, rest.len() - blanks),
            other => {
                return Err(Problem::syntax(
                    format_args!("{} behind a closing quote", quoted(other)),
                    "a comma or the end of the line",
                ));
            }
        };
        self.at = close + 1 + blanks + len;
        if matches!(end, End::Record) {
            self.line += 1;
        }
        Ok((if doubled { single_quotes(field).into() } else { field.into() }, end))
    }
}

/// The field with each doubled quote made one.
fn single_quotes(field: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(field.len());
    let mut rest = field;
    while let Some(quote) = memchr(b'"', rest) {
        out.extend_from_slice(&rest[..=quote]);
        rest = rest.get(quote + 2..).unwrap_or_default();
    }
    out.extend_from_slice(rest);
    out
}

#[cfg(test)]
mod tests {
    #![allow(clippy::expect_used)]
    use super::*;
    use proptest::prelude::*;

    fn all(text: &str, line: u64) -> Vec<(u64, Result<Vec<String>, String>)> {
        let mut records = Records::new(text.as_bytes(), line);
        let mut fields = Vec::new();
        let mut out = Vec::new();
        while let Some((line, outcome)) = records.read(&mut fields) {
            let failed = outcome.is_err();
            let row = outcome.map_err(|problem| problem.at("").to_string());
            let text = |f: &Cow<'_, [u8]>| String::from_utf8_lossy(f).into_owned();
            out.push((line, row.map(|()| fields.iter().map(text).collect())));
            if failed {
                break;
            }
        }
        out
    }

    fn rows(text: &str) -> Vec<(u64, Vec<String>)> {
        all(text, 1).into_iter().map(|(line, row)| (line, row.expect("valid"))).collect()
    }

    #[test]
    fn fields_quotes_and_line_ends() {
        let text = "a,b\r\n\n\"x, \"\"y\"\"\nz\",\"\"\r\n  \r\n p , \"q\" \n,\nlast,\"r\"";
        let row = |line, a: &str, b: &str| (line, vec![a.to_owned(), b.to_owned()]);
        assert_eq!(
            rows(text),
            [
                row(1, "a", "b"),
                row(3, "x, \"y\"\nz", ""),
                row(6, " p ", "q"),
                row(7, "", ""),
                row(8, "last", "r"),
            ]
        );
    }

    #[test]
    fn stray_quotes_are_errors() {
        for (text, said) in [
            ("a,b\"c\n", "a quote inside the field"),
            ("a,\"b\"c\n", "behind a closing quote"),
            ("a,\"b\n\n", "wanted a closing quote"),
        ] {
            let (line, row) = all(text, 1).remove(0);
            assert_eq!(line, 1);
            assert!(row.expect_err(text).contains(said), "{text}");
        }
    }

    proptest! {
        #[test]
        fn blocks_hold_the_records_of_the_whole(
            text in "([a\",\n]|\"\"|\r\n|\"a,\nb\"){0,40}",
            block_len in 1..30usize,
            cut in 0..60usize,
        ) {
            // Read as the reader does: first what has come so far, then the rest with the carry.
            let bytes = text.as_bytes();
            let cut = cut.min(bytes.len());
            let mut found = Vec::new();
            let (first, open) = split(&bytes[..cut], 1, block_len, false);
            let carried = open.bytes.start;
            let (mut second, rest) = split(&bytes[carried..], open.line, block_len, true);
            prop_assert!(rest.bytes.is_empty());
            for block in &mut second {
                block.bytes = carried + block.bytes.start..carried + block.bytes.end;
            }
            let blocks: Vec<_> = first.into_iter().chain(second).collect();
            prop_assert_eq!(blocks.iter().map(|b| b.bytes.len()).sum::<usize>(), bytes.len());
            for block in blocks {
                found.extend(all(&text[block.bytes], block.line));
                if found.last().is_some_and(|(_, row)| row.is_err()) {
                    break;
                }
            }
            let whole = all(&text, 1);
            prop_assert_eq!(found.len(), whole.len());
            for (a, b) in found.iter().zip(&whole) {
                prop_assert_eq!((a.0, a.1.is_ok()), (b.0, b.1.is_ok()));
                if a.1.is_ok() {
                    prop_assert_eq!(a, b);
                }
            }
        }
    }
}
