//! ISO base media boxes, as far as the origin and the recorder need them: where a chunk begins and ends, when it plays, and how
//! to place it at another time. Reads bytes it is given; a box it does not know is skipped, a torn one is said to be torn.

use crate::link::ChunkKind;

/// Header of a box: how long the whole box is and what it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BoxHeader {
    /// Length of the box in bytes, its header included.
    pub len: u64,
    /// Four-character code.
    pub kind: [u8; 4],
    /// Length of the header itself: 8, or 16 with a 64-bit length.
    pub header_len: u64,
}

/// How many bytes [`header`] may need to see.
pub const HEADER_MAX: usize = 16;

/// Reads a box header; `None` when the bytes are too few or cannot be one (a length shorter than the header, or "to the end").
#[must_use]
pub fn header(bytes: &[u8]) -> Option<BoxHeader> {
    let short = u64::from(u32_at(bytes, 0)?);
    let kind: [u8; 4] = bytes.get(4..8)?.try_into().ok()?;
    let (len, header_len) = match short {
        1 => (u64_at(bytes, 8)?, 16),
        len => (len, 8),
    };
    (len >= header_len).then_some(BoxHeader {
        len,
        kind,
        header_len,
    })
}

/// One whole chunk found in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Found {
    /// Bytes from the start of the file.
    pub offset: u64,
    /// Bytes, all boxes of the chunk included.
    pub len: u64,
    /// What it is to the playlist.
    pub kind: ChunkKind,
}

/// Finds the chunks of a recorded file from its box headers alone. Feed it the header at [`Scan::next_offset`] until the file ends.
#[derive(Debug, Default)]
pub struct Scan {
    begun: Option<(u64, ChunkKind)>,
    next: u64,
    whole: u64,
}

impl Scan {
    /// A scan that begins at a chunk border.
    #[must_use]
    pub fn from_offset(offset: u64) -> Self {
        Self {
            begun: None,
            next: offset,
            whole: offset,
        }
    }

    /// Where the next box header is.
    #[must_use]
    pub fn next_offset(&self) -> u64 {
        self.next
    }

    /// End of the last whole chunk: whatever lies behind it was torn.
    #[must_use]
    pub fn whole_until(&self) -> u64 {
        self.whole
    }

    /// Takes the header of the box at [`Scan::next_offset`]; returns the chunk that this box completes.
    /// The caller has made sure that the box lies within the file.
    pub fn step(&mut self, header: BoxHeader) -> Option<Found> {
        let offset = self.next;
        self.next = offset.saturating_add(header.len);
        let (start, kind) = match &header.kind {
            b"ftyp" => (offset, ChunkKind::Map),
            b"styp" => (offset, ChunkKind::SegmentStart),
            _ => self.begun.unwrap_or((offset, ChunkKind::Part)),
        };
        if matches!(&header.kind, b"moov" | b"mdat") {
            self.begun = None;
            self.whole = self.next;
            return Some(Found {
                offset: start,
                len: self.next - start,
                kind,
            });
        }
        self.begun = Some((start, kind));
        None
    }
}

/// The chunks lying whole in these bytes, and the length they cover.
#[must_use]
pub fn chunks(bytes: &[u8]) -> (Vec<Found>, u64) {
    let mut scan = Scan::default();
    let mut found = Vec::new();
    while let Some(head) = slice_from(bytes, scan.next_offset()).and_then(header) {
        if scan.next_offset().saturating_add(head.len) > bytes.len() as u64 {
            break;
        }
        found.extend(scan.step(head));
    }
    (found, scan.whole_until())
}

/// When the samples of a chunk play, in units of the track's timescale.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Times {
    /// Decode time of the first sample.
    pub start: u64,
    /// Sum of the samples' durations.
    pub duration: u64,
    /// Number of samples.
    pub samples: u64,
}

/// Reads the times of a chunk (`moof` of one track). `default_duration` is the sample duration of the map's `trex`.
#[must_use]
pub fn times(chunk: &[u8], default_duration: u32) -> Option<Times> {
    let traf = descend(chunk, &[b"moof", b"traf"])?;
    let start = read_tfdt(child(traf, b"tfdt")?)?;
    let default = tfhd_duration(child(traf, b"tfhd")?)?.unwrap_or(default_duration);
    let (samples, duration) = trun(child(traf, b"trun")?, default)?;
    Some(Times {
        start,
        duration,
        samples,
    })
}

