//! What the event file says of questions, in the queue's own words.

use std::collections::BTreeSet;
use std::path::Path;

use pleniere_config::Event;
use pleniere_moderation::QueueConfig;
use pleniere_moderation::core::{InvalidId, Moderation, Names, Policy, PublicId, SiteId, ThemeId};

/// The rules an event's questions begin with.
///
/// # Errors
/// None in practice: ids of event files have the queue's form.
pub fn policy(event: &Event) -> Result<Policy, InvalidId> {
    let questions = &event.questions;
    Ok(Policy {
        open: questions.open,
        moderation: moderation(questions.moderation),
        max_length: questions.max_length as usize,
        slow_mode_ms: i64::from(questions.slow_mode_s) * 1000,
        per_person: questions.per_person as usize,
        per_person_per_min: questions.per_person_per_min as usize,
        per_address_per_min: questions.per_address_per_min as usize,
        names: names(questions.names),
        themes: offered(questions.themes.as_deref(), ThemeId::new)?,
        publics: offered(questions.publics.as_deref(), PublicId::new)?,
        young: questions.young,
        hands: questions.hands,
        ..Policy::default()
    })
}

/// What the queue of an event is opened with.
pub(super) fn queue(event: &Event, data: &Path) -> Result<QueueConfig, InvalidId> {
    let ids = |id: &dyn ToString| id.to_string();
    Ok(QueueConfig {
        dir: data.to_owned(),
        redis: None,
        event: ids(&event.id),
        policy: policy(event)?,
        themes: set(event.themes.iter().map(|theme| &theme.id), ThemeId::new)?,
        publics: set(event.publics.iter().map(|public| &public.id), PublicId::new)?,
        sites: set(event.sites.iter().map(|site| &site.id), SiteId::new)?,
        reserved: BTreeSet::new(),
        connections_per_address: 512,
    })
}

fn offered<I: ToString, T: Ord>(
    ids: Option<&[I]>,
    make: impl Fn(String) -> Result<T, InvalidId>,
) -> Result<Option<BTreeSet<T>>, InvalidId> {
    ids.map(|ids| set(ids, make)).transpose()
}

fn set<'i, I: ToString + 'i, T: Ord>(
    ids: impl IntoIterator<Item = &'i I>,
    make: impl Fn(String) -> Result<T, InvalidId>,
) -> Result<BTreeSet<T>, InvalidId> {
    ids.into_iter().map(|id| make(id.to_string())).collect()
}

fn moderation(from: pleniere_config::Moderation) -> Moderation {
    match from {
        pleniere_config::Moderation::Before => Moderation::Before,
        pleniere_config::Moderation::After => Moderation::After,
    }
}

fn names(from: pleniere_config::Names) -> Names {
    match from {
        pleniere_config::Names::None => Names::None,
        pleniere_config::Names::Optional => Names::Optional,
        pleniere_config::Names::Required => Names::Required,
    }
}
