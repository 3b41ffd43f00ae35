//! Numbers as text, both ways: correctly rounded in, shortest out.

use std::io::Write;

/// A JSON number: an integer is one by the way it is written.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Number {
    Int(i64),
    Float(f64),
}

fn is_digit(text: &[u8], at: usize) -> bool {
    text.get(at).is_some_and(u8::is_ascii_digit)
}

/// The decimal number at the start of `text`, and its length. A sign, a point without digits on one
/// side and an exponent are taken; the words for infinity and NaN are not.
pub(super) fn decimal(text: &[u8]) -> Option<(f64, usize)> {
    let first = usize::from(matches!(text.first(), Some(b'-' | b'+')));
    if !is_digit(text, first) && text.get(first) != Some(&b'.') {
        return None;
    }
    fast_float2::parse_partial(text).ok()
}

/// As [`decimal`], but only what the JSON grammar takes as a number.
pub(super) fn json_float(text: &[u8]) -> Option<(f64, usize)> {
    let first = usize::from(text.first() == Some(&b'-'));
    let mut end = first;
    while is_digit(text, end) {
        end += 1;
    }
    let leading_zero = text.get(first) == Some(&b'0') && end > first + 1;
    let bare_point = text.get(end) == Some(&b'.') && !is_digit(text, end + 1);
    if end == first || leading_zero || bare_point {
        return None;
    }
    fast_float2::parse_partial(text).ok()
}

/// The JSON number at the start of `text`, and its length. An integer beyond 64 bits is a float.
pub(super) fn json_number(text: &[u8]) -> Option<(Number, usize)> {
    let (value, len) = json_float(text)?;
    let integer = std::str::from_utf8(&text[..len]).ok().and_then(|digits| digits.parse().ok());
    Some((integer.map_or(Number::Float(value), Number::Int), len))
}

/// Appends `value`, which must be finite: the shortest text that reads back to the same bits, or,
/// with `decimals`, rounded to that many. Integers get no point (but for -0.0).
pub(super) fn write_number(out: &mut Vec<u8>, value: f64, decimals: Option<u8>) {
    // Integers of this size convert both ways without loss.
    const EXACT: f64 = 9_007_199_254_740_992.0;
    let integer = value as i64;
    if value.abs() < EXACT && integer as f64 == value && (integer != 0 || value.is_sign_positive())
    {
        write_int(out, integer);
    } else if let Some(decimals) = decimals {
        write_rounded(out, value, usize::from(decimals));
    } else {
        let mut buffer = zmij::Buffer::new();
        let text = buffer.format_finite(value);
        // Many readers take -0 for an integer and lose its sign.
        let short = text.strip_suffix(".0").filter(|short| *short != "-0");
        out.extend_from_slice(short.unwrap_or(text).as_bytes());
    }
}

fn write_rounded(out: &mut Vec<u8>, value: f64, decimals: usize) {
    let start = out.len();
    // Writing to a vector cannot fail.
    let _ = write!(out, "{value:.decimals$}");
    if decimals > 0 {
        while out.last() == Some(&b'0') {
            out.pop();
        }
        if out.last() == Some(&b'.') {
            out.pop();
        }
    }
    if &out[start..] == b"-0" {
        out.truncate(start);
        out.push(b'0');
    }
}

/// Appends an integer.
pub(super) fn write_int(out: &mut Vec<u8>, value: i64) {
    out.extend_from_slice(itoa::Buffer::new().format(value).as_bytes());
}

/// Appends a finite float so that it reads back as one: integers get a `.0`.
pub(super) fn write_float(out: &mut Vec<u8>, value: f64) {
    out.extend_from_slice(zmij::Buffer::new().format_finite(value).as_bytes());
}

#[cfg(test)]
mod tests {
    #![allow(clippy::expect_used, clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;

