//! Rules changed live, kept for sessions, and laid over when these begin.

use crate::{id::SessionId, policy::PolicyPatch, state::Rules};

/// Live changes hold at once, also against what the running session laid over.
pub(crate) fn set(rules: &mut Rules, patch: &PolicyPatch) {
    rules.live = rules.live.then(patch);
    rules.since = rules.since.then(patch);
    rules.refresh();
}

/// Keeps a session's rules; those of the running one hold at once. That they were taken away is kept too: the event file
/// does not bring them back at the next start.
pub(crate) fn keep(rules: &mut Rules, session: &SessionId, patch: &PolicyPatch) {
    rules.sessions.insert(session.clone(), patch.clone());
    rules.changed.insert(session.clone());
    if rules.session.as_ref() == Some(session) {
        rules.since = PolicyPatch::default();
    }
    rules.refresh();
}

/// What the session before laid over is gone; what is kept for this one holds.
pub(crate) fn begin(rules: &mut Rules, session: Option<&SessionId>) {
    rules.session = session.cloned();
    rules.since = PolicyPatch::default();
    rules.refresh();
}
