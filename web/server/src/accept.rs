//! The accept loop: plain or TLS, header timeout, a bound on connections, and a drain that ends.
//! Knows nothing of what is served.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use axum::Router;
use axum::extract::ConnectInfo;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::Semaphore;
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::ServiceExt as _;

/// Connections held at once. When they are all taken a new one waits in the kernel's backlog. One that becomes a WebSocket
/// gives its place back: the queue has a bound of its own for those.
const CONNECTIONS_MAX: usize = 16_000;
/// A client has this long to send its request head (hyper applies none by default through axum).
const HEADER_TIMEOUT: Duration = Duration::from_secs(10);
/// A client that has not asked for anything by then is let go. The time for the head begins only once hyper knows the
/// version, which a client that sends nothing, or half an HTTP/2 preface, never tells.
const FIRST_REQUEST_TIMEOUT: Duration = Duration::from_secs(if cfg!(test) { 1 } else { 15 });
/// An HTTP/2 line is asked this often whether it is still there, and has [`HEADER_TIMEOUT`] to answer: a phone that left
/// without a word would keep its place for ever.
const PING: Duration = Duration::from_secs(30);
/// A client has this long to finish its TLS handshake.
const TLS_TIMEOUT: Duration = Duration::from_secs(10);
/// After the stop signal, open requests have this long to finish.
const DRAIN: Duration = Duration::from_secs(5);

/// What went through the door.
#[derive(Debug, Default)]
pub struct Traffic {
    accepted: AtomicU64,
    left: AtomicU64,
}

impl Traffic {
    /// Connections taken since the start.
    pub fn accepted(&self) -> u64 {
        self.accepted.load(Ordering::Relaxed)
    }

    /// Connections open now; one that became a WebSocket has left.
    pub fn open(&self) -> u64 {
        let left = self.left.load(Ordering::Relaxed);
        self.accepted().saturating_sub(left)
    }
}

/// Clients that may wait to be accepted, as far as the system allows: when a node starts again everybody knocks at once,
/// and who finds no place here tries again only a second later.
const BACKLOG: u32 = 4096;

/// Listens on `address`. Within a tokio runtime.
///
/// # Errors
/// The address cannot be had.
pub fn listen(address: SocketAddr) -> std::io::Result<TcpListener> {
    let socket = match address {
        SocketAddr::V4(_) => TcpSocket::new_v4()?,
        SocketAddr::V6(_) => TcpSocket::new_v6()?,
    };
    socket.set_reuseaddr(true)?; // a node that starts again takes its port from the lines of its former life
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

/// Serves `app` on `listener` until `stop` is cancelled, then drains for at most five seconds.
pub async fn serve(
    listener: TcpListener,
    tls: Option<TlsAcceptor>,
    app: Router,
    traffic: Arc<Traffic>,
    stop: CancellationToken,
) {
    let places = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    let open = TaskTracker::new();
    loop {
        let place = tokio::select! {
            () = stop.cancelled() => break,
            place = Arc::clone(&places).acquire_owned() => place,
        };
        let accepted = tokio::select! {
            () = stop.cancelled() => break,
            accepted = listener.accept() => accepted,
        };
        let (stream, from) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(Duration::from_millis(50)).await; // descriptors exhausted: let some close
                continue;
            }
        };
        let (app, tls, stop) = (app.clone(), tls.clone(), stop.clone());
        let traffic = Arc::clone(&traffic);
        traffic.accepted.fetch_add(1, Ordering::Relaxed);
        open.spawn(async move {
            connection(stream, from, tls, app, stop).await;
            traffic.left.fetch_add(1, Ordering::Relaxed);
            drop(place);
        });
    }
    open.close();
    if tokio::time::timeout(DRAIN, open.wait()).await.is_err() {
        tracing::info!("some connections were cut at the end of the drain");
    }
}

async fn connection(
    stream: TcpStream,
    from: SocketAddr,
    tls: Option<TlsAcceptor>,
    app: Router,
    stop: CancellationToken,
) {
    let _ = stream.set_nodelay(true);
    match tls {
        None => exchange(stream, from, app, stop).await,
        Some(tls) => {
            if let Ok(Ok(stream)) = tokio::time::timeout(TLS_TIMEOUT, tls.accept(stream)).await {
                exchange(stream, from, app, stop).await;
            }
        }
    }
}

async fn exchange<S>(stream: S, from: SocketAddr, app: Router, stop: CancellationToken)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let asked = CancellationToken::new();
    let first = asked.clone();
    let service = app.map_request(move |mut request: hyper::Request<hyper::body::Incoming>| {
        asked.cancel();
        request.extensions_mut().insert(ConnectInfo(from));
        request.map(axum::body::Body::new)
    });
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_TIMEOUT);
    builder
        .http2()
        .timer(TokioTimer::new())
        .keep_alive_interval(PING)
        .keep_alive_timeout(HEADER_TIMEOUT)
        .max_concurrent_streams(100);
    let connection = builder
        .serve_connection_with_upgrades(TokioIo::new(stream), TowerToHyperService::new(service));
    tokio::pin!(connection);
    let silent = async {
        let waited = tokio::time::timeout(FIRST_REQUEST_TIMEOUT, first.cancelled()).await;
        if waited.is_ok() {
            std::future::pending::<()>().await;
        }
    };
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = silent => return,
        () = stop.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%from, %error, "connection ended early");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    use axum::routing::get;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    async fn house() -> (SocketAddr, CancellationToken) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (address, stop) = (listener.local_addr().unwrap(), CancellationToken::new());
        let app = Router::new().route("/", get(async || "here"));
        tokio::spawn(serve(listener, None, app, Arc::default(), stop.clone()));
        (address, stop)
    }

    /// Says `said` and nothing more; true when the other side ends the line.
    async fn is_let_go(address: SocketAddr, said: &str) -> bool {
        let mut client = TcpStream::connect(address).await.unwrap();
        client.write_all(said.as_bytes()).await.unwrap();
        let mut rest = Vec::new();
        // Shorter than the time for a head: it is not that one which ends the line.
        tokio::time::timeout(HEADER_TIMEOUT / 2, client.read_to_end(&mut rest))
            .await
            .is_ok()
    }

    #[tokio::test]
    async fn who_asks_for_nothing_is_let_go() {
        let (address, _stop) = house().await;
        let preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
        let ended = tokio::join!(
            is_let_go(address, ""),
            is_let_go(address, "P"),
            is_let_go(address, preface),
            is_let_go(address, "GET / HTTP"),
        );
        assert_eq!(ended, (true, true, true, true));
    }

    #[tokio::test]
    async fn who_has_asked_may_take_their_time_to_ask_again() {
        let (address, _stop) = house().await;
        let mut client = TcpStream::connect(address).await.unwrap();
        for pause in [FIRST_REQUEST_TIMEOUT * 2, Duration::ZERO] {
            client
                .write_all(b"GET / HTTP/1.1\r\nHost: here\r\n\r\n")
                .await
                .unwrap();
            let mut answer = Vec::new();
            while !answer.ends_with(b"here") {
                assert!(client.read_buf(&mut answer).await.unwrap() > 0, "cut off");
            }
            tokio::time::sleep(pause).await;
        }
    }
}
