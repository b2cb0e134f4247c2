//! The task that owns the state: decide, store, then tell.

use std::{collections::VecDeque, sync::Arc, time::Duration};

use pleniere_moderation_core::{
    Actor, Catalogue, Change, Command, EVENT_VERSION, Event, Policy, QuestionId, State, apply,
    decide, from_stored, to_stored,
};
use tokio::{
    sync::{mpsc, oneshot},
    time::Instant,
};
use tokio_util::sync::CancellationToken;

use super::{Input, Notice, OpenError, answers::Answers, now, publish::Views};
use crate::{
    journal::{Journal, JournalError, Row},
    refusal::{Refusal, RefusalCode},
    views::{About, PublicQuestion, StatusView, current},
};

/// Commands decided and stored together at most.
const BATCH: usize = 1024;
/// How long votes are gathered before they are told.
const GATHER: Duration = Duration::from_millis(200);
/// Notices kept when the rest of the program does not take them; then the oldest is dropped.
const WAITING_NOTICES: usize = 1024;
/// Rows read at once when the journal is replayed.
const PAGE: usize = 10_000;

pub(super) struct Start {
    pub(super) policy: Policy,
    pub(super) catalogue: Catalogue,
    pub(super) journal: Arc<dyn Journal>,
    pub(super) views: Views,
    pub(super) notices: mpsc::Sender<Notice>,
}

pub(super) struct Task {
    policy: Policy,
    catalogue: Catalogue,
    journal: Arc<dyn Journal>,
    views: Views,
    notices: mpsc::Sender<Notice>,
    waiting: VecDeque<Notice>,
    state: State,
    answers: Answers,
    /// Number of the last row stored.
    seq: u64,
    /// The state went ahead of the journal and could not be read back yet.
    ahead: bool,
}

type Reply = (
    oneshot::Sender<Result<Arc<str>, Refusal>>,
    Result<Arc<str>, Refusal>,
);

/// What a batch of commands came to, before it is stored.
#[derive(Default)]
struct Batch {
    events: Vec<Event>,
    rows: Vec<Row>,
    replies: Vec<Reply>,
}

impl Task {
    pub(super) async fn open(start: Start) -> Result<Self, OpenError> {
        let Start {
            policy,
            catalogue,
            journal,
            views,
            notices,
        } = start;
        let state = State::new(policy.clone(), catalogue.clone());
        let mut task = Self {
            policy,
            catalogue,
            journal,
            views,
            notices,
            waiting: VecDeque::new(),
            state,
            answers: Answers::default(),
            seq: 0,
            ahead: false,
        };
        task.replay().await?;
        task.views.rebuild(&task.state);
        task.views.recall(task.seq).await?;
        if let Some(question) = task.state.on_air().and_then(|id| task.state.question(id)) {
            task.waiting.push_back(Notice::OnAir {
                question: PublicQuestion::new(&task.state, question),
            });
        }
        Ok(task)
    }

    /// Reads the whole journal into a fresh state.
    async fn replay(&mut self) -> Result<(), OpenError> {
        let mut state = State::new(self.policy.clone(), self.catalogue.clone());
        let mut answers = Answers::default();
        let mut seq = 0;
        loop {
            let rows = self.journal.load(seq, PAGE).await?;
            let Some(last) = rows.last() else { break };
            seq = last.seq;
            for row in rows {
                let event =
                    from_stored(row.version, &row.event).map_err(|source| OpenError::Row {
                        seq: row.seq,
                        source,
                    })?;
                apply(&mut state, &event);
                if let (Some(key), Some(answer)) = (row.command, row.answer) {
                    answers.remember(key, Arc::from(answer));
                }
            }
        }
        (self.state, self.answers, self.seq, self.ahead) = (state, answers, seq, false);
        Ok(())
    }

    pub(super) async fn run(
        mut self,
        mut inputs: mpsc::Receiver<Input>,
        closing: CancellationToken,
    ) {
        let mut batch = Vec::new();
        let mut gathered_since: Option<Instant> = None;
        let notices = self.notices.clone();
        loop {
            let tell_at = gathered_since.map(|since| since + GATHER);
            tokio::select! {
                () = closing.cancelled(), if !inputs.is_closed() => inputs.close(), // what was taken is still done
                count = inputs.recv_many(&mut batch, BATCH) => {
                    if count == 0 {
                        break;
                    }
                    self.handle(std::mem::take(&mut batch)).await;
                    if self.views.has_gathered() {
                        gathered_since.get_or_insert_with(Instant::now);
                    }
                }
                () = sleep_until(tell_at), if tell_at.is_some() => {
                    gathered_since = None;
                    self.views.tell_gathered(&self.state);
                }
                Ok(permit) = notices.reserve(), if !self.waiting.is_empty() => {
                    if let Some(notice) = self.waiting.pop_front() {
                        permit.send(notice);
                    }
                }
            }
        }
        self.views.tell_gathered(&self.state);
        self.journal.close().await;
    }

    async fn handle(&mut self, inputs: Vec<Input>) {
        if self.ahead && !self.take_back().await {
            return; // every answer channel is dropped: the senders are told the queue is unavailable
        }
        let mut batch = Batch::default();
        let mut looks = Vec::new();
        for input in inputs {
            match input {
                Input::Command {
                    actor,
                    command,
                    key,
                    answer,
                } => {
                    let result = self.take(actor, command, key, &mut batch);
                    batch.replies.push((answer, result));
                }
                look => looks.push(look),
            }
        }
        self.settle(batch).await;
        if self.ahead {
            return; // what is not stored is not shown
        }
        looks.into_iter().for_each(|look| self.look(look));
    }

