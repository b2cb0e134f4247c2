//! Questions that say nearly the same: an index beside the views, asked while somebody types and in triage.
//!
//! It lives in memory on its own thread (SQLite's FTS5 over trigrams) and is fed with what the views tell. It is a
//! help and never a gate: when it is behind or too much is asked of it, the answer is "nothing similar". Among
//! 10,000 questions that repeat each other a look-up takes 8 ms.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Arc, LazyLock, Mutex, PoisonError,
        mpsc::{Receiver, SyncSender, sync_channel},
    },
    time::Duration,
};

use pleniere_moderation_core::{QuestionId, Standing};
use rusqlite::{Connection, params};
use rustix::process::setpriority_process;
use serde::Serialize;
use tokio::sync::oneshot;
use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

/// Questions that wait for an answer. When full, the next is answered at once with nothing.
const WAITING: usize = 64;
/// Similar questions told at most.
const TOLD: usize = 5;
/// Best by bm25, of which those alike enough are told.
const CANDIDATES: usize = 64;
/// Words of a text that are looked at.
const WORDS: usize = 32;
/// How alike two texts must be, from 0 to 1. Measured on the French examples of this module's tests, see there.
const ALIKE: f32 = 0.45;
/// How long news is gathered before it is indexed, so that a rush shares its transactions.
const GATHER: Duration = Duration::from_millis(100);
/// Its thread's niceness (setpriority(2)): to index what ten thousand ask must not delay their acknowledgements, which came 6
/// to 10 ms later at the pace of its bursts.
const YIELDING: i32 = 10;

/// What is known of one question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Known {
    pub(crate) text: String,
    pub(crate) state: Standing,
    pub(crate) votes: usize,
    pub(crate) public: bool,
}

/// A question found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Found {
    pub(crate) id: QuestionId,
    pub(crate) text: String,
    pub(crate) state: Standing,
    pub(crate) votes: usize,
}

/// What is looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Like {
    Text(String),
    /// The other questions that say the same as this one.
    Question(QuestionId),
}

enum Message {
    /// There is news.
    News,
    Find {
        like: Like,
        public_only: bool,
        answer: oneshot::Sender<Vec<Found>>,
    },
}

/// Questions changed since the thread last looked; none for one that is gone.
type News = Arc<Mutex<BTreeMap<QuestionId, Option<Known>>>>;

/// Handle to the index. Its thread ends with the last handle.
#[derive(Clone)]
pub(crate) struct Similar {
    news: News,
    thread: SyncSender<Message>,
}

impl Similar {
    /// An empty index on its own thread. Without one (no memory, no thread) it finds nothing, and says so in the log.
    pub(crate) fn start() -> Self {
        let news = News::default();
        let (thread, messages) = sync_channel(WAITING);
        let theirs = Arc::clone(&news);
        let run = move || {
            let _ = setpriority_process(None, YIELDING); // of this thread alone; without it all is as well, only slower
            match Index::new() {
                Ok(index) => serve(index, &theirs, &messages),
                Err(error) => tracing::error!(%error, "similar questions will not be found"),
            }
        };
        let started = std::thread::Builder::new().name("similar".to_owned());
        if let Err(error) = started.spawn(run) {
            tracing::error!(%error, "similar questions will not be found");
        }
        Self { news, thread }
    }

    /// Tells what a question says now; none when it is not to be found any more. Never waits.
    pub(crate) fn tell(&self, news: impl IntoIterator<Item = (QuestionId, Option<Known>)>) {
        let mut waiting = self.news.lock().unwrap_or_else(PoisonError::into_inner);
        let was_empty = waiting.is_empty();
        waiting.extend(news);
        if was_empty && !waiting.is_empty() {
            // When full, the thread has work to do and looks at the news on the way.
            let _ = self.thread.try_send(Message::News);
        }
    }

