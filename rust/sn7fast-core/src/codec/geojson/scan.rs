//! A cursor over JSON text: reads or skips one value at a time.

use crate::codec::number::json_float;
use crate::codec::problem::{Parsed, Problem, quoted};
use memchr::memchr2;
use std::borrow::Cow;

/// Arrays and objects in one another at most, so that hostile text cannot use up the stack.
const MAX_DEPTH: usize = 128;

/// A place in JSON text. After an error it stands where the error is.
#[derive(Clone, Debug)]
pub(super) struct Scan<'a> {
    pub(super) text: &'a [u8],
    pub(super) at: usize,
    depth: usize,
}

impl<'a> Scan<'a> {
    pub(super) fn new(text: &'a [u8], at: usize) -> Self {
        Self { text, at, depth: 0 }
    }

    /// The next byte that is not blank.
    #[inline]
    pub(super) fn peek(&mut self) -> Option<u8> {
        while let Some(&byte) = self.text.get(self.at) {
            if !matches!(byte, b' ' | b'\n' | b'\r' | b'\t') {
                return Some(byte);
            }
            self.at += 1;
        }
        None
    }

    /// Takes `byte` if it comes next.
    #[inline]
    pub(super) fn take(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    #[cold]
    pub(super) fn unlike(&mut self, wanted: &str) -> Problem {
        match self.peek() {
            None => Problem::syntax("the end of the text", wanted),
            Some(_) => Problem::syntax(quoted(&self.text[self.at..]), wanted),
        }
    }

    pub(super) fn expect(&mut self, byte: u8, wanted: &str) -> Parsed<()> {
        if self.take(byte) { Ok(()) } else { Err(self.unlike(wanted)) }
    }

    /// A string, as it stands between its quotes.
    pub(super) fn raw_string(&mut self) -> Parsed<&'a [u8]> {
        self.expect(b'"', "a string")?;
        let start = self.at;
        loop {
            let Some(len) = memchr2(b'"', b'\\', &self.text[self.at..]) else {
                self.at = self.text.len();
                return Err(self.unlike("a closing quote"));
            };
            self.at += len;
            if self.text[self.at] == b'"' {
                break;
            }
            self.at = (self.at + 2).min(self.text.len());
        }
        self.at += 1;
        Ok(&self.text[start..self.at - 1])
    }

    /// A string.
    pub(super) fn string(&mut self) -> Parsed<Cow<'a, str>> {
        let start = self.at;
        unescaped(self.raw_string()?).inspect_err(|_| self.at = start)
    }

    /// `{"key": value, ...}`; `member` reads the value.
    pub(super) fn object(
        &mut self,
        mut member: impl FnMut(&mut Self, &'a [u8]) -> Parsed<()>,
    ) -> Parsed<()> {
        self.expect(b'{', "an object")?;
        self.enter()?;
        if !self.take(b'}') {
            loop {
                let key = self.raw_string()?;
                self.expect(b':', "a colon")?;
                member(self, key)?;
                if !self.take(b',') {
                    break;
                }
            }
            self.expect(b'}', "a comma or a closing brace")?;
        }
        self.depth -= 1;
        Ok(())
    }

    /// `[item, ...]`; `item` reads one. Tells how many there were.
    pub(super) fn array(&mut self, mut item: impl FnMut(&mut Self) -> Parsed<()>) -> Parsed<usize> {
        self.expect(b'[', "an array")?;
        self.enter()?;
        let mut count = 0;
        if !self.take(b']') {
            loop {
                item(self)?;
                count += 1;
                if !self.take(b',') {
                    break;
                }
            }
            self.expect(b']', "a comma or a closing bracket")?;
        }
        self.depth -= 1;
        Ok(count)
    }

    fn enter(&mut self) -> Parsed<()> {
        self.depth += 1;
        if self.depth <= MAX_DEPTH {
            return Ok(());
        }
        let got = format_args!("more than {MAX_DEPTH} arrays and objects in one another");
        Err(Problem::syntax(got, "fewer"))
    }

    /// A number that JSON can hold.
    #[inline]
    pub(super) fn float(&mut self) -> Parsed<f64> {
        self.peek();
        match json_float(&self.text[self.at..]) {
            Some((value, len)) => {
                self.at += len;
                Ok(value)
            }
            None => Err(self.unlike("a number")),
        }
    }

    /// Takes one of the words, and tells which.
    pub(super) fn word(&mut self, words: &[&str]) -> Option<usize> {
        self.peek();
        let rest = &self.text[self.at..];
        let found = words.iter().position(|word| {
            let behind = rest.get(word.len());
            rest.starts_with(word.as_bytes()) && !behind.is_some_and(u8::is_ascii_alphanumeric)
        })?;
        self.at += words[found].len();
        Some(found)
    }

    /// Passes over a value and checks it, but for what stands inside strings.
    pub(super) fn skip(&mut self) -> Parsed<()> {
        match self.peek() {
            Some(b'{') => self.object(|scan, _| scan.skip()),
            Some(b'[') => self.array(Self::skip).map(|_| ()),
            Some(b'"') => self.raw_string().map(|_| ()),
            Some(b'0'..=b'9') => self.float().map(|_| ()),
            _ if self
                .word(&["null", "true", "false", "NaN", "Infinity", "-Infinity"])
                .is_some() =>
            {
                Ok(())
            }
            Some(b'-') => self.float().map(|_| ()),
            _ => Err(self.unlike("a JSON value")),
        }
    }
}

