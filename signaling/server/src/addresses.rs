//! The sockets of the media port, UDP and TCP. Owns the choice of addresses and of the port; never reads a packet.

use std::io;
use std::net::{IpAddr, SocketAddr, TcpListener, UdpSocket};

use socket2::{Domain, Protocol, Socket, Type};

use crate::Config;

/// Kernel buffer of each media socket, both ways, in bytes (the kernel may grant less): about 100 ms of 200 players.
const KERNEL_BUFFER: usize = 4 * 1024 * 1024;
/// TCP clients that may wait to be accepted; the media thread comes by many times a second.
const BACKLOG: i32 = 256;
/// With port 0, so many numbers are tried until one is free on all addresses.
const PORT_TRIES: usize = 64;

/// Why signaling cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The list of local addresses could not be read.
    #[error("cannot list the addresses of this machine: {0}")]
    Addresses(io::Error),
    /// There is no usable address.
    #[error("no address to listen on: neither the machine nor the configuration names one")]
    NoAddress,
    /// A socket could not be opened.
    #[error(
        "cannot open {kind} {address}: {source} (another program may hold --media-port, which is the number of UDP and TCP; \
         0 takes a free one)"
    )]
    Bind {
        /// UDP or TCP.
        kind: &'static str,
        /// Which address.
        address: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
    /// No port number was free on all addresses.
    #[error("found no port number that is free on every address, for UDP and TCP")]
    NoPort,
    /// A link cannot stand in a header.
    #[error("a STUN or TURN server's link holds what no HTTP header may")]
    Link,
    /// The certificate could not be made.
    #[error("cannot make the DTLS certificate: {0}")]
    Certificate(String),
    /// The media thread could not be started.
    #[error("cannot start the media thread: {0}")]
    Thread(io::Error),
}

/// The sockets of one port number.
#[derive(Debug)]
pub(crate) struct Opened {
    pub sockets: Vec<UdpSocket>,
    pub listeners: Vec<TcpListener>,
    pub port: u16,
}

/// Opens one socket of each kind per address, all with one port number. Addresses that were not asked for by name and cannot be bound
/// (a tentative IPv6 address, for instance) are left out.
pub(crate) fn open(config: &Config) -> Result<Opened, StartError> {
    let (addresses, named) = wanted(&config.listen)?;
    let tries = if config.media_port == 0 {
        PORT_TRIES
    } else {
        1
    };
    let mut refused = None;
    for _ in 0..tries {
        match open_all(&addresses, named, config.media_port) {
            Ok(open) => return Ok(open),
            Err(error) if config.media_port == 0 => refused = Some(error),
            Err(error) => return Err(error),
        }
    }
    Err(refused.unwrap_or(StartError::NoPort))
}

/// The addresses to bind, loopback last, and whether they were named one by one.
fn wanted(listen: &[IpAddr]) -> Result<(Vec<IpAddr>, bool), StartError> {
    let any = |v6: bool| {
        listen.is_empty()
            || listen
                .iter()
                .any(|ip| ip.is_unspecified() && ip.is_ipv6() == v6)
    };
    let mut addresses: Vec<IpAddr> = listen
        .iter()
        .copied()
        .filter(|ip| !ip.is_unspecified())
        .collect();
    let named = addresses.len() == listen.len() && !listen.is_empty();
    if any(false) || any(true) {
        let found = if_addrs::get_if_addrs().map_err(StartError::Addresses)?;
        let found = found.iter().map(if_addrs::Interface::ip);
        addresses.extend(found.filter(|ip| any(ip.is_ipv6()) && reachable(*ip)));
    }
    addresses.sort_by_key(|ip| (ip.is_loopback(), ip.is_ipv6(), *ip));
    addresses.dedup();
    if addresses.is_empty() {
        Err(StartError::NoAddress)
    } else {
        Ok((addresses, named))
    }
}

/// Link-local addresses mean nothing outside their link, and a candidate cannot name the link.
fn reachable(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(v4) => !v4.is_link_local() && !v4.is_unspecified(),
        IpAddr::V6(v6) => !v6.is_unicast_link_local() && !v6.is_unspecified(),
    }
}