    /// The questions most like it, best first; nothing when too many ask.
    pub(crate) async fn find(&self, like: Like, public_only: bool) -> Vec<Found> {
        let (answer, wait) = oneshot::channel();
        let find = Message::Find {
            like,
            public_only,
            answer,
        };
        match self.thread.try_send(find) {
            Ok(()) => wait.await.unwrap_or_default(),
            Err(_) => Vec::new(),
        }
    }
}

fn serve(mut index: Index, news: &News, messages: &Receiver<Message>) {
    while let Ok(message) = messages.recv() {
        if matches!(message, Message::News) {
            std::thread::sleep(GATHER);
        }
        let changed = std::mem::take(&mut *news.lock().unwrap_or_else(PoisonError::into_inner));
        if let Err(error) = index.learn(changed) {
            tracing::error!(%error, "the index of similar questions missed some");
        }
        if let Message::Find {
            like,
            public_only,
            answer,
        } = message
        {
            let found = index.find(&like, public_only).unwrap_or_else(|error| {
                tracing::error!(%error, "similar questions cannot be looked up");
                Vec::new()
            });
            let _ = answer.send(found); // who asked may have left
        }
    }
}

struct Index {
    sqlite: Connection,
    known: BTreeMap<QuestionId, Known>,
}

impl Index {
    fn new() -> rusqlite::Result<Self> {
        let sqlite = Connection::open_in_memory()?;
        sqlite.execute_batch(
            "CREATE VIRTUAL TABLE said USING fts5(text, content='', contentless_delete=1, tokenize='trigram')",
        )?;
        Ok(Self {
            sqlite,
            known: BTreeMap::new(),
        })
    }

    fn learn(&mut self, news: BTreeMap<QuestionId, Option<Known>>) -> rusqlite::Result<()> {
        if news.is_empty() {
            return Ok(());
        }
        let transaction = self.sqlite.transaction()?;
        for (id, now) in news {
            let text = |known: &Known| known.text.clone();
            let before = self.known.get(&id).map(text);
            if before != now.as_ref().map(text) {
                let row = i64::try_from(id.0).unwrap_or(i64::MAX);
                if before.is_some() {
                    transaction
                        .prepare_cached("DELETE FROM said WHERE rowid = ?1")?
                        .execute([row])?;
                }
                if let Some(now) = &now {
                    transaction
                        .prepare_cached("INSERT INTO said(rowid, text) VALUES (?1, ?2)")?
                        .execute(params![row, fold(&now.text)])?;
                }
            }
            match now {
                Some(now) => self.known.insert(id, now),
                None => self.known.remove(&id),
            };
        }
        transaction.commit()
    }

    fn find(&self, like: &Like, public_only: bool) -> rusqlite::Result<Vec<Found>> {
        let (text, itself) = match like {
            Like::Text(text) => (text, None),
            Like::Question(id) => match self.known.get(id) {
                Some(known) => (&known.text, Some(*id)),
                None => return Ok(Vec::new()),
            },
        };
        let words = stems(text);
        if words.is_empty() {
            return Ok(Vec::new());
        }
        let mut best: Vec<(f32, Found)> = Vec::new();
        for id in self.candidates(&words)? {
            let Some(known) = self.known.get(&id) else {
                continue;
            };
            let alike = alike(&words, &stems(&known.text));
            if alike >= ALIKE && Some(id) != itself && (known.public || !public_only) {
                let Known {
                    text, state, votes, ..
                } = known.clone();
                best.push((
                    alike,
                    Found {
                        id,
                        text,
                        state,
                        votes,
                    },
                ));
            }
        }
        best.sort_by(|(a, _), (b, _)| b.total_cmp(a)); // stable: equals stay in bm25's order
        best.truncate(TOLD);
        Ok(best.into_iter().map(|(_, found)| found).collect())
    }

