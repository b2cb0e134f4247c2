//! Decisions of moderators: triage, the stage list, the air, the rules. Each names the version it saw.

use super::{known_tags, need};
use crate::{
    command::{Command, Patch},
    event::Change,
    id::{PublicId, QuestionId, SiteId, ThemeId},
    policy::PolicyPatch,
    question::{Question, Standing},
    reason::Decline,
    rejection::Rejection,
    state::State,
    text::{TextProblem, clean},
};

type Decided = Result<Vec<Change>, Rejection>;

/// What follows from a moderator's command; nothing from those that are not a moderator's.
pub(super) fn moderate(state: &State, command: Command) -> Decided {
    use Standing::{Approved, Declined, OnAir, Received, Staged};
    // Existence, version and standing, in this order, before anything else is looked at.
    let at = |id, version, allowed: &[Standing], needs| {
        let question = fresh(state, id, version)?;
        need(question, allowed, needs).map(|()| question)
    };
    match command {
        Command::Approve { question, version } => {
            at(
                question,
                version,
                &[Received],
                "only a received question is approved",
            )?;
            Ok(vec![Change::Approved { question }])
        }
        Command::Decline {
            question,
            version,
            reason,
        } => {
            let needs = "only a received, approved or staged question is declined";
            at(question, version, &[Received, Approved, Staged], needs)?;
            decline(state, question, reason)
        }
        Command::Restore { question, version } => {
            let needs = "only a declined or approved question goes back to received";
            at(question, version, &[Declined, Approved], needs)?;
            Ok(vec![Change::Restored { question }])
        }
        Command::Edit {
            question,
            version,
            text,
            theme,
            public,
            site,
        } => {
            let open = [Received, Approved, Staged, OnAir];
            let seen = at(question, version, &open, "a closed question is not edited")?;
            edit(state, seen, &text, theme, public, site)
        }
        Command::SetPolicy {
            session: None,
            patch,
        } => Ok(set_policy(state, patch)),
        staging => on_stage(state, staging, at),
    }
}

/// The stage list and the air.
fn on_stage<'a>(
    state: &State,
    command: Command,
    at: impl Fn(QuestionId, u64, &[Standing], &'static str) -> Result<&'a Question, Rejection>,
) -> Decided {
    use Standing::{Answered, Approved, OnAir, Staged};
    match command {
        Command::Stage { question, version } => {
            at(
                question,
                version,
                &[Approved],
                "only an approved question goes on the stage list",
            )?;
            Ok(vec![Change::Staged {
                question,
                rank: state.stage.len() + 1,
            }])
        }
        Command::Unstage { question, version } => {
            at(question, version, &[Staged], "it is not on the stage list")?;
            Ok(vec![Change::Unstaged { question }])
        }
        Command::Move {
            question,
            version,
            to,
        } => {
            at(question, version, &[Staged], "it is not on the stage list")?;
            let rank = to.clamp(1, state.stage.len());
            let there = state.rank(question) == Some(rank);
            Ok(if there {
                Vec::new()
            } else {
                vec![Change::Moved { question, rank }]
            })
        }
        Command::Air { question, version } => {
            at(
                question,
                version,
                &[Approved, Staged],
                "only an approved or staged question goes on air",
            )?;
            let previous = state
                .on_air
                .map(|question| Change::TakenOffAir { question });
            Ok(previous
                .into_iter()
                .chain([Change::TakenOnAir {
                    question,
                    displaced: state.on_air,
                }])
                .collect())
        }
        Command::OffAir { question, version } => {
            at(question, version, &[OnAir], "it is not on air")?;
            Ok(vec![Change::TakenOffAir { question }])
        }
        Command::Answer {
            question,
            version,
            written,
            to,
        } => {
            let needs = "only an approved, staged or aired question is answered";
            at(question, version, &[Approved, Staged, OnAir], needs)?;
            let written = written
                .map(|text| clean(&text, state.policy().max_answer_length))
                .transpose()?;
            Ok(vec![Change::Answered {
                question,
                written,
                to,
            }])
        }
        Command::Reopen { question, version } => {
            let seen = at(
                question,
                version,
                &[Answered],
                "only an answered question is reopened",
            )?;
            let to = match seen.answer.as_ref().map(|answer| answer.from) {
                Some(Staged | OnAir) => Staged,
                _ => Approved,
            };
            Ok(vec![Change::Reopened { question, to }])
        }
        _ => Ok(Vec::new()),
    }
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

fn decline(state: &State, question: QuestionId, reason: Decline) -> Decided {
    if let Some(see) = reason.see {
        if see == question {
            return Err(Rejection::BadRequest(
                "a question cannot refer to itself as the reason".to_owned(),
            ));
        }
        // The asker will be sent there, so it must be something they can see.
        if !state.questions.get(&see).is_some_and(Question::is_public) {
            return Err(Rejection::NotFound(see));
        }
    }
    let text = match reason
        .text
        .as_deref()
        .map(|text| clean(text, state.policy().max_length))
    {
        None | Some(Err(TextProblem::Empty)) => None,
        Some(text) => Some(text?),
    };
    Ok(vec![Change::Declined {
        question,
        reason: Decline { text, ..reason },
    }])
}

fn set_policy(state: &State, patch: PolicyPatch) -> Vec<Change> {
    if state.policy().with(&patch) == *state.policy() {
        Vec::new()
    } else {
        vec![Change::PolicySet { patch }]
    }
}

fn edit(
    state: &State,
    seen: &Question,
    text: &str,
    theme: Patch<ThemeId>,
    public: Patch<PublicId>,
    site: Patch<SiteId>,
) -> Result<Vec<Change>, Rejection> {
    let text = clean(text, state.policy().max_length)?;
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
