//! What the rest of the house is told. Owns the words and the promise that a state is told in the end even when the listener
//! is slow; never waits for it.

use tokio::sync::mpsc::Sender;

/// Notices under way to a slow listener. When full, [`Notice::Stats`] and [`Notice::Players`] are left out; the others are
/// tried again ten times a second until they fit.
pub const NOTICES: usize = 256;

/// Something happened.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Notice {
    /// Packets of a site arrive.
    Publishing {
        /// Event id.
        event: String,
        /// Site id.
        site: String,
    },
    /// No packet of a site arrived for two seconds, or its publisher left.
    Lost {
        /// Event id.
        event: String,
        /// Site id.
        site: String,
    },
    /// A player needs a keyframe of the programme; at most one a second.
    ProgrammeKeyframeWanted {
        /// Event id.
        event: String,
    },
    /// Once a second for each site that sends.
    Stats {
        /// Event id.
        event: String,
        /// Site id.
        site: String,
        /// Sound and picture together, without headers, kbit/s.
        kbps: f32,
        /// Packets that never came, after repair, in percent.
        loss_percent: f32,
    },
    /// The number of WHEP players of a stream changed; at most once a second.
    Players {
        /// Event id.
        event: String,
        /// `programme`, a site id, or `return-{site}`.
        stream: String,
        /// How many now.
        count: usize,
    },
}

/// The sending end.
pub(crate) struct Notices {
    sender: Sender<Notice>,
}

impl Notices {
    pub fn new(sender: Sender<Notice>) -> Self {
        Self { sender }
    }

    /// False when there was no room; true too when nobody listens any more.
    pub fn tell(&self, notice: Notice) -> bool {
        !matches!(
            self.sender.try_send(notice),
            Err(tokio::sync::mpsc::error::TrySendError::Full(_))
        )
    }
}
