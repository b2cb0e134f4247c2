//! The machine's clocks. Everything else is given its time.

use std::time::{SystemTime, UNIX_EPOCH};

use pleniere_media_core::clock::signed;

/// CLOCK_MONOTONIC, nanoseconds: the clock the engine names its running time 0 in.
#[must_use]
pub(crate) fn now_ns() -> u64 {
    let mut time = libc::timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    // `Instant` is this clock but does not tell its reading, which the engine's `Started` must be compared with.
    #[expect(
        unsafe_code,
        reason = "clock_gettime writes one timespec that outlives the call"
    )]
    let done = unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC, &raw mut time) };
    debug_assert_eq!(done, 0, "CLOCK_MONOTONIC exists on every Linux");
    let (seconds, ns) = (time.tv_sec.unsigned_abs(), time.tv_nsec.unsigned_abs());
    seconds * 1_000_000_000 + ns
}

/// The wall clock, nanoseconds since 1970; 0 when it stands before 1970.
#[must_use]
pub(crate) fn wall_ns() -> i64 {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    signed(u64::try_from(since.as_nanos()).unwrap_or(0))
}