/// Timescale of the (one) track of a map, in units a second; `None` when the map has none.
#[must_use]
pub fn timescale(map: &[u8]) -> Option<u32> {
    let mdhd = descend(map, &[b"moov", b"trak", b"mdia", b"mdhd"])?;
    let at = if *mdhd.first()? == 1 { 20 } else { 12 };
    u32_at(mdhd, at).filter(|scale| *scale > 0)
}

/// Sample duration that the map's `trex` gives to samples without one, in units of the timescale.
#[must_use]
pub fn default_duration(map: &[u8]) -> u32 {
    descend(map, &[b"moov", b"mvex", b"trex"])
        .and_then(|trex| u32_at(trex, 12))
        .unwrap_or(0)
}

/// The `CODECS` value of a map, read from its `avcC`, or `mp4a.40.2` for one with an `esds`.
#[must_use]
pub fn codec(map: &[u8]) -> Option<String> {
    let stsd = descend(map, &[b"moov", b"trak", b"mdia", b"minf", b"stbl", b"stsd"])?;
    if let Some(at) = stsd.windows(4).position(|w| w == b"avcC") {
        let [profile, compatibility, level] = *stsd.get(at + 5..at + 8)? else {
            return None;
        };
        return Some(format!("avc1.{profile:02x}{compatibility:02x}{level:02x}"));
    }
    let esds = stsd.windows(4).any(|w| w == b"esds");
    esds.then(|| "mp4a.40.2".to_owned())
}

/// Why a chunk could not be placed at another time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PlaceError {
    /// No `moof` with a `tfdt` in it, or a torn one.
    #[error("the chunk has no whole movie fragment with a decode time")]
    NoFragment,
    /// The decode time is written in 32 bits and the new one needs more.
    #[error("the decode time does not fit the 32 bits the chunk gives it")]
    TooLate,
}

/// Moves a chunk later by `ticks` of its timescale and gives it a sequence number: how one slate is played again and again.
pub fn place(chunk: &mut [u8], ticks: u64, sequence: u32) -> Result<(), PlaceError> {
    let moof = range(chunk, 0..chunk.len(), b"moof").ok_or(PlaceError::NoFragment)?;
    let mfhd = range(chunk, moof.clone(), b"mfhd").ok_or(PlaceError::NoFragment)?;
    let traf = range(chunk, moof, b"traf").ok_or(PlaceError::NoFragment)?;
    let tfdt = range(chunk, traf, b"tfdt").ok_or(PlaceError::NoFragment)?;
    let start = read_tfdt(&chunk[tfdt.clone()]).ok_or(PlaceError::NoFragment)?;
    let moved = start.checked_add(ticks).ok_or(PlaceError::TooLate)?;
    if chunk[tfdt.start] == 1 {
        write(chunk, tfdt.start + 4, &moved.to_be_bytes())?;
    } else {
        let short = u32::try_from(moved).map_err(|_| PlaceError::TooLate)?;
        write(chunk, tfdt.start + 4, &short.to_be_bytes())?;
    }
    write(chunk, mfhd.start + 4, &sequence.to_be_bytes())
}

/// Nanoseconds as ticks of a timescale, rounded to the nearest.
#[must_use]
pub fn ticks(ns: u64, timescale: u32) -> u64 {
    let wide = (u128::from(ns) * u128::from(timescale) + 500_000_000) / 1_000_000_000;
    u64::try_from(wide).unwrap_or(u64::MAX)
}

/// Ticks of a timescale as nanoseconds, rounded to the nearest.
#[must_use]
pub fn nanoseconds(ticks: u64, timescale: u32) -> u64 {
    let scale = u128::from(timescale.max(1));
    u64::try_from((u128::from(ticks) * 1_000_000_000 + scale / 2) / scale).unwrap_or(u64::MAX)
}

