//! The task that owns the state: decide, store, then tell. With other nodes on the same journal: take turns, take in
//! what they wrote, then decide.

use std::{sync::Arc, time::Duration};

use pleniere_moderation_core::{Actor, Command, EVENT_VERSION, Event, apply, decide, to_stored};
use tokio::{
    sync::{mpsc, oneshot, watch},
    time::Instant,
};
use tokio_util::sync::CancellationToken;

use super::{
    Input, OpenError,
    ledger::{Ledger, Origin, PAGE, digest},
    notices::Notices,
    now,
    publish::Views,
    snapshots::Snapshots,
};
use crate::{
    history::REACH,
    journal::{Journal, JournalError, Row},
    refusal::{Refusal, RefusalCode},
    views::{About, StatusView, current},
    wire::PastOf,
};

/// Commands decided and stored together at most.
const BATCH: usize = 1024;
/// How often a batch is decided when others write first each time.
const TRIES: usize = 5;
/// How long votes are gathered before they are told, at least.
const GATHER: Duration = Duration::from_millis(200);
/// And so long for each who reads: votes take about 38,000 deliveries a second at most, less than half a core. Ten thousand
/// are told every 0.26 s.
const GATHER_EACH: Duration = Duration::from_micros(26);
/// How long votes wait for others to be stored with, in one sync instead of many; who does anything else waits for nobody.
const TOGETHER: Duration = Duration::from_millis(12);
/// How long a store is left alone that has news and cannot be read.
const STORE_PAUSE: Duration = Duration::from_millis(100);

pub(super) struct Start {
    pub(super) origin: Origin,
    pub(super) journal: Arc<dyn Journal>,
    pub(super) views: Views,
    pub(super) notices: Notices,
    pub(super) health: watch::Sender<Health>,
}

/// How the journal is, for who asks.
#[derive(Debug, Default)]
pub(super) struct Health {
    /// Why commands are refused as unavailable.
    pub(super) trouble: Option<String>,
    /// Rows that were known here and that the store has lost since.
    pub(super) lost: u64,
}

pub(super) struct Task {
    origin: Arc<Origin>,
    journal: Arc<dyn Journal>,
    views: Views,
    notices: Notices,
    health: watch::Sender<Health>,
    snapshots: Snapshots,
    ledger: Ledger,
    /// The ledger's state went ahead of the journal and could not be read back yet: nothing of it is told.
    ahead: bool,
    /// The journal has news that could not be read yet.
    behind: bool,
}

type Reply = Result<Arc<str>, Refusal>;

/// A command that waits for its answer.
struct Order {
    actor: Actor,
    command: Command,
    key: Option<[u8; 16]>,
    answer: oneshot::Sender<Reply>,
}

/// What a batch of commands came to, before it is stored.
#[derive(Default)]
struct Batch {
    events: Vec<Event>,
    rows: Vec<Row>,
    replies: Vec<Reply>,
}

impl Task {
    pub(super) async fn open(start: Start) -> Result<Self, OpenError> {
        let began = Instant::now();
        let origin = Arc::new(start.origin);
        let (ledger, from) = Ledger::read(&*start.journal, &origin).await?;
        tracing::info!(rows = ledger.seq(), snapshot = from, took = ?began.elapsed(), "the questions are read");
        let mut task = Self {
            snapshots: Snapshots::new(from),
            origin,
            journal: start.journal,
            views: start.views,
            notices: start.notices,
            health: start.health,
            ledger,
            ahead: false,
            behind: false,
        };
        task.views
            .rebuild(&task.ledger.state, &Ledger::new(&task.origin).state);
        let acts = task.ledger.mentions.before(u64::MAX, REACH);
        task.views.recall(&acts).await?;
        task.notices.follow(&task.ledger.state, &[]);
        Ok(task)
    }

