//! What happened on air, one journal on the programme clock: entries, the state they fold to, the chapters they tell.
//! Intent and outcome are entries of their own. Stores nothing.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::link::LowerThird;
use crate::scene::{Scene, SiteId};

/// Where an event is in its life: moved by the director alone, never by a date.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// Not begun: the slate is shown, nothing is recorded.
    #[default]
    Before,
    /// Recorded.
    Live,
    /// Over: the replay takes the place of the live.
    After,
}

/// One thing that happened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Entry {
    /// The director moved the event on.
    Phase {
        /// Its phase from here.
        to: Phase,
    },
    /// An item of the run sheet began.
    SessionBegun {
        /// Id in the event file.
        session: String,
        /// Title, as chapters show it.
        title: String,
    },
    /// The director asked for a scene; its id is the entry's.
    SceneIntended {
        /// The scene.
        scene: Scene,
    },
    /// A scene was first seen in the programme.
    SceneShown {
        /// Entry that asked for it.
        id: u64,
        /// The scene.
        scene: Scene,
    },
    /// A lower third was asked for, or its removal; its id is the entry's.
    LowerThirdIntended {
        /// `None` removes it.
        text: Option<LowerThird>,
    },
    /// A lower third was first seen (or seen gone).
    LowerThirdShown {
        /// Entry that asked for it.
        id: u64,
    },
    /// A site's picture was lost.
    SiteLost {
        /// Which.
        site: SiteId,
    },
    /// And came back.
    SiteBack {
        /// Which.
        site: SiteId,
    },
    /// A question went on air.
    QuestionOnAir {
        /// Its number.
        question: u64,
        /// Its text, as chapters show it.
        title: String,
    },
    /// It went off air unanswered.
    QuestionOff {
        /// Its number.
        question: u64,
    },
    /// It was answered.
    QuestionAnswered {
        /// Its number.
        question: u64,
    },
    /// The answer was withdrawn: it is no chapter.
    QuestionReopened {
        /// Its number.
        question: u64,
    },
    /// A recording began.
    RecordingBegun {
        /// Its id.
        recording: String,
    },
    /// It ended.
    RecordingEnded {
        /// Its id.
        recording: String,
    },
    /// An engine's stream began; `at` is the programme time of its first part.
    RunStarted {
        /// Number of the run, from 1.
        run: u64,
        /// Programme time of its running time 0, nanoseconds since 1970.
        origin_ns: i64,
    },
    /// It broke off.
    RunEnded {
        /// Number of the run.
        run: u64,
    },
    /// The slate was put in the programme's place, or taken away.
    Masked {
        /// Put (true) or taken away.
        on: bool,
    },
    /// A site was silenced, or given back its sound.
    Muted {
        /// Which.
        site: SiteId,
        /// Silenced (true) or not.
        on: bool,
    },
}

/// An entry of the journal.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Stamped {
    /// Rises with each entry.
    pub id: u64,
    /// Programme time, milliseconds since 1970.
    pub at: i64,
    /// What happened.
    pub entry: Entry,
}

/// What the entries so far come to.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Current {
    /// Phase of the event.
    pub phase: Phase,
    /// Session begun last, and when (programme time, milliseconds).
    pub session: Option<(String, i64)>,
    /// Scene asked for last: entry, when (milliseconds), scene.
    pub intended: Option<(u64, i64, Scene)>,
    /// Scene seen last: entry that asked for it, when (milliseconds), scene.
    pub shown: Option<(u64, i64, Scene)>,
    /// Lower third asked for last: entry and text.
    pub lower_third: Option<(u64, Option<LowerThird>)>,
    /// The slate is in the programme's place.
    pub masked: bool,
    /// Sites silenced.
    pub muted: BTreeSet<SiteId>,
    /// Recording under way.
    pub recording: Option<String>,
    /// Number of the last run.
    pub run: u64,
    /// Programme time of the last entry, milliseconds.
    pub at: i64,
}

