//! Points in time, as certificates and users write them.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use std::fmt;
use std::str::FromStr;
use std::time::SystemTime;

/// A point in time, in whole seconds. Fractions are cut off: nothing in a store is that precise.
///
/// ```
/// use checker::format::time::Instant;
/// let time: Instant = "2015-07-21T19:18:05.5+02:00".parse().unwrap();
/// assert_eq!(time.to_string(), "2015-07-21T17:18:05Z");
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant {
    /// Seconds since 1970-01-01T00:00:00Z.
    unix_seconds: i64,
}

/// Why a text is no [`Instant`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not a time: expected RFC 3339, for example 2026-11-20T12:00:00Z")]
pub struct NotATime {
    /// What was given.
    pub text: String,
}

impl Instant {
    /// The time of the host's clock.
    ///
    /// This is the only function of the library that reads the clock; checks get the time as a parameter.
    #[must_use]
    pub fn now() -> Self {
        Timestamp::try_from(SystemTime::now()).map_or(Self { unix_seconds: 0 }, Self::from)
    }

    /// The time that is so many seconds after 1970-01-01T00:00:00Z.
    #[must_use]
    pub const fn from_unix_seconds(unix_seconds: i64) -> Self {
        Self { unix_seconds }
    }

    /// Seconds since 1970-01-01T00:00:00Z.
    #[must_use]
    pub const fn unix_seconds(self) -> i64 {
        self.unix_seconds
    }

    /// ASN.1 UTCTime: `YYMMDDHHMMSSZ`, the years 1950 to 2049.
    #[must_use]
    pub fn from_utc_time(text: &[u8]) -> Option<Self> {
        let digits = text.strip_suffix(b"Z").filter(|digits| digits.len() == 12)?;
        let year = number(&digits[..2])?;
        Self::from_digits(if year < 50 { 2000 + year } else { 1900 + year }, &digits[2..])
    }

    /// ASN.1 GeneralizedTime: `YYYYMMDDHHMMSSZ`, with or without a fraction of a second.
    #[must_use]
    pub fn from_generalized_time(text: &[u8]) -> Option<Self> {
        let text = text.strip_suffix(b"Z")?;
        let (digits, fraction) = text.split_at_checked(14)?;
        let fraction_is_sound = match fraction.split_first() {
            None => true,
            Some((mark, digits)) => {
                matches!(mark, b'.' | b',') && !digits.is_empty() && digits.iter().all(u8::is_ascii_digit)
            }
        };
        fraction_is_sound.then_some(())?;
        Self::from_digits(number(&digits[..4])?, &digits[4..])
    }

    /// From a year and the ten digits of month, day, hour, minute and second.
    fn from_digits(year: i16, digits: &[u8]) -> Option<Self> {
        let mut parts = [0_i8; 5];
        for (part, digits) in parts.iter_mut().zip(digits.chunks_exact(2)) {
            *part = i8::try_from(number(digits)?).ok()?;
        }
        let [month, day, hour, minute, second] = parts;
        let civil = DateTime::new(year, month, day, hour, minute, second, 0).ok()?;
        let timestamp = TimeZone::UTC.to_timestamp(civil).ok()?;
        Some(timestamp.into())
    }
}

fn number(digits: &[u8]) -> Option<i16> {
    digits.iter().try_fold(0_i16, |number, digit| {
        digit.is_ascii_digit().then(|| number * 10 + i16::from(digit - b'0'))
    })
}

impl From<Timestamp> for Instant {
    fn from(timestamp: Timestamp) -> Self {
        Self { unix_seconds: timestamp.as_second() }
    }
}

impl FromStr for Instant {
    type Err = NotATime;

    fn from_str(text: &str) -> Result<Self, NotATime> {
        text.parse::<Timestamp>().map(Self::from).map_err(|_| NotATime { text: text.to_owned() })
    }
}

impl fmt::Display for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match Timestamp::from_second(self.unix_seconds) {
            Ok(timestamp) => timestamp.fmt(f),
            // Beyond the year 9999; no text form of the contract exists.
            Err(_) => write!(f, "@{}", self.unix_seconds),
        }
    }
}

impl fmt::Debug for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn certificate_times_are_read() {
        let utc = |text: &str| Instant::from_utc_time(text.as_bytes()).map(|time| time.to_string());
        assert_eq!(utc("150721171805Z").as_deref(), Some("2015-07-21T17:18:05Z"));
        assert_eq!(utc("491231235959Z").as_deref(), Some("2049-12-31T23:59:59Z"));
        assert_eq!(utc("500101000000Z").as_deref(), Some("1950-01-01T00:00:00Z"));
        for bad in
            ["", "Z", "150721171805", "1507211718Z", "150231000000Z", "15072117180xZ", "1507211718055Z"]
        {
            assert_eq!(utc(bad), None, "{bad}");
        }
        let generalized =
            |text: &str| Instant::from_generalized_time(text.as_bytes()).map(|time| time.to_string());
        assert_eq!(generalized("20210708145522.108Z").as_deref(), Some("2021-07-08T14:55:22Z"));
        assert_eq!(generalized("20500101000000Z").as_deref(), Some("2050-01-01T00:00:00Z"));
        for bad in [
            "",
            "20210708145522",
            "20210708145522.Z",
            "20210708145522x1Z",
            "2021070814552Z",
            "20211308145522Z",
        ] {
            assert_eq!(generalized(bad), None, "{bad}");
        }
    }

    #[test]
    fn times_of_users_are_read() {
        let time: Instant = "1970-01-02T00:00:00Z".parse().unwrap();
        assert_eq!(time.unix_seconds(), 86_400);
        assert!("yesterday".parse::<Instant>().is_err());
        assert!(Instant::now() > time);
    }
}
