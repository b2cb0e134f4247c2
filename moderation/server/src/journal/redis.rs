//! The journal several nodes share: a Redis Stream, one entry `{seq}-0` for each row, appended by a script that looks
//! at the last entry first, so that rows that do not follow it are not stored. Commands of Redis 7.0 and Valkey only;
//! not for Redis Cluster.

mod line;
mod scripts;

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use futures_util::future::BoxFuture;
use redis::{Client, cmd};
use tokio::{
    sync::watch,
    task::JoinHandle,
    time::{Instant, sleep},
};

use super::{Durability, Journal, JournalError, PIECE, Row, SNAPSHOTS_KEPT, Shared, Snapshot};
use line::{Line, PAUSE};

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(2);
/// How long a start waits for a Redis that is starting too.
const STARTING: Duration = Duration::from_secs(10);
/// A turn ends by itself after this long: so long others wait for a node that died in its turn.
const TURN: Duration = Duration::from_millis(1_000);
/// How long a node waits for its turn before it says that it cannot write.
const TURN_PATIENCE: Duration = Duration::from_secs(3);
/// How often a node asks for its turn.
const TURN_ASKED: Duration = Duration::from_millis(2);
/// How long one look for news lasts.
const LOOK: Duration = Duration::from_secs(2);
/// Pieces of a snapshot whose writer died are forgotten after this long.
const PIECES_KEPT_S: usize = 3_600;

type Answer<T> = Result<T, JournalError>;
/// An entry as `XRANGE` gives it: id, then names and values in turn.
type Entry = (String, Vec<Vec<u8>>);

/// Handle to one event's stream.
pub struct RedisJournal {
    line: Arc<Line>,
    keys: Keys,
    /// Who we are when taking turns.
    holder: String,
    durability: Durability,
    /// The last row this node has seen in the stream.
    seen: Arc<AtomicU64>,
    news: watch::Receiver<News>,
    /// The [`News::turns`] that [`Shared::news`] has told of.
    told: AtomicU64,
    tail: JoinHandle<()>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct News {
    last: u64,
    /// Times the line was made or broke.
    turns: u64,
}

#[derive(Debug, Clone)]
struct Keys {
    stream: String,
    turn: String,
    snapshots: String,
    /// Before the name of a snapshot's pieces.
    pieces: String,
}

impl Keys {
    fn of(event: &str) -> Self {
        let stream = format!("pleniere:{event}:questions");
        Self {
            turn: format!("{stream}:turn"),
            snapshots: format!("{stream}:snapshots"),
            pieces: format!("{stream}:snapshot:"),
            stream,
        }
    }
}

impl RedisJournal {
    /// Connects, and says in the log what this Redis loses when it dies. Waits up to ten seconds for one that is just
    /// starting. `url`: `redis://`, `rediss://` or `unix:`.
    ///
    /// # Errors
    /// [`JournalError::Store`]: no such address, nobody there, or a server on another machine without a password.
    pub async fn open(url: &str, event: &str) -> Answer<Self> {
        // For rediss://: of the two that rustls may be built with. Refused when there is one already, which is as good.
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let client = Client::open(url).map_err(|error| {
            JournalError::Store(format!(
                "the address of Redis ({error}): expected redis://[name:password@]host[:port][/database], the same \
                 with rediss://, or unix:/path/to/socket"
            ))
        })?;
        if !line::is_guarded(&client) {
            let name = client.get_connection_info().addr();
            return Err(JournalError::Store(format!(
                "Redis at {name} is on another machine and the address has no password, so anybody there could write \
                 questions: set `requirepass` or an ACL user there, and write redis://name:password@host (only \
                 127.0.0.1, ::1, localhost and unix sockets go without)"
            )));
        }
        let line = Arc::new(Line::new(client.clone(), PATIENCE));
        let durability = started(&line).await?;
        match durability {
            Durability::Always => tracing::info!(event, "questions in Redis: {durability}"),
            _ => tracing::warn!(event, "questions in Redis: {durability}"),
        }
        warn_of_eviction(&line).await;
        let keys = Keys::of(event);
        let seen = Arc::new(AtomicU64::new(0));
        let (tell, news) = watch::channel(News::default());
        let tail = tokio::spawn(tail(
            Line::new(client, LOOK + PATIENCE),
            keys.stream.clone(),
            Arc::clone(&seen),
            tell,
        ));
        let holder = random_name()?;
        let told = AtomicU64::new(1);
        Ok(Self {
            line,
            keys,
            holder,
            durability,
            seen,
            news,
            told,
            tail,
        })
    }

