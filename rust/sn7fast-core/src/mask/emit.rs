//! Walks the rings of the regions that are kept and writes them where they belong.

use super::outline::Outline;
use super::regions::{DROPPED, Regions};
use crate::error::Result;
use crate::footprints::{Footprints, offsets_fit};

/// Marks a corner whose ring has been written.
const WRITTEN: u32 = u32::MAX;

/// The footprints. Rings are found by their first corner in raster order, which is the left end of
/// their top edge; the first ring of a region is its outer one.
///
/// How many rings and corners a region has is known beforehand, so every ring is written straight
/// to its place.
pub fn footprints(outline: &mut Outline, regions: &Regions) -> Result<Footprints> {
    let corners = &mut outline.corners[..outline.count];
    for (meeting, &is_pinch) in outline.meetings.iter().zip(&regions.is_pinch) {
        if is_pinch {
            let [one, other] = meeting.corners.map(|corner| corner as usize);
            let next = corners[one].next;
            corners[one].next = corners[other].next;
            corners[other].next = next;
        }
    }

    let mut places = Vec::with_capacity(regions.polygons.len());
    let mut polygon_offsets = Vec::with_capacity(regions.polygons.len() + 1);
    polygon_offsets.push(0);
    let (mut points, mut rings) = (0, 0);
    for tally in &regions.polygons {
        places.push((points, rings));
        // Each ring repeats its first point.
        points += tally.corners as usize + tally.rings();
        rings += tally.rings();
        polygon_offsets.push(rings as i32);
    }
    offsets_fit(points)?;

    let mut coords = vec![[0.0; 2]; points];
    let mut ring_offsets = vec![0; rings + 1];
    for first in 0..corners.len() {
        if corners[first].next == WRITTEN {
            continue;
        }
        let place = regions.place[corners[first].fragment as usize];
        if place == DROPPED {
            continue;
        }
        let (start, ring) = places[place as usize];
        let mut end = start;
        let mut corner = &mut corners[first];
        while corner.next != WRITTEN {
            coords[end] = [f64::from(corner.x), f64::from(corner.y)];
            end += 1;
            let next = std::mem::replace(&mut corner.next, WRITTEN);
            corner = &mut corners[next as usize];
        }
        coords[end] = coords[start];
        ring_offsets[ring + 1] = end as i32 + 1;
        places[place as usize] = (end + 1, ring + 1);
    }
    Ok(Footprints {
        coords,
        ring_offsets,
        polygon_offsets,
        footprint_offsets: regions.footprint_offsets.clone(),
    })
}
