//! RTP and RTCP in clear, as they travel over loopback between here and an engine (RFC 3550, RFC 5761). Owns reading and
//! writing of these few packets; never trusts a length.

use pleniere_signaling_core::Report;

/// Sound or picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Kind {
    Audio,
    Video,
}

impl Kind {
    pub const ALL: [Self; 2] = [Self::Audio, Self::Video];

    /// Ticks per second: Opus and H.264 each have one rate.
    pub fn clock_rate(self) -> u32 {
        match self {
            Self::Audio => 48_000,
            Self::Video => 90_000,
        }
    }

    /// Payload type on every loopback leg.
    pub fn payload_type(self) -> u8 {
        match self {
            Self::Audio => 111,
            Self::Video => 102,
        }
    }
}

/// A packet as read.
#[derive(Debug, PartialEq)]
pub(crate) struct RtpPacket<'a> {
    pub kind: Kind,
    pub marker: bool,
    pub sequence: u16,
    pub timestamp: u32,
    pub ssrc: u32,
    pub payload: &'a [u8],
}

const FIXED: usize = 12;

/// RTCP and RTP share the port; packet types 192 to 223 are RTCP (RFC 5761 section 4).
pub(crate) fn is_rtcp(datagram: &[u8]) -> bool {
    matches!(datagram, [first, 192..=223, ..] if first >> 6 == 2)
}

/// Reads a packet with a known payload type; padding and extensions are left out.
pub(crate) fn read(datagram: &[u8]) -> Option<RtpPacket<'_>> {
    let (header, mut rest) = datagram.split_at_checked(FIXED)?;
    if header[0] >> 6 != 2 {
        return None;
    }
    let kind = Kind::ALL
        .into_iter()
        .find(|kind| kind.payload_type() == header[1] & 0x7f)?;
    rest = rest.get(usize::from(header[0] & 0x0f) * 4..)?;
    if header[0] & 0x10 != 0 {
        let words = usize::from(u16::from_be_bytes([*rest.get(2)?, *rest.get(3)?]));
        rest = rest.get(4 + words * 4..)?;
    }
    if header[0] & 0x20 != 0 {
        let padding = usize::from(*rest.last()?);
        rest = rest.get(..rest.len().checked_sub(padding.max(1))?)?;
    }
    Some(RtpPacket {
        kind,
        marker: header[1] & 0x80 != 0,
        sequence: u16::from_be_bytes([header[2], header[3]]),
        timestamp: word(header, 4)?,
        ssrc: word(header, 8)?,
        payload: rest,
    })
}

/// Writes a packet in place of what `out` held.
pub(crate) fn write(out: &mut Vec<u8>, packet: &RtpPacket<'_>) {
    out.clear();
    out.extend_from_slice(&[
        0x80,
        u8::from(packet.marker) << 7 | packet.kind.payload_type(),
    ]);
    out.extend_from_slice(&packet.sequence.to_be_bytes());
    out.extend_from_slice(&packet.timestamp.to_be_bytes());
    out.extend_from_slice(&packet.ssrc.to_be_bytes());
    out.extend_from_slice(packet.payload);
}

/// What matters here of an RTCP packet.
#[derive(Debug, PartialEq)]
pub(crate) enum Rtcp {
    /// Sender report: SSRC, NTP time, RTP timestamp.
    Sender { ssrc: u32, ntp: u64, rtp: u32 },
    /// PLI or FIR.
    KeyframeRequest,
}

/// Reads a compound packet as far as it is sound.
pub(crate) fn read_rtcp(mut datagram: &[u8]) -> Vec<Rtcp> {
    let mut found = Vec::new();
    while let [first, kind, high, low, ..] = datagram {
        let length = (usize::from(u16::from_be_bytes([*high, *low])) + 1) * 4;
        let Some((packet, rest)) = datagram.split_at_checked(length) else {
            break;
        };
        if first >> 6 != 2 {
            break;
        }
        match (kind, first & 0x1f) {
            (200, _) => found.extend(sender(packet)),
            (206, 1 | 4) | (192, _) => found.push(Rtcp::KeyframeRequest),
            _ => {}
        }
        datagram = rest;
    }
    found
}