    async fn try_turn(&self, after: u64, limit: usize) -> Answer<Option<Vec<Row>>> {
        let mut turn = scripts::TURN.key(&self.keys.stream);
        turn.key(&self.keys.turn)
            .arg(&self.holder)
            .arg(TURN.as_millis() as u64)
            .arg(format!("{}-0", after + 1))
            .arg(limit);
        let found: Option<Vec<Entry>> = self.line.run(&turn).await?;
        let rows = found.map(|found| self.rows(found)).transpose()?;
        self.saw(rows.iter().flatten().last().map_or(0, |row| row.seq));
        Ok(rows)
    }

    fn rows(&self, found: Vec<Entry>) -> Answer<Vec<Row>> {
        let rows = found.into_iter().map(|entry| row(entry, &self.keys.stream));
        rows.collect()
    }

    /// The writer of this node knows the rows up to here, so there is no need to tell it of them.
    fn saw(&self, seq: u64) {
        self.seen.fetch_max(seq, Ordering::Relaxed);
    }

    async fn store_pieces(&self, key: &str, bytes: &[u8]) -> Answer<()> {
        for (number, piece) in bytes.chunks(PIECE).enumerate() {
            let () = self
                .line
                .ask(cmd("HSET").arg(key).arg(number).arg(piece))
                .await?;
            let () = self
                .line
                .ask(cmd("EXPIRE").arg(key).arg(PIECES_KEPT_S))
                .await?;
        }
        Ok(())
    }

    async fn load_pieces(&self, key: &str) -> Answer<Vec<u8>> {
        let mut bytes = Vec::new();
        for number in 0_u64.. {
            let piece: Option<Vec<u8>> = self.line.ask(cmd("HGET").arg(key).arg(number)).await?;
            match piece {
                Some(piece) => bytes.extend(piece),
                None => break,
            }
        }
        Ok(bytes)
    }
}

impl Journal for RedisJournal {
    fn load(&self, after: u64, limit: usize) -> BoxFuture<'_, Answer<Vec<Row>>> {
        Box::pin(async move {
            let mut range = cmd("XRANGE");
            let first = format!("{}-0", after + 1);
            range
                .arg(&self.keys.stream)
                .arg(first)
                .arg("+")
                .arg("COUNT")
                .arg(limit.min(10_000));
            let found = self.line.ask(&range).await?;
            self.rows(found)
        })
    }

    fn append(&self, rows: Vec<Row>) -> BoxFuture<'_, Answer<()>> {
        Box::pin(async move {
            let Some(first) = rows.first().map(|row| row.seq) else {
                return Ok(());
            };
            let before = first.saturating_sub(1);
            if let Some(seq) = super::misfit(&rows, before) {
                return Err(JournalError::Conflict { seq });
            }
            let mut append = scripts::APPEND.key(&self.keys.stream);
            append.key(&self.keys.turn).arg(&self.holder).arg(before);
            for row in &rows {
                let command = row.command.as_ref().map_or(&[][..], |key| key);
                append
                    .arg(row.at)
                    .arg(row.version)
                    .arg(&row.event)
                    .arg(command);
                append.arg(row.answer.as_deref().unwrap_or_default());
            }
            let answer: i64 = self.line.run(&append).await?;
            if answer >= 0 {
                return Err(JournalError::Conflict { seq: first });
            }
            self.saw(before + rows.len() as u64);
            Ok(())
        })
    }

    fn snapshot(&self, below: u64) -> BoxFuture<'_, Answer<Option<Snapshot>>> {
        Box::pin(async move {
            let listed: HashMap<u64, String> = self
                .line
                .ask(cmd("HGETALL").arg(&self.keys.snapshots))
                .await?;
            let older = listed.iter().filter(|(seq, _)| **seq < below);
            let Some((seq, listed)) = older.max_by_key(|(seq, _)| **seq) else {
                return Ok(None);
            };
            let (version, name) = listed.split_once(' ').unwrap_or_default();
            let bytes = self
                .load_pieces(&format!("{}{name}", self.keys.pieces))
                .await?;
            let version = version.parse().unwrap_or_default(); // unreadable, like an unknown version
            Ok(Some(Snapshot {
                seq: *seq,
                version,
                bytes,
            }))
        })
    }

    fn save_snapshot(&self, snapshot: Snapshot) -> BoxFuture<'_, Answer<()>> {
        Box::pin(async move {
            let key = format!("{}{}", self.keys.pieces, random_name()?);
            self.store_pieces(&key, &snapshot.bytes).await?;
            let mut list = scripts::LIST.key(&self.keys.snapshots);
            list.key(key)
                .arg(snapshot.seq)
                .arg(snapshot.version)
                .arg(SNAPSHOTS_KEPT)
                .arg(&self.keys.pieces);
            self.line.run(&list).await
        })
    }

    fn durability(&self) -> Durability {
        self.durability
    }

    fn shared(&self) -> Option<&dyn Shared> {
        Some(self)
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        self.tail.abort();
        self.pass()
    }
}