    pub(super) async fn run(
        mut self,
        mut inputs: mpsc::Receiver<Input>,
        closing: CancellationToken,
    ) {
        let mut batch = Vec::new();
        let mut gathered_since: Option<Instant> = None;
        let journal = Arc::clone(&self.journal);
        loop {
            if self.views.has_gathered() {
                gathered_since.get_or_insert_with(Instant::now);
            }
            let gather = || GATHER.max(GATHER_EACH * self.views.public_readers());
            let tell_at = gathered_since.map(|since| since + gather());
            let ban_ends = self.views.next_ban_end().map(|left| Instant::now() + left);
            tokio::select! {
                () = closing.cancelled(), if !inputs.is_closed() => inputs.close(), // what was taken is still done
                count = inputs.recv_many(&mut batch, BATCH) => {
                    if count == 0 {
                        break;
                    }
                    wait_for_votes(&mut inputs, &mut batch).await;
                    self.handle(std::mem::take(&mut batch)).await;
                }
                () = news(&*journal, self.ledger.seq()) => self.catch_up().await,
                () = tokio::time::sleep(STORE_PAUSE), if self.behind => self.catch_up().await,
                () = sleep_until(tell_at), if tell_at.is_some() && !self.ahead => {
                    gathered_since = None;
                    self.views.tell_gathered(&self.ledger.state);
                }
                () = sleep_until(ban_ends), if ban_ends.is_some() && !self.ahead => {
                    self.views.tell_ended_bans(&self.ledger.state);
                }
                () = self.notices.hand_over(), if self.notices.any() => {}
            }
        }
        if !self.ahead {
            self.views.tell_gathered(&self.ledger.state);
            self.snapshots.take_last(&journal, self.ledger).await;
        }
        journal.close().await;
    }

    async fn handle(&mut self, inputs: Vec<Input>) {
        let (mut orders, mut looks) = (Vec::new(), Vec::new());
        for input in inputs {
            match input {
                Input::Command {
                    actor,
                    command,
                    key,
                    answer,
                } => {
                    orders.push(Order {
                        actor,
                        command,
                        key,
                        answer,
                    });
                }
                look => looks.push(look),
            }
        }
        if !orders.is_empty() {
            self.carry_out(orders).await;
        }
        looks.into_iter().for_each(|look| self.look(look));
    }

    /// Decides and stores, then answers and tells; or refuses all of it.
    async fn carry_out(&mut self, orders: Vec<Order>) {
        let mut conflict = JournalError::Closed;
        for _ in 0..TRIES {
            if let Err(error) = self.prepare().await {
                return self.refuse(orders, Vec::new(), &error);
            }
            let mut batch = Batch::default();
            for order in &orders {
                let reply = self.decide(order, &mut batch);
                batch.replies.push(reply);
            }
            let digests: Vec<u64> = batch.rows.iter().map(digest).collect();
            match self.store(std::mem::take(&mut batch.rows), &digests).await {
                Ok(()) => return self.settle(orders, batch, &digests),
                Err(error @ JournalError::Conflict { .. }) => {
                    tracing::warn!(%error, "the batch is decided again");
                    (self.ahead, conflict) = (true, error);
                }
                Err(error) => {
                    self.ahead = true;
                    self.refuse(orders, batch.replies, &error);
                    let _ = self.take_back().await; // it says so itself, and is tried again
                    return;
                }
            }
        }
        self.refuse(orders, Vec::new(), &conflict);
    }

    /// Makes the state what the journal holds, and, where nodes take turns, waits for this one's.
    async fn prepare(&mut self) -> Result<(), JournalError> {
        if self.ahead {
            self.take_back().await?;
        }
        let journal = Arc::clone(&self.journal);
        let Some(shared) = journal.shared() else {
            return Ok(());
        };
        let rows = shared
            .turn(self.ledger.seq().saturating_sub(1), PAGE)
            .await?;
        self.behind = false;
        self.take_in(rows).await
    }

    /// Takes in what other nodes wrote. `rows`: from this node's last one on.
    async fn take_in(&mut self, mut rows: Vec<Row>) -> Result<(), JournalError> {
        let mut known = self.ledger.seq() > 0;
        loop {
            let full = rows.len() >= PAGE;
            let ours = rows.first().is_some_and(|row| self.ledger.ends_with(row));
            if known && !ours {
                return self.take_back().await;
            }
            let fresh = &rows[usize::from(known)..];
            let events: Result<Vec<Event>, OpenError> =
                fresh.iter().map(|row| self.ledger.take(row)).collect();
            let events = events.map_err(|error| JournalError::Store(error.to_string()))?;
            self.follow(&events);
            if !full {
                return Ok(());
            }
            known = false;
            rows = self.journal.load(self.ledger.seq(), PAGE).await?;
        }
    }

