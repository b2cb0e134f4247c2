//! The latency strip of rehearsals: the wall clock as 48 black or white cells in the top rows of a picture, so that whoever
//! decodes the picture can tell how old it is. Owns the layout of the cells; reads no clock.

/// Rows of the picture that the strip takes.
pub const ROWS: usize = 16;
/// Cells across the picture: 40 of time, 8 of checksum.
pub const CELLS: usize = 48;
/// What the time is counted modulo, in milliseconds (2^40, about 34 years).
pub const MODULUS_MS: u64 = 1 << 40;

const BLACK: u8 = 16;
const WHITE: u8 = 235;
const MIDDLE: u8 = 126;
const CENTRE_ROW: usize = 8;

/// Writes `unix_ms` modulo [`MODULUS_MS`] into the top [`ROWS`] rows of a luma plane of `stride` bytes a row and `width` pixels.
/// A plane narrower than [`CELLS`] or too small for its own measures is left as it is.
pub fn stamp(luma: &mut [u8], stride: usize, width: usize, unix_ms: u64) {
    if width < CELLS || stride < width {
        return;
    }
    let bits = encode(unix_ms);
    for row in luma
        .chunks_mut(stride)
        .take(ROWS)
        .filter(|row| row.len() >= width)
    {
        for cell in 0..CELLS {
            let white = bits >> (CELLS - 1 - cell) & 1 == 1;
            row[edge(cell, width)..edge(cell + 1, width)].fill(if white { WHITE } else { BLACK });
        }
    }
}

/// The time written in a luma plane, in milliseconds modulo [`MODULUS_MS`]; `None` when there is no strip, its checksum is
/// wrong, or it is all black (time 0). The plane may be a scaled copy, as long as a strip is still 16 rows high in it.
pub fn read(luma: &[u8], stride: usize, width: usize) -> Option<u64> {
    if width < CELLS || stride < width {
        return None;
    }
    let start = CENTRE_ROW.checked_mul(stride)?;
    let row = luma.get(start..start.checked_add(width)?)?;
    let bits = (0..CELLS).fold(0u64, |bits, cell| {
        let centre = usize::midpoint(edge(cell, width), edge(cell + 1, width));
        bits << 1 | u64::from(row[centre] > MIDDLE)
    });
    let unix_ms = bits >> 8;
    // An all black row has a right checksum, and means a dark picture: the time 0 comes once in 34 years.
    (unix_ms != 0 && encode(unix_ms) == bits).then_some(unix_ms)
}

/// First pixel of a cell; cells differ by a pixel where `width` is no multiple of [`CELLS`].
fn edge(cell: usize, width: usize) -> usize {
    cell * width / CELLS
}

fn encode(unix_ms: u64) -> u64 {
    let time = unix_ms % MODULUS_MS;
    let checksum = time.to_be_bytes()[3..]
        .iter()
        .fold(0, |crc, byte| crc8(crc ^ byte));
    time << 8 | u64::from(checksum)
}

/// One byte through CRC-8, polynomial 0x07.
fn crc8(byte: u8) -> u8 {
    (0..8).fold(byte, |crc, _| {
        if crc & 0x80 == 0 {
            crc << 1
        } else {
            crc << 1 ^ 0x07
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_checksum_is_crc_8_with_polynomial_7() {
        let check = b"123456789".iter().fold(0, |crc, byte| crc8(crc ^ byte));
        assert_eq!(check, 0xf4);
    }

    #[test]
    fn the_time_stands_most_significant_bit_first() {
        let mut luma = vec![0; 48 * 16];
        stamp(&mut luma, 48, 48, 1 << 39 | 1);
        let row: Vec<bool> = luma[..40].iter().map(|value| *value == WHITE).collect();
        assert!(row[0] && row[39] && row[1..39].iter().all(|white| !white));
    }

    #[test]
    fn a_picture_without_a_strip_has_no_time() {
        assert_eq!(read(&[128; 640 * 16], 640, 640), None);
        assert_eq!(read(&[16; 640 * 16], 640, 640), None);
        assert_eq!(read(&[235; 640 * 16], 640, 640), None);
        assert_eq!(read(&[], 640, 640), None);
        assert_eq!(read(&[0; 100], 10, 10), None);
    }

    proptest! {
        #[test]
        fn what_is_stamped_is_read(ms in 1..MODULUS_MS, width in CELLS..2000usize, padding in 0..64usize, rows in ROWS..40usize) {
            let stride = width + padding;
            let mut luma = vec![77; stride * rows];
            stamp(&mut luma, stride, width, ms);
            prop_assert_eq!(read(&luma, stride, width), Some(ms));
            prop_assert!(luma[ROWS * stride..].iter().all(|value| *value == 77));
            prop_assert!(luma.chunks(stride).all(|row| row[width..].iter().all(|value| *value == 77)));
        }

        #[test]
        fn it_survives_the_noise_of_an_encoder(ms in MODULUS_MS + 1..2 * MODULUS_MS, noise in prop::collection::vec(0..100u8, 640)) {
            let mut luma = vec![0; 640 * 16];
            stamp(&mut luma, 640, 640, ms);
            for (value, noise) in luma[8 * 640..9 * 640].iter_mut().zip(noise) {
                *value = if *value == WHITE { *value - noise } else { *value + noise };
            }
            prop_assert_eq!(read(&luma, 640, 640), Some(ms % MODULUS_MS));
        }

        #[test]
        fn one_wrong_cell_is_noticed(ms: u64, cell in 0..CELLS) {
            let mut luma = vec![0; 480 * 16];
            stamp(&mut luma, 480, 480, ms);
            for value in &mut luma[8 * 480 + cell * 10..8 * 480 + cell * 10 + 10] {
                *value = 251 - *value;
            }
            prop_assert_eq!(read(&luma, 480, 480), None);
        }

        #[test]
        fn any_bytes_and_measures_are_harmless(mut luma in prop::collection::vec(any::<u8>(), 0..3000), stride in 0..200usize, width in 0..200usize) {
            let _ = read(&luma, stride, width);
            stamp(&mut luma, stride, width, 5);
        }
    }
}