fn sender(packet: &[u8]) -> Option<Rtcp> {
    let ntp = u64::from(word(packet, 8)?) << 32 | u64::from(word(packet, 12)?);
    Some(Rtcp::Sender {
        ssrc: word(packet, 4)?,
        ntp,
        rtp: word(packet, 16)?,
    })
}

/// Writes sender report and source description (one CNAME, at most 255 bytes) as one compound packet.
pub(crate) fn write_report(
    out: &mut Vec<u8>,
    ssrc: u32,
    report: &Report,
    sent: (u32, u32),
    cname: &str,
) {
    out.clear();
    out.extend_from_slice(&[0x80, 200, 0, 6]);
    out.extend_from_slice(&ssrc.to_be_bytes());
    out.extend_from_slice(&report.ntp.to_be_bytes());
    out.extend_from_slice(&report.rtp.to_be_bytes());
    out.extend_from_slice(&sent.0.to_be_bytes());
    out.extend_from_slice(&sent.1.to_be_bytes());
    let name = &cname.as_bytes()[..cname.len().min(255)];
    // Chunk: SSRC, item type, item length, name, at least one zero, up to a multiple of four.
    let words = (4 + 2 + name.len()) / 4 + 1;
    out.extend_from_slice(&[0x81, 202]);
    out.extend_from_slice(&(words as u16).to_be_bytes());
    let chunk = out.len();
    out.extend_from_slice(&ssrc.to_be_bytes());
    out.extend_from_slice(&[1, name.len() as u8]);
    out.extend_from_slice(name);
    out.resize(chunk + words * 4, 0);
}

fn word(bytes: &[u8], at: usize) -> Option<u32> {
    let four: [u8; 4] = bytes.get(at..at + 4)?.try_into().ok()?;
    Some(u32::from_be_bytes(four))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let packet = RtpPacket {
            kind: Kind::Video,
            marker: true,
            sequence: 7,
            timestamp: 9,
            ssrc: 11,
            payload: &[1, 2, 3],
        };
        let mut out = vec![1];
        write(&mut out, &packet);
        assert!(!is_rtcp(&out));
        assert_eq!(read(&out), Some(packet));
    }

    #[test]
    fn a_report_names_its_source_in_whole_words() {
        let report = Report {
            ntp: 1 << 40,
            rtp: 5,
            clock_rate: 90_000,
        };
        for length in 0..40 {
            let mut out = Vec::new();
            write_report(&mut out, 77, &report, (1, 2), &"n".repeat(length));
            assert!(is_rtcp(&out) && out.len().is_multiple_of(4));
            let description = &out[28..];
            let words = usize::from(u16::from_be_bytes([description[2], description[3]]));
            assert_eq!((words + 1) * 4, description.len());
            assert_eq!(
                description.last(),
                Some(&0),
                "the list of items ends with a zero"
            );
            assert_eq!(
                read_rtcp(&out),
                [Rtcp::Sender {
                    ssrc: 77,
                    ntp: 1 << 40,
                    rtp: 5
                }]
            );
        }
    }

    #[test]
    fn keyframe_requests_are_read() {
        let pli = [0x81, 206, 0, 2, 0, 0, 0, 1, 0, 0, 0, 2];
        let receiver = [0x80, 201, 0, 1, 0, 0, 0, 1];
        let compound: Vec<u8> = receiver.into_iter().chain(pli).collect();
        assert_eq!(read_rtcp(&compound), [Rtcp::KeyframeRequest]);
    }

    #[test]
    fn broken_packets_are_no_packets() {
        let whole = [
            0xb1, 102, 0, 1, 0, 0, 0, 1, 0, 0, 0, 2, 9, 9, 9, 9, 0xbe, 0xde, 0, 1, 1, 1, 1, 1, 5,
            6, 2,
        ];
        assert_eq!(
            read(&whole).map(|p| p.payload.to_vec()),
            Some(vec![5]),
            "padding, extension and source are cut"
        );
        for length in 0..whole.len() - 1 {
            let _ = read(&whole[..length]);
            let _ = read_rtcp(&whole[..length]);
        }
        assert_eq!(
            read(&[0x80, 96, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]),
            None,
            "unknown payload type"
        );
    }
}
