//! Area and month out of a file name: the one rule for tables and folders.
//!
//! 1. Folders before the last `/` or `\`, a known extension and a final `_Buildings` are left off.
//! 2. `global_monthly_YYYY_MM_mosaic_<AOI>`, wherever it starts: everything behind it is the AOI.
//! 3. Any other name: the text `YYYY_MM` or `YYYY-MM` that stands apart from other digits is the
//!    month, and what is left of the name is the AOI. Of an ISO date (`2018-01-15`) the day goes
//!    with the month. The date may repeat; two different ones are an error.
//!
//! Years run from 1900 to 2099 and months from 01 to 12; other digits are no date, so the tile
//! numbers of an SN7 area (`_1327_3160_13`) are not taken for one.

use crate::error::{Error, Result};

const EXTENSIONS: [&str; 8] =
    ["tif", "tiff", "png", "geojson", "json", "gpkg", "parquet", "geoparquet"];
const SEPARATORS: [char; 4] = ['_', '-', '.', ' '];
const SN7_HEAD: &str = "global_monthly_";
const SN7_TAIL: &str = "_mosaic_";
const MONTH_LEN: usize = "YYYY_MM".len();

/// What a file name says. Sorts by area, then month.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Name {
    /// Area; empty if the name is a date and nothing else.
    pub aoi: String,
    /// Month as `YYYY_MM`.
    pub month: String,
}

/// Area and month of a file name, by the rule at the top of this module.
///
/// # Errors
/// [`Error::Format`] if the name holds no month, or two different ones.
pub fn parse_name(name: &str) -> Result<Name> {
    let stem = stem(name);
    if let Some(found) = sn7(stem) {
        return Ok(found);
    }
    let dates = dates(stem);
    let Some(first) = dates.first() else {
        return Err(refused(name, "no month".to_owned()));
    };
    let month = month_label(stem, first.start);
    let mut left = Vec::new();
    let mut start = 0;
    for date in &dates {
        let other = month_label(stem, date.start);
        if other != month {
            return Err(refused(name, format!("two months, {month} and {other}")));
        }
        left.push(&stem[start..date.start]);
        start = date.end;
    }
    left.push(&stem[start..]);
    let parts: Vec<&str> =
        left.iter().map(|part| part.trim_matches(SEPARATORS)).filter(|p| !p.is_empty()).collect();
    Ok(Name { aoi: parts.join("_"), month })
}

fn refused(name: &str, got: String) -> Error {
    let problem = format!(
        "got {got} in the name, wanted one YYYY_MM or YYYY-MM (years 1900 to 2099, months 01 to 12)"
    );
    Error::Format { place: format!("{name:?}"), problem }
}

fn stem(name: &str) -> &str {
    let name = name.rsplit(['/', '\\']).next().unwrap_or(name).trim();
    let stem = match name.rsplit_once('.') {
        Some((stem, end)) if EXTENSIONS.iter().any(|known| known.eq_ignore_ascii_case(end)) => stem,
        _ => name,
    };
    stem.strip_suffix("_Buildings").unwrap_or(stem)
}

fn sn7(stem: &str) -> Option<Name> {
    stem.match_indices(SN7_HEAD).find_map(|(at, head)| {
        let start = at + head.len();
        let rest = stem.as_bytes().get(start..)?;
        if !is_month(rest) || rest[4] != b'_' {
            return None;
        }
        let aoi = stem.get(start + MONTH_LEN..)?.strip_prefix(SN7_TAIL)?;
        Some(Name { aoi: aoi.to_owned(), month: month_label(stem, start) })
    })
}

/// True if `text` starts with a year, a separator and a month.
fn is_month(text: &[u8]) -> bool {
    let Some(&[c, d, y, z, separator, m, n]) = text.first_chunk::<MONTH_LEN>() else {
        return false;
    };
    let digits = [c, d, y, z, m, n].iter().all(u8::is_ascii_digit);
    digits
        && matches!(separator, b'_' | b'-')
        && matches!(&[c, d], b"19" | b"20")
        && matches!((m, n), (b'0', b'1'..=b'9') | (b'1', b'0'..=b'2'))
}

fn month_label(stem: &str, start: usize) -> String {
    stem[start..start + MONTH_LEN].replace('-', "_")
}

