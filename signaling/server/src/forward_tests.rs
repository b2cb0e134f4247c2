use std::collections::BTreeSet;
use std::io::Read;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::mpsc::sync_channel;
use std::time::{Duration, Instant};

use pleniere_signaling_core::{Feed, Numbers, SiteId, SourceId, StreamId};

use super::*;
use crate::addresses::loopback;
use crate::allocations;
use crate::command::{Join, Session, Wanted};
use crate::egress::{Egress, Path, Profile, Session as Sealing, TrackSetup};
use crate::event::EventState;
use crate::notice::Notices;
use crate::offer::Credentials;
use crate::peer::{Datagram, Outgoing, PeerCore};
use crate::worker::Sockets;

/// A player that is up, without a stack.
struct Up {
    egress: Egress,
    path: Path,
}

impl PeerCore for Up {
    fn authenticates(&self, _: &Datagram<'_>, _: Instant) -> bool {
        false
    }
    fn receive(&mut self, _: &Datagram<'_>, _: Instant, _: &mut Effects<'_>) {}
    fn tick(&mut self, now: Instant, effects: &mut Effects<'_>) {
        self.egress.tick(now, self.path, effects.network);
    }
    fn write(&mut self, packet: &Outgoing<'_>, effects: &mut Effects<'_>) {
        self.egress.write(packet, self.path, effects.network);
    }
    fn written(&mut self, _: Instant, _: &mut Effects<'_>) {}
    fn resend(&mut self, packet: &Outgoing<'_>, now: Instant, effects: &mut Effects<'_>) {
        self.egress.resend(packet, self.path, now, effects.network);
    }
    fn request_keyframe(&mut self, _: Instant, _: &mut Effects<'_>) {}
    fn restart_ice(
        &mut self,
        _: &str,
        _: Instant,
        _: &mut Effects<'_>,
    ) -> Option<(String, String)> {
        None
    }
    fn close(&mut self, _: Instant, _: &mut Effects<'_>) {}
    fn deadline(&self) -> Instant {
        self.egress.deadline()
    }
}

fn join(worker: &mut Worker, number: u32, path: Path, now: Instant) {
    let track = |payload_type, ssrc| {
        Some(TrackSetup {
            payload_type,
            ssrc,
            repair: None,
            mid: Some((1, "0".into())),
            cname: "name".into(),
        })
    };
    let session = Sealing::new(Profile::Aes128Gcm, &[number as u8; 16], &[0; 12]).unwrap();
    let egress = Egress::new(session, [track(111, 1), track(102, 2)], now);
    let stream = StreamId::parse("nancy").unwrap();
    let join = Join {
        event: "demo".into(),
        wanted: Wanted::Play { stream },
        core: Box::new(Up { egress, path }),
        ufrag: format!("ufrag{number}"),
        resource: format!("/{number}"),
        session: Session {
            etag: String::new(),
            remote: Credentials {
                ufrag: String::new(),
                pwd: String::new(),
            },
            offer: "".into(),
        },
    };
    worker.join(join, now).unwrap();
    let id = *worker.peers.keys().max().unwrap();
    worker.absorb(id, &mut vec![PeerEvent::Connected], now);
}

/// A picture of eight packets and a sound packet.
fn picture(number: u64, payload: &Arc<[u8]>, now: Instant) -> Vec<Packet> {
    let packet = |kind, sequence| Packet {
        kind,
        source: SourceId(1 + kind as u64),
        ssrc: 0,
        numbers: Numbers {
            sequence,
            timestamp: number as u32 * 3600,
        },
        marker: false,
        captured: now,
        keyframe: kind == Kind::Video,
        payload: payload.clone(),
    };
    (0..8)
        .map(|part| packet(Kind::Video, number * 8 + part))
        .chain([packet(Kind::Audio, number)])
        .collect()
}

#[test]
fn a_forwarded_packet_allocates_nothing() {
    let now = Instant::now();
    let (ours, theirs) = (loopback().unwrap(), loopback().unwrap());
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    listener.set_nonblocking(true).unwrap();
    let mut stream = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    stream.set_nonblocking(true).unwrap();
    let path = Path {
        local: ours.local_addr().unwrap(),
        remote: theirs.local_addr().unwrap(),
    };
    let over_tcp = Path {
        local: SocketAddr::new(path.local.ip(), 0),
        remote: stream.local_addr().unwrap(),
    };
    let (_sender, commands) = sync_channel(1);
    let (notices, _told) = tokio::sync::mpsc::channel(1);
    let (_wake, woken) = UnixStream::pair().unwrap();
    let network = Sockets::new(vec![ours], vec![listener]).unwrap();
    let mut worker = Worker::new(network, Notices::new(notices), commands, woken);
    worker.read_streams(now);
    let site = SiteId::new("nancy").unwrap();
    let event = EventState::open("demo", BTreeSet::from([site.clone()]), now).unwrap();
    worker.events.push(event);
    for number in 0..150 {
        join(&mut worker, number, path, now);
    }
    join(&mut worker, 150, over_tcp, now);
    let payload: Arc<[u8]> = vec![0x65; 1100].into();
    let feed = Feed::Site(site);
    let mut streamed = 0;
    let mut turn = |number: u64| {
        let now = now + Duration::from_millis(number * 40);
        let fresh = worker.events[0].fresh.entry(feed.clone()).or_default();
        fresh.extend(picture(number, &payload, now));
        let count = allocations::of(|| {
            worker.forward(now);
            worker.network.flush();
        });
        while let Ok(length @ 1..) = stream.read(&mut [0; 16 * 1024]) {
            streamed += length;
        }
        count
    };
    for number in 0..20 {
        turn(number);
    }
    // 271,800 packets.
    let counts: Vec<usize> = (20..220).map(&mut turn).collect();
    assert_eq!(counts, vec![0; 200]);
    let whole = 12 + 8 + 1100 + 16;
    let mut buffer = [0; 2048];
    let (length, _) = theirs.recv_from(&mut buffer).unwrap();
    assert_eq!(length, whole, "it went out for real");
    assert!(streamed > 200 * 9 * whole, "over TCP too: {streamed}");
}