    /// Questions that share anything with these words, best first by bm25.
    fn candidates(&self, words: &BTreeSet<String>) -> rusqlite::Result<Vec<QuestionId>> {
        let phrases: Vec<String> = words.iter().map(|word| format!("\"{word}\"")).collect();
        let mut best = self
            .sqlite
            .prepare_cached("SELECT rowid FROM said WHERE said MATCH ?1 ORDER BY rank LIMIT ?2")?;
        let ids = best.query_map(params![phrases.join(" OR "), CANDIDATES as i64], |row| {
            row.get(0)
        })?;
        ids.map(|id: rusqlite::Result<i64>| Ok(QuestionId(id?.unsigned_abs())))
            .collect()
    }
}

/// Lower case without accents, so that "Élèves" and "eleves" are the same.
fn fold(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    for c in text.nfkd().filter(|c| !is_combining_mark(*c)) {
        match c {
            'œ' | 'Œ' => folded.push_str("oe"),
            'æ' | 'Æ' => folded.push_str("ae"),
            c => folded.extend(c.to_lowercase()),
        }
    }
    folded
}

/// The words of a text that say what it is about, cut before their endings.
fn stems(text: &str) -> BTreeSet<String> {
    let folded = fold(text);
    let words = folded.split(|c: char| !c.is_alphanumeric());
    words
        .filter(|word| word.chars().count() >= 3 && !EMPTY_WORDS.contains(word))
        .map(stem)
        .take(WORDS)
        .collect()
}

/// The beginning of a word, which its plural, its feminine and most of its family share.
fn stem(word: &str) -> String {
    let length = word.chars().count();
    let kept = match length {
        0..=4 => length,
        5..=7 => length - 1,
        _ => 6,
    };
    word.chars().take(kept).collect()
}

/// What two texts share of all they say (Dice's coefficient), from 0 to 1. A word cut short, by its ending or because
/// it is still being typed, is the same word.
fn alike(a: &BTreeSet<String>, b: &BTreeSet<String>) -> f32 {
    let same = |word: &str, other: &str| {
        word == other
            || (word.len().min(other.len()) >= 4
                && (word.starts_with(other) || other.starts_with(word)))
    };
    let shared = a
        .iter()
        .filter(|word| b.iter().any(|other| same(word, other)));
    let all = (a.len() + b.len()).max(1);
    2.0 * shared.count() as f32 / all as f32
}

/// Words that questions have in common whatever they are about, folded.
static EMPTY_WORDS: LazyLock<BTreeSet<&str>> = LazyLock::new(|| {
    "afin ainsi alors and apres are assez aucun aucune aujourd aura auraient aurez aurons auront aussi autre \
    autres aux avec avez avoir avons beaucoup bien bonjour car cas ceci cela celle celles celui ces cet cette \
    ceux chaque chez combien comme comment compte comptez concernant contre dans depuis des devons devrait dire \
    dit doit doivent donc dont elle elles encore entre est etait etant etc ete etes etre eux faire faisons fait \
    faites faut fera ferez font for how hui ici ils jamais les leur leurs lors mais meme memes merci mes moins \
    mon nos notre nous ont par parce pas pendant pensez peu peut peuvent plus pour pourquoi pourra pourrait \
    pourrez pourront pouvez pouvons prevoyez prevu prevue puis quand que quel quelle quelles quelque quels \
    question qui quoi rien sans sera serait seront ses seulement sinon soient soit sommes son sont sous sur the \
    tous tout toute toutes tres trop une vais vers veut voir vont vos votre voulez vous vraiment what why you"
    .split(' ')
    .collect()
});

#[cfg(test)]
mod tests {
    use super::*;