    /// Decides one command and applies its events, ahead of the journal. Nobody sees that before [`Task::settle`].
    fn take(
        &mut self,
        actor: Actor,
        command: Command,
        key: Option<[u8; 16]>,
        batch: &mut Batch,
    ) -> Result<Arc<str>, Refusal> {
        if let Some(answer) = key.and_then(|key| self.answers.get(&key)) {
            return Ok(answer);
        }
        let about = About::new(&command, &actor);
        let at = now();
        let events = decide(&self.state, command, &actor, at).map_err(|rejection| {
            let current = current(&self.state, &about, &actor, at);
            Refusal {
                current,
                ..rejection.into()
            }
        })?;
        let mut rows = Vec::with_capacity(events.len());
        for event in &events {
            let json = to_stored(event)
                .map_err(|error| Refusal::new(RefusalCode::Unavailable, error.to_string()))?;
            let seq = self.seq + (batch.rows.len() + rows.len()) as u64 + 1;
            rows.push(Row {
                seq,
                at: event.at.0,
                version: EVENT_VERSION,
                event: json,
                command: None,
                answer: None,
            });
        }
        events
            .iter()
            .for_each(|event| apply(&mut self.state, event));
        let answer = about.answer(&self.state, &events);
        if let (Some(key), Some(last)) = (key, rows.last_mut()) {
            last.command = Some(key);
            last.answer = Some(answer.to_string());
            self.answers.remember(key, Arc::clone(&answer));
        }
        batch.events.extend(events);
        batch.rows.extend(rows);
        Ok(answer)
    }

    /// Stores a batch, then answers and tells; or refuses all of it.
    async fn settle(&mut self, batch: Batch) {
        let Batch {
            events,
            rows,
            replies,
        } = batch;
        let stored = rows.len() as u64;
        let done = if rows.is_empty() {
            Ok(())
        } else {
            self.journal.append(rows).await
        };
        if let Err(error) = done {
            tracing::error!(%error, commands = replies.len(), "the journal did not take a batch; it is refused");
            self.ahead = true;
            for (answer, result) in replies {
                let _ = answer.send(result.and_then(|_| Err(unavailable(&error)))); // the sender may have left
            }
            self.take_back().await;
            return;
        }
        let first = self.seq + 1;
        self.seq += stored;
        self.views.follow(&self.state, first, &events);
        for event in &events {
            self.notice(event);
        }
        for (answer, result) in replies {
            let _ = answer.send(result); // likewise
        }
    }

    /// Returns to what the journal holds. Whether that went well.
    async fn take_back(&mut self) -> bool {
        match self.replay().await {
            Ok(()) => {
                self.views.rebuild(&self.state);
                true
            }
            Err(error) => {
                tracing::error!(%error, "the journal cannot be read back; the queue refuses everything until it can");
                false
            }
        }
    }

    fn look(&mut self, look: Input) {
        match look {
            Input::Mine {
                participant,
                answer,
            } => {
                let _ = answer.send(self.views.mine(&self.state, participant)); // the asker may have left
            }
            Input::Status {
                question,
                participant,
                answer,
            } => {
                let status =
                    StatusView::new(&self.state, question, participant, self.views.event());
                let _ = answer.send(status.and_then(|status| serde_json::to_string(&status).ok())); // likewise
            }
            Input::Read(look) => look(&self.state),
            Input::Command { .. } => {}
        }
    }

    fn notice(&mut self, event: &Event) {
        let question = |id: &QuestionId| {
            let question = self.state.question(*id)?;
            Some(PublicQuestion::new(&self.state, question))
        };
        let notice = match &event.change {
            Change::TakenOnAir { question: id, .. } => {
                question(id).map(|question| Notice::OnAir { question })
            }
            Change::Edited { question: id, .. } if self.state.on_air() == Some(*id) => {
                question(id).map(|question| Notice::OnAir { question })
            }
            Change::TakenOffAir { question } => Some(Notice::OffAir {
                question: *question,
            }),
            Change::Answered { question: id, .. } => {
                let aired = self
                    .state
                    .question(*id)
                    .and_then(|question| question.airings.last());
                if aired.is_some_and(|airing| airing.off_asked_at == Some(event.at)) {
                    self.enqueue(Notice::OffAir { question: *id });
                }
                self.state.question(*id).map(|question| Notice::Answered {
                    question: PublicQuestion::new(&self.state, question),
                })
            }
            Change::Reopened { question, .. } => Some(Notice::Reopened {
                question: *question,
            }),
            _ => None,
        };
        if let Some(notice) = notice {
            self.enqueue(notice);
        }
    }

    fn enqueue(&mut self, notice: Notice) {
        if self.notices.is_closed() {
            return;
        }
        if self.waiting.len() >= WAITING_NOTICES {
            let dropped = self.waiting.pop_front();
            tracing::error!(
                ?dropped,
                "nobody takes the queue's notices; the oldest is dropped"
            );
        }
        self.waiting.push_back(notice);
    }
}

fn unavailable(error: &JournalError) -> Refusal {
    Refusal::new(RefusalCode::Unavailable, format!("not stored: {error}"))
}

async fn sleep_until(at: Option<Instant>) {
    if let Some(at) = at {
        tokio::time::sleep_until(at).await;
    }
}
