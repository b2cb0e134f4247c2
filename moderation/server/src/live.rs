//! What the connections of an event share beside its topics: how much each may do, what is similar, what happened.
//! Told by the views, asked by the connections; decides nothing about questions.

use std::{
    net::IpAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Instant,
};

use pleniere_moderation_core::ParticipantId;

use crate::{
    history::History,
    limit::{Deed, Limits},
    refusal::Refusal,
    similar::Similar,
};

pub(crate) struct Live {
    pub(crate) limits: Arc<Limits>,
    pub(crate) similar: Similar,
    pub(crate) history: History,
    /// The rule of now, see [`Limits::may_act`].
    per_address_per_min: AtomicUsize,
}

impl Live {
    /// `connections_per_address`: see [`Limits::new`].
    pub(crate) fn new(history: History, connections_per_address: u32) -> Arc<Self> {
        Arc::new(Self {
            limits: Limits::new(connections_per_address),
            similar: Similar::start(),
            history,
            per_address_per_min: AtomicUsize::new(0),
        })
    }

    pub(crate) fn set_per_address(&self, per_min: usize) {
        self.per_address_per_min.store(per_min, Ordering::Relaxed);
    }

    /// Whether this person at this address may do it now, under the rules of now.
    ///
    /// # Errors
    /// As [`Limits::may_act`].
    pub(crate) fn may_act(
        &self,
        who: ParticipantId,
        address: Option<IpAddr>,
        deed: Deed,
    ) -> Result<(), Refusal> {
        let per_min = self.per_address_per_min.load(Ordering::Relaxed);
        self.limits
            .may_act(who, address, deed, per_min, Instant::now())
    }
}
