//! Footprints to and from `geo_types`, for Rust programs that use the georust crates.

use crate::error::Result;
use crate::footprints::{Builder, FootprintRef, Footprints, Point};
use geo_types::{Coord, LineString, MultiPolygon, Polygon};

impl From<FootprintRef<'_>> for MultiPolygon<f64> {
    /// One polygon unless the footprint has several; empty polygons stay empty.
    fn from(footprint: FootprintRef<'_>) -> Self {
        let line = |ring: &[Point]| ring.iter().copied().map(Coord::from).collect::<LineString>();
        let polygon = |mut rings: Vec<LineString>| {
            let holes = rings.split_off(rings.len().min(1));
            Polygon::new(rings.pop().unwrap_or_else(|| LineString::new(Vec::new())), holes)
        };
        footprint.polygons().map(|rings| polygon(rings.map(line).collect())).collect()
    }
}

impl Footprints {
    /// One footprint for each multipolygon.
    ///
    /// # Errors
    /// [`crate::Error::Argument`] if there are more points than 32-bit offsets can count;
    /// [`crate::Error::Geometry`] for coordinates that [`crate::FootprintsRef::try_new`] refuses.
    pub fn from_geo<'a>(shapes: impl IntoIterator<Item = &'a MultiPolygon<f64>>) -> Result<Self> {
        let mut builder = Builder::new();
        for shape in shapes {
            for polygon in shape {
                // geo_types closes rings, so they are closed here too.
                let rings = std::iter::once(polygon.exterior()).chain(polygon.interiors());
                for ring in rings.filter(|ring| !ring.0.is_empty()) {
                    builder.ring(ring.coords().map(|&coord| <[f64; 2]>::from(coord)));
                }
                builder.end_polygon();
            }
            builder.end_footprint();
        }
        let footprints = builder.finish()?;
        footprints.view().check("shapes")?;
        Ok(footprints)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use geo_types::{line_string, polygon};

    fn shapes() -> Vec<MultiPolygon<f64>> {
        let ring = polygon![
            exterior: [(x: 0.0, y: 0.0), (x: 0.0, y: 4.0), (x: 4.0, y: 4.0), (x: 4.0, y: 0.0)],
            interiors: [[(x: 1.0, y: 1.0), (x: 2.0, y: 1.0), (x: 2.0, y: 2.0)]],
        ];
        let triangle = polygon![(x: 9.5, y: 0.0), (x: 9.5, y: 1.0), (x: 8.0, y: 1.0)];
        let empty = Polygon::new(line_string![], vec![]);
        vec![ring.clone().into(), vec![ring, triangle].into(), empty.into()]
    }

    #[test]
    fn round_trip() {
        let shapes = shapes();
        let footprints = Footprints::from_geo(&shapes).unwrap();
        assert_eq!(footprints.len(), 3);
        let back: Vec<MultiPolygon<f64>> = footprints.view().iter().map(Into::into).collect();
        assert_eq!(back, shapes);
    }

    #[test]
    fn bad_coordinates_are_refused() {
        let far = polygon![(x: 0.0, y: 0.0), (x: 1e18, y: 0.0), (x: 0.0, y: 1.0)];
        let error = Footprints::from_geo(&[far.into()]).unwrap_err().to_string();
        assert!(error.contains("shapes: footprint 0: coordinate (1e18, 0.0)"), "{error}");
    }
}
