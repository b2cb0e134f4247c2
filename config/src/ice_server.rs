//! STUN and TURN servers that browsers and encoders are told of. Owns their form; never speaks to one.

use std::fmt;
use std::str::FromStr;

use serde::{Serialize, Serializer};

/// A server that helps who sits behind a strict network. Shows itself without its credential.
#[derive(Clone, PartialEq, Eq)]
pub struct IceServer {
    url: String,
    login: Option<(String, String)>,
}

/// What is wrong with one; never repeats the credential.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IceServerError {
    /// The address is none.
    #[error("{}", IceServer::EXPECTED)]
    Url,
    /// A TURN server wants both.
    #[error("username and credential beside a turn: address")]
    NoLogin,
    /// A STUN server wants neither.
    #[error("no username and no credential beside a stun: address")]
    Login,
    /// They travel in an HTTP header.
    #[error("username and credential of 1 to 250 characters, all of them printable ASCII")]
    Text,
}

impl IceServer {
    /// What an address looks like (RFC 7064, RFC 7065).
    pub const EXPECTED: &str =
        "stun:HOST[:PORT], turn:HOST[:PORT][?transport=udp or tcp], or the same with turns:";

    /// A server from its address, and for TURN its login.
    ///
    /// # Errors
    /// [`IceServerError`]
    pub fn new(
        url: &str,
        username: Option<&str>,
        credential: Option<&str>,
    ) -> Result<Self, IceServerError> {
        let (scheme, place) = url.split_once(':').ok_or(IceServerError::Url)?;
        let (place, transport) = match place.split_once("?transport=") {
            Some((place, transport)) => (place, Some(transport)),
            None => (place, None),
        };
        let turn = matches!(scheme, "turn" | "turns");
        let known = turn && matches!(transport, None | Some("udp" | "tcp"))
            || matches!(scheme, "stun" | "stuns") && transport.is_none();
        if !known || !is_place(place) {
            return Err(IceServerError::Url);
        }
        let login = match (turn, username, credential) {
            (true, Some(username), Some(credential)) => Some((username, credential)),
            (true, _, _) => return Err(IceServerError::NoLogin),
            (false, None, None) => None,
            (false, _, _) => return Err(IceServerError::Login),
        };
        let sendable = |text: &str| {
            (1..=250).contains(&text.len()) && text.bytes().all(|c| (b' '..=b'~').contains(&c))
        };
        if login.is_some_and(|(username, credential)| !sendable(username) || !sendable(credential))
        {
            return Err(IceServerError::Text);
        }
        Ok(Self {
            url: url.to_owned(),
            login: login.map(|(username, credential)| (username.to_owned(), credential.to_owned())),
        })
    }

    /// The value of a `Link` header (RFC 9725 section 4.6), credential included: for those who join alone.
    #[must_use]
    pub fn link(&self) -> String {
        let quoted = |text: &str| text.replace('\\', "\\\\").replace('"', "\\\"");
        let login = self.login.as_ref().map(|(username, credential)| {
            format!(
                "; username=\"{}\"; credential=\"{}\"; credential-type=\"password\"",
                quoted(username),
                quoted(credential)
            )
        });
        format!(
            "<{}>; rel=\"ice-server\"{}",
            self.url,
            login.unwrap_or_default()
        )
    }
}

fn is_place(place: &str) -> bool {
    let (host, port) = match place
        .strip_prefix('[')
        .and_then(|rest| rest.split_once(']'))
    {
        Some((v6, rest)) => (
            v6.parse::<std::net::Ipv6Addr>().is_ok(),
            rest.strip_prefix(':')
                .or((!rest.is_empty()).then_some(rest)),
        ),
        None => {
            let (host, port) = match place.split_once(':') {
                Some((host, port)) => (host, Some(port)),
                None => (place, None),
            };
            let named = |c: u8| c.is_ascii_alphanumeric() || matches!(c, b'.' | b'-');
            (
                (1..=253).contains(&host.len()) && host.bytes().all(named),
                port,
            )
        }
    };
    host && port.is_none_or(|port| port.parse::<u16>().is_ok_and(|port| port > 0))
}

/// `URL`, or `URL USERNAME CREDENTIAL`: how the environment names one.
impl FromStr for IceServer {
    type Err = IceServerError;

    fn from_str(text: &str) -> Result<Self, IceServerError> {
        let mut words = text.split_whitespace();
        let url = words.next().ok_or(IceServerError::Url)?;
        let (username, credential, more) = (words.next(), words.next(), words.next());
        if more.is_some() {
            return Err(IceServerError::Text);
        }
        Self::new(url, username, credential)
    }
}

impl fmt::Display for IceServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.url)
    }
}

impl fmt::Debug for IceServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{self}\"")
    }
}

impl Serialize for IceServer {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_those_of_the_standards() {
        for good in [
            "stun:stun.example.org",
            "stuns:192.0.2.1:5349",
            "stun:[2001:db8::1]:3478",
        ] {
            assert!(IceServer::new(good, None, None).is_ok(), "{good}");
        }
        for wrong in [
            "",
            "stun:",
            "stun",
            "http://a",
            "stun://a",
            "stun:a:0",
            "stun:a:99999",
            "stun:a b",
            "stun:a>b",
            "stun:[::1",
            "stun:[::1]x",
            "stun:a?transport=udp",
            "stun:a\"",
        ] {
            assert_eq!(
                IceServer::new(wrong, None, None),
                Err(IceServerError::Url),
                "{wrong}"
            );
        }
        let turn = |url| IceServer::new(url, Some("u"), Some("c"));
        assert!(turn("turn:a.example:3478?transport=udp").is_ok());
        assert!(turn("turns:a.example?transport=tcp").is_ok());
        assert_eq!(turn("turn:a?transport=sctp"), Err(IceServerError::Url));
    }

    #[test]
    fn a_login_belongs_to_turn_and_stays_hidden() {
        assert_eq!(
            IceServer::new("turn:a", Some("u"), None),
            Err(IceServerError::NoLogin)
        );
        assert_eq!(
            IceServer::new("stun:a", Some("u"), Some("c")),
            Err(IceServerError::Login)
        );
        assert_eq!(
            IceServer::new("turn:a", Some("u"), Some("c\r\n")),
            Err(IceServerError::Text)
        );
        let server: IceServer = "turn:a.example u\"s se\\cret".parse().unwrap();
        assert_eq!(
            server.link(),
            r#"<turn:a.example>; rel="ice-server"; username="u\"s"; credential="se\\cret"; credential-type="password""#
        );
        assert_eq!(
            format!("{server} {server:?}"),
            "turn:a.example \"turn:a.example\""
        );
        assert_eq!(
            IceServer::new("stun:a", None, None).unwrap().link(),
            "<stun:a>; rel=\"ice-server\""
        );
    }
}
