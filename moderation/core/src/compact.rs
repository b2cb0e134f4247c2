//! Forms for snapshots of values whose JSON leaves out what is absent: there, every field has its place.

macro_rules! compact {
    ($name:ident: $type:ty, $tuple:ty, |$value:ident| $out:expr, |$fields:pat_param| $in:expr) => {
        pub(crate) mod $name {
            use serde::{Deserialize, Deserializer, Serialize, Serializer};

            use crate::*;

            pub(crate) fn serialize<S: Serializer>(
                $value: &$type,
                serializer: S,
            ) -> Result<S::Ok, S::Error> {
                $out.serialize(serializer)
            }

            pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
                deserializer: D,
            ) -> Result<$type, D::Error> {
                <$tuple>::deserialize(deserializer).map(|$fields| $in)
            }
        }
    };
}

compact!(author: Author, (ParticipantId, Option<SiteId>),
    |author| (author.participant, &author.room),
    |(participant, room)| Author { participant, room });
compact!(decline: Option<Decline>, Option<(DeclineCode, Option<String>, Option<QuestionId>)>,
    |reason| reason.as_ref().map(|reason| (reason.code, &reason.text, reason.see)),
    |reason| reason.map(|(code, text, see)| Decline { code, text, see }));
compact!(hold: Option<Hold>, Option<(HoldCode, Option<String>)>,
    |held| held.as_ref().map(|held| (held.code, &held.text)),
    |held| held.map(|(code, text)| Hold { code, text }));
