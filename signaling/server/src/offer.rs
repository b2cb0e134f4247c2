//! An SDP offer as text. Owns what is asked of it before a stack sees it (size, lines, codecs, direction) and the small
//! changes that make the answer what RFC 9725 wants; never builds an answer.

/// Media lines of an offer; a browser sends two or three.
const LINES_MAX: usize = 8;

/// Which way the media goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    /// WHIP: the client sends.
    Publish,
    /// WHEP: the client receives.
    Play,
}

/// Why an offer cannot be answered.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum OfferError {
    #[error("the body is not an SDP offer: {0}")]
    Malformed(String),
    #[error(
        "the offer has picture but no H.264 with packetization-mode=1, the only picture format of this house; \
         choose H.264 in the encoder, or a browser that has it"
    )]
    NoH264,
    #[error("the offer has sound but no Opus, the only sound format of this house")]
    NoOpus,
    #[error("the offer has two pictures or two sounds that are to run: one of each is taken")]
    TooMany,
    #[error("the offer sends neither sound nor picture")]
    NothingSent,
    #[error("the offer receives neither sound nor picture")]
    NothingReceived,
}

/// An offer that can be answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Offer {
    /// The text, made one-way, without simulcast.
    pub sdp: String,
    /// The `profile-level-id` to answer: `42e01f` when it is among those offered.
    pub profile_level_id: u32,
    /// The client's ICE credentials.
    pub credentials: Credentials,
}

/// An ICE user name fragment with its password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Credentials {
    pub ufrag: String,
    pub pwd: String,
}

/// Constrained Baseline, level 3.1, what every browser encodes and decodes.
const CONSTRAINED_BASELINE: u32 = 0x42_e0_1f;

/// Reads an offer.
pub(crate) fn read(text: &str, side: Side) -> Result<Offer, OfferError> {
    let lines: Vec<&str> = text
        .lines()
        .map(str::trim_end)
        .filter(|line| !line.is_empty())
        .collect();
    if lines.first() != Some(&"v=0") {
        return Err(OfferError::Malformed("it does not begin with v=0".into()));
    }
    let starts: Vec<usize> = lines
        .iter()
        .enumerate()
        .filter(|(_, l)| l.starts_with("m="))
        .map(|(i, _)| i)
        .collect();
    if starts.is_empty() || starts.len() > LINES_MAX {
        return Err(OfferError::Malformed(format!(
            "it has {} media lines, 1 to {LINES_MAX} are answered",
            starts.len()
        )));
    }
    let value = |name: &str| {
        let found = lines.iter().find_map(|line| line.strip_prefix(name));
        let missing = || OfferError::Malformed(format!("it has no {}", name.trim_end_matches(':')));
        found.map(str::to_owned).ok_or_else(missing)
    };
    let credentials = Credentials {
        ufrag: value("a=ice-ufrag:")?,
        pwd: value("a=ice-pwd:")?,
    };
    let (session, media) = lines.split_at(starts[0]);
    let default = session
        .iter()
        .copied()
        .find_map(direction)
        .unwrap_or("sendrecv");
    let mut sdp: Vec<&str> = session
        .iter()
        .copied()
        .filter(|line| direction(line).is_none())
        .collect();
    let mut summary = Summary::default();
    for section in sections(media) {
        one_way(section, default, side, &mut sdp, &mut summary);
    }
    let profile_level_id = summary.judge(side)?;
    Ok(Offer {
        sdp: sdp.join("\r\n") + "\r\n",
        profile_level_id,
        credentials,
    })
}

/// The offer `sdp` as it would have been with other ICE credentials, and without the candidates that went with the old ones.
pub(crate) fn renewed(sdp: &str, credentials: &Credentials) -> String {
    let mut text = String::with_capacity(sdp.len());
    for line in sdp.lines() {
        if line.starts_with("a=candidate:") || line.starts_with("a=end-of-candidates") {
            continue;
        }
        if line.starts_with("a=ice-ufrag:") {
            text.extend(["a=ice-ufrag:", &credentials.ufrag]);
        } else if line.starts_with("a=ice-pwd:") {
            text.extend(["a=ice-pwd:", &credentials.pwd]);
        } else {
            text.push_str(line);
        }
        text.push_str("\r\n");
    }
    text
}

#[derive(Default)]
struct Summary {
    pictures: usize,
    sounds: usize,
    opus: bool,
    profiles: Vec<u32>,
}

