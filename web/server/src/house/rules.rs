//! What the event file says of questions, in the queue's own words; and which session's rules hold.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use pleniere_config::{Event, QuestionRules, RedisUrl};
use pleniere_media_core::timeline::Phase;
use pleniere_moderation::core::{
    Actor, Command, InvalidId, Moderation, Names, Policy, PolicyPatch, PublicId, SessionId, SiteId,
    State, ThemeId,
};
use pleniere_moderation::{Queue, QueueConfig, Refusal, RefusalCode};

use super::House;

/// Who asks under such a name would be taken for one of the team.
const OFFICES: [&str; 14] = [
    "Modération",
    "Modérateur",
    "Modératrice",
    "Régie",
    "Réalisateur",
    "Réalisatrice",
    "Organisation",
    "Organisateur",
    "Organisatrice",
    "Administrateur",
    "Moderator",
    "Director",
    "Organiser",
    "Admin",
];

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
pub(super) fn queue(
    event: &Event,
    data: &Path,
    redis: Option<&RedisUrl>,
    connections_per_address: u32,
) -> Result<QueueConfig, InvalidId> {
    let reserved = OFFICES.into_iter().chain([event.title.as_str()]);
    Ok(QueueConfig {
        dir: data.to_owned(),
        redis: redis.map(|url| url.secret().to_owned()),
        event: event.id.to_string(),
        policy: policy(event)?,
        sessions: sessions(event)?,
        themes: set(event.themes.iter().map(|theme| &theme.id), ThemeId::new)?,
        publics: set(event.publics.iter().map(|public| &public.id), PublicId::new)?,
        sites: set(event.sites.iter().map(|site| &site.id), SiteId::new)?,
        rooms: rooms(event)?,
        reserved: reserved.map(str::to_owned).collect(),
        connections_per_address,
    })
}

/// As what a room is shown, by the pages' words for it and what would be read as the same. Its bare name is not among
/// them: Nancy is a room, and a first name.
fn rooms(event: &Event) -> Result<BTreeMap<SiteId, BTreeSet<String>>, InvalidId> {
    let shown = |name: &String| {
        [
            format!("Salle de {name}"),
            format!("Salle d’{name}"),
            format!("Salle {name}"),
            format!("{name} room"),
            format!("Room of {name}"),
        ]
    };
    let named = event.sites.iter().map(|site| {
        let names = [Some(&site.name), site.name_en.as_ref()];
        let shown = names.into_iter().flatten().flat_map(shown).collect();
        Ok((SiteId::new(site.id.as_str())?, shown))
    });
    named.collect()
}

/// The rules each session of the file has for itself.
fn sessions(event: &Event) -> Result<BTreeMap<SessionId, PolicyPatch>, InvalidId> {
    let own = event.sessions.iter().filter_map(|session| {
        let rules = session.questions.as_ref()?;
        Some(SessionId::new(session.id.as_str()).and_then(|id| Ok((id, patch(rules)?))))
    });
    own.collect()
}

/// Says in the log where the event file is not followed, because moderators changed a session's rules.
///
/// # Errors
/// The queue does not answer.
pub(super) async fn say_overruled(queue: &Queue, event: &Event) -> anyhow::Result<()> {
    for session in overruled(queue, event).await? {
        tracing::info!(
            event = event.id.as_str(),
            %session,
            "moderators changed this session's rules; what they changed holds, and not what the event file says"
        );
    }
    Ok(())
}

/// The sessions for which moderators made other rules than the file's.
async fn overruled(queue: &Queue, event: &Event) -> anyhow::Result<Vec<SessionId>> {
    let said = sessions(event)?;
    let overruled = move |state: &State| {
        let changed = state.sessions_changed().iter();
        let differs = |id: &&SessionId| {
            let kept = state.session_policies().get(*id);
            kept.filter(|rules| !rules.is_empty()) != said.get(*id)
        };
        changed.filter(differs).cloned().collect()
    };
    Ok(queue.read(overruled).await?)
}

impl House {
    /// Tells the queue which session runs: its rules are laid over.
    pub(super) async fn note_session(&self, session: Option<&str>) -> Result<(), Refusal> {
        let session = session.map(SessionId::new).transpose();
        let session =
            session.map_err(|error| Refusal::new(RefusalCode::BadRequest, error.to_string()))?;
        let begun = Command::NoteSession { session };
        self.queue.execute(Actor::System, begun).await.map(drop)
    }

    /// The same, for a session that runs already: what the queue does not take is for the log.
    pub(super) async fn session_noted(&self, session: Option<&str>) {
        if let Err(refusal) = self.note_session(session).await {
            tracing::error!(event = self.id(), %refusal, "the session's rules do not hold");
        }
    }

