//! Footprint, boundary and contact masks as the channels of one image.

use super::boundary::{BoundaryType, boundary_per_building};
use super::contact::contact_mask;
use super::footprint::rasterize;
use super::morphology::{Grid, Square};
use super::shape::Shape;
use crate::Cancel;
use crate::error::{Error, Result};
use crate::footprints::FootprintsRef;

/// What a channel shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Channel {
    /// Pixels of buildings.
    Footprint,
    /// Their rim.
    Boundary,
    /// Gaps between near buildings.
    Contact,
}

impl Channel {
    /// From `footprint`, `boundary` or `contact`.
    ///
    /// # Errors
    /// [`Error::Argument`] for any other name.
    pub fn from_name(name: &str) -> Result<Self> {
        match name {
            "footprint" => Ok(Self::Footprint),
            "boundary" => Ok(Self::Boundary),
            "contact" => Ok(Self::Contact),
            _ => {
                let wanted = "\"footprint\", \"boundary\" or \"contact\"";
                Err(Error::argument("channels", format!("{name:?}"), wanted))
            }
        }
    }
}

/// What [`training_mask`] makes.
#[derive(Clone, Debug)]
pub struct TrainingMask {
    /// Size of the image.
    pub shape: Shape,
    /// Channels in this order; at least one.
    pub channels: Vec<Channel>,
    /// Side in pixels of the square by which buildings are eroded or dilated; 1 makes no boundary.
    pub boundary_width: usize,
    /// Which side of the outline the boundary lies on.
    pub boundary_type: BoundaryType,
    /// Erode or dilate each building alone, so that touching ones keep a boundary between them.
    pub per_building_boundary: bool,
    /// Buildings closer than this have a contact mask between them, in pixels.
    pub contact_spacing_px: f64,
    /// Value of set pixels; not 0.
    pub value: u8,
}

impl TrainingMask {
    fn check(&self) -> Result<()> {
        if self.channels.is_empty() {
            return Err(Error::argument("channels", "none", "at least one channel"));
        }
        if self.boundary_width == 0 {
            return Err(Error::argument("boundary_width", 0, "at least 1 pixel"));
        }
        if !(self.contact_spacing_px >= 0.0 && self.contact_spacing_px.is_finite()) {
            let wanted = "a finite number of pixels from 0";
            return Err(Error::argument("contact_spacing_px", self.contact_spacing_px, wanted));
        }
        if self.value == 0 {
            return Err(Error::argument("value", 0, "1 to 255"));
        }
        Ok(())
    }
}

/// Burns the asked channels: rows, columns, channels, the last running fastest.
///
/// # Errors
/// [`Error::Argument`] for a setting out of range or an image that does not fit into memory;
/// [`Error::Cancelled`].
pub fn training_mask(
    footprints: FootprintsRef<'_>,
    mask: &TrainingMask,
    cancel: &Cancel,
) -> Result<Vec<u8>> {
    mask.check()?;
    let TrainingMask { shape, value, .. } = *mask;
    let (asks, count) = (|channel| mask.channels.contains(&channel), mask.channels.len());
    let rim_of_mask = asks(Channel::Boundary) && !mask.per_building_boundary;
    let mut footprint = Grid { pixels: Vec::new(), cols: shape.cols() };
    if asks(Channel::Footprint) || asks(Channel::Contact) || rim_of_mask {
        footprint.pixels = rasterize(footprints, shape, value, cancel)?;
    }
    let square = Square::new(mask.boundary_width);
    let kind = mask.boundary_type;
    let boundary = if rim_of_mask {
        kind.of_mask(&footprint, square)?
    } else if asks(Channel::Boundary) {
        boundary_per_building(footprints, shape, kind, square, value, cancel)?
    } else {
        Vec::new()
    };
    let contact = if asks(Channel::Contact) {
        let distance = mask.contact_spacing_px / 2.0;
        contact_mask(footprints, shape, distance, &footprint.pixels, value, cancel)?
    } else {
        Vec::new()
    };
    if let [channel] = mask.channels[..] {
        return Ok(match channel {
            Channel::Footprint => footprint.pixels,
            Channel::Boundary => boundary,
            Channel::Contact => contact,
        });
    }
    let mut out = shape.zeros(count)?;
    for (k, channel) in mask.channels.iter().enumerate() {
        let source = match channel {
            Channel::Footprint => &footprint.pixels,
            Channel::Boundary => &boundary,
            Channel::Contact => &contact,
        };
        for (pixel, &value) in out.iter_mut().skip(k).step_by(count).zip(source) {
            *pixel = value;
        }
    }
    Ok(out)
}