impl Summary {
    fn judge(&self, side: Side) -> Result<u32, OfferError> {
        match side {
            Side::Publish if self.pictures + self.sounds == 0 => {
                return Err(OfferError::NothingSent);
            }
            Side::Play if self.pictures + self.sounds == 0 => {
                return Err(OfferError::NothingReceived);
            }
            // RFC 9725 section 4.4.2: what is not supported is refused as a whole.
            _ if self.pictures > 1 || self.sounds > 1 => return Err(OfferError::TooMany),
            _ if self.sounds > 0 && !self.opus => return Err(OfferError::NoOpus),
            _ => {}
        }
        let best = self
            .profiles
            .iter()
            .copied()
            .min_by_key(|profile| preference(*profile));
        match best {
            None if self.pictures > 0 => Err(OfferError::NoH264),
            None => Ok(CONSTRAINED_BASELINE),
            Some(profile) if preference(profile) == 0 => Ok(CONSTRAINED_BASELINE),
            Some(profile) => Ok(profile & 0xff_ff_00 | 0x1f),
        }
    }
}

/// Constrained Baseline, Baseline, Main, anything else. `profile_idc` is the first byte; the second bit of the next says
/// that a Baseline stream is a constrained one.
fn preference(profile: u32) -> u8 {
    match (profile >> 16, profile & 0x40_00 != 0) {
        (0x42, true) => 0,
        (0x42, false) => 1,
        (0x4d, _) => 2,
        _ => 3,
    }
}

fn sections<'a, 'b>(media: &'b [&'a str]) -> impl Iterator<Item = &'b [&'a str]> {
    media.chunk_by(|_, next| !next.starts_with("m="))
}

fn direction(line: &str) -> Option<&str> {
    line.strip_prefix("a=")
        .filter(|way| matches!(*way, "sendrecv" | "sendonly" | "recvonly" | "inactive"))
}

/// Copies a media section; the direction becomes one-way, so that the answer is `recvonly` (RFC 9725 section 4.2) or
/// `sendonly`; simulcast is not offered to the stack, so that the client sends one layer.
fn one_way<'a>(
    section: &[&'a str],
    default: &'a str,
    side: Side,
    sdp: &mut Vec<&'a str>,
    summary: &mut Summary,
) {
    let offered = section
        .iter()
        .copied()
        .find_map(direction)
        .unwrap_or(default);
    let wanted = match (side, offered) {
        (Side::Publish, "sendrecv" | "sendonly") => "a=sendonly",
        (Side::Play, "sendrecv" | "recvonly") => "a=recvonly",
        _ => "a=inactive",
    };
    let media = section.first().copied().unwrap_or_default();
    let rtp = media.starts_with("m=audio") || media.starts_with("m=video");
    let simulcast = |line: &str| {
        ["a=simulcast:", "a=rid:", "a=ssrc-group:SIM"]
            .iter()
            .any(|p| line.starts_with(p))
    };
    sdp.extend(
        section
            .iter()
            .copied()
            .filter(|line| !rtp || direction(line).is_none() && !simulcast(line)),
    );
    if !rtp {
        return;
    }
    sdp.push(wanted);
    if wanted == "a=inactive" {
        return;
    }
    if media.starts_with("m=audio") {
        summary.sounds += 1;
        summary.opus |= section
            .iter()
            .any(|line| rtpmap(line).is_some_and(|(_, codec)| codec == "opus/48000/2"));
    } else {
        summary.pictures += 1;
        summary.profiles.extend(h264_profiles(section));
    }
}

/// Payload type and codec, in lower case.
fn rtpmap(line: &str) -> Option<(&str, String)> {
    let (payload_type, codec) = line.strip_prefix("a=rtpmap:")?.split_once(' ')?;
    Some((payload_type, codec.trim().to_ascii_lowercase()))
}

