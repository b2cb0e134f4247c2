//! The system calls that the standard library lacks: waiting for few sockets or for many, and sending many datagrams at once
//! with segmentation offload. Owns all unsafe code of this crate; never keeps a pointer beyond a call.

use std::array;
use std::io;
use std::mem;
use std::net::SocketAddr;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::time::Duration;

use socket2::SockAddr;

/// One run of bytes for one destination: a single datagram, or several of `segment` bytes (the last may be shorter).
#[derive(Clone, Copy, Debug)]
pub(crate) struct Message {
    pub destination: SocketAddr,
    pub start: usize,
    pub length: usize,
    pub segment: usize,
}

/// Waits until one of `sockets` can be read or `timeout` passed; `readable[i]` answers for `sockets[i]`.
pub(crate) fn wait(
    sockets: &[RawFd],
    readable: &mut Vec<bool>,
    timeout: Duration,
) -> io::Result<()> {
    let mut polled: Vec<libc::pollfd> = sockets
        .iter()
        .map(|fd| libc::pollfd {
            fd: *fd,
            events: libc::POLLIN,
            revents: 0,
        })
        .collect();
    let timeout = libc::timespec {
        tv_sec: libc::time_t::try_from(timeout.as_secs()).unwrap_or(libc::time_t::MAX),
        tv_nsec: timeout.subsec_nanos().into(),
    };
    #[expect(
        unsafe_code,
        reason = "ppoll has no safe wrapper among our dependencies; all pointers outlive the call"
    )]
    let result = unsafe {
        libc::ppoll(
            polled.as_mut_ptr(),
            polled.len() as libc::nfds_t,
            &raw const timeout,
            std::ptr::null(),
        )
    };
    readable.clear();
    readable.extend(
        polled
            .iter()
            .map(|polled| result > 0 && polled.revents != 0),
    );
    match result {
        -1 => Err(io::Error::last_os_error()).or_else(|e| {
            if e.kind() == io::ErrorKind::Interrupted {
                Ok(())
            } else {
                Err(e)
            }
        }),
        _ => Ok(()),
    }
}

/// Many sockets of which few have something: a set that is itself one descriptor to [`wait`] for. A socket leaves it when it
/// is closed.
pub(crate) struct Epoll(OwnedFd);

/// What a socket of the set is ready for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ready {
    pub token: u64,
    /// It has bytes, or its end, or an error: reading says which.
    pub readable: bool,
    pub writable: bool,
}

impl Epoll {
    pub fn new() -> io::Result<Self> {
        #[expect(
            unsafe_code,
            reason = "epoll has no safe wrapper among our dependencies; a descriptor that is not negative is ours"
        )]
        let set = unsafe {
            match libc::epoll_create1(libc::EPOLL_CLOEXEC) {
                -1 => return Err(io::Error::last_os_error()),
                set => OwnedFd::from_raw_fd(set),
            }
        };
        Ok(Self(set))
    }

    pub fn add(&self, socket: &impl AsRawFd, token: u64) -> io::Result<()> {
        self.control(libc::EPOLL_CTL_ADD, socket, token, false)
    }

    /// Whether to tell when `socket` can be written, too.
    pub fn watch_writing(
        &self,
        socket: &impl AsRawFd,
        token: u64,
        writing: bool,
    ) -> io::Result<()> {
        self.control(libc::EPOLL_CTL_MOD, socket, token, writing)
    }

    fn control(
        &self,
        what: libc::c_int,
        socket: &impl AsRawFd,
        token: u64,
        writing: bool,
    ) -> io::Result<()> {
        let writing = if writing { libc::EPOLLOUT } else { 0 };
        let mut event = libc::epoll_event {
            events: (libc::EPOLLIN | writing) as u32,
            u64: token,
        };
        #[expect(
            unsafe_code,
            reason = "both descriptors are open, the event outlives the call"
        )]
        let result = unsafe {
            libc::epoll_ctl(self.0.as_raw_fd(), what, socket.as_raw_fd(), &raw mut event)
        };
        if result == 0 {
            Ok(())
        } else {
            Err(io::Error::last_os_error())
        }
    }

    /// Those that are ready now; at most 64, the others next time.
    pub fn ready(&self) -> Vec<Ready> {
        let mut events = [libc::epoll_event { events: 0, u64: 0 }; 64];
        #[expect(
            unsafe_code,
            reason = "the kernel writes at most as many events as there is room for"
        )]
        let count = unsafe {
            libc::epoll_wait(
                self.0.as_raw_fd(),
                events.as_mut_ptr(),
                events.len() as libc::c_int,
                0,
            )
        };
        let count = usize::try_from(count).unwrap_or(0);
        let ready = |event: &libc::epoll_event| Ready {
            token: event.u64,
            readable: event.events & !(libc::EPOLLOUT as u32) != 0,
            writable: event.events & (libc::EPOLLOUT as u32) != 0,
        };
        events[..count].iter().map(ready).collect()
    }
}

