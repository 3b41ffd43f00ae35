//! Text formats: SN7 CSV (WKT) and GeoJSON, both ways.