fn open_all(addresses: &[IpAddr], named: bool, port: u16) -> Result<Opened, StartError> {
    let mut port = port;
    let (mut sockets, mut listeners) = (Vec::new(), Vec::new());
    for ip in addresses {
        let address = SocketAddr::new(*ip, port);
        match bind(address) {
            Ok(socket) => {
                let kind = "UDP";
                let told = socket.local_addr();
                port = told
                    .map_err(|source| StartError::Bind {
                        kind,
                        address,
                        source,
                    })?
                    .port();
                sockets.push(socket);
                let address = SocketAddr::new(*ip, port);
                let kind = "TCP";
                listeners.push(listen(address).map_err(|source| StartError::Bind {
                    kind,
                    address,
                    source,
                })?);
            }
            Err(error) if !named && error.kind() == io::ErrorKind::AddrNotAvailable => {
                tracing::warn!(%ip, "this address cannot be used for media and is not offered");
            }
            Err(source) => {
                let kind = "UDP";
                return Err(StartError::Bind {
                    kind,
                    address,
                    source,
                });
            }
        }
    }
    if sockets.is_empty() {
        Err(StartError::NoAddress)
    } else {
        Ok(Opened {
            sockets,
            listeners,
            port,
        })
    }
}

fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = Socket::new(
        Domain::for_address(address),
        Type::STREAM,
        Some(Protocol::TCP),
    )?;
    if address.is_ipv6() {
        socket.set_only_v6(true)?;
    }
    // A node that starts again takes its port from the lines of its former life.
    socket.set_reuse_address(true)?;
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    Ok(socket.into())
}

fn bind(address: SocketAddr) -> io::Result<UdpSocket> {
    let socket = Socket::new(
        Domain::for_address(address),
        Type::DGRAM,
        Some(Protocol::UDP),
    )?;
    if address.is_ipv6() {
        socket.set_only_v6(true)?;
    }
    // Less than asked for still works.
    let _ = socket.set_recv_buffer_size(KERNEL_BUFFER);
    let _ = socket.set_send_buffer_size(KERNEL_BUFFER);
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    Ok(socket.into())
}

/// A socket of this process on loopback, any port, for RTP to and from an engine.
pub(crate) fn loopback() -> io::Result<UdpSocket> {
    bind(SocketAddr::from(([127, 0, 0, 1], 0)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(listen: &[&str]) -> Config {
        let listen = listen.iter().map(|ip| ip.parse().unwrap()).collect();
        Config {
            listen,
            ..Config::default()
        }
    }

    #[test]
    fn every_address_has_a_socket_with_the_same_port() {
        let opened = open(&config(&[])).unwrap();
        let port = opened.port;
        let locals: Vec<SocketAddr> = opened
            .sockets
            .iter()
            .map(|s| s.local_addr().unwrap())
            .collect();
        let streams = opened.listeners.iter().map(|s| s.local_addr().unwrap());
        assert_eq!(
            streams.collect::<Vec<_>>(),
            locals,
            "TCP where UDP is, on the same number"
        );
        assert!(
            locals
                .iter()
                .all(|local| local.port() == port && !local.ip().is_unspecified()),
            "{locals:?}"
        );
        assert!(
            locals.iter().any(|local| local.ip().is_loopback()),
            "loopback is an address like others"
        );
    }

    #[test]
    fn only_the_named_address_is_opened() {
        let opened = open(&config(&["127.0.0.1"])).unwrap();
        assert_eq!((opened.sockets.len(), opened.listeners.len()), (1, 1));
    }

    #[test]
    fn a_port_in_use_is_said_with_its_address() {
        let held = open(&config(&["127.0.0.1"])).unwrap();
        let port = held.port;
        let again = Config {
            media_port: port,
            ..config(&["127.0.0.1"])
        };
        let error = open(&again).unwrap_err().to_string();
        assert!(error.contains(&format!("UDP 127.0.0.1:{port}")), "{error}");
        drop(held.sockets);
        let error = open(&again).unwrap_err().to_string();
        assert!(error.contains(&format!("TCP 127.0.0.1:{port}")), "{error}");
    }
}
