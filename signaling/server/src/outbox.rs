//! Datagrams on their way out of one socket. Owns batching (consecutive datagrams of one size for one destination become one
//! message) and what happens when the kernel refuses; never waits.

use std::io;
use std::net::{SocketAddr, UdpSocket};

use crate::os::{self, BATCH, Message};

/// Sent when so many bytes have gathered, in the middle of a turn too.
const ARENA: usize = 256 * 1024;
/// Datagrams per message; the kernel allows 64, and 64 KiB.
const SEGMENTS: usize = 48;
const MESSAGE_BYTES: usize = 60_000;

/// A socket with its outgoing datagrams. When the kernel's buffer is full, what does not fit is dropped and counted:
/// media is never late, it is lost and asked for again.
pub(crate) struct Outbox {
    socket: UdpSocket,
    arena: Box<[u8]>,
    used: usize,
    messages: Vec<Message>,
    offload: bool,
    dropped: u64,
}

impl Outbox {
    pub fn new(socket: UdpSocket) -> Self {
        Self {
            socket,
            arena: vec![0; ARENA].into(),
            used: 0,
            messages: Vec::new(),
            offload: true,
            dropped: 0,
        }
    }

    pub fn socket(&self) -> &UdpSocket {
        &self.socket
    }

    /// Datagrams that the kernel had no room for, since the last call.
    pub fn take_dropped(&mut self) -> u64 {
        std::mem::take(&mut self.dropped)
    }

    /// Adds a datagram; empty ones are ignored.
    pub fn push(&mut self, destination: SocketAddr, datagram: &[u8]) {
        self.fill(destination, datagram.len(), &mut |room| {
            room.copy_from_slice(datagram);
            true
        });
    }

    /// Adds a datagram of `length` bytes that `write` writes in its place; what was there before is anything. It is taken
    /// back when `write` answers false. Empty ones, and what no network carries, are ignored.
    pub fn fill(
        &mut self,
        destination: SocketAddr,
        length: usize,
        write: &mut dyn FnMut(&mut [u8]) -> bool,
    ) {
        if length == 0 || length > ARENA {
            return;
        }
        if self.used + length > ARENA {
            self.flush();
        }
        let start = self.used;
        if !write(&mut self.arena[start..start + length]) {
            return;
        }
        self.used += length;
        if let Some(last) = self.messages.last_mut()
            && self.offload
            && joins(last, destination, length)
        {
            last.length += length;
            return;
        }
        self.messages.push(Message {
            destination,
            start,
            length,
            segment: length,
        });
    }

    /// Hands everything to the kernel.
    pub fn flush(&mut self) {
        let mut next = 0;
        while next < self.messages.len() {
            let end = self.messages.len().min(next + BATCH);
            next += self.send(next, end);
        }
        self.messages.clear();
        self.used = 0;
    }

    /// Answers how many messages are done with, sent or not; at least one.
    fn send(&mut self, next: usize, end: usize) -> usize {
        match os::send_many(&self.socket, &self.messages[next..end], &self.arena) {
            Ok(sent) => sent.max(1),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                self.dropped += (end - next) as u64;
                end - next
            }
            Err(error) => {
                let message = self.messages[next];
                if message.length > message.segment && error.raw_os_error() == Some(libc::EIO) {
                    tracing::info!(
                        "this network card cannot segment datagrams; they are sent one by one"
                    );
                    self.offload = false;
                    self.send_singly(message);
                }
                // Unreachable destinations concern their peer only, which will time out.
                1
            }
        }
    }

    fn send_singly(&self, message: Message) {
        let bytes = &self.arena[message.start..message.start + message.length];
        for datagram in bytes.chunks(message.segment) {
            let _ = self.socket.send_to(datagram, message.destination);
        }
    }
}

fn joins(last: &Message, destination: SocketAddr, length: usize) -> bool {
    let whole = last.length.is_multiple_of(last.segment);
    last.destination == destination
        && whole
        && length <= last.segment
        && last.length / last.segment < SEGMENTS
        && last.length + length <= MESSAGE_BYTES
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::addresses::loopback;
    use std::time::Duration;

    fn receive(socket: &UdpSocket, count: usize) -> Vec<Vec<u8>> {
        socket.set_nonblocking(false).unwrap();
        socket
            .set_read_timeout(Some(Duration::from_secs(5)))
            .unwrap();
        let mut buffer = [0; 2000];
        (0..count)
            .map(|_| {
                socket
                    .recv(&mut buffer)
                    .map(|n| buffer[..n].to_vec())
                    .unwrap()
            })
            .collect()
    }

    #[test]
    fn datagrams_arrive_whole_and_in_order_however_they_are_batched() {
        let (one, two) = (loopback().unwrap(), loopback().unwrap());
        let mut outbox = Outbox::new(loopback().unwrap());
        let sizes = [1200, 1200, 700, 1200, 50, 50, 50, 60];
        for (index, size) in sizes.iter().enumerate() {
            for to in [&one, &two] {
                outbox.push(to.local_addr().unwrap(), &vec![index as u8; *size]);
            }
        }
        for index in 0..100u8 {
            outbox.push(one.local_addr().unwrap(), &[index; 900]);
        }
        outbox.flush();
        let got = receive(&one, sizes.len() + 100);
        assert!(
            got.iter()
                .zip(sizes)
                .enumerate()
                .all(|(i, (d, size))| *d == vec![i as u8; size])
        );
        assert!(
            got[sizes.len()..]
                .iter()
                .enumerate()
                .all(|(i, d)| *d == [i as u8; 900])
        );
        assert_eq!(receive(&two, sizes.len()).len(), sizes.len());
    }

    #[test]
    fn an_impossible_destination_harms_no_other() {
        let one = loopback().unwrap();
        let mut outbox = Outbox::new(loopback().unwrap());
        outbox.push("[2001:db8::1]:9".parse().unwrap(), b"never");
        outbox.push(one.local_addr().unwrap(), b"but this");
        outbox.flush();
        assert_eq!(receive(&one, 1), [b"but this"]);
    }
}