fn write(chunk: &mut [u8], at: usize, bytes: &[u8]) -> Result<(), PlaceError> {
    let place = chunk
        .get_mut(at..at + bytes.len())
        .ok_or(PlaceError::NoFragment)?;
    place.copy_from_slice(bytes);
    Ok(())
}

/// Content range of the first child box of that kind.
fn range(
    bytes: &[u8],
    within: std::ops::Range<usize>,
    kind: &[u8; 4],
) -> Option<std::ops::Range<usize>> {
    let mut at = within.start;
    while at < within.end {
        let head = header(bytes.get(at..within.end)?)?;
        let len = usize::try_from(head.len).ok()?;
        let end = at.checked_add(len).filter(|end| *end <= within.end)?;
        if &head.kind == kind {
            return Some(at + usize::try_from(head.header_len).ok()?..end);
        }
        at = end;
    }
    None
}

fn child<'a>(bytes: &'a [u8], kind: &[u8; 4]) -> Option<&'a [u8]> {
    range(bytes, 0..bytes.len(), kind).map(|r| &bytes[r])
}

fn descend<'a>(bytes: &'a [u8], path: &[&[u8; 4]]) -> Option<&'a [u8]> {
    path.iter()
        .try_fold(bytes, |inner, kind| child(inner, kind))
}

fn read_tfdt(tfdt: &[u8]) -> Option<u64> {
    match tfdt.first()? {
        1 => u64_at(tfdt, 4),
        _ => u32_at(tfdt, 4).map(u64::from),
    }
}

/// `default_sample_duration` of a `tfhd`, when it has one; outer `None` when the box is torn.
fn tfhd_duration(tfhd: &[u8]) -> Option<Option<u32>> {
    let flags = u32_at(tfhd, 0)? & 0x00ff_ffff;
    if flags & 0x08 == 0 {
        return Some(None);
    }
    let before = if flags & 0x01 != 0 { 8 } else { 0 } + if flags & 0x02 != 0 { 4 } else { 0 };
    u32_at(tfhd, 8 + before).map(Some)
}

/// Number of samples of a `trun` and the sum of their durations.
fn trun(trun: &[u8], default: u32) -> Option<(u64, u64)> {
    let flags = u32_at(trun, 0)? & 0x00ff_ffff;
    let count = u32_at(trun, 4)?;
    if flags & 0x100 == 0 {
        return Some((u64::from(count), u64::from(count) * u64::from(default)));
    }
    let first = 8 + [0x001, 0x004]
        .iter()
        .filter(|bit| flags & **bit != 0)
        .count()
        * 4;
    let stride = [0x100, 0x200, 0x400, 0x800]
        .iter()
        .filter(|bit| flags & **bit != 0)
        .count()
        * 4;
    let mut duration = 0_u64;
    for sample in 0..usize::try_from(count).ok()? {
        let at = first.checked_add(sample.checked_mul(stride)?)?;
        duration += u64::from(u32_at(trun, at)?);
    }
    Some((u64::from(count), duration))
}

fn slice_from(bytes: &[u8], offset: u64) -> Option<&[u8]> {
    bytes.get(usize::try_from(offset).ok()?..)
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    let four = bytes.get(at..at.checked_add(4)?)?;
    Some(u32::from_be_bytes(four.try_into().ok()?))
}