    /// Somebody else wrote, or the store is back: be where it is.
    async fn catch_up(&mut self) {
        let after = self.ledger.seq().saturating_sub(1);
        let caught_up = if self.ahead {
            self.take_back().await
        } else {
            match self.journal.load(after, PAGE).await {
                Ok(rows) => self.take_in(rows).await,
                Err(error) => Err(error),
            }
        };
        self.report(caught_up.as_ref().err());
        self.behind = caught_up.is_err();
    }

    /// Stores a batch. When the store fails, looks whether it took it all the same.
    async fn store(&self, rows: Vec<Row>, digests: &[u64]) -> Result<(), JournalError> {
        if rows.is_empty() {
            if let Some(shared) = self.journal.shared() {
                shared.pass().await;
            }
            return Ok(());
        }
        let failed = match self.journal.append(rows).await {
            Err(error @ JournalError::Store(_)) => error,
            done => return done,
        };
        let there = self.journal.load(self.ledger.seq(), digests.len()).await;
        match there {
            Ok(rows) if rows.iter().map(digest).eq(digests.iter().copied()) => Ok(()),
            _ => Err(failed),
        }
    }

    /// Decides one command and applies its events, ahead of the journal. Nobody sees that before [`Task::settle`].
    fn decide(&mut self, order: &Order, batch: &mut Batch) -> Reply {
        let Order {
            actor,
            command,
            key,
            ..
        } = order;
        if let Some(answer) = key.and_then(|key| self.ledger.answers.get(&key)) {
            return Ok(answer);
        }
        let (about, at) = (About::new(command, actor), now());
        let events =
            decide(&self.ledger.state, command.clone(), actor, at).map_err(|rejection| {
                let current = current(&self.ledger.state, &about, actor, at);
                Refusal {
                    current,
                    ..rejection.into()
                }
            })?;
        let mut rows = self.rows(&events, batch.rows.len())?;
        events
            .iter()
            .for_each(|event| apply(&mut self.ledger.state, event));
        let answer = about.answer(&self.ledger.state, &events);
        if let (Some(key), Some(last)) = (*key, rows.last_mut()) {
            last.command = Some(key);
            last.answer = Some(answer.to_string());
            self.ledger.answers.remember(key, Arc::clone(&answer));
        }
        batch.events.extend(events);
        batch.rows.extend(rows);
        Ok(answer)
    }

    /// Events as rows, after `before` others of the same batch.
    fn rows(&self, events: &[Event], before: usize) -> Result<Vec<Row>, Refusal> {
        let first = self.ledger.seq() + before as u64 + 1;
        let rows = (first..).zip(events).map(|(seq, event)| {
            let json = to_stored(event)
                .map_err(|error| Refusal::new(RefusalCode::Unavailable, error.to_string()))?;
            Ok(Row {
                seq,
                at: event.at.0,
                version: EVENT_VERSION,
                event: json,
                command: None,
                answer: None,
            })
        });
        rows.collect()
    }

    /// The journal has it: tells, and answers.
    fn settle(&mut self, orders: Vec<Order>, batch: Batch, digests: &[u64]) {
        self.ledger.note_all(&batch.events, digests);
        self.report(None);
        self.follow(&batch.events);
        for (order, reply) in orders.into_iter().zip(batch.replies) {
            let _ = order.answer.send(reply); // the sender may have left
        }
    }

    /// What these events, stored and applied, change for everybody.
    fn follow(&mut self, events: &[Event]) {
        if events.is_empty() {
            return;
        }
        let first = self.ledger.seq() + 1 - events.len() as u64;
        self.views.follow(&self.ledger.state, first, events);
        self.notices.follow(&self.ledger.state, events);
        self.snapshots
            .due(&self.journal, &self.origin, self.ledger.seq());
    }

