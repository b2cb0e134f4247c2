//! The two HTTP requests of WHIP and WHEP: POST an offer, DELETE the resource. Plain HTTP/1.1, one TCP connection each.

use std::net::IpAddr;

use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HOST, LOCATION};
use hyper::{Method, Request, Response, StatusCode, Uri};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use crate::connection::JoinError;

/// Largest answer accepted, in bytes.
const ANSWER_MAX: usize = 64 * 1024;
/// Characters of a refusal kept for the log.
const DETAIL_MAX: usize = 300;

/// A resource on a server: where it is and whose it is.
#[derive(Clone, Debug)]
pub(crate) struct Resource {
    authority: String,
    path: String,
    bearer: Option<String>,
}

impl Resource {
    /// From an absolute `http` URL.
    pub(crate) fn parse(url: &str, bearer: Option<&str>) -> Result<Self, JoinError> {
        let uri: Uri = url
            .parse()
            .map_err(|_| JoinError::Address(url.to_owned()))?;
        match (uri.scheme_str(), uri.authority(), uri.path_and_query()) {
            (Some("http"), Some(authority), Some(path)) => Ok(Self {
                authority: authority.to_string(),
                path: path.to_string(),
                bearer: bearer.map(str::to_owned),
            }),
            _ => Err(JoinError::Address(url.to_owned())),
        }
    }

    /// The `Location` of an answer, on the same server only.
    fn beside(&self, location: &str) -> Option<Self> {
        let uri: Uri = location.parse().ok()?;
        if uri
            .authority()
            .is_some_and(|authority| authority.as_str() != self.authority)
        {
            return None;
        }
        Some(Self {
            path: uri.path_and_query()?.to_string(),
            ..self.clone()
        })
    }

    /// Connects; the address of this machine that reaches the server comes along.
    pub(crate) async fn reach(&self) -> Result<(TcpStream, IpAddr), JoinError> {
        let unreachable =
            |error: std::io::Error| JoinError::Unreachable(format!("{}: {error}", self.authority));
        let address = if self
            .authority
            .rsplit(']')
            .next()
            .is_some_and(|port| port.contains(':'))
        {
            self.authority.clone()
        } else {
            format!("{}:80", self.authority)
        };
        let stream = TcpStream::connect(address).await.map_err(unreachable)?;
        let local = stream.local_addr().map_err(unreachable)?.ip();
        Ok((stream, local))
    }

    /// Posts an offer; gives the answer and the resource made for it.
    pub(crate) async fn post_offer(
        &self,
        stream: TcpStream,
        offer: String,
        headers: &[(&str, &str)],
    ) -> Result<(String, Option<Self>), JoinError> {
        let mut request = self
            .request(Method::POST)
            .header(CONTENT_TYPE, "application/sdp");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request
            .body(Full::from(offer))
            .map_err(|error| JoinError::Address(error.to_string()))?;
        let (response, body) = send(stream, request).await?;
        match response.status() {
            StatusCode::CREATED => {
                let location = response
                    .headers()
                    .get(LOCATION)
                    .and_then(|location| location.to_str().ok());
                Ok((body, location.and_then(|location| self.beside(location))))
            }
            StatusCode::CONFLICT => Err(JoinError::SeatTaken),
            status => Err(JoinError::Refused {
                status: status.as_u16(),
                detail: body.chars().take(DETAIL_MAX).collect(),
            }),
        }
    }

    /// Ends the resource.
    pub(crate) async fn delete(&self) -> Result<(), JoinError> {
        let (stream, _) = self.reach().await?;
        let request = self.request(Method::DELETE).body(Full::default());
        let request = request.map_err(|error| JoinError::Address(error.to_string()))?;
        send(stream, request).await.map(drop)
    }

    fn request(&self, method: Method) -> hyper::http::request::Builder {
        let request = Request::builder()
            .method(method)
            .uri(&self.path)
            .header(HOST, &self.authority);
        match &self.bearer {
            Some(bearer) => request.header(AUTHORIZATION, format!("Bearer {bearer}")),
            None => request,
        }
    }
}

async fn send(
    stream: TcpStream,
    request: Request<Full<Bytes>>,
) -> Result<(Response<()>, String), JoinError> {
    let broken = |error: hyper::Error| JoinError::Unreachable(error.to_string());
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
        .await
        .map_err(broken)?;
    let driver = tokio::spawn(connection);
    let answered = async {
        let (parts, body) = sender
            .send_request(request)
            .await
            .map_err(broken)?
            .into_parts();
        let body = Limited::new(body, ANSWER_MAX).collect().await;
        let body = body
            .map_err(|error| JoinError::Unreachable(error.to_string()))?
            .to_bytes();
        Ok((
            Response::from_parts(parts, ()),
            String::from_utf8_lossy(&body).into_owned(),
        ))
    };
    let answer = answered.await;
    driver.abort();
    answer
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_http_addresses_are_taken() {
        assert!(Resource::parse("http://127.0.0.1:80/e/x/whip/nancy", None).is_ok());
        for wrong in [
            "",
            "nonsense",
            "https://a/b",
            "ftp://a/b",
            "/e/x",
            "http://",
        ] {
            assert!(
                matches!(Resource::parse(wrong, None), Err(JoinError::Address(_))),
                "{wrong}"
            );
        }
    }

    #[test]
    fn a_location_on_another_server_is_not_followed() {
        let whip = Resource::parse("http://a:1/whip", Some("key")).unwrap();
        assert_eq!(whip.beside("/s/1").unwrap().path, "/s/1");
        assert_eq!(whip.beside("http://a:1/s/2").unwrap().path, "/s/2");
        assert!(whip.beside("http://b:1/s/2").is_none());
    }
}
