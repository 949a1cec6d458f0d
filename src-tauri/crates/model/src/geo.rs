//! Places on the earth: countries with their middle, distances, speeds of travel.
//!
//! Owns: the table of countries and the arithmetic of distance. Never touches: addresses (a database that the user brings
//! says where an address is), judgement (whoever compares a speed with a limit).
//!
//! The table was made from Natural Earth 1:50m countries (public domain, <https://www.naturalearthdata.com/>): ISO 3166-1
//! code, names, middle of the largest part in degrees (of Fiji and Russia, which lie across 180°, set by hand), and the
//! radius in kilometres of a circle of the same area, which says how rough the middle is. A second table has every code of
//! ISO 3166-1 in two and three letters, with further names.

use std::collections::HashMap;
use std::sync::OnceLock;

/// A country.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Country {
    /// ISO 3166-1 alpha-2; `XK` for Kosovo, as databases of addresses have it.
    pub code: &'static str,
    /// English name.
    pub name: &'static str,
    /// Another English name; the same when there is none.
    pub other_name: &'static str,
    /// The middle of its largest part.
    pub middle: Point,
    /// Radius of a circle of the same area, kilometres.
    pub radius_km: f64,
}

/// A point on the earth, degrees.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    /// North is positive.
    pub latitude: f64,
    /// East is positive.
    pub longitude: f64,
}

/// Mean radius of the earth, kilometres (IUGG).
const EARTH_KM: f64 = 6_371.008_8;

impl Point {
    /// The great-circle distance in kilometres, on a sphere (off by at most about half a percent).
    #[must_use]
    pub fn distance_km(self, other: Self) -> f64 {
        let (a, b) = (self.latitude.to_radians(), other.latitude.to_radians());
        let half = |degrees: f64| (degrees.to_radians() / 2.0).sin().powi(2);
        let h = half(other.latitude - self.latitude)
            + a.cos() * b.cos() * half(other.longitude - self.longitude);
        2.0 * EARTH_KM * h.sqrt().clamp(0.0, 1.0).asin()
    }
}

/// Every country of the table, by code.
#[must_use]
pub fn countries() -> &'static [Country] {
    static TABLE: OnceLock<Vec<Country>> = OnceLock::new();
    TABLE.get_or_init(|| {
        include_str!("countries.tsv")
            .lines()
            .filter_map(line)
            .collect()
    })
}

fn line(line: &'static str) -> Option<Country> {
    let mut cells = line.split('\t');
    let code = cells.next()?;
    let names = cells.next()?;
    let (name, other_name) = names.split_once('|').unwrap_or((names, names));
    let mut number = || cells.next()?.parse::<f64>().ok();
    Some(Country {
        code,
        name,
        other_name,
        middle: Point {
            latitude: number()?,
            longitude: number()?,
        },
        radius_km: number()?,
    })
}

/// The country of an ISO code or an English name, case ignored; absent where the table has no middle of it.
#[must_use]
pub fn country(text: &str) -> Option<&'static Country> {
    let code = code(text)?;
    countries().iter().find(|c| c.code == code)
}

/// The two-letter code of a country or territory that is named by an ISO 3166-1 code of two or three letters or in English,
/// case ignored; absent for what is no country, such as `XX`, `T1` and `EU`.
#[must_use]
pub fn code(text: &str) -> Option<&'static str> {
    static NAMES: OnceLock<HashMap<String, &'static str>> = OnceLock::new();
    let names = NAMES.get_or_init(|| {
        let lines = include_str!("country_names.tsv").lines();
        let coded = lines.flat_map(|line| {
            let mut cells = line.split('\t');
            let code = cells.next().unwrap_or_default();
            let three = cells.next().unwrap_or_default();
            let names = cells.next().unwrap_or_default().split('|');
            [code, three]
                .into_iter()
                .chain(names)
                .map(move |n| (n, code))
        });
        let placed = countries().iter();
        let placed = placed.flat_map(|c| [c.code, c.name, c.other_name].map(|n| (n, c.code)));
        let all = coded.chain(placed).filter(|(name, _)| !name.is_empty());
        all.map(|(name, code)| (name.to_lowercase(), code))
            .collect()
    });
    names.get(&text.trim().to_lowercase()).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_are_those_of_the_atlas() {
        let at = |latitude, longitude| Point {
            latitude,
            longitude,
        };
        let manila = at(14.5995, 120.9842);
        let amsterdam = at(52.3676, 4.9041);
        // Great-circle calculators give about 10,420 km.
        assert!((manila.distance_km(amsterdam) - 10_420.0).abs() < 60.0);
        assert!(manila.distance_km(manila) < 1e-6);
        assert!((at(0.0, 0.0).distance_km(at(0.0, 180.0)) - 20_015.1).abs() < 1.0);
        assert!((at(10.0, 179.0).distance_km(at(10.0, -179.0)) - 219.0).abs() < 1.0);
    }

    #[test]
    fn the_table_is_whole() {
        assert!(countries().len() > 230);
        assert_eq!(country("ph").map(|c| c.name), Some("Philippines"));
        assert_eq!(
            country("United States of America").map(|c| c.code),
            Some("US")
        );
        for c in countries() {
            assert_eq!(c.code.len(), 2, "{c:?}");
            assert!(c.middle.latitude.abs() <= 90.0 && c.middle.longitude.abs() <= 180.0);
        }
        assert_eq!(country("nowhere"), None);
        let codes = [
            "PHL", "phl", "Viet Nam", "UK", "turkey", "re", "GIB", " NL ", "USA",
        ];
        let known = codes.map(|text| code(text).unwrap_or("?"));
        assert_eq!(
            known,
            ["PH", "PH", "VN", "GB", "TR", "RE", "GI", "NL", "US"]
        );
        for text in ["XX", "T1", "EU", "Unknown", "N/A", "A1", "", "-", "ZZ"] {
            assert_eq!(code(text), None, "{text}");
        }
        assert!(countries().iter().all(|c| code(c.code) == Some(c.code)));
    }
}
