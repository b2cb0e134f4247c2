//! Who may read what.

use crate::access::{Identity, Role};

/// Who may read a topic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Readers {
    everybody: bool,
    roles: Vec<Role>,
    site: Option<String>,
}

impl Readers {
    /// Everybody, without a key.
    pub fn everybody() -> Self {
        Self {
            everybody: true,
            roles: Vec::new(),
            site: None,
        }
    }

    /// These roles.
    pub fn roles(roles: &[Role]) -> Self {
        Self {
            everybody: false,
            roles: roles.to_vec(),
            site: None,
        }
    }

    /// The operators of one site, beside the roles named already.
    #[must_use]
    pub fn or_site(mut self, site: impl Into<String>) -> Self {
        self.site = Some(site.into());
        self
    }

    /// Whether `who` may read.
    pub fn allow(&self, who: &Identity) -> bool {
        let own_site = who.role == Role::Site && self.site.is_some() && self.site == who.site;
        self.everybody || own_site || self.roles.contains(&who.role)
    }
}
