//! Persistent identifiers over months.
