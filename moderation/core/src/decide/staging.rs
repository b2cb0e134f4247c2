//! The stage list, the air, and answers.

use super::{Decided, Desk, MAX_PERSON, known_tags};
use crate::{
    command::{Command, Patch},
    event::Change,
    id::{QuestionId, SiteId, UnixMs},
    question::{Assignment, Standing},
    reason::Audience,
    rejection::Rejection,
    state::State,
    text::clean,
};

pub(super) fn stage(desk: &Desk<'_>, command: Command) -> Decided {
    use Standing::{Approved, OnAir, Staged};
    let state = desk.state;
    match command {
        Command::Stage { question, version } => {
            let needs = "only an approved question goes on the stage list";
            desk.at(question, version, &[Approved], needs)?;
            let rank = state.stage.len() + 1;
            Ok(vec![Change::Staged { question, rank }])
        }
        Command::Unstage { question, version } => {
            desk.at(question, version, &[Staged], "it is not on the stage list")?;
            Ok(vec![Change::Unstaged { question }])
        }
        Command::Move {
            question,
            version,
            to,
        } => {
            desk.at(question, version, &[Staged], "it is not on the stage list")?;
            let rank = to.clamp(1, state.stage.len());
            let there = state.rank(question) == Some(rank);
            let moved = Change::Moved { question, rank };
            Ok(if there { Vec::new() } else { vec![moved] })
        }
        Command::Air { question, version } => {
            let needs = "only an approved or staged question goes on air";
            desk.at(question, version, &[Approved, Staged], needs)?;
            Ok(air(state, question))
        }
        Command::OffAir { question, version } => {
            desk.at(question, version, &[OnAir], "it is not on air")?;
            Ok(vec![Change::TakenOffAir { question }])
        }
        Command::Assign {
            question,
            version,
            speaker,
            site,
        } => assign(desk, question, version, speaker, site),
        Command::Answer {
            question,
            version,
            written,
            to,
        } => answer(desk, question, version, written, to),
        Command::Reopen { question, version } => reopen(desk, question, version),
        _ => Ok(Vec::new()),
    }
}

fn air(state: &State, question: QuestionId) -> Vec<Change> {
    let displaced = state.on_air;
    let previous = displaced.map(|question| Change::TakenOffAir { question });
    let taken = Change::TakenOnAir {
        question,
        displaced,
    };
    previous.into_iter().chain([taken]).collect()
}

fn assign(
    desk: &Desk<'_>,
    question: QuestionId,
    version: u64,
    speaker: Patch<String>,
    site: Patch<SiteId>,
) -> Decided {
    let needs = "only a question on the stage list or on air is assigned";
    let seen = desk.at(
        question,
        version,
        &[Standing::Staged, Standing::OnAir],
        needs,
    )?;
    if let Patch::Set(site) = &site {
        known_tags(desk.state, None, None, Some(site))?;
    }
    let speaker = match speaker {
        Patch::Set(name) => Patch::Set(clean(&name, MAX_PERSON)?),
        other => other,
    };
    let speaker = speaker.over(seen.assigned.speaker.as_ref());
    let site = site.over(seen.assigned.site.as_ref());
    let assigned = Assignment { speaker, site };
    if assigned == seen.assigned {
        return Ok(Vec::new());
    }
    let Assignment { speaker, site } = assigned;
    Ok(vec![Change::Assigned {
        question,
        speaker,
        site,
    }])
}

fn answer(
    desk: &Desk<'_>,
    question: QuestionId,
    version: u64,
    written: Option<String>,
    to: Audience,
) -> Decided {
    use Standing::{Approved, Deferred, Held, OnAir, Received, Staged};
    let Some(written) = written else {
        let needs = "only an approved, staged or aired question is answered orally";
        desk.at(question, version, &[Approved, Staged, OnAir], needs)?;
        if to == Audience::One {
            return Err(Rejection::BadRequest(
                "an answer to the asker alone is given in writing".to_owned(),
            ));
        }
        return Ok(vec![Change::Answered {
            question,
            written: None,
            to,
        }]);
    };
    let needs = "a question that is closed or united with another is not answered";
    let open = [Received, Held, Approved, Staged, OnAir, Deferred];
    desk.free(question, version, &open, needs)?;
    let written = Some(clean(&written, desk.state.policy().max_answer_length)?);
    Ok(vec![Change::Answered {
        question,
        written,
        to,
    }])
}

fn reopen(desk: &Desk<'_>, question: QuestionId, version: u64) -> Decided {
    use Standing::{Answered, Approved, OnAir, Received, Staged};
    let needs = "only an answered question is reopened";
    let seen = desk.at(question, version, &[Answered], needs)?;
    let to = match seen.answer.as_ref().map(|answer| answer.from) {
        Some(Staged | OnAir) => Staged,
        Some(Approved) | None => Approved,
        Some(_) => Received,
    };
    Ok(vec![Change::Reopened { question, to }])
}

/// Seen before (an engine came back with the overlay on): the first sighting stands.
pub(super) fn note_air_seen(state: &State, id: QuestionId, at: UnixMs, shown: bool) -> Decided {
    let question = state.question(id).ok_or(Rejection::NotFound(id))?;
    let airings = &question.airings;
    let news = if shown {
        airings
            .last()
            .is_some_and(|airing| airing.seen_at.is_none())
    } else {
        airings
            .iter()
            .any(|airing| airing.off_asked_at.is_some() && airing.gone_at.is_none())
    };
    let seen = Change::AirSeen {
        question: id,
        at,
        shown,
    };
    Ok(if news { vec![seen] } else { Vec::new() })
}
