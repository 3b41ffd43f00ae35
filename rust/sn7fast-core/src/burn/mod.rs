//! Footprints to pixels: footprint, boundary and contact masks.
