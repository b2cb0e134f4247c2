//! How this crate looks into the packets of a connection: a small trait, and its place in webrtc's interceptor chain.

use std::collections::VecDeque;
use std::time::Instant;

use rtc::interceptor::{Interceptor, StreamInfo, TaggedPacket};
use rtc::sansio::Protocol;
use rtc::shared::error::Error;

/// What one place of the chain does with packets; packets sent pass it untouched.
pub(crate) trait Hook: Send + Sync + 'static {
    /// A packet from the network; `None` keeps it from everything behind.
    fn received(&mut self, packet: TaggedPacket) -> Option<TaggedPacket>;

    /// A stream from the network is about to begin.
    fn begins(&mut self, _stream: &StreamInfo) {}

    /// A packet of its own to send now.
    fn generate(&mut self) -> Option<TaggedPacket> {
        None
    }
}

/// A hook in the chain. Its queues hold what the chain is handing over within one call, not more.
pub(crate) struct Hooked<H> {
    hook: H,
    received: VecDeque<TaggedPacket>,
    sent: VecDeque<TaggedPacket>,
}

impl<H> Hooked<H> {
    pub(crate) fn new(hook: H) -> Self {
        Self {
            hook,
            received: VecDeque::new(),
            sent: VecDeque::new(),
        }
    }
}

impl<H: Hook> Protocol<TaggedPacket, TaggedPacket, ()> for Hooked<H> {
    type Rout = TaggedPacket;
    type Wout = TaggedPacket;
    type Eout = ();
    type Error = Error;
    type Time = Instant;

    fn handle_read(&mut self, packet: TaggedPacket) -> Result<(), Error> {
        self.received.extend(self.hook.received(packet));
        Ok(())
    }

    fn poll_read(&mut self) -> Option<TaggedPacket> {
        self.received.pop_front()
    }

    fn handle_write(&mut self, packet: TaggedPacket) -> Result<(), Error> {
        self.sent.push_back(packet);
        Ok(())
    }

    fn poll_write(&mut self) -> Option<TaggedPacket> {
        self.sent.pop_front().or_else(|| self.hook.generate())
    }
}

impl<H: Hook> Interceptor for Hooked<H> {
    fn bind_local_stream(&mut self, _info: &StreamInfo) {}
    fn unbind_local_stream(&mut self, _info: &StreamInfo) {}
    fn bind_remote_stream(&mut self, info: &StreamInfo) {
        self.hook.begins(info);
    }
    fn unbind_remote_stream(&mut self, _info: &StreamInfo) {}
}
