//! SDP fragments of trickle ICE (RFC 8840), the bodies of PATCH. Owns reading what a client sends and writing the answer to
//! an ICE restart; the candidates of a client are not read: this side is ICE-lite and answers whoever proves itself.

use crate::offer::Credentials;

/// Lengths of a user name fragment and of a password (RFC 8839 section 5.4).
const UFRAG: std::ops::RangeInclusive<usize> = 4..=256;
const PWD: std::ops::RangeInclusive<usize> = 22..=256;

/// What is wrong with a fragment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum FragmentError {
    #[error("the body is not an SDP fragment (RFC 8840): its lines begin with a= or m=")]
    Malformed,
    #[error("a=ice-ufrag and a=ice-pwd belong together")]
    Half,
    #[error(
        "a=ice-ufrag has 4 to 256 characters and a=ice-pwd 22 to 256, letters, digits, + and /"
    )]
    Credentials,
}

/// Reads a fragment: the credentials that it names, if it does.
pub(crate) fn read(body: &[u8]) -> Result<Option<Credentials>, FragmentError> {
    let text = std::str::from_utf8(body).map_err(|_| FragmentError::Malformed)?;
    let mut lines = text
        .lines()
        .map(str::trim_end)
        .filter(|line| !line.is_empty())
        .peekable();
    let known = |line: &&str| line.starts_with("a=") || line.starts_with("m=");
    if lines.peek().is_none() || !lines.all(|line| known(&line)) {
        return Err(FragmentError::Malformed);
    }
    let value = |name: &str| {
        text.lines()
            .find_map(|line| line.trim_end().strip_prefix(name))
    };
    match (value("a=ice-ufrag:"), value("a=ice-pwd:")) {
        (None, None) => Ok(None),
        (Some(ufrag), Some(pwd)) if sound(ufrag, &UFRAG) && sound(pwd, &PWD) => {
            Ok(Some(Credentials {
                ufrag: ufrag.to_owned(),
                pwd: pwd.to_owned(),
            }))
        }
        (Some(_), Some(_)) => Err(FragmentError::Credentials),
        _ => Err(FragmentError::Half),
    }
}

fn sound(value: &str, length: &std::ops::RangeInclusive<usize>) -> bool {
    let ice_char = |c: u8| c.is_ascii_alphanumeric() || c == b'+' || c == b'/';
    length.contains(&value.len()) && value.bytes().all(ice_char)
}

/// What of an answer concerns ICE: the lines of the session, and of the first media line, which stands for the bundle.
pub(crate) fn of_answer(sdp: &str) -> String {
    let media = sdp.find("\nm=").map_or(sdp.len(), |at| at + 1);
    let (session, media) = sdp.split_at(media);
    let first = media.get(1..).and_then(|rest| rest.find("\nm="));
    let first = &media[..first.map_or(media.len(), |at| at + 2)];
    let kept = |line: &&str, names: &[&str]| names.iter().any(|name| line.starts_with(name));
    let of_session = ["a=ice-lite", "a=ice-options:", "a=group:BUNDLE"];
    let of_media = ["m=", "a=mid:", "a=ice-ufrag:", "a=ice-pwd:", "a=candidate:"];
    let session = session.lines().filter(|line| kept(line, &of_session));
    let first = first.lines().filter(|line| kept(line, &of_media));
    let mut text = session
        .chain(first)
        .fold(String::new(), |text, line| text + line.trim_end() + "\r\n");
    text.push_str("a=end-of-candidates\r\n");
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    const PASSWORD: &str = "vw5LmwG4y/e6dPP/zAP9Gp5k";

    #[test]
    fn a_restart_is_seen_wherever_its_credentials_stand() {
        let bare = format!("a=ice-ufrag:ysXw\r\na=ice-pwd:{PASSWORD}\r\n");
        let browser = format!(
            "a=ice-options:trickle\r\na=group:BUNDLE 0 1\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=mid:0\r\n{bare}\
             a=candidate:1 1 udp 2122260223 192.0.2.1 61764 typ host\r\na=end-of-candidates\r\n"
        );
        for text in [bare, browser] {
            let read = read(text.as_bytes()).unwrap().unwrap();
            assert_eq!((read.ufrag.as_str(), read.pwd.as_str()), ("ysXw", PASSWORD));
        }
        assert_eq!(
            read(b"m=audio 9 RTP/AVP 0\na=mid:0\na=end-of-candidates"),
            Ok(None)
        );
    }

    #[test]
    fn what_is_no_fragment_is_told_apart() {
        for garbage in [
            &b""[..],
            b"\r\n",
            b"{}",
            b"\x00\x01",
            b"\xff\xfe",
            b"v=0\r\na=x",
        ] {
            assert_eq!(read(garbage), Err(FragmentError::Malformed), "{garbage:?}");
        }
        assert_eq!(read(b"a=ice-ufrag:ysXw"), Err(FragmentError::Half));
        assert_eq!(
            read(b"a=ice-ufrag:ysXw\r\na=ice-pwd:short"),
            Err(FragmentError::Credentials)
        );
        let spaced = format!("a=ice-ufrag:ys Xw\r\na=ice-pwd:{PASSWORD}");
        assert_eq!(read(spaced.as_bytes()), Err(FragmentError::Credentials));
    }

    #[test]
    fn an_answer_is_cut_down_to_what_a_restart_changes() {
        let answer = "v=0\r\no=- 1 2 IN IP4 0.0.0.0\r\ns=-\r\na=group:BUNDLE 0 1\r\na=ice-lite\r\n\
            m=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=mid:0\r\na=ice-ufrag:a\r\na=ice-pwd:b\r\na=rtcp-mux\r\n\
            a=candidate:1 1 udp 1 192.0.2.1 8190 typ host\r\n\
            m=video 9 UDP/TLS/RTP/SAVPF 102\r\na=mid:1\r\na=ice-ufrag:a\r\n";
        assert_eq!(
            of_answer(answer),
            "a=group:BUNDLE 0 1\r\na=ice-lite\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=mid:0\r\na=ice-ufrag:a\r\n\
             a=ice-pwd:b\r\na=candidate:1 1 udp 1 192.0.2.1 8190 typ host\r\na=end-of-candidates\r\n"
        );
    }
}