    /// Refuses what the journal did not take; what was refused for its own sake stays that.
    fn refuse(&self, orders: Vec<Order>, replies: Vec<Reply>, error: &JournalError) {
        self.report(Some(error));
        let refused = replies.into_iter().map(|reply| reply.err());
        for (order, refused) in orders
            .into_iter()
            .zip(refused.chain(std::iter::repeat(None)))
        {
            let _ = order
                .answer
                .send(Err(refused.unwrap_or_else(|| unavailable(error)))); // likewise
        }
    }

    /// Returns to what the journal holds.
    async fn take_back(&mut self) -> Result<(), JournalError> {
        self.ahead = true;
        let lost = self.ledger.lost(&*self.journal).await?;
        let read = Ledger::read(&*self.journal, &self.origin).await;
        let (ledger, from) = read.map_err(|error| match error {
            OpenError::Journal(error) => error,
            unreadable => JournalError::Store(unreadable.to_string()),
        })?;
        if lost > 0 {
            let (had, has) = (self.ledger.seq(), ledger.seq());
            tracing::error!(
                lost,
                had,
                has,
                "the store lost rows that were acknowledged; going on with what it has"
            );
            self.health.send_modify(|health| health.lost += lost);
        }
        self.snapshots.found(from);
        let before = std::mem::replace(&mut self.ledger, ledger);
        self.ahead = false;
        self.views.rebuild(&self.ledger.state, &before.state);
        self.notices.follow(&self.ledger.state, &[]);
        Ok(())
    }

    /// Says what is wrong with the journal when that is news.
    fn report(&self, error: Option<&JournalError>) {
        let trouble = error.map(ToString::to_string);
        if self.health.borrow().trouble == trouble {
            return;
        }
        match &trouble {
            Some(error) => {
                tracing::error!(%error, "commands are refused: the journal cannot be written")
            }
            None => tracing::info!("the journal can be written again"),
        }
        self.health.send_modify(|health| health.trouble = trouble);
    }

    fn look(&mut self, look: Input) {
        if self.ahead {
            return self.look_away(look);
        }
        match look {
            Input::Mine {
                participant,
                answer,
            } => {
                let _ = answer.send(self.views.mine(&self.ledger.state, participant)); // the asker may have left
            }
            Input::Status {
                question,
                participant,
                answer,
            } => {
                let status = StatusView::new(
                    &self.ledger.state,
                    question,
                    participant,
                    self.views.event(),
                );
                let _ = answer.send(status.and_then(|status| serde_json::to_string(&status).ok())); // likewise
            }
            Input::Rows { of, answer } => {
                let mentions = &self.ledger.mentions;
                let rows = match of {
                    PastOf::Question(question) => mentions.rows(question),
                    PastOf::Before(end) => mentions.before(end, REACH),
                };
                let _ = answer.send(rows); // likewise
            }
            Input::Read(look) => look(&self.ledger.state),
            Input::Command { .. } => {}
        }
    }

    /// What is not stored is not shown: who comes now sees nothing of their own until the journal is back.
    fn look_away(&mut self, look: Input) {
        if let Input::Mine {
            participant,
            answer,
        } = look
        {
            let _ = answer.send(self.views.mine_unfilled(participant)); // likewise
        }
    }
}

/// While all there is to do is votes, waits a little for more.
async fn wait_for_votes(inputs: &mut mpsc::Receiver<Input>, batch: &mut Vec<Input>) {
    let (until, mut seen) = (Instant::now() + TOGETHER, 0);
    while batch.len() < BATCH && batch[seen..].iter().all(Input::is_vote) {
        seen = batch.len();
        let more = inputs.recv_many(batch, BATCH - seen);
        if !matches!(tokio::time::timeout_at(until, more).await, Ok(1..)) {
            break;
        }
    }
}

fn unavailable(error: &JournalError) -> Refusal {
    Refusal::new(RefusalCode::Unavailable, format!("not stored: {error}"))
}

/// Returns when a journal that nodes share has rows after this one; else never.
async fn news(journal: &dyn Journal, after: u64) {
    match journal.shared() {
        Some(shared) => shared.news(after).await,
        None => std::future::pending().await,
    }
}

async fn sleep_until(at: Option<Instant>) {
    if let Some(at) = at {
        tokio::time::sleep_until(at).await;
    }
}
