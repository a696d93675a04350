//! Calendar dates and Unix time, in both directions.
//!
//! Unix time is counted in seconds from 1970-01-01 00:00:00 UTC, without leap seconds.

const SECONDS_PER_DAY: i64 = 24 * 60 * 60;

/// A moment of the proleptic Gregorian calendar, in UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    /// The year, such as 2011.
    pub year: i64,
    /// 1 to 12.
    pub month: i64,
    /// 1 to 31.
    pub day: i64,
    /// 0 to 23.
    pub hour: i64,
    /// 0 to 59.
    pub minute: i64,
    /// 0 to 59.
    pub second: i64,
}

/// The Unix time at which a day begins.
pub const fn midnight(year: i64, month: i64, day: i64) -> i64 {
    let mut days = days_before_year(year) - days_before_year(1970);
    let mut earlier = 1;
    while earlier < month {
        days += days_in_month(year, earlier);
        earlier += 1;
    }
    (days + day - 1) * SECONDS_PER_DAY
}

/// The calendar moment of a Unix time.
pub fn moment(unix_seconds: i64) -> Moment {
    let mut days = unix_seconds.div_euclid(SECONDS_PER_DAY) + days_before_year(1970);
    let second_of_day = unix_seconds.rem_euclid(SECONDS_PER_DAY);

    // No year has more than 366 days, so this guess is never too late.
    let mut year = days.div_euclid(366);
    while days_before_year(year + 1) <= days {
        year += 1;
    }
    days -= days_before_year(year);

    let mut month = 1;
    while days >= days_in_month(year, month) {
        days -= days_in_month(year, month);
        month += 1;
    }
    Moment {
        year,
        month,
        day: days + 1,
        hour: second_of_day / 3600,
        minute: second_of_day / 60 % 60,
        second: second_of_day % 60,
    }
}

/// Days from the start of year 1 to the start of `year`.
const fn days_before_year(year: i64) -> i64 {
    let past = year - 1;
    past * 365 + past.div_euclid(4) - past.div_euclid(100) + past.div_euclid(400)
}

const fn days_in_month(year: i64, month: i64) -> i64 {
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_moments() {
        assert_eq!(midnight(1970, 1, 1), 0);
        assert_eq!(midnight(2000, 3, 1), 951_868_800);
        assert_eq!(midnight(2050, 1, 1), 2_524_608_000);
        assert_eq!(
            moment(1_234_567_890),
            Moment { year: 2009, month: 2, day: 13, hour: 23, minute: 31, second: 30 }
        );
        assert_eq!(moment(-1), Moment { year: 1969, month: 12, day: 31, hour: 23, minute: 59, second: 59 });
    }

    #[test]
    fn every_day_of_five_centuries_comes_back() {
        let mut expected = midnight(1800, 1, 1);
        while expected < midnight(2300, 1, 1) {
            let day = moment(expected);
            assert_eq!(midnight(day.year, day.month, day.day), expected);
            assert_eq!((day.hour, day.minute, day.second), (0, 0, 0));
            expected += SECONDS_PER_DAY;
        }
    }
}
