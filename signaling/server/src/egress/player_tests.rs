use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use pleniere_signaling_core::Numbers;
use proptest::prelude::*;
use rtc_srtp::context::Context;
use rtc_srtp::protection_profile::ProtectionProfile;

use super::super::srtp::Profile;
use super::*;

/// What left, as it lies on the wire.
#[derive(Default)]
struct Wire(Vec<Vec<u8>>);

impl Network for Wire {
    fn send(&mut self, _: SocketAddr, _: SocketAddr, datagram: &[u8]) {
        self.0.push(datagram.to_vec());
    }

    fn fill(
        &mut self,
        _: SocketAddr,
        _: SocketAddr,
        length: usize,
        write: &mut dyn FnMut(&mut [u8]) -> bool,
    ) {
        let mut datagram = vec![0xaa; length];
        if write(&mut datagram) {
            self.0.push(datagram);
        }
    }
}

const KEY: [u8; 16] = [7; 16];
const SALT: [u8; 12] = [9; 12];

fn path() -> Path {
    Path {
        local: ([127, 0, 0, 1], 1).into(),
        remote: ([127, 0, 0, 1], 2).into(),
    }
}

fn player(now: Instant) -> Egress {
    let track = |payload_type, ssrc, repair| {
        Some(TrackSetup {
            payload_type,
            ssrc,
            repair,
            mid: Some((4, "0".into())),
            cname: "name".into(),
        })
    };
    let session = Session::new(Profile::Aes128Gcm, &KEY, &SALT).unwrap();
    let setups = [track(111, 1, None), track(102, 2, Some((103, 3)))];
    Egress::new(session, setups, now)
}

fn opens() -> Context {
    let provider = rtc_srtp::crypto::default_provider().unwrap();
    Context::new(
        &KEY,
        &SALT,
        ProtectionProfile::AeadAes128Gcm,
        None,
        None,
        provider.crypto(),
    )
    .unwrap()
}

fn is_report(datagram: &[u8]) -> bool {
    rtp::is_rtcp(datagram)
}

fn word(bytes: &[u8], at: usize) -> u32 {
    u32::from_be_bytes(bytes[at..at + 4].try_into().unwrap())
}

fn outgoing(kind: Kind, sequence: u64, payload: &Arc<[u8]>, captured: Instant) -> Outgoing<'_> {
    Outgoing {
        kind,
        numbers: Numbers {
            sequence,
            timestamp: sequence as u32 * 3000,
        },
        marker: true,
        captured,
        payload,
    }
}

/// The indices of everything on the wire, told from the wire alone: RTP as a receiver extends it, RTCP as it is written.
fn indices(wire: &Wire) -> Vec<(bool, u32, u64)> {
    let mut highest: HashMap<u32, u64> = HashMap::new();
    let mut all = Vec::new();
    for datagram in &wire.0 {
        if is_report(datagram) {
            let index = word(datagram, datagram.len() - 4) & 0x7fff_ffff;
            all.push((true, word(datagram, 4), u64::from(index)));
            continue;
        }
        let (ssrc, number) = (word(datagram, 8), u64::from(word(datagram, 0) & 0xffff));
        let known = *highest.entry(ssrc).or_insert(number);
        let step = (number as u16).wrapping_sub(known as u16) as i16;
        let index = known.checked_add_signed(i64::from(step)).unwrap();
        highest.insert(ssrc, known.max(index));
        all.push((false, ssrc, index));
    }
    all
}

#[derive(Clone, Debug)]
enum Step {
    /// Some packets on, and a packet that comes again or late.
    Write {
        video: bool,
        on: u64,
        back: u64,
    },
    Resend {
        back: u64,
    },
    Wait {
        ms: u64,
    },
    Heard,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (any::<bool>(), 0u64..4, 0u64..6)
            .prop_map(|(video, on, back)| Step::Write { video, on, back }),
        1 => (any::<bool>(), 0u64..3000, 0u64..6000)
            .prop_map(|(video, on, back)| Step::Write { video, on, back }),
        2 => (0u64..40).prop_map(|back| Step::Resend { back }),
        2 => (0u64..700).prop_map(|ms| Step::Wait { ms }),
        1 => Just(Step::Heard),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    /// Over any life with losses, repetitions, late packets, reports and goodbye: no key, SSRC and index twice, and
    /// everything that leaves can be opened.
    #[test]
    fn nothing_is_sealed_twice_under_one_index(
        steps in prop::collection::vec(step(), 1..200), first in 0u64..0x8000,
    ) {
        let mut now = Instant::now();
        let (mut player, mut wire) = (player(now), Wire::default());
        let payload: Arc<[u8]> = vec![0x41; 300].into();
        let mut at = [first; 2];
        for step in steps {
            match step {
                Step::Write { video, on, back } => {
                    let kind = if video { Kind::Video } else { Kind::Audio };
                    at[kind as usize] += on;
                    let late = at[kind as usize].saturating_sub(back).max(first);
                    for sequence in [at[kind as usize], late] {
                        player.write(&outgoing(kind, sequence, &payload, now), path(), &mut wire);
                    }
                }
                Step::Resend { back } => {
                    let sequence = at[1].saturating_sub(back).max(first);
                    player.resend(&outgoing(Kind::Video, sequence, &payload, now), path(), now, &mut wire);
                }
                Step::Wait { ms } => now += Duration::from_millis(ms),
                Step::Heard => for track in player.tracks.iter_mut().flatten() {
                    track.known = true;
                },
            }
            player.tick(now, path(), &mut wire);
        }
        player.close(now, path(), &mut wire);
        let mut seen = HashSet::new();
        for index in indices(&wire) {
            prop_assert!(seen.insert(index), "{index:?} twice");
        }
        let mut theirs = opens();
        for datagram in &wire.0 {
            if is_report(datagram) {
                theirs.decrypt_rtcp(datagram).unwrap();
            } else {
                let opened = theirs.decrypt_rtp(datagram).unwrap();
                prop_assert!(opened.ends_with(&payload));
            }
        }
    }
}

