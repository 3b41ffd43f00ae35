//! Probability of counts when the chance behind them is not known.
//!
//! If a chance has a Beta(a, b) distribution, a row of s successes and f failures has the
//! probability B(a + s, b + f) / B(a, b). Counts come in parts of a month, because a month can be
//! half seen and a building half found; so all values that are asked for can be tabulated.

/// Parts of a month.
pub const PARTS: u32 = 16;

/// Parameters of a Beta distribution.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Beta {
    /// Weight of successes.
    pub a: f64,
    /// Weight of failures.
    pub b: f64,
}

/// Successes and failures, in parts of a month.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// What was found.
    pub found: u32,
    /// What was not found though it was seen.
    pub missed: u32,
}

impl std::ops::Sub for Counts {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        Self { found: self.found - other.found, missed: self.missed - other.missed }
    }
}

impl std::ops::Add for Counts {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self { found: self.found + other.found, missed: self.missed + other.missed }
    }
}

/// Logarithms of probabilities, looked up.
#[derive(Debug)]
pub struct Table {
    found: Vec<f64>,
    missed: Vec<f64>,
    both: Vec<f64>,
}

impl Table {
    /// For counts of up to so many months.
    pub fn new(beta: Beta, months: usize) -> Self {
        let column = |start: f64| {
            let steps = 0..=(PARTS as usize * months);
            let zero = ln_gamma(start);
            steps.map(|k| ln_gamma(start + k as f64 / f64::from(PARTS)) - zero).collect()
        };
        Self { found: column(beta.a), missed: column(beta.b), both: column(beta.a + beta.b) }
    }

    /// Logarithm of the probability of the counts.
    pub fn ln(&self, counts: Counts) -> f64 {
        let Counts { found, missed } = counts;
        self.found[found as usize] + self.missed[missed as usize]
            - self.both[(found + missed) as usize]
    }
}

/// Logarithm of the gamma function for positive numbers, to about 1e-12: Stirling's series, after
/// the argument has been raised to where it converges.
fn ln_gamma(mut x: f64) -> f64 {
    let mut product = 1.0;
    while x < 10.0 {
        product *= x;
        x += 1.0;
    }
    let inverse = 1.0 / x;
    let square = inverse * inverse;
    let series =
        inverse * (1.0 / 12.0 - square * (1.0 / 360.0 - square * (1.0 / 1260.0 - square / 1680.0)));
    (x - 0.5) * x.ln() - x + 0.5 * (2.0 * std::f64::consts::PI).ln() + series - product.ln()
}

impl Beta {
    /// The distribution that fits the counts of many buildings, by their mean and spread.
    ///
    /// `strength`: bounds of a + b. None if there is nothing to fit.
    pub fn fit(counts: impl Iterator<Item = Counts> + Clone, strength: [f64; 2]) -> Option<Self> {
        let months = |c: Counts| f64::from(c.found + c.missed) / f64::from(PARTS);
        let seen = || counts.clone().filter(|c| c.found + c.missed > 0);
        let number = seen().count() as f64;
        let total: f64 = seen().map(months).sum();
        if total <= 0.0 {
            return None;
        }
        let mean = seen().map(|c| f64::from(c.found)).sum::<f64>() / f64::from(PARTS) / total;
        let mean = mean.clamp(0.02, 0.98);
        let spread = |c: Counts| {
            let share = f64::from(c.found) / f64::from(c.found + c.missed);
            months(c) * (share - mean) * (share - mean)
        };
        let variance = seen().map(spread).sum::<f64>() / total;
        let each = total / number;
        // Counts that vary as chance would have it have the variance mean (1 - mean) / each; what
        // goes beyond is how the chances differ.
        let beyond = (variance * each / (mean * (1.0 - mean)) - 1.0) / (each - 1.0).max(1e-9);
        let [least, most] = strength;
        let beyond = beyond.clamp(1.0 / (most + 1.0), 1.0 / (least + 1.0));
        let sum = 1.0 / beyond - 1.0;
        Some(Self { a: mean * sum, b: (1.0 - mean) * sum })
    }

    /// Between this one (0) and another (1).
    pub fn towards(self, other: Self, share: f64) -> Self {
        let mix = |one: f64, other: f64| one + (other - one) * share;
        Self { a: mix(self.a, other.a), b: mix(self.b, other.b) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gamma_of_whole_and_half_numbers() {
        for (x, wanted) in
            [(1.0, 1.0f64), (5.0, 24.0), (0.5, std::f64::consts::PI.sqrt()), (11.0, 3_628_800.0)]
        {
            assert!((ln_gamma(x) - wanted.ln()).abs() < 1e-11, "{x}");
        }
    }

    #[test]
    fn even_chances_make_all_numbers_of_successes_as_likely() {
        let table = Table::new(Beta { a: 1.0, b: 1.0 }, 4);
        for (found, rows) in [(0, 1.0), (1, 4.0), (2, 6.0), (3, 4.0), (4, 1.0)] {
            let counts = Counts { found: PARTS * found, missed: PARTS * (4 - found) };
            assert!((table.ln(counts).exp() * rows - 0.2).abs() < 1e-12);
        }
    }

    #[test]
    fn a_fit_finds_mean_and_spread() {
        let steady = (0..100).map(|_| Counts { found: 15 * PARTS, missed: 5 * PARTS });
        let beta = Beta::fit(steady, [2.0, 50.0]).unwrap();
        assert!((beta.a / (beta.a + beta.b) - 0.75).abs() < 1e-9);
        assert!((beta.a + beta.b - 50.0).abs() < 1e-6);
        let split = (0..100).map(|k| {
            if k % 2 == 0 {
                Counts { found: 320, missed: 0 }
            } else {
                Counts { found: 0, missed: 320 }
            }
        });
        let beta = Beta::fit(split, [2.0, 50.0]).unwrap();
        assert!((beta.a + beta.b - 2.0).abs() < 1e-6);
        assert_eq!(Beta::fit(std::iter::empty(), [2.0, 50.0]), None);
    }
}
