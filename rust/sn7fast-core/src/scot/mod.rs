//! The SCOT metric.
