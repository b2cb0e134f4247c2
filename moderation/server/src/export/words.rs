//! The words of a table that people read, in the languages of the pages.

use pleniere_moderation_core::{DeclineCode, HoldCode, Standing};

/// The language of headings, states and reasons.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    /// French.
    French,
    /// English.
    English,
}

impl Language {
    /// One of two wordings.
    pub(super) fn of(self, french: &'static str, english: &'static str) -> &'static str {
        match self {
            Self::French => french,
            Self::English => english,
        }
    }

    /// The sheet's name; without the characters spreadsheets forbid there.
    pub(super) fn sheet(self) -> &'static str {
        self.of("Questions", "Questions")
    }

    pub(super) fn state(self, standing: Standing) -> &'static str {
        match standing {
            Standing::Received => self.of("Reçue", "Received"),
            Standing::Held => self.of("En quarantaine", "Quarantined"),
            Standing::Approved => self.of("Retenue", "Accepted"),
            Standing::Staged => self.of("Retenue, va passer", "Accepted, coming up"),
            Standing::OnAir => self.of("À l’antenne", "On air"),
            Standing::Answered => self.of("Répondue", "Answered"),
            Standing::Declined => self.of("Non retenue", "Not accepted"),
            Standing::Deferred => self.of("Renvoyée après l’événement", "Deferred"),
            Standing::Withdrawn => self.of("Retirée", "Withdrawn"),
            Standing::Merged => self.of("Réunie à une autre", "Merged"),
        }
    }

    pub(super) fn held(self, code: HoldCode) -> &'static str {
        match code {
            HoldCode::Link => self.of("Contient un lien", "Holds a link"),
            HoldCode::Contact => self.of(
                "Contient une adresse ou un numéro",
                "Holds an address or a number",
            ),
            HoldCode::Watched => self.of("Auteur à surveiller", "Its asker is watched"),
            HoldCode::Name => self.of("Nom suspect", "A suspicious name"),
            HoldCode::Moderator => self.of("Mise de côté", "Put aside"),
        }
    }

    pub(super) fn reason(self, code: DeclineCode) -> &'static str {
        match code {
            DeclineCode::Answered => self.of("Déjà traitée", "Already answered"),
            DeclineCode::Duplicate => self.of("Déjà posée", "Already asked"),
            DeclineCode::OffTopic => self.of("Hors du sujet", "Off topic"),
            DeclineCode::TooLong => self.of("Trop longue", "Too long"),
            DeclineCode::Unclear => self.of("Pas assez claire", "Not clear enough"),
            DeclineCode::Personal => self.of("Met en cause une personne", "Aims at a person"),
            DeclineCode::Unlawful => self.of(
                "Contraire à la loi ou au règlement",
                "Against the law or the rules",
            ),
            DeclineCode::Time => self.of("Le temps a manqué", "There was no time left"),
            DeclineCode::Other => self.of("Autre", "Other"),
        }
    }
}
