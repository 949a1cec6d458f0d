//! Where an address is and whose network it is in, from a database in MaxMind's format (MMDB) that the user brings; and
//! what a user agent says of itself.
//!
//! Owns: reading such a file, on this machine, without a network, and uap-core's patterns (`agent`). Never touches: events, the case file, which database
//! is trusted (the caller shows source and date of every value).
//!
//! Databases of countries, cities and networks (ASN) are read alike: what a database does not hold is absent. The format
//! is that of <https://maxmind.github.io/MaxMind-DB/>; the names of fields are those of GeoLite2 and of DB-IP and IPinfo
//! files in the same shape.

pub mod agent;

use std::net::IpAddr;
use std::path::Path;

use maxminddb::Reader;
use serde::Deserialize;
use witnessmark_model::geo::Point;

/// The largest database that is opened, bytes; the whole of it is kept in memory.
const MOST: u64 = 2 << 30;

/// Why a database cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum EnrichError {
    /// It cannot be read.
    #[error("the database of addresses `{name}` cannot be read: {reason}")]
    NotReadable {
        /// File name.
        name: String,
        /// Why.
        reason: String,
    },
    /// It is no database of addresses.
    #[error("`{name}` is no database of addresses in the MMDB format: {reason}")]
    NotADatabase {
        /// File name.
        name: String,
        /// Why.
        reason: String,
    },
}

/// What a database says of an address. What it does not say is absent.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Place {
    /// ISO 3166-1 alpha-2.
    pub country: Option<String>,
    /// English name of the city.
    pub city: Option<String>,
    /// Degrees.
    pub point: Option<Point>,
    /// Radius in kilometres around the point in which the address probably is.
    pub radius_km: Option<u16>,
    /// Number of the autonomous system.
    pub asn: Option<u32>,
    /// Who runs it.
    pub operator: Option<String>,
}

impl Place {
    fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// An open database.
pub struct Database {
    reader: Reader<Vec<u8>>,
    name: String,
    built: u64,
}

impl std::fmt::Debug for Database {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Database")
            .field("name", &self.name)
            .field("built", &self.built)
            .finish_non_exhaustive()
    }
}

impl Database {
    /// Opens a file.
    ///
    /// # Errors
    /// When it cannot be read, is larger than 2 GiB, or is no database in the MMDB format.
    pub fn open(path: &Path) -> Result<Self, EnrichError> {
        let name = path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let unreadable = |reason: String| EnrichError::NotReadable {
            name: name.clone(),
            reason,
        };
        let meta = std::fs::metadata(path).map_err(|e| unreadable(e.to_string()))?;
        if !meta.is_file() {
            return Err(unreadable("it is not a regular file".to_owned()));
        }
        if meta.len() > MOST {
            return Err(unreadable("it is larger than 2 GiB".to_owned()));
        }
        let bytes = std::fs::read(path).map_err(|e| unreadable(e.to_string()))?;
        Self::from_bytes(&name, bytes)
    }

    /// Opens a file that was read already.
    ///
    /// # Errors
    /// When it is no database in the MMDB format.
    pub fn from_bytes(name: &str, bytes: Vec<u8>) -> Result<Self, EnrichError> {
        let reader = Reader::from_source(bytes).map_err(|e| EnrichError::NotADatabase {
            name: name.to_owned(),
            reason: e.to_string(),
        })?;
        let metadata = reader.metadata();
        let kind = metadata.database_type.clone();
        Ok(Self {
            name: if kind.is_empty() {
                name.to_owned()
            } else {
                kind
            },
            built: metadata.build_epoch,
            reader,
        })
    }

    /// The database's own name for its type, such as `GeoLite2-City`; the file's name where it has none.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// When it was built: seconds since 1970 UTC; 0 when it does not say.
    #[must_use]
    pub const fn built(&self) -> u64 {
        self.built
    }

    /// What it says of an address; absent when it has nothing, or the text is no address.
    #[must_use]
    pub fn find(&self, address: &str) -> Option<Place> {
        let address = address.trim().parse::<IpAddr>().ok()?;
        // An IPv4 address that is written as IPv6 is the IPv4 address.
        let found = self.reader.lookup(address.to_canonical()).ok()?;
        let record: Record = found.decode().ok().flatten()?;
        let place = record.place();
        (!place.is_empty()).then_some(place)
    }
}

/// The fields of GeoLite2 and of files in the same shape; a file holds some of them.
#[derive(Deserialize, Default)]
#[serde(default)]
struct Record {
    country: Option<Named>,
    registered_country: Option<Named>,
    city: Option<Named>,
    location: Option<Location>,
    autonomous_system_number: Option<u32>,
    autonomous_system_organization: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Named {
    iso_code: Option<String>,
    names: Names,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Names {
    en: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Location {
    latitude: Option<f64>,
    longitude: Option<f64>,
    accuracy_radius: Option<u16>,
}

impl Record {
    fn place(self) -> Place {
        let country = self.country.or(self.registered_country);
        let location = self.location.unwrap_or_default();
        let point = location.latitude.zip(location.longitude);
        let on_earth = |(latitude, longitude): &(f64, f64)| {
            (-90.0..=90.0).contains(latitude) && (-180.0..=180.0).contains(longitude)
        };
        Place {
            country: country
                .and_then(|c| c.iso_code)
                .map(|code| code.to_ascii_uppercase()),
            city: self.city.and_then(|c| c.names.en),
            point: point.filter(on_earth).map(|(latitude, longitude)| Point {
                latitude,
                longitude,
            }),
            radius_km: location.accuracy_radius,
            asn: self.autonomous_system_number,
            operator: self.autonomous_system_organization,
        }
    }
}