impl Shared for RedisJournal {
    fn turn(&self, after: u64, limit: usize) -> BoxFuture<'_, Answer<Vec<Row>>> {
        Box::pin(async move {
            let until = Instant::now() + TURN_PATIENCE;
            loop {
                if let Some(rows) = self.try_turn(after, limit).await? {
                    return Ok(rows);
                }
                if Instant::now() > until {
                    let error = "other nodes write without pause; this one did not get its turn";
                    return Err(JournalError::Store(error.to_owned()));
                }
                sleep(TURN_ASKED).await;
            }
        })
    }

    fn pass(&self) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            let mut pass = scripts::PASS.key(&self.keys.turn);
            pass.arg(&self.holder);
            let passed: Answer<()> = self.line.run(&pass).await;
            if let Err(error) = passed {
                tracing::debug!(%error, "the turn ends by itself");
            }
        })
    }

    fn news(&self, after: u64) -> BoxFuture<'_, ()> {
        let mut news = self.news.clone();
        Box::pin(async move {
            let told = self.told.load(Ordering::Relaxed);
            let fresh = |news: &News| news.last > after || news.turns > told;
            let turns = news.wait_for(fresh).await.map(|news| news.turns);
            match turns {
                Ok(turns) => self.told.store(turns.max(told), Ordering::Relaxed),
                Err(_) => std::future::pending().await, // closed
            }
        })
    }
}

impl Drop for RedisJournal {
    fn drop(&mut self) {
        self.tail.abort();
    }
}

/// Watches the stream for rows this node has not seen, and the line itself. Only rings; whoever is told reads the rows,
/// or finds that they cannot be read.
async fn tail(line: Line, stream: String, seen: Arc<AtomicU64>, tell: watch::Sender<News>) {
    let (mut news, mut connected, mut pause) = (News::default(), false, Duration::ZERO);
    loop {
        let newest = if connected {
            let after = seen.load(Ordering::Relaxed).max(news.last);
            look(&line, &stream, after).await
        } else {
            // The stream may be another, shorter one when Redis is back: what was seen counts no more.
            let newest = newest(&line, &stream).await;
            newest.inspect(|newest| seen.store(*newest, Ordering::Relaxed))
        };
        news.turns += u64::from(connected != newest.is_ok());
        connected = newest.is_ok();
        if let Ok(last) = newest {
            news.last = last;
        }
        tell.send_if_modified(|told| std::mem::replace(told, news) != news);
        if connected {
            pause = Duration::ZERO;
        } else {
            pause = (pause * 2).clamp(PAUSE.0, PAUSE.1);
            sleep(pause).await;
        }
    }
}

/// Number of the last row of the stream, 0 when it is empty.
async fn newest(line: &Line, stream: &str) -> Answer<u64> {
    let mut last = cmd("XREVRANGE");
    last.arg(stream).arg("+").arg("-").arg("COUNT").arg(1);
    let found: Vec<Entry> = line.ask(&last).await?;
    Ok(found.first().and_then(|(id, _)| seq(id)).unwrap_or(0))
}