impl Current {
    /// Whether viewers are to see the programme: while the event is live and not masked. Before it they see the slate, whatever the
    /// director tries out.
    #[must_use]
    pub fn is_public(&self) -> bool {
        self.phase == Phase::Live && !self.masked
    }

    /// Takes one more entry.
    pub fn apply(&mut self, stamped: &Stamped) {
        let Stamped { id, at, entry } = stamped;
        self.at = self.at.max(*at);
        match entry {
            Entry::Phase { to } => self.phase = *to,
            Entry::SessionBegun { session, .. } => self.session = Some((session.clone(), *at)),
            Entry::SceneIntended { scene } => self.intended = Some((*id, *at, scene.clone())),
            Entry::SceneShown { id, scene } => self.shown = Some((*id, *at, scene.clone())),
            Entry::LowerThirdIntended { text } => self.lower_third = Some((*id, text.clone())),
            Entry::RecordingBegun { recording } => self.recording = Some(recording.clone()),
            Entry::RecordingEnded { .. } => self.recording = None,
            Entry::RunStarted { run, .. } => self.run = self.run.max(*run),
            Entry::Masked { on } => self.masked = *on,
            Entry::Muted { site, on: true } => drop(self.muted.insert(site.clone())),
            Entry::Muted { site, on: false } => drop(self.muted.remove(site)),
            Entry::LowerThirdShown { .. }
            | Entry::SiteLost { .. }
            | Entry::SiteBack { .. }
            | Entry::QuestionOnAir { .. }
            | Entry::QuestionOff { .. }
            | Entry::QuestionAnswered { .. }
            | Entry::QuestionReopened { .. }
            | Entry::RunEnded { .. } => {}
        }
    }

    /// Folds a journal.
    #[must_use]
    pub fn fold<'a>(entries: impl IntoIterator<Item = &'a Stamped>) -> Self {
        let mut current = Self::default();
        entries.into_iter().for_each(|entry| current.apply(entry));
        current
    }
}

/// A stretch of a recording that plays without a hole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// Programme time of its first sample, nanoseconds since 1970.
    pub at_ns: i64,
    /// Nanoseconds.
    pub duration_ns: u64,
}

/// Where in the player's time a programme time is, seconds: holes between the spans take no time, and an instant in a hole is
/// where the next span begins. `None` after the end of the last span.
#[must_use]
pub fn offset_s(spans: &[Span], at_ns: i64) -> Option<f64> {
    let mut before_ns = 0_u64;
    for span in spans {
        let into_ns = u64::try_from(at_ns - span.at_ns).unwrap_or(0);
        if into_ns < span.duration_ns {
            return Some(seconds(before_ns + into_ns));
        }
        before_ns += span.duration_ns;
    }
    None
}

/// Nanoseconds as seconds, to the millisecond.
#[must_use]
pub fn seconds(ns: u64) -> f64 {
    #[expect(
        clippy::cast_precision_loss,
        reason = "milliseconds of any recording fit 52 bits"
    )]
    let ms = (ns / 1_000_000) as f64;
    ms / 1000.0
}

/// A chapter of a recording.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Chapter {
    /// Programme time, milliseconds since 1970.
    pub at: i64,
    /// Where it begins in the player's time, seconds.
    pub offset_s: f64,
    /// A session or an answered question.
    pub kind: ChapterKind,
    /// Title of the session or text of the question.
    pub title: String,
    /// Number of the question.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub question: Option<u64>,
    /// Where it ends in the player's time, seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub end_offset_s: Option<f64>,
}

/// What a chapter is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ChapterKind {
    /// An item of the run sheet.
    Session,
    /// A question that was answered.
    Question,
}

struct Aired {
    at: i64,
    end: Option<i64>,
    title: String,
    answered: bool,
}

