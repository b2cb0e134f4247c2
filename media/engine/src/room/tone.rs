//! What a drawn room sounds like: a low hum, and a short ping at each full second, both at the room's own pitch. The pitches of
//! all rooms are of one pentatonic scale, so that seven at once are a chord.

use std::f32::consts::TAU;
use std::time::Duration;

/// Samples a second, mono.
pub const RATE: usize = 48_000;
/// Samples of a 20 ms block.
pub const BLOCK: usize = RATE / 50;

/// C, D, E, G, A from 392 Hz on, by room number.
const PITCHES: [f32; 9] = [
    392.0, 440.0, 523.0, 587.0, 659.0, 784.0, 880.0, 1046.0, 1174.0,
];
/// Peak of the ping: seven at once stay below full scale.
const PING: f32 = 0.11;
const HUM: f32 = 0.02;
const PING_S: f32 = 0.35;

/// Nearer than this the sound is not moved when the wall clock moves.
const TOLERANCE: usize = RATE / 500;

/// One second of sound, played for ever in step with the wall clock.
#[derive(Debug)]
pub struct Tone {
    second: Vec<i16>,
    next: Option<usize>,
}

impl Tone {
    /// The sound of room `number`, from 1.
    pub fn new(number: u8) -> Self {
        let pitch = PITCHES[usize::from(number.max(1) - 1) % PITCHES.len()];
        // Whole periods in a second, so that the loop has no seam.
        let hum = (pitch / 4.0).round();
        let second = (0..RATE)
            .map(|n| sample(n as f32 / RATE as f32, pitch, hum))
            .collect();
        Self { second, next: None }
    }

    /// The next 20 ms, of which the first sample is heard at `unix` since 1970.
    pub fn block(&mut self, unix: Duration) -> impl Iterator<Item = i16> + '_ {
        let due = (u64::from(unix.subsec_nanos()) * RATE as u64 / 1_000_000_000) as usize;
        let near = |next: usize| {
            let apart = next.abs_diff(due);
            apart.min(RATE - apart) <= TOLERANCE
        };
        let start = self.next.filter(|next| near(*next)).unwrap_or(due);
        self.next = Some((start + BLOCK) % RATE);
        self.second[start..]
            .iter()
            .chain(&self.second)
            .take(BLOCK)
            .copied()
    }
}

fn sample(t: f32, pitch: f32, hum: f32) -> i16 {
    let attack = (t / 0.004).min(1.0);
    let release = ((PING_S - t) / 0.03).clamp(0.0, 1.0);
    let envelope = attack * release * (-t * 9.0).exp();
    let ping = (TAU * pitch * t).sin() + 0.25 * (TAU * 2.0 * pitch * t).sin();
    let low = (TAU * hum * t).sin();
    ((PING * envelope * ping + HUM * low) * f32::from(i16::MAX)) as i16
}

#[cfg(test)]
mod tests {
    use super::*;

    fn played(tone: &mut Tone, start_ns: u64, blocks: u64) -> Vec<i16> {
        let at = |n| Duration::from_nanos(start_ns + n * 20_000_000);
        (0..blocks)
            .flat_map(|n| tone.block(at(n)).collect::<Vec<_>>())
            .collect()
    }

    #[test]
    fn the_ping_is_at_the_full_second() {
        let sound = played(&mut Tone::new(1), 5_000_000_000, 50);
        let loudness = |range: std::ops::Range<usize>| {
            sound[range].iter().map(|s| s.unsigned_abs()).max().unwrap()
        };
        let (ping, hum) = (loudness(0..4800), loudness(24_000..48_000));
        assert!(ping > 3 * hum && hum > 0, "ping {ping}, hum {hum}");
    }

    #[test]
    fn blocks_follow_without_a_seam() {
        for number in 0..=9 {
            let sound = played(&mut Tone::new(number), 123_456_789, 120);
            let jump = sound
                .windows(2)
                .map(|pair| i32::from(pair[1] - pair[0]).abs())
                .max()
                .unwrap();
            assert!(jump < 1500, "room {number}: {jump}");
        }
    }

    #[test]
    fn a_step_of_the_clock_is_followed_and_its_jitter_is_not() {
        let mut tone = Tone::new(2);
        assert_eq!(tone.block(Duration::from_nanos(0)).count(), BLOCK);
        tone.block(Duration::from_nanos(20_400_000)).count();
        assert_eq!(tone.next, Some(2 * BLOCK));
        tone.block(Duration::from_nanos(500_000_000)).count();
        assert_eq!(tone.next, Some(RATE / 2 + BLOCK));
    }

    #[test]
    fn seven_rooms_together_do_not_clip() {
        let mut tones: Vec<_> = (1..=7).map(Tone::new).collect();
        let sounds: Vec<_> = tones.iter_mut().map(|tone| played(tone, 0, 50)).collect();
        let peak = (0..RATE)
            .map(|n| {
                sounds
                    .iter()
                    .map(|sound| i32::from(sound[n]))
                    .sum::<i32>()
                    .abs()
            })
            .max()
            .unwrap();
        assert!(peak < i32::from(i16::MAX), "{peak}");
    }
}