/// The profiles offered with packetization-mode=1. Without `profile-level-id` it is Baseline (RFC 6184 section 8.1).
fn h264_profiles(section: &[&str]) -> Vec<u32> {
    let h264 = section
        .iter()
        .filter_map(|line| rtpmap(line))
        .filter(|(_, codec)| codec == "h264/90000");
    h264.filter_map(|(payload_type, _)| {
        let parameters = section.iter().find_map(|line| {
            let (of, parameters) = line.strip_prefix("a=fmtp:")?.split_once(' ')?;
            (of == payload_type).then_some(parameters)
        })?;
        let value = |name: &str| {
            parameters.split(';').find_map(|p| {
                p.trim()
                    .split_once('=')
                    .filter(|(key, _)| key.eq_ignore_ascii_case(name))
            })
        };
        let fragments = value("packetization-mode").is_some_and(|(_, mode)| mode.trim() == "1");
        let profile = value("profile-level-id").map_or(Some(0x42_00_0a), |(_, id)| {
            u32::from_str_radix(id.trim(), 16).ok()
        });
        profile.filter(|profile| fragments && *profile <= 0xff_ff_ff)
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offer(video: &str, way: &str) -> String {
        format!(
            "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\na=ice-ufrag:abcd\r\na=ice-pwd:0123456789abcdefghijkl\r\n\
             m=audio 9 UDP/TLS/RTP/SAVPF 111\r\na={way}\r\na=rtpmap:111 opus/48000/2\r\n\
             m=video 9 UDP/TLS/RTP/SAVPF 96 97\r\na={way}\r\na=rid:h send\r\na=simulcast:send h;l\r\n{video}"
        )
    }

    const MAIN: &str = "a=rtpmap:96 H264/90000\r\na=fmtp:96 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=4d001f\r\n";
    const CONSTRAINED: &str =
        "a=rtpmap:97 h264/90000\r\na=fmtp:97 packetization-mode=1; profile-level-id=42C015\r\n";

    #[test]
    fn constrained_baseline_is_answered_when_it_is_there() {
        let read = read(
            &offer(&[MAIN, CONSTRAINED].concat(), "sendrecv"),
            Side::Publish,
        )
        .unwrap();
        assert_eq!(read.profile_level_id, 0x42e01f);
        assert_eq!(read.credentials.ufrag, "abcd");
    }

    #[test]
    fn another_profile_is_answered_as_offered() {
        assert_eq!(
            read(&offer(MAIN, "sendonly"), Side::Publish)
                .unwrap()
                .profile_level_id,
            0x4d001f
        );
    }

    #[test]
    fn the_answer_will_be_one_way_and_without_simulcast() {
        let sdp = read(&offer(MAIN, "sendrecv"), Side::Publish).unwrap().sdp;
        assert_eq!(sdp.matches("a=sendonly").count(), 2);
        assert!(!sdp.contains("sendrecv") && !sdp.contains("simulcast") && !sdp.contains("a=rid"));
        assert!(
            read(&offer(MAIN, "sendrecv"), Side::Play)
                .unwrap()
                .sdp
                .contains("a=recvonly")
        );
    }

    #[test]
    fn picture_without_h264_is_refused_in_words() {
        let vp8 = "a=rtpmap:96 VP8/90000\r\n";
        assert_eq!(
            read(&offer(vp8, "sendonly"), Side::Publish),
            Err(OfferError::NoH264)
        );
        let single_unit = MAIN.replace("packetization-mode=1", "packetization-mode=0");
        assert_eq!(
            read(&offer(&single_unit, "sendonly"), Side::Publish),
            Err(OfferError::NoH264)
        );
    }

    #[test]
    fn two_cameras_in_one_offer_are_refused_and_an_idle_one_is_not() {
        let one = offer(MAIN, "sendonly");
        let second = &one[one.find("m=video").unwrap()..];
        let two = [&one, second].concat();
        assert_eq!(read(&two, Side::Publish), Err(OfferError::TooMany));
        let idle = [&one, &second.replace("a=sendonly", "a=inactive")[..]].concat();
        assert!(read(&idle, Side::Publish).is_ok());
    }

    #[test]
    fn an_offer_is_renewed_in_its_credentials_alone() {
        let other = Credentials {
            ufrag: "wxyz".into(),
            pwd: "p".repeat(24),
        };
        let sdp = offer(MAIN, "sendonly");
        let candidate = "a=candidate:1 1 udp 1 192.0.2.1 9 typ host\r\n";
        let expected = sdp
            .replace(":abcd", ":wxyz")
            .replace("0123456789abcdefghijkl", &other.pwd);
        assert_eq!(renewed(&(sdp + candidate), &other), expected);
    }

    #[test]
    fn sound_alone_is_welcome() {
        let whole = offer(MAIN, "sendonly");
        let sound = &whole[..whole.find("m=video").unwrap()];
        assert!(read(sound, Side::Publish).is_ok());
    }

    #[test]
    fn the_wrong_way_is_refused() {
        assert_eq!(
            read(&offer(MAIN, "recvonly"), Side::Publish),
            Err(OfferError::NothingSent)
        );
        assert_eq!(
            read(&offer(MAIN, "sendonly"), Side::Play),
            Err(OfferError::NothingReceived)
        );
    }

    #[test]
    fn what_is_no_offer_is_said_to_be_none() {
        for text in [
            "",
            "hello",
            "v=0",
            "v=0\r\nm=audio",
            "{}",
            &"m=video\n".repeat(9000),
        ] {
            assert!(
                matches!(read(text, Side::Play), Err(OfferError::Malformed(_))),
                "{text:.20}"
            );
        }
    }
}