fn u64_at(bytes: &[u8], at: usize) -> Option<u64> {
    let eight = bytes.get(at..at.checked_add(8)?)?;
    Some(u64::from_be_bytes(eight.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn boxed(kind: &[u8; 4], content: &[u8]) -> Vec<u8> {
        let len = u32::try_from(content.len() + 8).unwrap();
        [&len.to_be_bytes()[..], kind, content].concat()
    }

    /// A chunk of `samples` samples of 512 ticks, starting at `start`.
    fn chunk(starts: bool, version: u8, start: u64, samples: u32) -> Vec<u8> {
        let time = if version == 1 {
            start.to_be_bytes().to_vec()
        } else {
            u32::try_from(start).unwrap().to_be_bytes().to_vec()
        };
        let tfdt = boxed(b"tfdt", &[&[version, 0, 0, 0][..], &time].concat());
        let tfhd = boxed(b"tfhd", &[0, 2, 0, 0, 0, 0, 0, 1]);
        let mut trun = vec![0, 0, 1, 1];
        trun.extend(samples.to_be_bytes());
        trun.extend([0; 4]);
        (0..samples).for_each(|_| trun.extend(512_u32.to_be_bytes()));
        let traf = boxed(b"traf", &[tfhd, tfdt, boxed(b"trun", &trun)].concat());
        let mfhd = boxed(b"mfhd", &[0, 0, 0, 0, 0, 0, 0, 7]);
        let moof = boxed(b"moof", &[mfhd, traf].concat());
        let styp = if starts {
            boxed(b"styp", b"msdh0000")
        } else {
            Vec::new()
        };
        [styp, moof, boxed(b"mdat", b"media")].concat()
    }

    #[test]
    fn given_a_file_with_a_torn_tail_when_scanned_then_whole_chunks_are_found_and_the_tail_is_not()
    {
        let map = [boxed(b"ftyp", b"iso6"), boxed(b"moov", b"....")].concat();
        let (first, second, torn) = (
            chunk(true, 1, 0, 8),
            chunk(false, 1, 4096, 8),
            chunk(false, 1, 8192, 8),
        );
        let file = [&map[..], &first, &second, &torn[..torn.len() - 3]].concat();
        let (found, whole) = chunks(&file);
        let kinds: Vec<_> = found.iter().map(|f| f.kind).collect();
        assert_eq!(
            kinds,
            [ChunkKind::Map, ChunkKind::SegmentStart, ChunkKind::Part]
        );
        assert_eq!(whole as usize, map.len() + first.len() + second.len());
        assert_eq!(found[2].offset as usize, map.len() + first.len());
    }

    #[test]
    fn times_are_read_and_a_chunk_is_placed_later() {
        for version in [0, 1] {
            let mut bytes = chunk(true, version, 1000, 8);
            assert_eq!(
                times(&bytes, 0),
                Some(Times {
                    start: 1000,
                    duration: 4096,
                    samples: 8
                })
            );
            place(&mut bytes, 24_576, 42).unwrap();
            assert_eq!(times(&bytes, 0).unwrap().start, 25_576);
            assert!(bytes.windows(8).any(|w| w == [0, 0, 0, 0, 0, 0, 0, 42]));
        }
    }

    #[test]
    fn a_32_bit_decode_time_is_not_wrapped() {
        let mut bytes = chunk(false, 0, 1000, 1);
        let before = bytes.clone();
        assert_eq!(
            place(&mut bytes, u64::from(u32::MAX), 1),
            Err(PlaceError::TooLate)
        );
        assert_eq!(bytes, before);
    }

    #[test]
    fn ticks_and_nanoseconds_agree() {
        assert_eq!(ticks(1_920_000_000, 48_000), 92_160);
        assert_eq!(nanoseconds(92_160, 48_000), 1_920_000_000);
    }

    proptest! {
        #[test]
        fn garbage_never_panics(mut bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let (_, whole) = chunks(&bytes);
            prop_assert!(whole <= bytes.len() as u64);
            let _ = (times(&bytes, 1), timescale(&bytes), codec(&bytes), place(&mut bytes, 1, 1));
        }

        #[test]
        fn a_flipped_byte_never_panics(at in 0_usize..100, value in any::<u8>()) {
            let mut bytes = chunk(true, 1, 0, 4);
            let at = at % bytes.len();
            bytes[at] = value;
            let _ = (chunks(&bytes), times(&bytes, 1), place(&mut bytes, 1, 1));
        }

        #[test]
        fn a_cut_file_is_whole_up_to_a_chunk_border(cut in 0_usize..2000) {
            let all: Vec<_> = (0..4).map(|n| chunk(n == 0, 1, n, 3)).collect();
            let file = all.concat();
            let cut = cut % (file.len() + 1);
            let (found, whole) = chunks(&file[..cut]);
            let lens: u64 = found.iter().map(|f| f.len).sum();
            prop_assert_eq!(lens, whole);
            prop_assert!(cut as u64 - whole < all[0].len() as u64);
        }
    }
}
