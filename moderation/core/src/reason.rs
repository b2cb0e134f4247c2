//! Why a question is not taken, or waits aside: values only.

use serde::{Deserialize, Serialize};

use crate::id::QuestionId;

/// Why a question is declined; shown to its asker.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decline {
    /// The reason.
    pub code: DeclineCode,
    /// In the moderator's words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// The question that says the same or was answered already.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub see: Option<QuestionId>,
}

/// Reasons that pages translate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(
    missing_docs,
    reason = "the words are the protocol's and say themselves"
)]
pub enum DeclineCode {
    Answered,
    Duplicate,
    OffTopic,
    TooLong,
    Unclear,
    Personal,
    Unlawful,
    Time,
    Other,
}

impl DeclineCode {
    /// Whether somebody declined for this has their further questions looked at first.
    pub fn is_grave(self) -> bool {
        matches!(self, Self::Personal | Self::Unlawful)
    }
}

/// Why a question is quarantined; never shown to its asker.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hold {
    /// The reason.
    pub code: HoldCode,
    /// In the moderator's words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
}

/// What made a question suspicious.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HoldCode {
    /// The text holds a web address.
    Link,
    /// The text holds an e-mail address or a telephone number.
    Contact,
    /// The asker had a question declined as personal or unlawful.
    Watched,
    /// The name holds a web address, an e-mail address or a telephone number.
    Name,
    /// A moderator put it aside.
    Moderator,
}

/// Who reads an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Audience {
    /// Everybody.
    #[default]
    All,
    /// Its asker alone.
    One,
}

impl Audience {
    /// Whether everybody reads it.
    pub fn is_all(&self) -> bool {
        *self == Self::All
    }
}
