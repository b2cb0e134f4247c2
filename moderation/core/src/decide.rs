//! Decides: which events follow from a command, or why none do. Looks, never changes.

mod ask;
mod bans;
mod claims;
mod hands;
mod merging;
mod rules;
mod staging;
mod triage;
mod undo;
mod votes;

use crate::{
    command::{Actor, Command, Staff},
    event::{Change, Event},
    id::{ParticipantId, PublicId, QuestionId, SiteId, ThemeId, UnixMs},
    question::{Author, Question, Standing},
    rejection::Rejection,
    state::State,
    text::{TextProblem, clean},
};

/// Most voters of one question; bounds memory against invented participants. Beyond, a vote is refused as `full`.
pub const MAX_VOTERS: usize = 1_000_000;
/// Most questions united in one; bounds the work of merging and of taking a vote back.
pub const MAX_UNITED: usize = 1_000;
/// How long a claim lasts without being renewed, in milliseconds.
pub const CLAIM_MS: i64 = 60_000;
/// Longest note between moderators, in Unicode scalar values after cleaning.
pub const MAX_NOTE: usize = 1_000;
/// Most notes on one question.
pub const MAX_NOTES: usize = 50;
/// Longest subject of a raised hand, in Unicode scalar values after cleaning.
pub const MAX_ABOUT: usize = 140;
/// Most hands that wait to be called; beyond, raising is refused as `full`.
pub const MAX_HANDS: usize = 10_000;
/// Longest name of somebody a question is deferred or assigned to, likewise.
const MAX_PERSON: usize = 80;
/// Longest reason in a moderator's words, likewise.
const MAX_REASON: usize = 500;

type Decided = Result<Vec<Change>, Rejection>;

/// Decides what follows from `command`, given by `actor` at wall clock `now`.
///
/// An empty list means: done already, nothing to record.
///
/// # Errors
/// [`Rejection`], in this order of tests: permission, existence, version, a colleague's claim, state, content.
pub fn decide(
    state: &State,
    command: Command,
    actor: &Actor,
    now: UnixMs,
) -> Result<Vec<Event>, Rejection> {
    let changes = match command {
        Command::Ask(ask) => ask::ask(state, ask, actor, now)?,
        Command::Vote { question } => votes::vote(state, question, actor, now)?,
        Command::Unvote { question } => votes::unvote(state, question, actor)?,
        Command::Withdraw { question } => ask::withdraw(state, question, actor)?,
        Command::RaiseHand(raise) => hands::raise(state, raise, actor, now)?,
        Command::LowerHand => hands::lower(state, actor)?,
        Command::HandReady => hands::ready(state, actor, now)?,
        moderation => match actor {
            Actor::System => report(state, moderation)?,
            Actor::Moderator(staff) | Actor::Director(staff) => {
                moderate(&Desk { state, staff, now }, moderation)?
            }
            Actor::Participant(_) | Actor::Room { .. } => {
                return Err(Rejection::NotAllowed(
                    "this is for moderators and directors",
                ));
            }
        },
    };
    Ok(changes
        .into_iter()
        .map(|change| Event {
            at: now,
            by: actor.clone(),
            change,
        })
        .collect())
}

/// What the program itself reports.
fn report(state: &State, command: Command) -> Decided {
    match command {
        Command::NoteAirSeen {
            question,
            at,
            shown,
        } => staging::note_air_seen(state, question, at, shown),
        Command::NoteSession { session } => Ok(rules::note_session(state, session)),
        // What the event file keeps for a session.
        Command::SetPolicy {
            session: Some(session),
            patch,
        } => rules::set_policy(state, Some(session), patch),
        Command::Release { question } => claims::release_any(state, question),
        Command::ReleaseAll { staff } => Ok(claims::release_all(state, &staff)),
        _ => Err(Rejection::NotAllowed(
            "this is for moderators and directors",
        )),
    }
}

fn moderate(desk: &Desk<'_>, command: Command) -> Decided {
    match command {
        Command::Approve { .. }
        | Command::Hold { .. }
        | Command::Decline { .. }
        | Command::Restore { .. }
        | Command::Defer { .. }
        | Command::Edit { .. }
        | Command::Note { .. } => triage::triage(desk, command),
        Command::Merge {
            question,
            version,
            into,
        } => merging::merge(desk, question, version, into),
        Command::Unmerge { question, version } => merging::unmerge(desk, question, version),
        Command::Claim { question, take } => claims::claim(desk, question, take),
        Command::Release { question } => claims::release(desk, question),
        Command::Undo { question } => undo::undo(desk, question),
        Command::Ban {
            who,
            reason,
            minutes,
        } => bans::ban(desk, &who, &reason, minutes),
        Command::Unban { asker } => bans::unban(desk.state, &asker),
        Command::SetPolicy { session, patch } => rules::set_policy(desk.state, session, patch),
        Command::ResetPolicy { session, patch } => rules::reset_policy(desk.state, session, patch),
        Command::CallHand { .. }
        | Command::DismissHand { .. }
        | Command::HandSpeaking { .. }
        | Command::HandDone { .. }
        | Command::MoveHand { .. } => hands::moderate(desk.state, command),
        Command::NoteAirSeen { .. } | Command::NoteSession { .. } | Command::ReleaseAll { .. } => {
            Err(Rejection::NotAllowed(
                "only the program reports what it saw",
            ))
        }
        staging => staging::stage(desk, staging),
    }
}