    /// After a stop between the two, the queue follows what the programme's journal says.
    pub(super) async fn agree_on_session(&self) -> Result<(), Refusal> {
        let session = {
            let state = self.programme.state();
            let state = state.borrow();
            let runs = state.phase != Phase::After;
            state
                .session
                .as_ref()
                .filter(|_| runs)
                .map(|(id, _)| id.clone())
        };
        self.note_session(session.as_deref()).await
    }
}

fn patch(rules: &QuestionRules) -> Result<PolicyPatch, InvalidId> {
    Ok(PolicyPatch {
        open: rules.open,
        moderation: rules.moderation.map(moderation),
        slow_mode_s: rules.slow_mode_s,
        per_person: rules.per_person,
        per_person_per_min: rules.per_person_per_min,
        per_address_per_min: rules.per_address_per_min,
        max_length: rules.max_length,
        names: rules.names.map(names),
        themes: match &rules.themes {
            Some(themes) => Some(offered(themes.as_deref(), ThemeId::new)?),
            None => None,
        },
        publics: match &rules.publics {
            Some(publics) => Some(offered(publics.as_deref(), PublicId::new)?),
            None => None,
        },
        young: rules.young,
        hands: rules.hands,
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

#[cfg(test)]
mod tests {
    use pleniere_moderation::core::{Ask, ParticipantId, Staff};

    use super::*;

    fn school() -> Event {
        let file =
            Path::new(env!("CARGO_MANIFEST_DIR")).join("../../config/events/school-meeting.toml");
        Event::load(&file).unwrap()
    }

    #[tokio::test]
    async fn a_session_for_children_takes_no_names_while_it_runs() {
        let (folder, event) = (tempfile::tempdir().unwrap(), school());
        let hub = pleniere_moderation::Hub::new(tokio::runtime::Handle::current());
        let (queue, _notices) =
            Queue::open(self::queue(&event, folder.path(), None, 512).unwrap(), hub)
                .await
                .unwrap();
        let rules = async |session: &str| {
            let session = Some(SessionId::new(session).unwrap());
            let begun = Command::NoteSession { session };
            queue.execute(Actor::System, begun).await.unwrap();
            queue.read(|state| state.policy().clone()).await.unwrap()
        };
        let before = rules("attentes").await;
        assert!(!before.young && before.publics.is_none());
        let during = rules("ateliers").await;
        assert!(during.young && during.names == Names::None);
        assert_eq!(during.publics.unwrap().len(), 1);
        assert!(!rules("defis").await.young, "it ends with the session");
        queue.shutdown().await;
    }

    #[tokio::test]
    async fn a_person_may_be_called_nancy_and_not_pose_as_the_room() {
        let folder = tempfile::tempdir().unwrap();
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../config/events/grand-est.toml");
        let event = Event::load(&file).unwrap();
        let hub = pleniere_moderation::Hub::new(tokio::runtime::Handle::current());
        let config = self::queue(&event, folder.path(), None, 512).unwrap();
        let (queue, _notices) = Queue::open(config, hub).await.unwrap();
        let person = ParticipantId([1; 16]);
        let room = Actor::Room {
            site: SiteId::new("nancy").unwrap(),
            participant: ParticipantId([2; 16]),
        };
        let named = async |actor: &Actor, name: &str| {
            let ask = Ask {
                text: "Et la fibre ?".into(),
                name: Some(name.into()),
                ..Ask::default()
            };
            let asked = queue.execute(actor.clone(), Command::Ask(ask)).await;
            asked.err().map(|refusal| refusal.code)
        };
        // The words of the pages of rooms and moderators, in both languages.
        for shown in ["Salle de Nancy", "Nancy room", "Room of Nancy"] {
            let taken = named(&Actor::Participant(person), shown).await;
            assert_eq!(taken, Some(RefusalCode::NameTaken), "{shown}");
            assert_eq!(named(&room, shown).await, None, "{shown}");
        }
        assert_eq!(named(&Actor::Participant(person), "Nancy").await, None);
        queue.shutdown().await;
    }

    #[tokio::test]
    async fn a_room_with_the_longest_name_asks_under_it() {
        let (folder, mut event) = (tempfile::tempdir().unwrap(), school());
        let site = &mut event.sites[0];
        site.name = "Lycée polyvalent des métiers de l’agriculture, Épinal-Vosges".to_owned();
        assert_eq!(
            site.name.chars().count(),
            60,
            "as long as a file may have it"
        );
        let own = format!("Salle de {}", site.name);
        let room = Actor::Room {
            site: SiteId::new(site.id.as_str()).unwrap(),
            participant: ParticipantId([2; 16]),
        };
        let hub = pleniere_moderation::Hub::new(tokio::runtime::Handle::current());
        let config = self::queue(&event, folder.path(), None, 512).unwrap();
        let (queue, _notices) = Queue::open(config, hub).await.unwrap();
        let named = async |actor: &Actor, name: String| {
            let ask = Ask {
                text: "Et la fibre ?".into(),
                name: Some(name),
                ..Ask::default()
            };
            let asked = queue.execute(actor.clone(), Command::Ask(ask)).await;
            asked.err().map(|refusal| refusal.code)
        };
        assert_eq!(named(&room, own.clone()).await, None);
        let longer = format!("{own} et au-delà");
        assert_eq!(named(&room, longer).await, Some(RefusalCode::TooLong));
        let person = Actor::Participant(ParticipantId([1; 16]));
        assert_eq!(named(&person, own).await, Some(RefusalCode::TooLong));
        queue.shutdown().await;
    }

    /// As a start of the program opens it.
    async fn open(folder: &Path, event: &Event) -> Queue {
        let hub = pleniere_moderation::Hub::new(tokio::runtime::Handle::current());
        let config = self::queue(event, folder, None, 512).unwrap();
        Queue::open(config, hub).await.unwrap().0
    }

    /// What is kept for this session.
    async fn kept(queue: &Queue, session: &SessionId) -> PolicyPatch {
        let session = session.clone();
        let read = queue.read(move |state| state.session_policies().get(&session).cloned());
        read.await.unwrap().unwrap_or_default()
    }

    fn longest(length: u32) -> PolicyPatch {
        PolicyPatch {
            max_length: Some(length),
            ..PolicyPatch::default()
        }
    }

    /// The file, as a person edited it: other rules for one session.
    fn edited(mut event: Event, session: &SessionId, length: u32) -> Event {
        let sessions = event.sessions.iter_mut();
        for one in sessions.filter(|one| one.id.as_str() == session.to_string()) {
            let rules = one.questions.as_mut().unwrap();
            (rules.max_length, rules.young) = (Some(length), None);
        }
        event
    }

    fn ana() -> Actor {
        Actor::Moderator(Staff {
            id: "a1".into(),
            name: "Ana".into(),
        })
    }

    #[tokio::test]
    async fn an_edit_of_the_file_between_two_starts_holds_also_in_the_session_that_runs() {
        let (folder, event) = (tempfile::tempdir().unwrap(), school());
        let ateliers = SessionId::new("ateliers").unwrap();
        let queue = open(folder.path(), &event).await;
        assert_eq!(kept(&queue, &ateliers).await.young, Some(true));
        let begun = Command::NoteSession {
            session: Some(ateliers.clone()),
        };
        queue.execute(Actor::System, begun).await.unwrap();
        // Changed live while it runs: that holds against the session, edited or not.
        let slower = Command::SetPolicy {
            session: None,
            patch: PolicyPatch {
                slow_mode_s: Some(7),
                ..PolicyPatch::default()
            },
        };
        queue.execute(ana(), slower).await.unwrap();
        queue.shutdown().await;

        let event = edited(event, &ateliers, 77);
        let queue = open(folder.path(), &event).await;
        let rules = kept(&queue, &ateliers).await;
        assert_eq!((rules.max_length, rules.young), (Some(77), None));
        let now = queue.read(|state| state.policy().clone()).await.unwrap();
        assert_eq!((now.max_length, now.young), (77, false));
        assert_eq!(now.slow_mode_ms, 7_000);
        assert!(overruled(&queue, &event).await.unwrap().is_empty());
        queue.shutdown().await;
    }

    #[tokio::test]
    async fn what_moderators_changed_for_a_session_survives_a_restart_and_an_edit() {
        let (folder, event) = (tempfile::tempdir().unwrap(), school());
        let ateliers = SessionId::new("ateliers").unwrap();
        let queue = open(folder.path(), &event).await;
        let changed = Command::SetPolicy {
            session: Some(ateliers.clone()),
            patch: longest(100),
        };
        queue.execute(ana(), changed).await.unwrap();
        queue.shutdown().await;
        let event = edited(event, &ateliers, 77);
        let queue = open(folder.path(), &event).await;
        let rules = kept(&queue, &ateliers).await;
        assert_eq!((rules.max_length, rules.young), (Some(100), Some(true)));
        let not_followed = overruled(&queue, &event).await.unwrap();
        assert!(not_followed.iter().eq([&ateliers]), "the log says so");

        // Taken away, they do not come back from the file either.
        let none = Command::ResetPolicy {
            session: ateliers.clone(),
            patch: PolicyPatch::default(),
        };
        queue.execute(ana(), none).await.unwrap();
        queue.shutdown().await;
        let queue = open(folder.path(), &event).await;
        assert!(kept(&queue, &ateliers).await.is_empty());
        assert_eq!(overruled(&queue, &event).await.unwrap(), [ateliers]);
        queue.shutdown().await;
    }
}