#[test]
fn a_packet_sent_again_tells_its_number_under_an_ssrc_of_its_own() {
    let now = Instant::now();
    let (mut player, mut wire) = (player(now), Wire::default());
    let payload: Arc<[u8]> = vec![0x41; 300].into();
    let packet = outgoing(Kind::Video, 70_000, &payload, now);
    player.write(&packet, path(), &mut wire);
    player.resend(&packet, path(), now, &mut wire);
    player.resend(&packet, path(), now, &mut wire);
    assert_eq!(wire.0.len(), 2, "once per round trip");
    let again = opens().decrypt_rtp(&wire.0[1]).unwrap();
    assert_eq!(again[1] & 0x7f, 103);
    assert_eq!((word(&again, 4), word(&again, 8)), (70_000 * 3000, 3));
    let text = 12 + 4 + 4;
    assert_eq!(again[text..text + 2], (70_000u64 as u16).to_be_bytes());
    assert_eq!(again[text + 2..], payload[..]);
}

#[test]
fn sound_and_picture_of_one_moment_are_reported_at_one_time() {
    let now = Instant::now();
    let (mut player, mut wire) = (player(now), Wire::default());
    let payload: Arc<[u8]> = vec![0x41; 300].into();
    // Captured at different moments: 0.5 s of sound and 0.3 s of picture ago.
    let then = |ms| now + Duration::from_secs(2) - Duration::from_millis(ms);
    player.write(
        &outgoing(Kind::Audio, 5, &payload, then(500)),
        path(),
        &mut wire,
    );
    player.write(
        &outgoing(Kind::Video, 9, &payload, then(300)),
        path(),
        &mut wire,
    );
    assert!(player.deadline() <= now, "as soon as they begin");
    player.tick(now + Duration::from_secs(2), path(), &mut wire);
    let mut theirs = opens();
    let reports: Vec<_> = wire.0[2..]
        .iter()
        .map(|report| theirs.decrypt_rtcp(report).unwrap())
        .collect();
    let (sound, picture) = (&reports[0], &reports[1]);
    assert_eq!(sound[8..16], picture[8..16], "one clock");
    let ahead = |report: &[u8], sequence: u32| word(report, 16).wrapping_sub(sequence * 3000);
    assert_eq!(ahead(sound, 5), 24_000, "0.5 s at 48 kHz");
    assert_eq!(ahead(picture, 9), 27_000, "0.3 s at 90 kHz");
    assert_eq!((word(picture, 20), word(picture, 24)), (1, 300));
    let later = now + Duration::from_millis(2500);
    player.tick(later, path(), &mut wire);
    assert_eq!(wire.0.len(), 4, "once a second");
}

#[test]
fn the_media_line_is_named_until_the_player_reports() {
    let now = Instant::now();
    let (mut player, mut wire) = (player(now), Wire::default());
    let payload: Arc<[u8]> = vec![0x41; 300].into();
    player.write(&outgoing(Kind::Video, 1, &payload, now), path(), &mut wire);
    let block = ReceptionReport {
        ssrc: 2.into(),
        fraction_lost: 0,
        packets_lost: 0,
        max_seq: 1,
        jitter: 0,
        last_sr_time: 0,
        last_sr_delay: 0,
    };
    player.received(&block, now);
    player.write(&outgoing(Kind::Video, 2, &payload, now), path(), &mut wire);
    let lengths: Vec<usize> = wire.0.iter().map(Vec::len).collect();
    assert_eq!(lengths, [12 + 8 + 300 + 16, 12 + 300 + 16]);
    assert_eq!(wire.0[0][12..20], [0xbe, 0xde, 0, 1, 0x40, b'0', 0, 0]);
}
