//! Properties of features as columns.

use super::scan::{Scan, unescaped};
use crate::codec::number::{Number, json_number};
use crate::codec::problem::{Parsed, Problem};

/// A property of one feature.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// `null`, or no such property.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number written without point and exponent.
    Int(i64),
    /// Any other number; also the words `NaN`, `Infinity` and `-Infinity` that some programs write.
    Float(f64),
    /// A string, or the JSON text of an array or object.
    Text(String),
}

/// A property of all features.
#[derive(Clone, Debug, PartialEq)]
pub enum Column {
    /// Each feature has an integer.
    Int(Vec<i64>),
    /// Numbers; NaN where a feature has none.
    Float(Vec<f64>),
    /// Each feature has a truth value.
    Bool(Vec<bool>),
    /// Anything else.
    Mixed(Vec<Value>),
}

impl Column {
    /// Number of features.
    pub fn len(&self) -> usize {
        match self {
            Self::Int(values) => values.len(),
            Self::Float(values) => values.len(),
            Self::Bool(values) => values.len(),
            Self::Mixed(values) => values.len(),
        }
    }

    /// True if there are no features.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The narrowest column that holds the values.
    pub fn from_values(values: Vec<Value>) -> Self {
        let all = |fits: fn(&Value) -> bool| values.iter().all(fits);
        if all(|value| matches!(value, Value::Int(_))) {
            let int = |value| if let Value::Int(int) = value { int } else { 0 };
            return Self::Int(values.into_iter().map(int).collect());
        }
        if all(|value| matches!(value, Value::Int(_) | Value::Float(_) | Value::Null)) {
            let float = |value| match value {
                Value::Int(int) => int as f64,
                Value::Float(float) => float,
                _ => f64::NAN,
            };
            return Self::Float(values.into_iter().map(float).collect());
        }
        if all(|value| matches!(value, Value::Bool(_))) {
            return Self::Bool(values.iter().map(|value| *value == Value::Bool(true)).collect());
        }
        Self::Mixed(values)
    }
}

/// Collects the properties of features, row after row.
#[derive(Debug)]
pub(super) struct Rows {
    names: Vec<String>,
    /// A column may be shorter than `rows`: the missing values at its end are null.
    columns: Vec<Vec<Value>>,
    rows: usize,
    /// True if properties with other names are new columns.
    open: bool,
    /// Column after the last one that was looked up: features mostly list the same properties.
    next: usize,
}

impl Rows {
    /// Collects the properties of these names, or, with `None`, all.
    pub(super) fn new(names: Option<&[String]>) -> Self {
        let open = names.is_none();
        let names = names.unwrap_or_default().to_vec();
        Self { columns: vec![Vec::new(); names.len()], names, rows: 0, open, next: 0 }
    }

    fn position(&mut self, raw: &[u8]) -> Parsed<Option<usize>> {
        let guess = self.next;
        if self.names.get(guess).is_some_and(|name| name.as_bytes() == raw) {
            self.next = guess + 1;
            return Ok(Some(guess));
        }
        if self.names.is_empty() && !self.open {
            return Ok(None);
        }
        let key = unescaped(raw)?;
        let mut found = self.names.iter().position(|name| *name == key);
        if found.is_none() && self.open {
            found = Some(self.names.len());
            self.names.push(key.into_owned());
            self.columns.push(Vec::new());
        }
        if let Some(position) = found {
            self.next = position + 1;
        }
        Ok(found)
    }

    /// Reads the properties of the feature in the making.
    pub(super) fn read(&mut self, scan: &mut Scan<'_>) -> Parsed<()> {
        if scan.word(&["null"]).is_some() {
            return Ok(());
        }
        self.next = 0;
        scan.object(|scan, raw| {
            let Some(position) = self.position(raw)? else { return scan.skip() };
            let value = value(scan).map_err(|problem| {
                problem.about(&format!("property {:?}", self.names[position]))
            })?;
            let column = &mut self.columns[position];
            // A name that comes again has the last word, as in other readers.
            column.resize(self.rows, Value::Null);
            column.push(value);
            Ok(())
        })
    }

    /// Ends the feature in the making.
    pub(super) fn end_row(&mut self) {
        self.rows += 1;
    }

    /// Forgets the feature in the making.
    pub(super) fn drop_row(&mut self) {
        for column in &mut self.columns {
            column.truncate(self.rows);
        }
    }

    /// Appends the rows of `more`.
    pub(super) fn append(&mut self, more: Self) {
        for (name, values) in more.names.into_iter().zip(more.columns) {
            let position = match self.names.iter().position(|known| *known == name) {
                Some(position) => position,
                None => {
                    self.names.push(name);
                    self.columns.push(Vec::new());
                    self.names.len() - 1
                }
            };
            let column = &mut self.columns[position];
            column.resize(self.rows, Value::Null);
            column.extend(values);
        }
        self.rows += more.rows;
    }

    /// The columns by name.
    pub(super) fn finish(mut self) -> Vec<(String, Column)> {
        for column in &mut self.columns {
            column.resize(self.rows, Value::Null);
        }
        self.names.into_iter().zip(self.columns.into_iter().map(Column::from_values)).collect()
    }
}

fn value(scan: &mut Scan<'_>) -> Parsed<Value> {
    const WORDS: [&str; 6] = ["null", "true", "false", "NaN", "Infinity", "-Infinity"];
    match scan.peek() {
        Some(b'"') => return Ok(Value::Text(scan.string()?.into_owned())),
        Some(b'[' | b'{') => {
            let start = scan.at;
            scan.skip()?;
            return match std::str::from_utf8(&scan.text[start..scan.at]) {
                Ok(text) => Ok(Value::Text(text.to_owned())),
                Err(_) => Err(Problem::syntax("bytes that are no text", "UTF-8")),
            };
        }
        _ => {}
    }
    if let Some((number, len)) = json_number(&scan.text[scan.at..]) {
        scan.at += len;
        return Ok(match number {
            Number::Int(int) => Value::Int(int),
            Number::Float(float) => Value::Float(float),
        });
    }
    Ok(match scan.word(&WORDS) {
        Some(0) => Value::Null,
        Some(word @ (1 | 2)) => Value::Bool(word == 1),
        Some(3) => Value::Float(f64::NAN),
        Some(4) => Value::Float(f64::INFINITY),
        Some(_) => Value::Float(f64::NEG_INFINITY),
        None => return Err(scan.unlike("a JSON value")),
    })
}