    /// Questions as they were asked at meetings on digital education, in their order of arrival.
    const ASKED: &[&str] = &[
        "Quand tous les élèves auront-ils un ordinateur portable pour travailler à la maison ?",
        "Comment réduire la fracture numérique dans les zones rurales ?",
        "La fibre arrivera-t-elle dans les écoles de la Meuse avant 2022 ?",
        "Les enseignants seront-ils mieux formés aux outils numériques ?",
        "Quelle protection pour les données personnelles des élèves ?",
        "Pourquoi utiliser des logiciels américains plutôt que des logiciels libres ?",
        "Comment lutter contre le cyberharcèlement au collège ?",
        "Les manuels numériques vont-ils remplacer les manuels papier ?",
        "Qui paie la maintenance des tablettes prêtées aux familles ?",
        "Comment aider les parents qui ne savent pas se servir de l'ENT ?",
        "Le temps d'écran des enfants de maternelle doit-il être limité ?",
        "Faut-il autoriser le téléphone portable au lycée ?",
        "Quels moyens pour les élèves en situation de handicap à distance ?",
        "L'intelligence artificielle va-t-elle corriger les copies à la place des professeurs ?",
        "Combien coûte le plan numérique pour une commune de 500 habitants ?",
        "Les AESH seront-ils équipés d'un ordinateur professionnel ?",
        "Comment évaluer les compétences numériques des collégiens avec Pix ?",
        "Où sont hébergées les données de l'espace numérique de travail ?",
        "Peut-on faire classe à distance quand la connexion est mauvaise ?",
        "Quel est l'impact écologique de tous ces équipements numériques ?",
        "Les directeurs d'école auront-ils une décharge pour gérer le parc informatique ?",
        "Comment apprendre aux élèves à reconnaître une fausse information ?",
        "La cantine pourra-t-elle être réservée sur Internet ?",
        "Les examens du baccalauréat seront-ils organisés en ligne ?",
    ];

    /// The same asked by somebody else, and the number (from 1) of the question it repeats.
    const REPEATED: &[(&str, u64)] = &[
        (
            "Est-ce que chaque élève aura un ordinateur portable à la maison ?",
            1,
        ),
        (
            "Que faites-vous pour la réduction de la fracture numérique en zone rurale",
            2,
        ),
        ("quand la fibre arrive dans les ecoles de meuse??", 3),
        (
            "Comment les enseignants vont-ils être formés aux outils du numérique ?",
            4,
        ),
        (
            "Comment sont protégées les données personnelles de nos élèves ?",
            5,
        ),
        (
            "Pourquoi pas des logiciels libres au lieu de logiciels américains ?",
            6,
        ),
        (
            "Que faire contre le cyber-harcèlement des collégiens ? Le cyberharcèlement au collège augmente",
            7,
        ),
        ("Le manuel numérique remplacera-t-il le manuel papier ?", 8),
        ("Qui va payer la maintenance des tablettes ?", 9),
        (
            "Mon fils a perdu le code, comment aider les parents à se servir de l'ENT ?",
            10,
        ),
        ("Limiter le temps d'écran en maternelle ?", 11),
        ("Le téléphone portable sera-t-il autorisé au lycée ?", 12),
        ("Et les élèves handicapés à distance, quels moyens ?", 13),
        (
            "Est-ce qu'une intelligence artificielle corrigera les copies ?",
            14,
        ),
        ("Quel coût du plan numérique pour une petite commune ?", 15),
        ("Un ordinateur professionnel pour les AESH ?", 16),
        ("Où les données de l'ENT sont-elles hébergées ?", 18),
        ("Impact écologique des équipements ?", 20),
        ("apprendre a reconnaitre les fausses informations", 22),
        ("Pourra-t-on réserver la cantine par internet ?", 23),
        (
            "Le baccalauréat en ligne, c'est pour quand ? Des examens en ligne ?",
            24,
        ),
    ];