/// A moderator or director at work: what they look at, and when.
struct Desk<'a> {
    state: &'a State,
    staff: &'a Staff,
    now: UnixMs,
}

impl<'a> Desk<'a> {
    /// The question, if it is at the version they saw and in one of the standings.
    fn at(
        &self,
        id: QuestionId,
        version: u64,
        allowed: &[Standing],
        needs: &'static str,
    ) -> Result<&'a Question, Rejection> {
        let question = self.fresh(id, version)?;
        need(question, allowed, needs).map(|()| question)
    }

    /// Likewise, for what is not done while a colleague is at it.
    fn free(
        &self,
        id: QuestionId,
        version: u64,
        allowed: &[Standing],
        needs: &'static str,
    ) -> Result<&'a Question, Rejection> {
        let question = self.fresh(id, version)?;
        self.unclaimed(question)?;
        need(question, allowed, needs).map(|()| question)
    }

    fn fresh(&self, id: QuestionId, seen: u64) -> Result<&'a Question, Rejection> {
        let question = self.question(id)?;
        if question.version == seen {
            return Ok(question);
        }
        Err(Rejection::Stale {
            question: id,
            seen,
            current: question.version,
        })
    }

    fn question(&self, id: QuestionId) -> Result<&'a Question, Rejection> {
        self.state.question(id).ok_or(Rejection::NotFound(id))
    }

    /// Refused while a colleague's claim is live.
    fn unclaimed(&self, question: &Question) -> Result<(), Rejection> {
        match question.claim(self.now) {
            Some(claim) if !claim.by.is(self.staff) => Err(Rejection::Claimed {
                question: question.id,
                by: claim.by.name.clone(),
                until: claim.until,
            }),
            _ => Ok(()),
        }
    }
}

fn need(question: &Question, allowed: &[Standing], needs: &'static str) -> Result<(), Rejection> {
    if allowed.contains(&question.standing) {
        return Ok(());
    }
    Err(wrong(question, needs))
}

fn wrong(question: &Question, needs: &'static str) -> Rejection {
    Rejection::WrongState {
        question: question.id,
        is: question.standing,
        needs,
    }
}

/// Whoever asks, votes and raises hands.
fn author(actor: &Actor) -> Result<Author, Rejection> {
    let room = match actor {
        Actor::Room { site, .. } => Some(site.clone()),
        _ => None,
    };
    let participant = actor.participant().ok_or(Rejection::NotAllowed(
        "only a participant or a room asks, votes and raises a hand",
    ))?;
    Ok(Author { participant, room })
}

fn not_banned(state: &State, who: ParticipantId, now: UnixMs) -> Result<(), Rejection> {
    match state.ban(who, now) {
        Some(ban) => Err(Rejection::Banned {
            reason: ban.reason.clone(),
            until: ban.until,
        }),
        None => Ok(()),
    }
}

/// Tags must be of the event file.
fn known_tags(
    state: &State,
    public: Option<&PublicId>,
    theme: Option<&ThemeId>,
    site: Option<&SiteId>,
) -> Result<(), Rejection> {
    let unknown =
        |kind: &str, id: &str| Rejection::BadRequest(format!("this event has no {kind} {id:?}"));
    let catalogue = state.catalogue();
    if let Some(id) = public.filter(|id| !catalogue.publics.contains(id)) {
        return Err(unknown("public", id.as_str()));
    }
    if let Some(id) = theme.filter(|id| !catalogue.themes.contains(id)) {
        return Err(unknown("theme", id.as_str()));
    }
    if let Some(id) = site.filter(|id| !catalogue.sites.contains(id)) {
        return Err(unknown("site", id.as_str()));
    }
    Ok(())
}

/// Words that may be missing: without anything readable they are.
fn clean_optional(text: Option<&str>, max: usize) -> Result<Option<String>, Rejection> {
    match text.map(|text| clean(text, max)) {
        None | Some(Err(TextProblem::Empty)) => Ok(None),
        Some(Ok(text)) => Ok(Some(text)),
        Some(Err(problem)) => Err(problem.into()),
    }
}
