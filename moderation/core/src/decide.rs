//! Decides: which events follow from a command, or why none do. Looks, never changes.

mod moderate;

use crate::{
    command::{Actor, Ask, Command},
    event::{Change, Event},
    id::{ParticipantId, PublicId, QuestionId, SiteId, ThemeId, UnixMs},
    policy::{Moderation, Names},
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

/// Decides what follows from `command`, given by `actor` at wall clock `now`.
///
/// An empty list means: done already, nothing to record.
///
/// # Errors
/// [`Rejection`], in this order of tests: permission, existence, version, state, content.
pub fn decide(
    state: &State,
    command: Command,
    actor: &Actor,
    now: UnixMs,
) -> Result<Vec<Event>, Rejection> {
    let changes = match command {
        Command::Ask(ask) => vec![self::ask(state, ask, actor, now)?],
        Command::Vote { question } => vec![vote(state, question, actor, true)?],
        Command::Unvote { question } => vec![vote(state, question, actor, false)?],
        Command::Withdraw { question } => vec![withdraw(state, question, actor)?],
        Command::NoteAirSeen {
            question,
            at,
            shown,
        } => note_air_seen(state, question, at, shown, actor)?,
        moderation => {
            let (Actor::Moderator(_) | Actor::Director(_)) = actor else {
                return Err(Rejection::NotAllowed(
                    "this is for moderators and directors",
                ));
            };
            moderate::moderate(state, moderation)?
        }
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

fn ask(state: &State, ask: Ask, actor: &Actor, now: UnixMs) -> Result<Change, Rejection> {
    let author = author(actor)?;
    let policy = state.policy();
    if !policy.open {
        return Err(Rejection::Closed("questions"));
    }
    if state.questions.len() >= policy.max_questions {
        return Err(Rejection::Full("this event takes no more questions"));
    }
    if author.room.is_none() {
        person_may_ask(state, author.participant, now)?;
    }
    known_tags(
        state,
        ask.public.as_ref(),
        ask.theme.as_ref(),
        ask.site.as_ref(),
    )?;
    let text = clean(&ask.text, policy.max_length)?;
    let name = if policy.names != Names::None {
        clean_name(ask.name.as_deref(), policy.max_name_length)?
    } else {
        None
    };
    Ok(Change::Asked {
        question: state.next_id(),
        author,
        text,
        show_name: ask.show_name && name.is_some(),
        name,
        public: ask.public,
        theme: ask.theme,
        site: ask.site,
        lang: ask.lang,
        programme_at: ask.programme_at,
        approved: policy.moderation == Moderation::After,
        held: None,
    })
}

fn author(actor: &Actor) -> Result<Author, Rejection> {
    let room = match actor {
        Actor::Room { site, .. } => Some(site.clone()),
        _ => None,
    };
    let participant = actor.participant().ok_or(Rejection::NotAllowed(
        "only a participant or a room asks and votes",
    ))?;
    Ok(Author { participant, room })
}

fn person_may_ask(state: &State, id: ParticipantId, now: UnixMs) -> Result<(), Rejection> {
    let Some(person) = state.people.get(&id) else {
        return Ok(());
    };
    let theirs = || {
        person
            .questions
            .iter()
            .filter_map(|id| state.questions.get(id))
    };
    if let Some(last) = theirs().next_back() {
        // A clock that stepped back must not silence anybody for longer than the slow mode.
        let waited = (now.0 - last.asked_at.0).max(0);
        let retry_ms = state.policy().slow_mode_ms - waited;
        if retry_ms > 0 {
            return Err(Rejection::TooFast { retry_ms });
        }
    }
    if theirs()
        .filter(|question| !question.standing.is_closed())
        .count()
        >= state.policy().per_person
    {
        return Err(Rejection::Full(
            "you have as many open questions as one person may; wait for one to be closed",
        ));
    }
    Ok(())
}

fn known_tags(
    state: &State,
    public: Option<&PublicId>,
    theme: Option<&ThemeId>,
    site: Option<&SiteId>,
) -> Result<(), Rejection> {
    let unknown =
        |kind: &str, id: &str| Rejection::BadRequest(format!("this event has no {kind} {id:?}"));
    if let Some(id) = public.filter(|id| !state.catalogue.publics.contains(id)) {
        return Err(unknown("public", id.as_str()));
    }
    if let Some(id) = theme.filter(|id| !state.catalogue.themes.contains(id)) {
        return Err(unknown("theme", id.as_str()));
    }
    if let Some(id) = site.filter(|id| !state.catalogue.sites.contains(id)) {
        return Err(unknown("site", id.as_str()));
    }
    Ok(())
}

/// A name without anything readable in it is no name.
fn clean_name(name: Option<&str>, max: usize) -> Result<Option<String>, Rejection> {
    match name.map(|name| clean(name, max)) {
        None | Some(Err(TextProblem::Empty)) => Ok(None),
        Some(Ok(name)) => Ok(Some(name)),
        Some(Err(problem)) => Err(problem.into()),
    }
}

fn vote(state: &State, id: QuestionId, actor: &Actor, support: bool) -> Result<Change, Rejection> {
    let voter = author(actor)?.participant;
    // A question that is not public is not there for a voter, not even by its state.
    let question = state
        .questions
        .get(&id)
        .filter(|question| question.is_public());
    let question = question.ok_or(Rejection::NotFound(id))?;
    let wrong = |needs| Rejection::WrongState {
        question: id,
        is: question.standing,
        needs,
    };
    if question.author.participant == voter {
        return Err(Rejection::NotAllowed(
            "one does not vote for one's own question",
        ));
    }
    if question.standing.is_closed() {
        return Err(wrong("votes are taken until it is answered"));
    }
    match (support, question.is_supported_by(voter)) {
        (true, true) => Err(wrong("you voted for it already")),
        (false, false) => Err(wrong("you have not voted for it")),
        (true, false) if question.own_votes.len() >= MAX_VOTERS => {
            Err(Rejection::Full("this question takes no more votes"))
        }
        (true, false) => Ok(Change::Voted { question: id }),
        (false, true) => Ok(Change::Unvoted { question: id }),
    }
}

fn withdraw(state: &State, id: QuestionId, actor: &Actor) -> Result<Change, Rejection> {
    let person = author(actor)?.participant;
    // Somebody else's question is as good as none, so that numbers tell nothing.
    let question = state
        .questions
        .get(&id)
        .filter(|question| question.author.participant == person);
    let question = question.ok_or(Rejection::NotFound(id))?;
    need(
        question,
        &[Standing::Received, Standing::Approved, Standing::Staged],
        "it can be withdrawn until it is on air or closed",
    )?;
    Ok(Change::Withdrawn { question: id })
}

fn note_air_seen(
    state: &State,
    id: QuestionId,
    at: UnixMs,
    shown: bool,
    actor: &Actor,
) -> Result<Vec<Change>, Rejection> {
    if *actor != Actor::System {
        return Err(Rejection::NotAllowed(
            "only the program reports what it saw",
        ));
    }
    let question = state.questions.get(&id).ok_or(Rejection::NotFound(id))?;
    // Seen before (an engine came back with the overlay on): the first sighting stands.
    let news = if shown {
        question
            .airings
            .last()
            .is_some_and(|airing| airing.seen_at.is_none())
    } else {
        question
            .airings
            .iter()
            .any(|airing| airing.off_asked_at.is_some() && airing.gone_at.is_none())
    };
    Ok(if news {
        vec![Change::AirSeen {
            question: id,
            at,
            shown,
        }]
    } else {
        Vec::new()
    })
}

fn need(question: &Question, allowed: &[Standing], needs: &'static str) -> Result<(), Rejection> {
    if allowed.contains(&question.standing) {
        Ok(())
    } else {
        Err(Rejection::WrongState {
            question: question.id,
            is: question.standing,
            needs,
        })
    }
}
