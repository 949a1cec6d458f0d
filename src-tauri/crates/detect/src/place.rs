//! Where an address is, and how far two places are apart at the least.
//!
//! Owns: countries by code and the distance between their nearest points. Never touches: addresses, databases of them.
//! A country is all that most logs name. The distance between middles would accuse a person who crossed a border; the
//! distance between nearest points is what whoever was in both has travelled at the least, and neighbours have none.

use std::sync::LazyLock;

/// Codes in the order of the table; how it was made stands in data/README.md.
static CODES: LazyLock<Vec<[u8; 2]>> = LazyLock::new(|| {
    let words = include_str!("../data/countries.txt").split_whitespace();
    words.filter_map(|w| w.as_bytes().try_into().ok()).collect()
});
const DISTANCES: &[u8] = include_bytes!("../data/distances.bin");
/// Kilometres of one step of the table.
const STEP: f64 = 100.0;
/// Radius of the sphere that stands for the earth, km.
const EARTH: f64 = 6_371.0;

/// Where an event came from, as far as its source or a database says.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Place {
    /// ISO 3166-1 alpha-2, upper case.
    pub country: Option<[u8; 2]>,
    /// A point, where a database gives one.
    pub point: Option<Point>,
}

/// A point on the earth and how sure it is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    /// Degrees, north positive.
    pub latitude: f64,
    /// Degrees, east positive.
    pub longitude: f64,
    /// Radius in which the address lies, km.
    pub radius: f64,
}

impl Place {
    /// The place of a country by its code or English name, in any case. Nothing for what is neither.
    #[must_use]
    pub fn of_country(code: &str) -> Option<Self> {
        // Some logs write the English name, and some `XX` or `T1` where they do not know.
        let country = witnessmark_model::geo::code(code)?.as_bytes();
        Some(Self {
            country: Some(country.try_into().ok()?),
            point: None,
        })
    }

    /// The country code; `??` where there is none.
    #[must_use]
    pub fn code(&self) -> String {
        self.country.map_or_else(
            || "??".to_owned(),
            |c| c.iter().map(|b| char::from(*b)).collect(),
        )
    }
}

/// What somebody who was in both places has travelled at the least, km. Nothing where it cannot be told.
#[must_use]
pub fn distance(a: &Place, b: &Place) -> Option<f64> {
    if let (Some(a), Some(b)) = (a.point, b.point) {
        return Some((great_circle(&a, &b) - a.radius - b.radius).max(0.0));
    }
    let (a, b) = (a.country?, b.country?);
    if a == b {
        return Some(0.0);
    }
    let (a, b) = (CODES.binary_search(&a).ok()?, CODES.binary_search(&b).ok()?);
    let (low, high) = (a.min(b), a.max(b));
    // Rows of a triangle: the row of `low` holds its pairs with all that follow it.
    let before = low * CODES.len() - low * (low + 1) / 2;
    DISTANCES
        .get(before + high - low - 1)
        .map(|steps| f64::from(*steps) * STEP)
}

/// Great-circle distance by the haversine formula, km.
fn great_circle(a: &Point, b: &Point) -> f64 {
    let (north_a, north_b) = (a.latitude.to_radians(), b.latitude.to_radians());
    let north = (north_b - north_a) / 2.0;
    let east = (b.longitude - a.longitude).to_radians() / 2.0;
    let h = north.sin().powi(2) + north_a.cos() * north_b.cos() * east.sin().powi(2);
    2.0 * EARTH * h.sqrt().min(1.0).asin()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn km(a: &str, b: &str) -> Option<f64> {
        distance(&Place::of_country(a)?, &Place::of_country(b)?)
    }

    #[test]
    fn the_table_is_a_triangle_in_order() {
        assert_eq!(DISTANCES.len(), CODES.len() * (CODES.len() - 1) / 2);
        assert!(CODES.is_sorted());
    }

    #[test]
    fn nearest_points_not_middles() {
        assert_eq!(km("FR", "DE"), Some(0.0), "neighbours");
        assert_eq!(
            km("RU", "US"),
            Some(0.0),
            "two islands in the Bering Strait"
        );
        assert_eq!(km("ph", "SG"), Some(1_500.0));
        assert_eq!(km("SG", "PH"), km("PH", "SG"));
        assert_eq!(
            km("FR", "US"),
            Some(4_500.0),
            "Martinique has a code of its own"
        );
        assert_eq!(km("AD", "ZW").map(|d| d > 6_000.0), Some(true));
        assert_eq!(km("PH", "ZZ"), None);
        assert_eq!(km("PH", "P"), None);
        assert_eq!(km("Philippines", "singapore"), Some(1_500.0), "by name");
    }

    #[test]
    fn points_count_with_their_radius() {
        let point = |latitude, longitude, radius| Place {
            country: None,
            point: Some(Point {
                latitude,
                longitude,
                radius,
            }),
        };
        // Manila and Singapore are 2,394 km apart (great circle).
        let far = distance(
            &point(14.5995, 120.9842, 0.0),
            &point(1.3521, 103.8198, 0.0),
        );
        assert!((far.unwrap_or(0.0) - 2_394.0).abs() < 10.0, "{far:?}");
        assert_eq!(
            distance(&point(14.6, 121.0, 200.0), &point(14.7, 121.1, 1.0)),
            Some(0.0)
        );
    }
}
