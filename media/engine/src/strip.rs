//! The latency strip with this machine's clock: what a frame is stamped with. The cells themselves are `media/core` `strip`.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use pleniere_media_core::strip;

/// The wall clock, since 1970; zero on a machine set before that.
pub fn unix_now() -> Duration {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default()
}

/// Stamps the present moment into the top 16 rows of a luma plane of `stride` bytes a row and `width` pixels.
pub fn stamp_now(luma: &mut [u8], stride: usize, width: usize) {
    strip::stamp(luma, stride, width, unix_now().as_millis() as u64);
}