/// The chapters of a recording: its sessions and the questions answered in it, in the order they play.
#[must_use]
pub fn chapters(entries: &[Stamped], spans: &[Span]) -> Vec<Chapter> {
    let (Some(first), Some(last)) = (spans.first(), spans.last()) else {
        return Vec::new();
    };
    let end_ms = (last.at_ns + crate::clock::signed(last.duration_ns)) / 1_000_000;
    let total_s = seconds(spans.iter().map(|span| span.duration_ns).sum());
    let offset = |at: i64| offset_s(spans, at.saturating_mul(1_000_000)).unwrap_or(total_s);
    let mut chapters = sessions(entries, first.at_ns / 1_000_000, end_ms, &offset, total_s);
    for (question, aired) in questions(entries) {
        if !aired.answered
            || aired.at >= end_ms
            || aired.end.is_some_and(|end| end * 1_000_000 < first.at_ns)
        {
            continue;
        }
        chapters.push(Chapter {
            at: aired.at,
            offset_s: offset(aired.at),
            kind: ChapterKind::Question,
            title: aired.title,
            question: Some(question),
            end_offset_s: aired.end.map(offset),
        });
    }
    chapters.sort_by(|a, b| a.offset_s.total_cmp(&b.offset_s).then(a.at.cmp(&b.at)));
    chapters
}

/// A session begun before the recording is its first chapter when no other began before the recording did.
fn sessions(
    entries: &[Stamped],
    first_ms: i64,
    end_ms: i64,
    offset: &dyn Fn(i64) -> f64,
    total_s: f64,
) -> Vec<Chapter> {
    let mut found: Vec<Chapter> = Vec::new();
    for Stamped { at, entry, .. } in entries {
        let Entry::SessionBegun { title, .. } = entry else {
            continue;
        };
        if *at >= end_ms {
            continue;
        }
        if *at <= first_ms {
            found.clear();
        }
        if let Some(previous) = found.last_mut() {
            previous.end_offset_s = Some(offset(*at));
        }
        let (kind, title) = (ChapterKind::Session, title.clone());
        found.push(Chapter {
            at: *at,
            offset_s: offset(*at),
            kind,
            title,
            question: None,
            end_offset_s: Some(total_s),
        });
    }
    found
}