impl AsRawFd for Epoll {
    fn as_raw_fd(&self) -> RawFd {
        self.0.as_raw_fd()
    }
}

/// Room for one control message that carries the segment size.
type Control = [u64; 3];

/// Messages per system call; the kernel's own limit is 1024.
pub(crate) const BATCH: usize = 64;

/// Sends the first [`BATCH`] of `messages` (parts of `arena`) and answers how many the kernel took.
pub(crate) fn send_many(
    socket: &impl AsRawFd,
    messages: &[Message],
    arena: &[u8],
) -> io::Result<usize> {
    let messages = &messages[..messages.len().min(BATCH)];
    let address = |index| messages.get(index).map(|m: &Message| m.destination.into());
    let addresses: [Option<SockAddr>; BATCH] = array::from_fn(address);
    let mut controls: [Control; BATCH] = [[0; 3]; BATCH];
    let nothing = libc::iovec {
        iov_base: std::ptr::null_mut(),
        iov_len: 0,
    };
    let mut parts = [nothing; BATCH];
    let mut headers = [empty_header(); BATCH];
    for (index, message) in messages.iter().enumerate() {
        parts[index] = part(arena, message);
        if let Some(address) = &addresses[index] {
            fill_header(
                &mut headers[index],
                message,
                address,
                &mut parts[index],
                &mut controls[index],
            );
        }
    }
    #[expect(
        unsafe_code,
        reason = "sendmmsg has no safe wrapper; addresses, parts and controls outlive the call"
    )]
    let sent = unsafe {
        libc::sendmmsg(
            socket.as_raw_fd(),
            headers.as_mut_ptr(),
            messages.len() as libc::c_uint,
            libc::MSG_DONTWAIT,
        )
    };
    usize::try_from(sent).map_err(|_| io::Error::last_os_error())
}

/// The bytes of a message. The range is checked here, so that the kernel is never given others.
fn part(arena: &[u8], message: &Message) -> libc::iovec {
    let bytes = &arena[message.start..message.start + message.length];
    libc::iovec {
        iov_base: bytes.as_ptr().cast_mut().cast(),
        iov_len: bytes.len(),
    }
}

fn empty_header() -> libc::mmsghdr {
    #[expect(
        unsafe_code,
        reason = "mmsghdr is plain data with private padding; all zeros is its documented empty value"
    )]
    unsafe {
        mem::zeroed()
    }
}

fn fill_header(
    header: &mut libc::mmsghdr,
    message: &Message,
    address: &SockAddr,
    part: &mut libc::iovec,
    control: &mut Control,
) {
    header.msg_hdr.msg_name = address.as_ptr().cast_mut().cast();
    header.msg_hdr.msg_namelen = address.len();
    header.msg_hdr.msg_iov = part;
    header.msg_hdr.msg_iovlen = 1;
    if message.length > message.segment {
        segment(&mut header.msg_hdr, control, message.segment as u16);
    }
}

#[expect(
    unsafe_code,
    reason = "the control message is written where the kernel's own macros say, inside `control`"
)]
fn segment(header: &mut libc::msghdr, control: &mut Control, size: u16) {
    // SAFETY: CMSG_SPACE(2) is 24 bytes on 64-bit Linux, exactly `Control`, which is aligned as cmsghdr.
    unsafe {
        let space = libc::CMSG_SPACE(mem::size_of::<u16>() as u32) as usize;
        assert!(space <= mem::size_of::<Control>());
        header.msg_control = control.as_mut_ptr().cast();
        header.msg_controllen = space as _;
        let message = libc::CMSG_FIRSTHDR(header);
        (*message).cmsg_level = libc::SOL_UDP;
        (*message).cmsg_type = libc::UDP_SEGMENT;
        (*message).cmsg_len = libc::CMSG_LEN(mem::size_of::<u16>() as u32) as _;
        libc::CMSG_DATA(message).cast::<u16>().write_unaligned(size);
    }
}
