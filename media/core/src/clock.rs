//! Programme time: the one clock of an event, in nanoseconds since 1970. It runs on the monotonic clock from an anchor, so
//! that a step of the wall clock changes nothing, and it never goes below what was published. Reads no clock itself.

/// Ties the monotonic clock to programme time for the life of the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Anchor {
    offset_ns: i64,
}

impl Anchor {
    /// Anchors `mono_ns` at the wall's time, or at `floor_ns` (the last date published before) when the wall is behind it.
    #[must_use]
    pub fn new(wall_ns: i64, mono_ns: u64, floor_ns: i64) -> Self {
        Self {
            offset_ns: wall_ns.max(floor_ns) - signed(mono_ns),
        }
    }

    /// Programme time at this reading of the monotonic clock, nanoseconds since 1970.
    #[must_use]
    pub fn at(self, mono_ns: u64) -> i64 {
        self.offset_ns + signed(mono_ns)
    }
}

/// Maps the media time of one engine run to programme time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RunClock {
    origin_ns: i64,
}

impl RunClock {
    /// A run whose running time 0 is `base_ns` on the monotonic clock.
    #[must_use]
    pub fn new(anchor: Anchor, base_ns: u64) -> Self {
        Self {
            origin_ns: anchor.at(base_ns),
        }
    }

    /// A run whose running time 0 is known in programme time already (read back from a recording).
    #[must_use]
    pub fn from_origin(origin_ns: i64) -> Self {
        Self { origin_ns }
    }

    /// Programme time of running time 0.
    #[must_use]
    pub fn origin_ns(self) -> i64 {
        self.origin_ns
    }

    /// Programme time of a media time, nanoseconds since 1970.
    #[must_use]
    pub fn date(self, pts_ns: u64) -> i64 {
        self.origin_ns + signed(pts_ns)
    }

    /// Moves the run later so that `pts_ns` is not dated before `floor_ns`; says by how much it moved.
    pub fn not_before(&mut self, pts_ns: u64, floor_ns: i64) -> i64 {
        let shift_ns = floor_ns.saturating_sub(self.date(pts_ns)).max(0);
        self.origin_ns += shift_ns;
        shift_ns
    }
}

/// A count of nanoseconds as a signed number; 292 years fit.
#[must_use]
pub fn signed(ns: u64) -> i64 {
    i64::try_from(ns).unwrap_or(i64::MAX)
}

/// Writes programme time as in EXT-X-PROGRAM-DATE-TIME: `2020-11-04T09:30:00.000Z`, UTC, milliseconds.
#[must_use]
pub fn iso(at_ns: i64) -> String {
    let ms = at_ns.div_euclid(1_000_000);
    let (days, ms_of_day) = (ms.div_euclid(86_400_000), ms.rem_euclid(86_400_000));
    let (year, month, day) = civil(days);
    let (seconds, ms) = (ms_of_day / 1000, ms_of_day % 1000);
    let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{ms:03}Z")
}

/// Year, month and day of a count of days since 1970 (proleptic Gregorian calendar).
fn civil(days: i64) -> (i64, i64, i64) {
    // Counted from 1 March of year 0, so that the leap day is the last of its year.
    let since = days + 719_468;
    let era = since.div_euclid(146_097);
    let day_of_era = since.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 {
        shifted_month + 3
    } else {
        shifted_month - 9
    };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year, month, day)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn dates_print_as_utc_with_milliseconds() {
        assert_eq!(iso(0), "1970-01-01T00:00:00.000Z");
        assert_eq!(iso(951_827_696_123_456_789), "2000-02-29T12:34:56.123Z");
        assert_eq!(iso(1_604_482_200_000_000_000), "2020-11-04T09:30:00.000Z");
    }

    #[test]
    fn given_a_wall_clock_behind_the_last_date_when_anchored_then_time_goes_on_from_that_date() {
        let anchor = Anchor::new(1_000, 50, 9_000);
        assert_eq!(anchor.at(50), 9_000);
        assert_eq!(anchor.at(60), 9_010);
    }

    #[test]
    fn a_run_is_moved_only_as_far_as_needed() {
        let mut run = RunClock::new(Anchor::new(1_000, 0, 0), 500);
        assert_eq!(run.not_before(10, 1_400), 0);
        assert_eq!(run.not_before(10, 1_600), 90);
        assert_eq!(run.date(10), 1_600);
    }

    proptest! {
        #[test]
        fn iso_sorts_as_time_does(a in 0_i64..4_000_000_000_000_000_000, b in 0_i64..4_000_000_000_000_000_000) {
            let (ms_a, ms_b) = (a / 1_000_000, b / 1_000_000);
            prop_assert_eq!(ms_a.cmp(&ms_b), iso(a).cmp(&iso(b)));
        }
    }
}