/// Number of the next row after `after`; `after` itself when none came for a while.
async fn look(line: &Line, stream: &str, after: u64) -> Answer<u64> {
    let mut read = cmd("XREAD");
    read.arg("COUNT")
        .arg(1)
        .arg("BLOCK")
        .arg(LOOK.as_millis() as u64);
    read.arg("STREAMS").arg(stream).arg(format!("{after}-0"));
    let found: Option<Vec<(String, Vec<Entry>)>> = line.ask(&read).await?;
    let mut entries = found.into_iter().flatten().flat_map(|(_, entries)| entries);
    Ok(entries.next().and_then(|(id, _)| seq(&id)).unwrap_or(after))
}

async fn started(line: &Line) -> Answer<Durability> {
    let until = Instant::now() + STARTING;
    loop {
        match durability(line).await {
            Err(_) if Instant::now() < until => sleep(Duration::from_millis(200)).await,
            known_or_late => return known_or_late,
        }
    }
}

async fn durability(line: &Line) -> Answer<Durability> {
    let () = line.ask(&cmd("PING")).await?;
    let (log, sync) = (
        setting(line, "appendonly").await,
        setting(line, "appendfsync").await,
    );
    Ok(match (log.as_deref(), sync.as_deref()) {
        (Some("no"), _) => Durability::None,
        (Some(_), Some("always")) => Durability::Always,
        (Some(_), Some("everysec")) => Durability::EverySecond,
        (Some(_), Some(_)) => Durability::None,
        _ => {
            let info: String = line
                .ask(cmd("INFO").arg("persistence"))
                .await
                .unwrap_or_default();
            if info.contains("aof_enabled:0") {
                Durability::None
            } else {
                Durability::Unknown
            }
        }
    })
}

/// A setting of the server; none when it does not tell this user.
async fn setting(line: &Line, name: &str) -> Option<String> {
    let pair: Vec<String> = line.ask(cmd("CONFIG").arg("GET").arg(name)).await.ok()?;
    pair.into_iter().nth(1)
}

/// A Redis that makes room by throwing keys away would throw away the questions.
async fn warn_of_eviction(line: &Line) {
    let (most, policy) = (
        setting(line, "maxmemory").await,
        setting(line, "maxmemory-policy").await,
    );
    if most.is_some_and(|most| most != "0")
        && policy
            .as_deref()
            .is_some_and(|policy| policy.starts_with("allkeys"))
    {
        tracing::warn!(
            "this Redis throws away any key when its memory is full, the questions too: `CONFIG SET maxmemory-policy noeviction`"
        );
    }
}

fn seq(id: &str) -> Option<u64> {
    id.split_once('-')?.0.parse().ok()
}

fn row((id, fields): Entry, stream: &str) -> Answer<Row> {
    let unreadable = || {
        JournalError::Store(format!(
            "row {id} of {stream} cannot be read: somebody else wrote to this key; restore Redis from a backup"
        ))
    };
    let field = |name: &str| {
        let found = fields
            .chunks_exact(2)
            .find(|pair| pair[0] == name.as_bytes());
        found.map(|pair| pair[1].clone()).ok_or_else(unreadable)
    };
    let text = |name| String::from_utf8(field(name)?).map_err(|_| unreadable());
    let (command, answer) = (field("command")?, text("answer")?);
    Ok(Row {
        seq: seq(&id).ok_or_else(unreadable)?,
        at: text("at")?.parse().map_err(|_| unreadable())?,
        version: text("version")?.parse().map_err(|_| unreadable())?,
        event: text("event")?,
        command: if command.is_empty() {
            None
        } else {
            Some(command.try_into().map_err(|_| unreadable())?)
        },
        answer: (!answer.is_empty()).then_some(answer),
    })
}

fn random_name() -> Answer<String> {
    let mut bytes = [0; 8];
    getrandom::fill(&mut bytes).map_err(|error| JournalError::Store(error.to_string()))?;
    Ok(format!("{:016x}", u64::from_ne_bytes(bytes)))
}