/// Where dates stand in the name, in order. All bytes of a date are ASCII, so these are places
/// between characters.
fn dates(stem: &str) -> Vec<std::ops::Range<usize>> {
    let text = stem.as_bytes();
    let digit_at = |at: usize| text.get(at).is_some_and(u8::is_ascii_digit);
    let mut found = Vec::new();
    let mut at = 0;
    while at < text.len() {
        let apart = (at == 0 || !digit_at(at - 1)) && !digit_at(at + MONTH_LEN);
        if !apart || !is_month(&text[at..]) {
            at += 1;
            continue;
        }
        let month_end = at + MONTH_LEN;
        let end = if text[at + 4] == b'-' && is_day(&text[month_end..]) {
            month_end + "-DD".len()
        } else {
            month_end
        };
        found.push(at..end);
        at = end;
    }
    found
}

fn is_day(text: &[u8]) -> bool {
    let day = matches!(
        text.get(..3),
        Some(
            [b'-', b'0', b'1'..=b'9']
                | [b'-', b'1' | b'2', b'0'..=b'9']
                | [b'-', b'3', b'0' | b'1']
        )
    );
    day && !text.get(3).is_some_and(u8::is_ascii_digit)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::expect_used, clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;

    const AOI: &str = "L15-0331E-1257N_1327_3160_13";

    fn parsed(name: &str) -> (String, String) {
        let Name { aoi, month } = parse_name(name).expect(name);
        (aoi, month)
    }

    fn pair(aoi: &str, month: &str) -> (String, String) {
        (aoi.to_owned(), month.to_owned())
    }

    #[test]
    fn sn7_names_give_area_and_month() {
        let stem = format!("global_monthly_2018_01_mosaic_{AOI}");
        for name in [
            stem.clone(),
            format!("{stem}.tif"),
            format!("{stem}.TIF"),
            format!("{stem}_Buildings.geojson"),
            format!("train/{AOI}/labels/{stem}_Buildings.geojson"),
            format!("labels_match_{stem}"),
        ] {
            assert_eq!(parsed(&name), pair(AOI, "2018_01"), "{name}");
        }
        // The original scorer cuts by position; on SN7 names both agree.
        assert_eq!(parsed(&stem).0, stem[30..58]);
        assert_eq!(parsed(&stem).1, stem[15..22]);
    }

    #[test]
    fn an_area_with_a_date_in_it_is_no_second_month_in_an_sn7_name() {
        let name = "global_monthly_2018_01_mosaic_site_2019-05";
        assert_eq!(parsed(name), pair("site_2019-05", "2018_01"));
    }

    #[test]
    fn other_names_give_the_date_and_the_rest() {
        for (name, aoi, month) in [
            ("tokyo_2018-01.tif", "tokyo", "2018_01"),
            ("2018_12_tokyo.tif", "tokyo", "2018_12"),
            ("tokyo-2018-01-pred.geojson", "tokyo_pred", "2018_01"),
            ("2018_01.tif", "", "2018_01"),
            ("tokyo_2018-01-15.tif", "tokyo", "2018_01"),
            ("2018-01_tokyo_2018_01.tif", "tokyo", "2018_01"),
            ("tokyo_2018_01_13.tif", "tokyo_13", "2018_01"),
            ("L15-0331E-1257N_1950_3160_13_2018_01", "L15-0331E-1257N_1950_3160_13", "2018_01"),
            ("Kraków 2018-01.png", "Kraków", "2018_01"),
            ("v1.2_2018-01", "v1.2", "2018_01"),
        ] {
            assert_eq!(parsed(name), pair(aoi, month), "{name}");
        }
    }

    #[test]
    fn names_without_one_month_are_refused() {
        for (name, said) in [
            ("tokyo.tif", "no month"),
            ("", "no month"),
            ("global_monthly_2018_13_mosaic_x", "no month"),
            ("tokyo_2018_00", "no month"),
            ("tokyo_20180101", "no month"),
            ("tokyo_12018_01", "no month"),
            ("tokyo_2018_011", "no month"),
            ("tokyo_3018_01", "no month"),
            ("tokyo_2018_01_2018_02", "two months, 2018_01 and 2018_02"),
        ] {
            let message = parse_name(name).unwrap_err().to_string();
            assert!(message.contains(said) && message.contains(name), "{message}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_taken_or_refused(name in "\\PC*|[-_0-9 .]{0,24}|(global_monthly_|_mosaic_|[-_0-9é]){0,12}") {
            if let Ok(found) = parse_name(&name) {
                prop_assert!(is_month(found.month.as_bytes()) && !found.aoi.contains(['/', '\\']));
            }
        }

        #[test]
        fn area_and_month_come_back(aoi in "[A-Za-z]{1,8}", year in 1900..2100, month in 1..13) {
            let month = format!("{year}_{month:02}");
            for name in [format!("global_monthly_{month}_mosaic_{aoi}"), format!("{month}_{aoi}.tif")] {
                prop_assert_eq!(parsed(&name), pair(&aoi, &month));
            }
        }
    }
}
