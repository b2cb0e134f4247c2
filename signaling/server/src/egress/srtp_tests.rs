use std::collections::HashSet;

use proptest::prelude::*;
use rtc_srtp::context::Context;
use rtc_srtp::protection_profile::ProtectionProfile;

use super::*;

const PROFILES: [Profile; 3] = [
    Profile::Aes128CmSha1,
    Profile::Aes128Gcm,
    Profile::Aes256Gcm,
];

fn bytes(hex: &str) -> Vec<u8> {
    let digits: Vec<u8> = hex
        .bytes()
        .filter(|byte| !byte.is_ascii_whitespace())
        .collect();
    digits
        .chunks(2)
        .map(|two| u8::from_str_radix(std::str::from_utf8(two).unwrap(), 16).unwrap())
        .collect()
}

/// The documents' vectors give session keys, not the master key.
fn gcm(profile: Profile) -> Cipher {
    let key: Vec<u8> = (0..profile.key_length() as u8).collect();
    Cipher::Gcm {
        key: gcm_key(profile, &key).unwrap(),
        salt: *b"Quid pro quo",
    }
}

#[test]
fn rtp_is_sealed_as_rfc_7714_section_16_prints_it() {
    let clear = bytes(
        "8040f17b 8041f8d3 5501a0b2 47616c6c 69612065 7374206f 6d6e6973 20646976 69736120 696e2070
         61727465 73207472 6573",
    );
    let sealed = [
        (
            Profile::Aes128Gcm,
            "8040f17b 8041f8d3 5501a0b2 f24de3a3 fb34de6c acba861c 9d7e4bca be633bd5 0d294e6f 42a5f47a
             51c7d19b 36de3adf 8833899d 7f27beb1 6a9152cf 765ee439 0cce",
        ),
        (
            Profile::Aes256Gcm,
            "8040f17b 8041f8d3 5501a0b2 32b1de78 a822fe12 ef9f78fa 332e33aa b1801238 9a58e2f3 b50b2a02
             76ffae0f 1ba63799 b87b7aa3 db36dfff d6b0f9bb 7878d7a7 6c13",
        ),
    ];
    for (profile, expected) in sealed {
        let mut packet = clear.clone();
        packet.resize(clear.len() + GCM_TAG, 0);
        gcm(profile)
            .seal_rtp(&mut packet, 12, 0x5501_a0b2, 0xf17b)
            .unwrap();
        assert_eq!(packet, bytes(expected), "{profile:?}");
    }
}

#[test]
fn rtcp_is_sealed_as_rfc_7714_section_17_prints_it() {
    let mut packet = bytes(
        "81c8000d 4d617273 4e545031 4e545032 52545020 0000042a 0000e930 4c756e61 deadbeef deadbeef
         deadbeef deadbeef deadbeef",
    );
    packet.resize(packet.len() + GCM_TAG + INDEX_WORD, 0);
    gcm(Profile::Aes128Gcm)
        .seal_rtcp(&mut packet, 0x4d61_7273, 0x5d4)
        .unwrap();
    let expected =
        "81c8000d 4d617273 63e94885 dcdab67c a727d766 2f6b7e99 7ff5c0f7 6c06f32d c676a5f1 730d6fda
         4ce09b46 86303ded 0bb9275b c84aa458 96cf4d2f c5abf872 45d9eade 800005d4";
    assert_eq!(packet, bytes(expected));
}

#[test]
fn keys_are_derived_as_rfc_3711_appendix_b_prints_them() {
    let key = bytes("E1F97A0D3E018BE0D64FA32C06DE4139");
    let derivation = Derivation::new(&key, &bytes("0EC675AD498AFEEBB6960B3AABE6")).unwrap();
    for (label, expected) in [
        (0, "C61E7A93744F39EE10734AFE3FF7A087"),
        (1, "CEBE321F6FF7716B6FD4AB49AF256A156D38BAA4"),
        (2, "30CBBC08863D8C85D49DB34A9AE1"),
    ] {
        let expected = bytes(expected);
        let mut derived = vec![0; expected.len()];
        derivation.derive(label, &mut derived).unwrap();
        assert_eq!(derived, expected, "label {label}");
    }
}

