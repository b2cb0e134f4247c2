//! Triage: what becomes public, what does not and why, how it is worded, and what moderators note about it.

use super::{
    Decided, Desk, MAX_NOTE, MAX_NOTES, MAX_PERSON, MAX_REASON, clean_optional, known_tags, wrong,
};
use crate::{
    command::{Command, Patch},
    event::Change,
    id::{PublicId, QuestionId, SiteId, ThemeId},
    question::{Question, Standing},
    reason::{Decline, Hold, HoldCode},
    rejection::Rejection,
    state::State,
    text::clean,
};

pub(super) fn triage(desk: &Desk<'_>, command: Command) -> Decided {
    use Standing::{Approved, Declined, Deferred, Held, Received, Staged};
    match command {
        Command::Approve { question, version } => {
            let needs = "only a received or held question is approved";
            desk.free(question, version, &[Received, Held], needs)?;
            Ok(vec![Change::Approved { question }])
        }
        Command::Hold {
            question,
            version,
            text,
        } => {
            let needs = "only a received question is held";
            desk.free(question, version, &[Received], needs)?;
            let text = clean_optional(text.as_deref(), MAX_REASON)?;
            let code = HoldCode::Moderator;
            let reason = Hold { code, text };
            Ok(vec![Change::Held { question, reason }])
        }
        Command::Decline {
            question,
            version,
            reason,
        } => {
            let needs = "only a received, held, approved, staged or deferred question is declined";
            let from = [Received, Held, Approved, Staged, Deferred];
            desk.free(question, version, &from, needs)?;
            decline(desk.state, question, reason)
        }
        Command::Restore { question, version } => {
            let needs =
                "only a declined, approved, held or deferred question goes back to received";
            let from = [Declined, Approved, Held, Deferred];
            desk.free(question, version, &from, needs)?;
            Ok(vec![Change::Restored { question }])
        }
        Command::Defer {
            question,
            version,
            to,
        } => {
            let needs = "only a received, held, approved or staged question is deferred";
            desk.free(
                question,
                version,
                &[Received, Held, Approved, Staged],
                needs,
            )?;
            let to = clean(&to, MAX_PERSON)?;
            Ok(vec![Change::Deferred { question, to }])
        }
        Command::Note { question, text } => note(desk, question, &text),
        Command::Edit {
            question,
            version,
            text,
            theme,
            public,
            site,
        } => {
            let needs = "a closed question is not edited";
            let open = [Received, Held, Approved, Staged, Standing::OnAir];
            let seen = desk.free(question, version, &open, needs)?;
            edit(desk.state, seen, &text, theme, public, site)
        }
        _ => Ok(Vec::new()),
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
        if !state.question(see).is_some_and(Question::is_public) {
            return Err(Rejection::NotFound(see));
        }
    }
    let text = clean_optional(reason.text.as_deref(), MAX_REASON)?;
    Ok(vec![Change::Declined {
        question,
        reason: Decline { text, ..reason },
    }])
}

fn note(desk: &Desk<'_>, id: QuestionId, text: &str) -> Decided {
    let question = desk.question(id)?;
    if question.standing == Standing::Withdrawn {
        return Err(wrong(question, "its asker has taken it back"));
    }
    if question.notes.len() >= MAX_NOTES {
        return Err(Rejection::Full("this question takes no more notes"));
    }
    let text = clean(text, MAX_NOTE)?;
    Ok(vec![Change::Noted { question: id, text }])
}

fn edit(
    state: &State,
    seen: &Question,
    text: &str,
    theme: Patch<ThemeId>,
    public: Patch<PublicId>,
    site: Patch<SiteId>,
) -> Decided {
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