/// Each question's time on air: the last one, were it on air several times.
fn questions(entries: &[Stamped]) -> BTreeMap<u64, Aired> {
    let mut aired: BTreeMap<u64, Aired> = BTreeMap::new();
    for Stamped { at, entry, .. } in entries {
        match entry {
            // Said again after an edit or a restart: it never left.
            Entry::QuestionOnAir { question, title }
                if aired.get(question).is_some_and(|found| found.end.is_none()) =>
            {
                if let Some(found) = aired.get_mut(question) {
                    found.title.clone_from(title);
                }
            }
            Entry::QuestionOnAir { question, title } => {
                aired.insert(
                    *question,
                    Aired {
                        at: *at,
                        end: None,
                        title: title.clone(),
                        answered: false,
                    },
                );
            }
            Entry::QuestionAnswered { question } => {
                if let Some(found) = aired.get_mut(question) {
                    found.answered = true;
                    found.end.get_or_insert(*at);
                }
            }
            Entry::QuestionOff { question } => {
                if let Some(found) = aired.get_mut(question) {
                    found.end.get_or_insert(*at);
                }
            }
            Entry::QuestionReopened { question } => {
                if let Some(found) = aired.get_mut(question) {
                    found.answered = false;
                    found.end = None;
                }
            }
            _ => {}
        }
    }
    aired
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::scene::Layout;

    const S: i64 = 1000;

    fn journal(entries: Vec<(i64, Entry)>) -> Vec<Stamped> {
        (1..)
            .zip(entries)
            .map(|(id, (at, entry))| Stamped { id, at, entry })
            .collect()
    }

    fn on_air(question: u64) -> Entry {
        Entry::QuestionOnAir {
            question,
            title: format!("Question {question} ?"),
        }
    }

    fn session(id: &str) -> Entry {
        Entry::SessionBegun {
            session: id.into(),
            title: id.to_uppercase(),
        }
    }

    fn span(at_s: i64, duration_s: u64) -> Span {
        Span {
            at_ns: at_s * 1_000_000_000,
            duration_ns: duration_s * 1_000_000_000,
        }
    }

    #[test]
    fn given_a_journal_when_folded_then_the_last_word_counts() {
        let scene = Scene {
            layout: Layout::Full,
            slots: vec![SiteId("nancy".into())],
        };
        let mute = |on| Entry::Muted {
            site: SiteId("reims".into()),
            on,
        };
        let entries = journal(vec![
            (1, Entry::Phase { to: Phase::Live }),
            (2, session("opening")),
            (
                3,
                Entry::SceneIntended {
                    scene: scene.clone(),
                },
            ),
            (
                4,
                Entry::SceneShown {
                    id: 3,
                    scene: scene.clone(),
                },
            ),
            (5, mute(true)),
            (6, Entry::Masked { on: true }),
            (
                7,
                Entry::RecordingBegun {
                    recording: "r".into(),
                },
            ),
            (8, mute(false)),
        ]);
        let current = Current::fold(&entries);
        assert_eq!(current.phase, Phase::Live);
        assert_eq!(current.session, Some(("opening".into(), 2)));
        assert_eq!(current.shown, Some((3, 4, scene)));
        assert!(current.masked && current.muted.is_empty());
        assert_eq!((current.recording.as_deref(), current.at), (Some("r"), 8));
    }

    #[test]
    fn given_a_hole_between_two_runs_when_chapters_are_asked_then_offsets_are_the_players() {
        let spans = [span(100, 50), span(160, 40)];
        let entries = journal(vec![
            (90 * S, session("welcome")),
            (95 * S, session("opening")),
            (110 * S, on_air(4)),
            (130 * S, Entry::QuestionAnswered { question: 4 }),
            (140 * S, on_air(5)),
            (145 * S, Entry::QuestionOff { question: 5 }),
            (155 * S, session("debate")),
            (170 * S, on_air(6)),
            (175 * S, Entry::QuestionAnswered { question: 6 }),
            (176 * S, Entry::QuestionOff { question: 6 }),
            (900 * S, session("next-day")),
        ]);
        let told: Vec<_> = chapters(&entries, &spans)
            .into_iter()
            .map(|c| (c.title, c.offset_s, c.end_offset_s))
            .collect();
        assert_eq!(
            told,
            [
                ("OPENING".into(), 0.0, Some(50.0)),
                ("Question 4 ?".into(), 10.0, Some(30.0)),
                ("DEBATE".into(), 50.0, Some(90.0)),
                ("Question 6 ?".to_owned(), 60.0, Some(65.0)),
            ]
        );
    }

    #[test]
    fn given_a_reopened_question_when_chapters_are_asked_then_it_is_none() {
        let entries = journal(vec![
            (110 * S, on_air(4)),
            (130 * S, Entry::QuestionAnswered { question: 4 }),
            (131 * S, Entry::QuestionReopened { question: 4 }),
        ]);
        assert_eq!(chapters(&entries, &[span(100, 50)]), []);
    }

    #[test]
    fn entries_are_stored_in_words_that_last() {
        let text = serde_json::to_string(&Entry::Phase { to: Phase::Live }).unwrap();
        assert_eq!(text, r#"{"kind":"phase","to":"live"}"#);
    }

    proptest! {
        #[test]
        fn offsets_never_go_back_and_stay_within(holes in proptest::collection::vec((0_u64..20, 1_u64..30), 1..6), a in 0_i64..200, b in 0_i64..200) {
            let mut at = 10_i64;
            let spans: Vec<Span> = holes.into_iter().map(|(hole, length)| {
                let found = span(at + i64::try_from(hole).unwrap(), length);
                at = found.at_ns / 1_000_000_000 + i64::try_from(length).unwrap();
                found
            }).collect();
            let total: u64 = spans.iter().map(|s| s.duration_ns).sum();
            let (low, high) = (a.min(b) * 1_000_000_000, a.max(b) * 1_000_000_000);
            if let (Some(low), Some(high)) = (offset_s(&spans, low), offset_s(&spans, high)) {
                prop_assert!(low <= high && high < seconds(total));
            }
        }
    }
}