fn theirs(profile: Profile, key: &[u8], salt: &[u8]) -> Context {
    let profile = match profile {
        Profile::Aes128CmSha1 => ProtectionProfile::Aes128CmHmacSha1_80,
        Profile::Aes128Gcm => ProtectionProfile::AeadAes128Gcm,
        Profile::Aes256Gcm => ProtectionProfile::AeadAes256Gcm,
    };
    let provider = rtc_srtp::crypto::default_provider().unwrap();
    Context::new(key, salt, profile, None, None, provider.crypto()).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// rtc-srtp opens what is sealed here, with and without extension, over rollovers, reports too.
    #[test]
    fn another_implementation_opens_it(
        secret in any::<[u8; 46]>(), ssrc in any::<u32>(), first in 0u64..0x1_0000,
        payloads in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..1200), 1..20),
        step in 1u64..20_000, extended in any::<bool>(),
    ) {
        for profile in PROFILES {
            let (key, salt) = (&secret[..profile.key_length()], &secret[32..32 + profile.salt_length()]);
            let mut ours = Session::new(profile, key, salt).unwrap();
            let mut theirs = theirs(profile, key, salt);
            let stream = ours.add(ssrc).unwrap();
            let header: &[u8] = if extended {
                &[0x90, 0x66, 0, 0, 1, 2, 3, 4, 0, 0, 0, 0, 0xbe, 0xde, 0, 1, 0x10, b'1', 0, 0]
            } else {
                &[0x80, 0xe6, 0, 0, 1, 2, 3, 4, 0, 0, 0, 0]
            };
            for (number, payload) in payloads.iter().enumerate() {
                let sequence = first + number as u64 * step;
                let mut packet = [header, payload].concat();
                packet.resize(packet.len() + ours.room(), 0);
                ours.protect(stream, &mut packet, header.len(), sequence).unwrap();
                let opened = theirs.decrypt_rtp(&packet).unwrap();
                prop_assert_eq!(&opened[header.len()..], &payload[..]);
                prop_assert_eq!(&opened[2..4], &(sequence as u16).to_be_bytes());
                prop_assert_eq!(&opened[8..12], &ssrc.to_be_bytes());

                let mut report = vec![0x80, 201, 0, 1, 0, 0, 0, 0];
                report.extend(payload.iter().take(payload.len() & !3));
                let length = report.len();
                report.resize(length + ours.report_room(), 0);
                ours.protect_report(stream, &mut report).unwrap();
                let opened = theirs.decrypt_rtcp(&report).unwrap();
                prop_assert_eq!(&opened[4..8], &ssrc.to_be_bytes());
                prop_assert_eq!(&opened[8..], &payload[..payload.len() & !3]);
            }
        }
    }

    /// Whatever numbers come, each is used once at most; what is not refused is new.
    #[test]
    fn no_number_is_taken_twice(steps in prop::collection::vec((any::<bool>(), 0u64..9000), 1..300)) {
        let mut used = Used::default();
        let (mut taken, mut at) = (HashSet::new(), 0u64);
        for (forward, step) in steps {
            at = if forward { at + step / 50 } else { at.saturating_sub(step) };
            if used.take(at) {
                prop_assert!(taken.insert(at), "{at} was used twice");
            } else {
                let highest = taken.iter().max().copied().unwrap();
                prop_assert!(taken.contains(&at) || at + WINDOW <= highest);
            }
        }
    }
}

#[test]
fn an_ssrc_is_one_stream_and_a_number_is_used_once() {
    let mut session = Session::new(Profile::Aes128Gcm, &[1; 16], &[2; 12]).unwrap();
    let stream = session.add(7).unwrap();
    assert_eq!(session.add(7), None);
    let mut packet = [0x80; 40];
    assert_eq!(session.protect(stream, &mut packet, 12, 5), Ok(()));
    assert_eq!(
        session.protect(stream, &mut packet, 12, 5),
        Err(Refused::Used)
    );
    assert_eq!(
        session.protect(stream, &mut packet, 12, INDEX_END),
        Err(Refused::Exhausted)
    );
    session.streams[stream.0].next_report = REPORT_INDEX_END;
    assert_eq!(
        session.protect_report(stream, &mut packet),
        Err(Refused::Exhausted)
    );
}
