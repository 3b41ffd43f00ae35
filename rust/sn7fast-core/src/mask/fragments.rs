//! Fragments: pieces of regions as a raster scan meets them.
//!
//! Fragment numbers are those of GDAL's polygonizer. In a raster scan a run of pixels takes the
//! number of the pixel above its first one, or the next new number if that is background. Where a
//! later pixel of the run lies below another fragment, that one is redirected to the run's. The
//! number that is left for a region orders regions whose last pixels lie in the same row.

/// What a fragment, and then a region, is made of.
#[derive(Clone, Copy, Debug, Default)]
pub struct Tally {
    /// Number of pixels.
    pub pixels: i64,
    /// Number of corners.
    pub corners: u32,
    /// Convex corners less concave ones: 4 for the outer ring, -4 for each hole.
    pub turns: i32,
    /// Line of the last corner: that below the last pixel.
    pub last_line: u32,
}

impl Tally {
    /// Counts a corner on line `y`.
    pub fn add_corner(&mut self, convex: bool, y: u32) {
        self.corners += 1;
        self.turns += if convex { 1 } else { -1 };
        self.last_line = y;
    }

    /// Counts the pixels left of a vertical edge, up to column 0: to be taken off if it is a left
    /// edge, to be added if it is a right one.
    pub fn add_edge(&mut self, x: u32, length: u32, is_left: bool) {
        let pixels = i64::from(x) * i64::from(length);
        self.pixels += if is_left { -pixels } else { pixels };
    }

    /// Adds what another is made of.
    pub fn add(&mut self, other: &Self) {
        self.pixels += other.pixels;
        self.corners += other.corners;
        self.turns += other.turns;
        self.last_line = self.last_line.max(other.last_line);
    }

    /// Number of rings: the outer one and the holes.
    pub fn rings(&self) -> usize {
        ((8 - self.turns) / 4) as usize
    }
}

/// Union-find over fragments in which the caller says who survives.
#[derive(Debug, Default)]
pub struct Fragments {
    /// What each is made of.
    pub tallies: Vec<Tally>,
    parent: Vec<u32>,
}

impl Fragments {
    /// With the one that stands for each, and nothing known about them.
    pub fn of(roots: &[u32]) -> Self {
        Self { tallies: Vec::new(), parent: roots.to_vec() }
    }

    /// A new fragment, which stands for itself.
    pub fn add(&mut self) -> u32 {
        let number = self.parent.len() as u32;
        self.parent.push(number);
        self.tallies.push(Tally::default());
        number
    }

    /// The fragment that stands for this one. Halves the path on the way.
    pub fn find(&mut self, mut fragment: u32) -> u32 {
        loop {
            let parent = self.parent[fragment as usize];
            if parent == fragment {
                return fragment;
            }
            let grandparent = self.parent[parent as usize];
            self.parent[fragment as usize] = grandparent;
            fragment = grandparent;
        }
    }

    /// From now on whoever stands for `survivor` stands for `absorbed` too.
    pub fn redirect(&mut self, absorbed: u32, survivor: u32) {
        let (absorbed, survivor) = (self.find(absorbed), self.find(survivor));
        self.parent[absorbed as usize] = survivor;
    }

    /// Who stands for each fragment.
    pub fn roots(&mut self) -> Vec<u32> {
        (0..self.parent.len() as u32).map(|fragment| self.find(fragment)).collect()
    }
}