/// The text that a string stands for.
pub(super) fn unescaped(raw: &[u8]) -> Parsed<Cow<'_, str>> {
    let Ok(text) = std::str::from_utf8(raw) else {
        return Err(Problem::syntax(quoted(raw), "UTF-8"));
    };
    if !text.contains('\\') {
        return Ok(Cow::Borrowed(text));
    }
    let wrong = || Problem::syntax(quoted(raw), "a string with escapes as JSON knows them");
    let mut out = String::with_capacity(text.len());
    let mut parts = text.split('\\');
    out.push_str(parts.next().unwrap_or_default());
    while let Some(part) = parts.next() {
        let mut chars = part.chars();
        match chars.next() {
            // Nothing between two backslashes: they stand for one, and the text goes on behind.
            None => {
                out.push('\\');
                out.push_str(parts.next().ok_or_else(wrong)?);
                continue;
            }
            Some('u') => {
                let unit = unit(part).ok_or_else(wrong)?;
                if (0xd800..0xdc00).contains(&unit) {
                    let next = parts.next().ok_or_else(wrong)?;
                    let low = unit_of_low(next).ok_or_else(wrong)?;
                    let code = 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00);
                    out.push(char::from_u32(code).ok_or_else(wrong)?);
                    out.push_str(&next[5..]);
                } else {
                    out.push(char::from_u32(unit).ok_or_else(wrong)?);
                    out.push_str(&part[5..]);
                }
                continue;
            }
            Some(plain @ ('"' | '/')) => out.push(plain),
            Some('b') => out.push('\u{8}'),
            Some('f') => out.push('\u{c}'),
            Some('n') => out.push('\n'),
            Some('r') => out.push('\r'),
            Some('t') => out.push('\t'),
            Some(_) => return Err(wrong()),
        }
        out.push_str(chars.as_str());
    }
    Ok(Cow::Owned(out))
}

/// The UTF-16 unit of `uXXXX`.
fn unit(part: &str) -> Option<u32> {
    let digits = part.strip_prefix('u')?.get(..4)?;
    let hex = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    if hex { u32::from_str_radix(digits, 16).ok() } else { None }
}

fn unit_of_low(part: &str) -> Option<u32> {
    unit(part).filter(|unit| (0xdc00..0xe000).contains(unit))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::expect_used)]
    use super::*;

    fn skips(text: &str) -> bool {
        let mut scan = Scan::new(text.as_bytes(), 0);
        scan.skip().is_ok() && scan.peek().is_none()
    }

    #[test]
    fn values_are_passed_over() {
        for text in [
            "null",
            " true ",
            "-1.5e3",
            "\"a\\\"]\"",
            "[]",
            "{}",
            "[1, [2, {\"a\": [null]}], \"}\"]",
            "{\"a\": 1, \"a\" : {\"b\":[]}}",
            "NaN",
            "-Infinity",
            "\"\\\\\"",
        ] {
            assert!(skips(text), "{text}");
        }
    }

    #[test]
    fn broken_values_are_not() {
        for text in [
            "",
            "nul",
            "nulls",
            "[1,]",
            "[,1]",
            "{\"a\"}",
            "{\"a\":}",
            "{a:1}",
            "[1 2]",
            "01",
            "+1",
            "\"a",
            "\"a\\",
            "[",
            "{",
            "{\"a\":1,}",
            "]",
            "1 1",
            "'a'",
            "-",
            "--1",
        ] {
            assert!(!skips(text), "{text}");
        }
    }

    #[test]
    fn depth_is_limited() {
        assert!(skips(&format!("{}{}", "[".repeat(MAX_DEPTH), "]".repeat(MAX_DEPTH))));
        assert!(!skips(&format!("{}{}", "[".repeat(MAX_DEPTH + 1), "]".repeat(MAX_DEPTH + 1))));
        assert!(!skips(&"[".repeat(1_000_000)));
        assert!(!skips(&"{\"a\":".repeat(1_000_000)));
    }

    #[test]
    fn escapes() {
        for (raw, text) in [
            ("plain é", "plain é"),
            (r#"a\"b\\c\/d"#, "a\"b\\c/d"),
            (r"\\", "\\"),
            (r"\\\\n", "\\\\n"),
            (r"\\n\n", "\\n\n"),
            (r"\u00e9\u0041B", "éAB"),
            (r"\ud83d\ude00!", "😀!"),
            (r"\b\f\r\t", "\u{8}\u{c}\r\t"),
        ] {
            assert_eq!(unescaped(raw.as_bytes()).expect(raw), text);
        }
        for raw in [
            r"\x",
            r"\u12",
            r"\u12g4",
            r"\ud83d",
            r"\ud83dx",
            r"\ud83d\u0041",
            r"\ude00",
            r"\u+123",
            r"\ué12",
        ] {
            assert!(unescaped(raw.as_bytes()).is_err(), "{raw}");
        }
        assert!(unescaped(b"\xff").is_err());
    }
}