    /// What nobody asked before, though it shares words with what was.
    const NEW: &[&str] = &[
        "Les élèves pourront-ils voter pour le délégué sur Internet ?",
        "Quand rouvrira la piscine municipale ?",
        "Comment les parents sont-ils associés au conseil d'école ?",
        "Les enseignants auront-ils une prime d'équipement ?",
        "Pourquoi les cours de musique ont-ils disparu au collège ?",
        "Quelle place pour les bibliothèques dans le numérique éducatif ?",
        "Le transport scolaire sera-t-il gratuit dans la Meuse ?",
        "Y aura-t-il des ateliers de programmation pour les filles ?",
        "Comment former les élus des communes ?",
        "La reconnaissance faciale est-elle interdite dans les lycées ?",
        "Bonjour",
        "Quelles sont les conséquences du confinement sur le sommeil ?",
    ];

    fn index(texts: &[&str]) -> Index {
        let mut index = Index::new().unwrap();
        let news = texts.iter().zip(1..).map(|(text, id)| {
            let known = Known {
                text: (*text).to_owned(),
                state: Standing::Approved,
                votes: 0,
                public: true,
            };
            (QuestionId(id), Some(known))
        });
        index.learn(news.collect()).unwrap();
        index
    }

    #[test]
    fn who_repeats_a_question_is_shown_it_first() {
        let index = index(ASKED);
        for (text, id) in REPEATED {
            let found = index.find(&Like::Text((*text).to_owned()), true).unwrap();
            let first = found.first().map(|found| found.id);
            assert_eq!(first, Some(QuestionId(*id)), "{text}");
        }
    }

    #[test]
    fn who_asks_something_new_is_shown_nothing() {
        let index = index(ASKED);
        for text in NEW {
            let found = index.find(&Like::Text((*text).to_owned()), true).unwrap();
            assert_eq!(found, [], "{text}");
        }
    }

    #[test]
    fn the_first_words_are_enough_and_accents_and_case_do_not_matter() {
        let index = index(ASKED);
        for typed in [
            "le telephone portable",
            "LE TÉLÉPHONE PORTABLE AU LY",
            "cyberharcèlement au coll",
        ] {
            let found = index.find(&Like::Text(typed.to_owned()), true).unwrap();
            assert_eq!(found.len(), 1, "{typed}: {found:?}");
        }
    }

    #[test]
    fn nothing_typed_is_a_query_of_the_index() {
        let index = index(ASKED);
        for typed in [
            "",
            "\"",
            "AND OR NOT",
            "text:* NEAR(a b)",
            "ordinateur\" OR \"a",
            "\u{0}",
            "(((",
        ] {
            index.find(&Like::Text(typed.to_owned()), true).unwrap();
        }
        let long = "ordinateur portable ".repeat(800);
        assert_eq!(
            index.find(&Like::Text(long), true).unwrap()[0].id,
            QuestionId(1)
        );
    }

    #[tokio::test]
    async fn what_is_not_public_is_found_by_moderators_alone_and_what_is_gone_by_nobody() {
        let similar = Similar::start();
        let known = |text: &str, public| Known {
            text: text.to_owned(),
            state: Standing::Received,
            votes: 3,
            public,
        };
        let ask = || Like::Text("La cantine sera-t-elle ouverte ?".to_owned());
        similar.tell([
            (
                QuestionId(1),
                Some(known("La cantine est-elle ouverte ?", false)),
            ),
            (QuestionId(2), Some(known("Cantine ouverte à midi ?", true))),
        ]);
        let ids = |found: Vec<Found>| found.iter().map(|found| found.id.0).collect::<Vec<_>>();
        assert_eq!(ids(similar.find(ask(), false).await), [1, 2]);
        assert_eq!(ids(similar.find(ask(), true).await), [2]);
        assert_eq!(
            ids(similar.find(Like::Question(QuestionId(1)), false).await),
            [2]
        );

        similar.tell([
            (QuestionId(2), None),
            (QuestionId(1), Some(known("Autre chose", true))),
        ]);
        assert_eq!(ids(similar.find(ask(), false).await), [0; 0]);
        assert_eq!(
            ids(similar.find(Like::Question(QuestionId(9)), false).await),
            [0; 0]
        );
    }
}
