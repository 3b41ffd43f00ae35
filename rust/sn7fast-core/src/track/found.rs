//! What a footprint that found no identifier needs to found one; else it is dropped.
//!
//! The three rules are those of the fourth-place solution (motokimura) of SpaceNet 7.

use super::follow::Scene;
use crate::geom::{Bounds, centroid, meets_disc};
use crate::index::Index;

/// The rules; each can be switched off.
#[derive(Clone, Copy, Debug)]
pub struct Founding {
    /// In one of that many next months some footprint must confirm this one; 0 for off, and where
    /// there is no next month.
    pub num_ahead_frames: usize,
    /// Least IoU that confirms. At 0 touching is enough.
    pub min_iou_new_building: f64,
    /// No master may cover a larger share of it; 1 or more for off.
    pub max_area_occupied: f64,
    /// Not too many masters may meet the disc of this radius around its centroid; 0 for off.
    pub search_radius: f64,
    /// How many may meet it, less one: the original takes the footprint itself for one of them.
    pub max_num_intersect_polys: usize,
}

impl Founding {
    /// Everybody may.
    pub const ANY: Self = Self {
        num_ahead_frames: 0,
        min_iou_new_building: 0.25,
        max_area_occupied: 1.0,
        search_radius: 0.0,
        max_num_intersect_polys: 0,
    };

    /// True if all rules are off.
    pub fn is_any(&self) -> bool {
        self.num_ahead_frames == 0 && self.max_area_occupied >= 1.0 && self.search_radius <= 0.0
    }

    /// Whether all rules are kept. `masters` are those of earlier months, `ahead` the footprints of
    /// the next ones.
    pub fn allows(
        &self,
        scene: &Scene<'_>,
        member: usize,
        masters: &Index,
        ahead: &[Index],
    ) -> bool {
        self.is_free(scene, member, masters)
            && self.has_room(scene, member, masters)
            && self.is_confirmed(scene, member, ahead)
    }

    fn is_confirmed(&self, scene: &Scene<'_>, member: usize, ahead: &[Index]) -> bool {
        let confirms = |other: usize| {
            let iou = scene.iou(member, other);
            iou >= self.min_iou_new_building && (iou > 0.0 || scene.touch(member, other))
        };
        let Some(bounds) = scene.shapes.bounds(member) else { return ahead.is_empty() };
        ahead.is_empty() || ahead.iter().any(|month| month.near(bounds).any(confirms))
    }

    fn is_free(&self, scene: &Scene<'_>, member: usize, masters: &Index) -> bool {
        let area = scene.shapes.area(member);
        let Some(bounds) = scene.shapes.bounds(member) else { return true };
        if self.max_area_occupied >= 1.0 || area <= 0.0 {
            return true;
        }
        masters.near(bounds).all(|master| {
            let share = scene.shapes.shared_area(member, &scene.shapes, master) / area;
            share <= self.max_area_occupied
        })
    }

    fn has_room(&self, scene: &Scene<'_>, member: usize, masters: &Index) -> bool {
        let radius = self.search_radius;
        let Some(centre) = centroid(&scene.footprints.get(member)) else { return true };
        if radius <= 0.0 {
            return true;
        }
        let around = Bounds { min: centre.map(|c| c - radius), max: centre.map(|c| c + radius) };
        let most = self.max_num_intersect_polys.saturating_add(1);
        let meets = |&master: &usize| meets_disc(&scene.footprints.get(master), centre, radius);
        masters.near(around).filter(meets).take(most.saturating_add(1)).count() <= most
    }
}
