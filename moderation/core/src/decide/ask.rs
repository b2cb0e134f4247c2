//! Asking, and taking one's own question back.

use super::{Decided, author, clean_optional, known_tags, need, not_banned};
use crate::{
    command::{Actor, Ask},
    event::Change,
    id::{PublicId, QuestionId, ThemeId, UnixMs},
    person::Person,
    policy::{Moderation, Names, Policy},
    question::{Author, Standing},
    reason::{Hold, HoldCode},
    rejection::Rejection,
    state::State,
    suspicion,
    text::clean,
};

/// Longest language tag, in bytes.
const MAX_LANG: usize = 35;
const MINUTE_MS: i64 = 60_000;

pub(super) fn ask(state: &State, ask: Ask, actor: &Actor, now: UnixMs) -> Decided {
    let author = author(actor)?;
    not_banned(state, author.participant, now)?;
    let policy = state.policy();
    if !policy.open {
        return Err(Rejection::Closed("questions"));
    }
    if state.questions.len() >= policy.max_questions {
        return Err(Rejection::Full("this event takes no more questions"));
    }
    let person = state.person(author.participant);
    if let (Some(person), None) = (person, &author.room) {
        may_ask(state, person, now)?;
    }
    let (public, theme) = (ask.public.as_ref(), ask.theme.as_ref());
    known_tags(state, public, theme, ask.site.as_ref())?;
    offered(policy, public, theme)?;
    let text = clean(&ask.text, policy.max_length)?;
    let name = name(state, &author, ask.name.as_deref())?;
    let held = suspicion(&text, name.as_deref(), &author, person);
    Ok(vec![Change::Asked {
        question: state.next_id(),
        author,
        text,
        show_name: ask.show_name && name.is_some(),
        name,
        public: ask.public,
        theme: ask.theme,
        site: ask.site,
        lang: language(ask.lang)?,
        programme_at: ask.programme_at,
        approved: policy.moderation == Moderation::After && held.is_none(),
        held,
    }])
}

/// One person's pace and share. Looks at their last questions only.
fn may_ask(state: &State, person: &Person, now: UnixMs) -> Result<(), Rejection> {
    let policy = state.policy();
    // A clock that stepped back must not silence anybody for longer than the rule says.
    let left_of = |rule_ms: i64, back: usize| {
        let index = person.questions.len().checked_sub(back)?;
        let question = state.question(*person.questions.get(index)?)?;
        let waited = now.0.saturating_sub(question.asked_at.0).max(0);
        Some(rule_ms - waited).filter(|left| *left > 0)
    };
    let per_min = policy.per_person_per_min;
    let crowded = (per_min > 0).then(|| left_of(MINUTE_MS, per_min)).flatten();
    if let Some(retry_ms) = left_of(policy.slow_mode_ms, 1).max(crowded) {
        return Err(Rejection::TooFast { retry_ms });
    }
    if person.open >= policy.per_person {
        return Err(Rejection::Full(
            "you have as many open questions as one person may; wait for one to be closed",
        ));
    }
    Ok(())
}

/// Tags must be among those the rules offer now.
pub(super) fn offered(
    policy: &Policy,
    public: Option<&PublicId>,
    theme: Option<&ThemeId>,
) -> Result<(), Rejection> {
    let refuse = |kind: &str, id: &str| {
        Rejection::BadRequest(format!("the {kind} {id:?} is not offered now"))
    };
    let publics = policy.publics.as_ref();
    if let Some(id) = public.filter(|id| publics.is_some_and(|on| !on.contains(id))) {
        return Err(refuse("public", id.as_str()));
    }
    let themes = policy.themes.as_ref();
    if let Some(id) = theme.filter(|id| themes.is_some_and(|on| !on.contains(id))) {
        return Err(refuse("theme", id.as_str()));
    }
    Ok(())
}

/// The name as the rules take it: dropped, as wished, or needed; never one that looks like the team's or another
/// room's. A room's own is as long as it is.
pub(super) fn name(
    state: &State,
    author: &Author,
    name: Option<&str>,
) -> Result<Option<String>, Rejection> {
    let policy = state.policy();
    if policy.names == Names::None {
        return Ok(None);
    }
    let name = clean_optional(name, policy.max_name_length.max(longest_own(state, author)))?;
    if name.is_none() && policy.names == Names::Required && author.room.is_none() {
        return Err(Rejection::BadRequest("a name is needed here".to_owned()));
    }
    match name {
        Some(name) if state.reserved.is_imitated_by(&name, author.room.as_ref()) => {
            Err(Rejection::NameTaken(name))
        }
        name => Ok(name),
    }
}

/// Length of the longest name the author's room is shown under; 0 for who asks for themselves.
fn longest_own(state: &State, author: &Author) -> usize {
    let room = author.room.as_ref();
    let names = room.and_then(|room| state.catalogue().rooms.get(room));
    let lengths = names.into_iter().flatten().map(|name| name.chars().count());
    lengths.max().unwrap_or(0)
}

fn language(lang: Option<String>) -> Result<Option<String>, Rejection> {
    let is_tag = |tag: &String| {
        (1..=MAX_LANG).contains(&tag.len())
            && tag
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    match lang {
        Some(tag) if !is_tag(&tag) => Err(Rejection::BadRequest(
            "lang is not a language tag, such as fr or pt-BR".to_owned(),
        )),
        lang => Ok(lang),
    }
}

/// What puts a question into quarantine, the most telling first. A room's operator answers for who asks there.
fn suspicion(
    text: &str,
    name: Option<&str>,
    author: &Author,
    person: Option<&Person>,
) -> Option<Hold> {
    let watched = author.room.is_none() && person.is_some_and(|person| person.grave > 0);
    let named = |name| suspicion::has_link(name) || suspicion::has_contact(name);
    let code = if suspicion::has_link(text) {
        HoldCode::Link
    } else if suspicion::has_contact(text) {
        HoldCode::Contact
    } else if name.is_some_and(named) {
        HoldCode::Name
    } else if watched {
        HoldCode::Watched
    } else {
        return None;
    };
    Some(Hold { code, text: None })
}

pub(super) fn withdraw(state: &State, id: QuestionId, actor: &Actor) -> Decided {
    let person = author(actor)?.participant;
    // Somebody else's question is as good as none, so that numbers tell nothing.
    let question = state
        .question(id)
        .filter(|question| question.author.participant == person);
    let question = question.ok_or(Rejection::NotFound(id))?;
    need(
        question,
        &[
            Standing::Received,
            Standing::Held,
            Standing::Approved,
            Standing::Staged,
            Standing::Deferred,
        ],
        "it can be withdrawn until it is on air, united with another or closed",
    )?;
    Ok(vec![Change::Withdrawn { question: id }])
}
