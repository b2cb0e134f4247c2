//! A question's way to the screen and back: queue -> lower third -> seen in the picture -> timeline, queue and pages.

use std::collections::BTreeMap;
use std::sync::Arc;

use pleniere_media_core::link::LowerThird;
use pleniere_media_core::timeline::{Current, Entry};
use pleniere_moderation::core::{QuestionId, UnixMs};
use pleniere_moderation::{Notice, PublicQuestion};
use serde_json::json;
use tokio::sync::mpsc;

use super::{House, lock};

/// Lower thirds asked for and not yet seen; older ones are forgotten beyond this many (an engine that never answers).
const AWAITED_MAX: usize = 64;

/// What was asked of the picture and has not been seen in it.
#[derive(Default)]
pub struct Air {
    awaited: BTreeMap<u64, Awaited>,
    shown: Option<PublicQuestion>,
}

enum Awaited {
    On(Box<PublicQuestion>),
    Off,
}

impl House {
    pub(super) async fn hear_queue(self: Arc<Self>, mut notices: mpsc::Receiver<Notice>) {
        // What the life before left in the picture goes; the queue says at once what is on air still.
        if matches!(
            Current::fold(&self.programme.timeline()).lower_third,
            Some((_, Some(_)))
        ) {
            self.hide().await;
        }
        while let Some(notice) = notices.recv().await {
            match notice {
                Notice::OnAir { question } => self.show(question).await,
                Notice::OffAir { .. } => self.hide().await,
                Notice::Answered { question } => {
                    self.note(Entry::QuestionAnswered {
                        question: question.id.0,
                    })
                    .await;
                }
                Notice::Reopened { question } => {
                    self.note(Entry::QuestionReopened {
                        question: question.0,
                    })
                    .await
                }
            }
        }
    }

    async fn show(&self, mut question: PublicQuestion) {
        // Whoever cannot be asked is taken for young: no name in the picture or beside it.
        let young = self.queue.read(|state| state.policy().young).await;
        if young.unwrap_or(true) {
            question.name = None;
        }
        let text = LowerThird {
            kicker: self.kicker(&question),
            text: question.text.clone(),
        };
        match self.programme.lower_third(Some(text)).await {
            Ok(id) => self.await_lower_third(id, Awaited::On(Box::new(question))),
            Err(error) => tracing::error!(%error, "the question could not be put in the picture"),
        }
    }

    async fn hide(&self) {
        match self.programme.lower_third(None).await {
            Ok(id) => self.await_lower_third(id, Awaited::Off),
            Err(error) => {
                tracing::error!(%error, "the question could not be taken off the picture")
            }
        }
    }

    fn await_lower_third(&self, id: u64, what: Awaited) {
        let mut air = lock(&self.air);
        air.awaited.insert(id, what);
        while air.awaited.len() > AWAITED_MAX {
            air.awaited.pop_first();
        }
    }

    /// The engine saw lower third `id` in a frame of programme time `at`.
    pub(super) async fn lower_third_shown(&self, id: u64, at: i64) {
        let (left, came) = {
            let mut air = lock(&self.air);
            let Some(what) = air.awaited.remove(&id) else {
                return;
            };
            air.awaited.retain(|other, _| *other > id);
            let left = air.shown.take();
            if let Awaited::On(question) = what {
                air.shown = Some(*question);
            }
            (left, air.shown.clone())
        };
        if let Some(left) = left {
            self.note(Entry::QuestionOff {
                question: left.id.0,
            })
            .await;
            self.seen(left.id, at, false).await;
        }
        if let Some(came) = &came {
            self.note(Entry::QuestionOnAir {
                question: came.id.0,
                title: came.text.clone(),
            })
            .await;
            self.seen(came.id, at, true).await;
        }
        self.views
            .air(came.as_ref().map(|question| json!(question)).as_ref(), at);
    }

    async fn seen(&self, question: QuestionId, at: i64, shown: bool) {
        if let Err(refusal) = self.queue.note_air_seen(question, UnixMs(at), shown).await {
            tracing::warn!(question = question.0, %refusal, "the queue did not take the time on air");
        }
    }

    /// "Question 42 · Inès, élève, Troyes"
    fn kicker(&self, question: &PublicQuestion) -> String {
        let public = question.public.as_ref().and_then(|id| {
            self.event
                .publics
                .iter()
                .find(|public| public.id.as_str() == id)
        });
        let site = question
            .site
            .as_ref()
            .and_then(|id| self.event.sites.iter().find(|site| site.id.as_str() == id));
        let who: Vec<&str> = [
            question.name.as_deref(),
            public.map(|public| public.name.as_str()),
            site.map(|site| site.name.as_str()),
        ]
        .into_iter()
        .flatten()
        .collect();
        let number = format!("Question {}", question.number);
        if who.is_empty() {
            number
        } else {
            format!("{number} · {}", who.join(", "))
        }
    }
}