    fn written(value: f64, decimals: Option<u8>) -> String {
        let mut out = Vec::new();
        write_number(&mut out, value, decimals);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn integers_have_no_point_and_fractions_are_short() {
        for (value, text) in [
            (3.0, "3"),
            (-17.0, "-17"),
            (0.0, "0"),
            (-0.0, "-0.0"),
            (0.1, "0.1"),
            (814.98, "814.98"),
            (1e15, "1000000000000000"),
            (1023.0762097151019, "1023.0762097151019"),
        ] {
            assert_eq!(written(value, None), text);
        }
    }

    #[test]
    fn decimals_round_and_leave_no_spare_zeros() {
        for (value, decimals, text) in [
            (1.005, 2, "1"), // 1.005 as a double lies below the tie
            (2.675, 2, "2.67"),
            (0.125, 2, "0.12"),
            (99.999, 2, "100"),
            (-0.001, 2, "0"),
            (-0.0, 2, "0"),
            (5.5, 3, "5.5"),
            (10.0, 0, "10"),
            (10.4, 0, "10"),
        ] {
            assert_eq!(written(value, Some(decimals)), text, "{value}");
        }
    }

    #[test]
    fn json_takes_only_its_own_grammar() {
        for text in ["01", "-", "+1", ".5", "5.", "1.e5", "-01", "NaN", "inf", "", "e5", "-.5"] {
            assert_eq!(json_float(text.as_bytes()), None, "{text}");
        }
        for (text, value) in [
            ("0", 0.0),
            ("-0", -0.0),
            ("0.5", 0.5),
            ("1e5", 1e5),
            ("-1.5E-3", -1.5e-3),
            ("1E+2", 100.0),
        ] {
            assert_eq!(json_float(text.as_bytes()), Some((value, text.len())), "{text}");
        }
        // What follows is left to the caller, who wants a comma or a bracket there.
        assert_eq!(json_float(b"1e"), Some((1.0, 1)));
        assert_eq!(json_float(b"1-2"), Some((1.0, 1)));
    }

    #[test]
    fn wkt_takes_more_but_no_words() {
        for (text, value) in [("+1", 1.0), (".5", 0.5), ("5.", 5.0), ("007", 7.0), ("-1e2", -100.0)]
        {
            assert_eq!(decimal(text.as_bytes()), Some((value, text.len())), "{text}");
        }
        for text in ["nan", "inf", "-inf", "infinity", "-", "+", ".", "", "e5", "--1", "+-1"] {
            assert_eq!(decimal(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn integers_are_told_from_floats_by_their_text() {
        assert_eq!(json_number(b"12,"), Some((Number::Int(12), 2)));
        assert_eq!(json_number(b"12.0"), Some((Number::Float(12.0), 4)));
        assert_eq!(json_number(b"1e2"), Some((Number::Float(100.0), 3)));
        assert_eq!(json_number(b"9223372036854775808"), Some((Number::Float(2f64.powi(63)), 19)));
    }

    proptest! {
        #[test]
        fn bits_come_back(bits in any::<u64>()) {
            let value = f64::from_bits(bits);
            prop_assume!(value.is_finite());
            let text = written(value, None);
            let (back, len) = json_float(text.as_bytes()).unwrap();
            prop_assert_eq!((back.to_bits(), len), (bits, text.len()));
            prop_assert_eq!(decimal(text.as_bytes()).unwrap().0.to_bits(), bits);
        }

        #[test]
        fn reading_rounds_as_the_standard_library(text in "-?[0-9]{1,22}(\\.[0-9]{1,22})?(e-?[0-9]{1,3})?") {
            let wanted: f64 = text.parse().unwrap();
            prop_assert_eq!(decimal(text.as_bytes()).unwrap(), (wanted, text.len()));
        }

        #[test]
        fn rounding_is_that_of_the_standard_library(value in -2e6..2e6, decimals in 0u8..8) {
            let wanted: f64 = format!("{value:.0$}", usize::from(decimals)).parse().unwrap();
            prop_assert_eq!(written(value, Some(decimals)).parse::<f64>().unwrap(), wanted);
        }
    }
}
