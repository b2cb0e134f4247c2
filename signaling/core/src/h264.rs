//! The little of H.264 over RTP (RFC 6184) that forwarding needs. Never decodes.

const NAL_IDR: u8 = 5;
const NAL_SPS: u8 = 7;
const STAP_A: u8 = 24;
const FU_A: u8 = 28;

/// True when an RTP payload begins a picture from which a decoder can start: an IDR slice or the parameter sets that
/// precede it. Any bytes may be given.
#[must_use]
pub fn starts_keyframe(payload: &[u8]) -> bool {
    let [indicator, rest @ ..] = payload else {
        return false;
    };
    match indicator & 0x1f {
        NAL_IDR | NAL_SPS => true,
        FU_A => rest
            .first()
            .is_some_and(|header| header & 0x80 != 0 && matches!(header & 0x1f, NAL_IDR | NAL_SPS)),
        STAP_A => aggregate_has_keyframe(rest),
        _ => false,
    }
}

fn aggregate_has_keyframe(mut rest: &[u8]) -> bool {
    while let [high, low, body @ ..] = rest {
        let length = usize::from(u16::from_be_bytes([*high, *low]));
        let Some((unit, after)) = body.split_at_checked(length) else {
            return false;
        };
        if unit
            .first()
            .is_some_and(|header| matches!(header & 0x1f, NAL_IDR | NAL_SPS))
        {
            return true;
        }
        rest = after;
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn keyframes_are_seen_in_every_packing() {
        assert!(starts_keyframe(&[0x65, 1, 2]));
        assert!(starts_keyframe(&[0x67, 66]));
        assert!(
            starts_keyframe(&[0x7c, 0x85, 0]),
            "first fragment of an IDR"
        );
        assert!(!starts_keyframe(&[0x7c, 0x45, 0]), "last fragment");
        assert!(
            starts_keyframe(&[0x78, 0, 2, 0x09, 0x10, 0, 2, 0x67, 0x42]),
            "AUD, SPS"
        );
        assert!(!starts_keyframe(&[0x41, 0x9a]));
        assert!(!starts_keyframe(&[]));
    }

    proptest! {
        #[test]
        fn any_bytes_are_answered(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
            let _ = starts_keyframe(&bytes);
        }
    }
}
