//! Names that look like those of staff or of a room: told by their skeleton (UTS 39), with case, accents and punctuation
//! left out.

use std::collections::{BTreeMap, BTreeSet};

use unicode_normalization::UnicodeNormalization;
use unicode_security::skeleton;

use crate::{command::Staff, id::SiteId, policy::Catalogue};

/// Names nobody else may use.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Reserved {
    looks: BTreeSet<String>,
    /// The looks of the rooms' names, and whose each is.
    rooms: BTreeMap<String, BTreeSet<SiteId>>,
    /// Staff seen in the journal, under every name they had.
    pub(crate) staff: BTreeSet<Staff>,
}

impl Reserved {
    pub(crate) fn new(catalogue: &Catalogue) -> Self {
        let names = catalogue.reserved.iter();
        let mut rooms: BTreeMap<String, BTreeSet<SiteId>> = BTreeMap::new();
        for (site, names) in &catalogue.rooms {
            for look in names.iter().flat_map(|name| looks(name)) {
                rooms.entry(look).or_default().insert(site.clone());
            }
        }
        Self {
            looks: names.flat_map(|name| looks(name)).collect(),
            rooms,
            staff: BTreeSet::new(),
        }
    }

    /// Remembers a colleague's name; cheap for a known one.
    pub(crate) fn note(&mut self, staff: &Staff) {
        if !self.staff.contains(staff) {
            self.staff.insert(staff.clone());
            self.looks.extend(looks(&staff.name));
        }
    }

    /// Whether a name looks like a reserved one. A room's own name is its own.
    pub(crate) fn is_imitated_by(&self, name: &str, room: Option<&SiteId>) -> bool {
        let is_of_another = |rooms: &BTreeSet<SiteId>| room.is_none_or(|own| !rooms.contains(own));
        looks(name).any(|look| {
            self.looks.contains(&look) || self.rooms.get(&look).is_some_and(is_of_another)
        })
    }
}

/// How a name looks as it is written and in small letters. Two, because a capital I looks like a small l, which looking
/// at the small i alone would not tell.
fn looks(name: &str) -> impl Iterator<Item = String> {
    let wide: String = name.nfkc().collect();
    let small = wide.to_lowercase();
    let look = |text: &str| fold(&fold(text));
    [look(&wide), look(&small)]
        .into_iter()
        .filter(|look| !look.is_empty())
}

/// Letters and digits of the skeleton, small. Done twice: what was a capital has its own small look-alikes.
fn fold(text: &str) -> String {
    let letters = skeleton(text).filter(|c| c.is_alphanumeric());
    letters.flat_map(char::to_lowercase).collect()
}
