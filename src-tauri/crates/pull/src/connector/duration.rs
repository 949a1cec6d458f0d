//! Spans of time in connector files: `90d`, `4h`, `30m`, `10s`, `250ms`. Owns how they are written.

use serde::{Deserialize, Deserializer, de::Error as _};

/// A span of time, in nanoseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span(pub i64);

impl Span {
    /// The span that a text writes; absent when it writes none.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        let (number, unit) = text.split_at_checked(digits)?;
        let number: i64 = number.parse().ok()?;
        let factor: i64 = match unit {
            "ms" => 1_000_000,
            "s" => 1_000_000_000,
            "m" => 60_000_000_000,
            "h" => 3_600_000_000_000,
            "d" => 86_400_000_000_000,
            _ => return None,
        };
        number.checked_mul(factor).map(Self)
    }

    /// The span in words, such as `90 days`.
    #[must_use]
    pub fn words(self) -> String {
        const UNITS: [(i64, &str); 4] = [
            (86_400_000_000_000, "day"),
            (3_600_000_000_000, "hour"),
            (60_000_000_000, "minute"),
            (1_000_000_000, "second"),
        ];
        for (size, name) in UNITS {
            if self.0 >= size && self.0 % size == 0 {
                let number = self.0 / size;
                return format!("{number} {name}{}", if number == 1 { "" } else { "s" });
            }
        }
        format!("{} ms", self.0 / 1_000_000)
    }
}

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        Self::parse(&text).ok_or_else(|| {
            D::Error::custom(format!(
                "`{text}` is no span of time; write a number with ms, s, m, h or d"
            ))
        })
    }
}
