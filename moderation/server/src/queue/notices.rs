//! What the rest of the program is told and acts on: which events give a notice, and those that wait to be taken.

use std::collections::VecDeque;

use pleniere_moderation_core::{Act, Change, Event, QuestionId, State};
use tokio::sync::mpsc;

use super::Notice;
use crate::views::PublicQuestion;

/// Notices kept when the rest of the program does not take them; then the oldest is dropped.
const WAITING: usize = 1024;

pub(super) struct Notices {
    line: mpsc::Sender<Notice>,
    waiting: VecDeque<Notice>,
    /// What the picture was told to carry.
    on_air: Option<OnAir>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct OnAir {
    question: QuestionId,
    /// Which of its times on air.
    airing: usize,
    text: String,
    /// Not of a young audience: a name goes when the rules change.
    name: Option<String>,
    public: Option<String>,
    site: Option<String>,
}

impl OnAir {
    fn of(state: &State) -> Option<Self> {
        let question = state.on_air().and_then(|id| state.question(id))?;
        let shown = PublicQuestion::new(state, question);
        Some(Self {
            question: question.id,
            airing: question.airings.len(),
            text: shown.text,
            name: shown.name,
            public: shown.public,
            site: shown.site,
        })
    }
}

impl Notices {
    pub(super) fn new(line: mpsc::Sender<Notice>) -> Self {
        Self {
            line,
            waiting: VecDeque::new(),
            on_air: None,
        }
    }

    /// Whether one waits.
    pub(super) fn any(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// Hands over one that waits, once there is room for it.
    pub(super) async fn hand_over(&mut self) {
        match self.line.reserve().await {
            Ok(permit) => self
                .waiting
                .pop_front()
                .map_or((), |notice| permit.send(notice)),
            Err(_) => self.waiting.clear(), // nobody will ever take them
        }
    }

    /// What the picture should carry now, and what these events were. `state`: after them.
    pub(super) fn follow(&mut self, state: &State, events: &[Event]) {
        let now = OnAir::of(state);
        if now != self.on_air {
            let before = std::mem::replace(&mut self.on_air, now.clone());
            let time = |on_air: &OnAir| (on_air.question, on_air.airing);
            if let Some(before) =
                before.filter(|before| now.as_ref().map(time) != Some(time(before)))
            {
                self.add(Notice::OffAir {
                    question: before.question,
                });
            }
            if let Some(question) = now.and_then(|now| public(state, now.question)) {
                self.add(Notice::OnAir { question });
            }
        }
        events
            .iter()
            .for_each(|event| self.follow_answer(state, &event.change));
    }

    fn follow_answer(&mut self, state: &State, change: &Change) {
        match change {
            Change::Answered { question, .. }
            | Change::Undone {
                question,
                act: Act::Reopen,
            } => {
                if let Some(question) = public(state, *question) {
                    self.add(Notice::Answered { question });
                }
            }
            Change::Reopened { question, .. }
            | Change::Undone {
                question,
                act: Act::Answer,
            } => {
                self.add(Notice::Reopened {
                    question: *question,
                });
            }
            _ => {}
        }
    }

    fn add(&mut self, notice: Notice) {
        if self.line.is_closed() {
            return;
        }
        if self.waiting.len() >= WAITING {
            let dropped = self.waiting.pop_front();
            tracing::error!(
                ?dropped,
                "nobody takes the queue's notices; the oldest is dropped"
            );
        }
        self.waiting.push_back(notice);
    }
}

fn public(state: &State, id: QuestionId) -> Option<PublicQuestion> {
    state
        .question(id)
        .map(|question| PublicQuestion::new(state, question))
}
