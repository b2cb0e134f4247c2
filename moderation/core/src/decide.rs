//! Decides: which events follow from a command, or why none do. Looks, never changes.

use crate::{
    apply::participant,
    command::{Actor, Ask, Command, Decline, Patch},
    event::{Change, Event},
    id::{ParticipantId, PublicId, QuestionId, SiteId, ThemeId, UnixMs},
    policy::Moderation,
    rejection::Rejection,
    state::{Author, Question, Standing, State},
    text::{TextProblem, clean},
};

/// Most voters of one question; bounds memory against invented participants. Beyond, a vote is refused as `full`.
pub const MAX_VOTERS: usize = 1_000_000;

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
            moderate(state, moderation)?
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
    let policy = &state.policy;
    if !policy.open {
        return Err(Rejection::Closed);
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
    let name = if policy.names {
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
        programme_at: ask.programme_at,
        approved: policy.moderation == Moderation::After,
    })
}

fn author(actor: &Actor) -> Result<Author, Rejection> {
    let room = match actor {
        Actor::Room { site, .. } => Some(site.clone()),
        _ => None,
    };
    let participant = participant(actor).ok_or(Rejection::NotAllowed(
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
        let retry_ms = state.policy.slow_mode_ms - waited;
        if retry_ms > 0 {
            return Err(Rejection::TooFast { retry_ms });
        }
    }
    if theirs()
        .filter(|question| !question.standing.is_closed())
        .count()
        >= state.policy.per_person
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
        .filter(|question| question.standing.is_public());
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
    match (support, question.votes.contains(&voter)) {
        (true, true) => Err(wrong("you voted for it already")),
        (false, false) => Err(wrong("you have not voted for it")),
        (true, false) if question.votes.len() >= MAX_VOTERS => {
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

fn moderate(state: &State, command: Command) -> Result<Vec<Change>, Rejection> {
    use Standing::{Approved, Declined, OnAir, Received, Staged};
    Ok(match command {
        Command::Approve { question, version } => {
            need(
                fresh(state, question, version)?,
                &[Received],
                "only a received question is approved",
            )?;
            vec![Change::Approved { question }]
        }
        Command::Decline {
            question,
            version,
            reason,
        } => {
            let seen = fresh(state, question, version)?;
            need(
                seen,
                &[Received, Approved, Staged],
                "only a received, approved or staged question is declined",
            )?;
            vec![Change::Declined {
                question,
                reason: reason_checked(state, question, reason)?,
            }]
        }
        Command::Restore { question, version } => {
            let seen = fresh(state, question, version)?;
            need(
                seen,
                &[Declined, Approved],
                "only a declined or approved question goes back to received",
            )?;
            vec![Change::Restored { question }]
        }
        Command::Edit {
            question,
            version,
            text,
            theme,
            public,
            site,
        } => edit(
            state,
            fresh(state, question, version)?,
            &text,
            theme,
            public,
            site,
        )?,
        Command::Stage { question, version } => {
            need(
                fresh(state, question, version)?,
                &[Approved],
                "only an approved question goes on the stage list",
            )?;
            vec![Change::Staged {
                question,
                rank: state.stage.len() + 1,
            }]
        }
        Command::Unstage { question, version } => {
            need(
                fresh(state, question, version)?,
                &[Staged],
                "it is not on the stage list",
            )?;
            vec![Change::Unstaged { question }]
        }
        Command::Move {
            question,
            version,
            to,
        } => {
            need(
                fresh(state, question, version)?,
                &[Staged],
                "it is not on the stage list",
            )?;
            let rank = to.clamp(1, state.stage.len());
            if state.rank(question) == Some(rank) {
                Vec::new()
            } else {
                vec![Change::Moved { question, rank }]
            }
        }
        Command::Air { question, version } => {
            need(
                fresh(state, question, version)?,
                &[Approved, Staged],
                "only an approved or staged question goes on air",
            )?;
            let previous = state
                .on_air
                .map(|question| Change::TakenOffAir { question });
            previous
                .into_iter()
                .chain([Change::TakenOnAir { question }])
                .collect()
        }
        Command::OffAir { question, version } => {
            need(
                fresh(state, question, version)?,
                &[OnAir],
                "it is not on air",
            )?;
            vec![Change::TakenOffAir { question }]
        }
        Command::Answer {
            question,
            version,
            written,
        } => {
            let seen = fresh(state, question, version)?;
            need(
                seen,
                &[Approved, Staged, OnAir],
                "only an approved, staged or aired question is answered",
            )?;
            let written = written
                .map(|text| clean(&text, state.policy.max_answer_length))
                .transpose()?;
            vec![Change::Answered { question, written }]
        }
        Command::Reopen { question, version } => {
            let seen = fresh(state, question, version)?;
            need(
                seen,
                &[Standing::Answered],
                "only an answered question is reopened",
            )?;
            vec![Change::Reopened {
                question,
                staged: seen.answer.as_ref().is_some_and(|answer| answer.from_stage),
            }]
        }
        Command::SetQueue { open, moderation } => {
            let open = open.unwrap_or(state.policy.open);
            let moderation = moderation.unwrap_or(state.policy.moderation);
            let same = (open, moderation) == (state.policy.open, state.policy.moderation);
            if same {
                Vec::new()
            } else {
                vec![Change::QueueSet { open, moderation }]
            }
        }
        Command::Ask(_)
        | Command::Vote { .. }
        | Command::Unvote { .. }
        | Command::Withdraw { .. }
        | Command::NoteAirSeen { .. } => Vec::new(),
    })
}

fn fresh(state: &State, id: QuestionId, seen: u64) -> Result<&Question, Rejection> {
    let question = state.questions.get(&id).ok_or(Rejection::NotFound(id))?;
    if question.version == seen {
        Ok(question)
    } else {
        Err(Rejection::Stale {
            question: id,
            seen,
            current: question.version,
        })
    }
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

fn reason_checked(state: &State, id: QuestionId, reason: Decline) -> Result<Decline, Rejection> {
    if let Some(see) = reason.see {
        if see == id {
            return Err(Rejection::BadRequest(
                "a question cannot refer to itself as the reason".to_owned(),
            ));
        }
        // The asker will be sent there, so it must be something they can see.
        if !state
            .questions
            .get(&see)
            .is_some_and(|other| other.standing.is_public())
        {
            return Err(Rejection::NotFound(see));
        }
    }
    let text = match reason
        .text
        .as_deref()
        .map(|text| clean(text, state.policy.max_length))
    {
        None | Some(Err(TextProblem::Empty)) => None,
        Some(text) => Some(text?),
    };
    Ok(Decline { text, ..reason })
}

fn edit(
    state: &State,
    seen: &Question,
    text: &str,
    theme: Patch<ThemeId>,
    public: Patch<PublicId>,
    site: Patch<SiteId>,
) -> Result<Vec<Change>, Rejection> {
    use Standing::{Approved, OnAir, Received, Staged};
    need(
        seen,
        &[Received, Approved, Staged, OnAir],
        "a closed question is not edited",
    )?;
    let text = clean(text, state.policy.max_length)?;
    let theme_now = theme.over(seen.theme.as_ref());
    let public_now = public.over(seen.public.as_ref());
    let site_now = site.over(seen.site.as_ref());
    // Tags it had already may have left the event file since; only new ones are checked.
    known_tags(
        state,
        public_now
            .as_ref()
            .filter(|id| seen.public.as_ref() != Some(id)),
        theme_now
            .as_ref()
            .filter(|id| seen.theme.as_ref() != Some(id)),
        site_now
            .as_ref()
            .filter(|id| seen.site.as_ref() != Some(id)),
    )?;
    let unchanged = text == seen.text
        && theme_now == seen.theme
        && public_now == seen.public
        && site_now == seen.site;
    if unchanged {
        return Ok(Vec::new());
    }
    Ok(vec![Change::Edited {
        question: seen.id,
        text,
        public: public_now,
        theme: theme_now,
        site: site_now,
    }])
}
