//! What staff may take back: their last acts, each with what the question was before it.

use std::collections::{BTreeMap, VecDeque};

use serde::{Deserialize, Serialize};

use crate::{
    command::Staff,
    event::Change,
    id::{PublicId, QuestionId, SiteId, ThemeId},
    question::{Answer, Assignment, Merging, Question, Standing},
    reason::{Decline, Hold},
};

/// Acts kept per person; older ones are forgotten.
pub const UNDO_DEPTH: usize = 20;

/// An act that can be taken back, by the name of its command.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the words are the protocol's commands")]
pub enum Act {
    Approve,
    Hold,
    Decline,
    Restore,
    Edit,
    Stage,
    Unstage,
    Move,
    Merge,
    Unmerge,
    Defer,
    Answer,
    Reopen,
    Air,
    OffAir,
    Assign,
}

impl Act {
    /// The protocol's word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Approve => "approve",
            Self::Hold => "hold",
            Self::Decline => "decline",
            Self::Restore => "restore",
            Self::Edit => "edit",
            Self::Stage => "stage",
            Self::Unstage => "unstage",
            Self::Move => "move",
            Self::Merge => "merge",
            Self::Unmerge => "unmerge",
            Self::Defer => "defer",
            Self::Answer => "answer",
            Self::Reopen => "reopen",
            Self::Air => "air",
            Self::OffAir => "off_air",
            Self::Assign => "assign",
        }
    }

    /// The act that led to a change; none for what is not taken back.
    pub(crate) fn of(change: &Change) -> Option<Self> {
        Some(match change {
            Change::Approved { .. } => Self::Approve,
            Change::Held { .. } => Self::Hold,
            Change::Declined { .. } => Self::Decline,
            Change::Restored { .. } => Self::Restore,
            Change::Edited { .. } => Self::Edit,
            Change::Staged { .. } => Self::Stage,
            Change::Unstaged { .. } => Self::Unstage,
            Change::Moved { .. } => Self::Move,
            Change::Merged { .. } => Self::Merge,
            Change::Unmerged { .. } => Self::Unmerge,
            Change::Deferred { .. } => Self::Defer,
            Change::Answered { .. } => Self::Answer,
            Change::Reopened { .. } => Self::Reopen,
            Change::TakenOnAir { .. } => Self::Air,
            Change::TakenOffAir { .. } => Self::OffAir,
            Change::Assigned { .. } => Self::Assign,
            _ => return None,
        })
    }
}

/// What a question was before an act.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Memory {
    pub(crate) standing: Standing,
    /// Its rank on the stage list.
    pub(crate) rank: Option<usize>,
    text: String,
    original: Option<String>,
    public: Option<PublicId>,
    theme: Option<ThemeId>,
    site: Option<SiteId>,
    #[serde(with = "crate::compact::decline")]
    reason: Option<Decline>,
    #[serde(with = "crate::compact::hold")]
    held: Option<Hold>,
    deferred_to: Option<String>,
    pub(crate) merging: Option<Merging>,
    assigned: Assignment,
    answer: Option<Answer>,
}

impl Memory {
    pub(crate) fn of(question: &Question, rank: Option<usize>) -> Self {
        Self {
            standing: question.standing,
            rank,
            text: question.text.clone(),
            original: question.original.clone(),
            public: question.public.clone(),
            theme: question.theme.clone(),
            site: question.site.clone(),
            reason: question.reason.clone(),
            held: question.held.clone(),
            deferred_to: question.deferred_to.clone(),
            merging: question.merging.clone(),
            assigned: question.assigned.clone(),
            answer: question.answer.clone(),
        }
    }

    /// Writes everything back but lists, the air and what is united.
    pub(crate) fn restore(self, question: &mut Question) {
        question.standing = self.standing;
        question.text = self.text;
        question.original = self.original;
        question.public = self.public;
        question.theme = self.theme;
        question.site = self.site;
        question.reason = self.reason;
        question.held = self.held;
        question.deferred_to = self.deferred_to;
        question.merging = self.merging;
        question.assigned = self.assigned;
        question.answer = self.answer;
    }
}

/// One act of a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Done {
    pub(crate) act: Act,
    pub(crate) question: QuestionId,
    /// The question's version before and after.
    pub(crate) before: u64,
    pub(crate) after: u64,
    /// What it took off the air.
    pub(crate) displaced: Option<QuestionId>,
    pub(crate) memory: Memory,
}

/// The last acts of everybody, by [`Staff::key`].
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct UndoStacks(BTreeMap<String, VecDeque<Done>>);

impl UndoStacks {
    pub(crate) fn push(&mut self, staff: &Staff, done: Done) {
        let stack = self.0.entry(staff.key().to_owned()).or_default();
        if stack.len() >= UNDO_DEPTH {
            stack.pop_front();
        }
        stack.push_back(done);
    }

    /// Somebody's last act, or their last on this question.
    pub(crate) fn last(&self, staff: &Staff, question: Option<QuestionId>) -> Option<&Done> {
        let stack = self.0.get(staff.key())?;
        stack
            .iter()
            .rev()
            .find(|done| question.is_none_or(|id| done.question == id))
    }

    /// Takes somebody's last act on this question out.
    pub(crate) fn pop(&mut self, staff: &Staff, question: QuestionId) -> Option<Done> {
        let stack = self.0.get_mut(staff.key())?;
        let index = stack.iter().rposition(|done| done.question == question)?;
        let done = stack.remove(index);
        if stack.is_empty() {
            self.0.remove(staff.key());
        }
        done
    }

    /// After an act was taken back the question is as the acts before it left it: at this version now.
    pub(crate) fn returned(&mut self, undone: &Done, version: u64) {
        let acts = self.0.values_mut().flatten();
        for done in
            acts.filter(|done| done.question == undone.question && done.after == undone.before)
        {
            done.after = version;
        }
    }
}
