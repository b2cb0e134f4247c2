//! A connection to Redis that is made again when it broke, and the words for what went wrong. Whoever asks while Redis
//! is away is told so at once or within seconds; nothing waits for it to come back.

use std::{
    net::IpAddr,
    time::{Duration, Instant},
};

use redis::{
    AsyncConnectionConfig, Client, Cmd, ConnectionAddr, ErrorKind, FromRedisValue, RedisError,
    ScriptInvocation, ServerErrorKind, aio::MultiplexedConnection,
};
use tokio::sync::Mutex;

use super::super::JournalError;

/// How long a connection may take.
const CONNECT: Duration = Duration::from_secs(2);
/// After a failed attempt the next one waits this long, then twice as long each time up to the second value.
pub(super) const PAUSE: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(1));

pub(super) struct Line {
    client: Client,
    name: String,
    config: AsyncConnectionConfig,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    connection: Option<MultiplexedConnection>,
    /// Counts connections made, so that who finds one broken does not throw away its successor.
    made: u64,
    failed: Option<Failed>,
}

struct Failed {
    at: Instant,
    pause: Duration,
    error: JournalError,
}

impl Line {
    /// A line to where the client points; `patience` is how long an answer may take.
    pub(super) fn new(client: Client, patience: Duration) -> Self {
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(CONNECT))
            .set_response_timeout(Some(patience));
        let name = client.get_connection_info().addr().to_string();
        Self {
            client,
            name,
            config,
            state: Mutex::default(),
        }
    }

    /// Asks, and gives the answer; a nil is an error unless `T` is an option.
    pub(super) async fn ask<T: FromRedisValue>(&self, cmd: &Cmd) -> Result<T, JournalError> {
        let (mut connection, made) = self.connection().await?;
        let answer = cmd.query_async(&mut connection).await;
        self.checked(answer, made).await
    }

    /// Runs a script.
    pub(super) async fn run<T: FromRedisValue>(
        &self,
        script: &ScriptInvocation<'_>,
    ) -> Result<T, JournalError> {
        let (mut connection, made) = self.connection().await?;
        let answer = script.invoke_async(&mut connection).await;
        self.checked(answer, made).await
    }

    async fn connection(&self) -> Result<(MultiplexedConnection, u64), JournalError> {
        let mut state = self.state.lock().await;
        if let Some(connection) = &state.connection {
            return Ok((connection.clone(), state.made));
        }
        if let Some(failed) = &state.failed
            && failed.at.elapsed() < failed.pause
        {
            return Err(failed.error.clone());
        }
        let config = self.config.clone();
        match self
            .client
            .get_multiplexed_async_connection_with_config(&config)
            .await
        {
            Ok(connection) => {
                if state.failed.take().is_some() {
                    tracing::info!(redis = self.name, "Redis is back");
                }
                state.made += 1;
                state.connection = Some(connection.clone());
                Ok((connection, state.made))
            }
            Err(error) => {
                let error = self.failure(&error);
                if state.failed.is_none() {
                    tracing::warn!(%error, "no line to Redis; it is tried again until there is one");
                }
                let before = state
                    .failed
                    .take()
                    .map_or(Duration::ZERO, |failed| failed.pause * 2);
                let pause = before.clamp(PAUSE.0, PAUSE.1);
                state.failed = Some(Failed {
                    at: Instant::now(),
                    pause,
                    error: error.clone(),
                });
                Err(error)
            }
        }
    }

    async fn checked<T>(
        &self,
        answer: Result<T, RedisError>,
        made: u64,
    ) -> Result<T, JournalError> {
        match answer {
            Ok(value) => Ok(value),
            Err(error) => {
                if error.is_unrecoverable_error() || error.is_io_error() {
                    let mut state = self.state.lock().await;
                    if state.made == made {
                        state.connection = None;
                    }
                }
                Err(self.failure(&error))
            }
        }
    }

    /// What went wrong, and what to do about it. Never holds the password: `name` has none.
    fn failure(&self, error: &RedisError) -> JournalError {
        let remedy = match error.kind() {
            ErrorKind::Io if error.is_connection_refusal() => "; start it, or mend the address",
            ErrorKind::Io if error.to_string().contains("certificate") => {
                "; have this machine trust who signed its certificate (update-ca-certificates, or a file named in \
                 SSL_CERT_FILE), and call it by the name written there"
            }
            ErrorKind::AuthenticationFailed => "; mend name and password in the address",
            ErrorKind::Server(ServerErrorKind::NoPerm) => {
                "; allow this user the keys pleniere:* and the commands of docs/operating.md"
            }
            ErrorKind::Server(ServerErrorKind::ReadOnly) => "; it is a replica: name the primary",
            _ => match error.code() {
                Some("NOAUTH" | "WRONGPASS") => "; mend name and password in the address",
                Some("MISCONF") => "; its disk is full or fails: make room there",
                Some("OOM") => "; its maxmemory is used up: raise it",
                Some("WRONGTYPE") => "; this key is somebody else's: use another database number",
                _ => "",
            },
        };
        JournalError::Store(format!("Redis at {}: {error}{remedy}", self.name))
    }
}

/// Whether questions may be kept there: on this machine, or behind a password.
pub(super) fn is_guarded(client: &Client) -> bool {
    let info = client.get_connection_info();
    let here = match info.addr() {
        ConnectionAddr::Tcp(host, _) | ConnectionAddr::TcpTls { host, .. } => {
            let ip = host.trim_matches(['[', ']']).parse::<IpAddr>();
            host == "localhost" || ip.is_ok_and(|ip| ip.is_loopback())
        }
        ConnectionAddr::Unix(_) => true,
        _ => false,
    };
    here || info
        .redis_settings()
        .password()
        .is_some_and(|password| !password.is_empty())
}
