//! The legs between forwarding unit and engine.

use std::collections::BTreeMap;
use std::net::{SocketAddr, UdpSocket};
use std::time::Duration;

use pleniere_signaling::Notice;

use crate::client::Client;
use crate::house::{House, until};

/// The engine's end of one site.
struct Leg {
    socket: UdpSocket,
    from: Option<SocketAddr>,
    packets: Vec<Vec<u8>>,
}

impl Leg {
    fn open() -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        socket.set_nonblocking(true).unwrap();
        Self {
            socket,
            from: None,
            packets: Vec::new(),
        }
    }

    fn port(&self) -> u16 {
        self.socket.local_addr().unwrap().port()
    }

    fn read(&mut self) {
        let mut buffer = [0; 2000];
        while let Ok((length, from)) = self.socket.recv_from(&mut buffer) {
            self.from = Some(from);
            self.packets.push(buffer[..length].to_vec());
        }
    }

    fn of_type(&self, payload_type: u8) -> Vec<&Vec<u8>> {
        self.packets
            .iter()
            .filter(|p| p[1] & 0x7f == payload_type && !(192..224).contains(&p[1]))
            .collect()
    }

    fn reports(&self, ssrc: u32) -> Vec<&Vec<u8>> {
        self.packets
            .iter()
            .filter(|p| p[1] == 200 && word(p, 4) == ssrc)
            .collect()
    }

    fn ask_keyframe(&self) {
        let pli = [0x81, 206, 0, 2, 0, 0, 0, 1, 0, 0, 0, 2];
        self.socket.send_to(&pli, self.from.unwrap()).unwrap();
    }
}

fn word(packet: &[u8], at: usize) -> u32 {
    u32::from_be_bytes(packet[at..at + 4].try_into().unwrap())
}

fn ports(leg: &Leg) -> Option<BTreeMap<String, u16>> {
    Some(BTreeMap::from([("nancy".to_owned(), leg.port())]))
}

#[tokio::test]
async fn an_engine_gets_rtp_reports_and_keyframes() {
    let house = House::open().await;
    let publisher = Client::publish(&house, "nancy").await;
    until("nancy publishes", || house.publishing("nancy") == 1).await;
    let asked = publisher.notes().keyframes_wanted;
    let mut leg = Leg::open();
    house.signaling.engine("demo", ports(&leg));
    until("packets and reports of both tracks", || {
        leg.read();
        let ssrcs: Vec<u32> = [102, 111]
            .iter()
            .filter_map(|pt| leg.of_type(*pt).first().map(|p| word(p, 8)))
            .collect();
        ssrcs.len() == 2 && ssrcs.iter().all(|ssrc| leg.reports(*ssrc).len() > 1)
    })
    .await;
    assert_eq!(
        publisher.notes().keyframes_wanted,
        asked + 1,
        "an engine that begins gets a keyframe"
    );
    let video = leg.of_type(102);
    let ssrc = word(video[0], 8);
    assert!(
        video
            .iter()
            .all(|packet| word(packet, 8) == ssrc && packet[0] == 0x80)
    );
    assert!(video.iter().any(|packet| packet[12] == 0x65));
    let names: Vec<&[u8]> = leg
        .packets
        .iter()
        .filter(|p| p[1] == 200)
        .map(|p| &p[38..49])
        .collect();
    assert!(
        names.iter().all(|name| *name == b"nancy@demo\0"),
        "one name for both tracks: {names:?}"
    );
    check_mapping(&leg, ssrc);

    leg.ask_keyframe();
    leg.ask_keyframe();
    until("the engine's wish reaches the publisher", || {
        publisher.notes().keyframes_wanted > asked + 1
    })
    .await;
}

/// The reports map RTP time to a wall clock that advances as the packets do.
fn check_mapping(leg: &Leg, ssrc: u32) {
    let reports = leg.reports(ssrc);
    let at = |report: &[u8]| {
        (
            f64::from(word(report, 8)) + f64::from(word(report, 12)) / 4_294_967_296.0,
            word(report, 16),
        )
    };
    let ((first, first_rtp), (last, last_rtp)) = (at(reports[0]), at(reports[reports.len() - 1]));
    let media = f64::from(last_rtp.wrapping_sub(first_rtp)) / 90_000.0;
    assert!(
        ((last - first) - media).abs() < 0.5,
        "{} s of clock, {media} s of media",
        last - first
    );
    assert!(first > 3.9e9, "a date of this century");
}

#[tokio::test]
async fn a_new_publisher_is_a_new_source_and_an_engine_may_leave() {
    let house = House::open().await;
    let mut leg = Leg::open();
    house.signaling.engine("demo", ports(&leg));
    let mut first = Client::publish(&house, "nancy").await;
    until("the first arrives", || {
        leg.read();
        leg.of_type(102).len() > 20
    })
    .await;
    let before = word(leg.of_type(102)[0], 8);
    first.kill();
    until("the seat is dead", || house.lost("nancy") == 1).await;
    let _second = Client::publish(&house, "nancy").await;
    until("the second arrives under another name", || {
        leg.read();
        leg.of_type(102)
            .iter()
            .any(|packet| word(packet, 8) != before)
    })
    .await;
    house.signaling.engine("demo", None);
    house.signaling.open("demo", Vec::new()).await.unwrap();
    leg.read();
    leg.packets.clear();
    let player = Client::play(&house, "nancy").await;
    until("players are served all the same", || {
        player.notes().video().len() > 20
    })
    .await;
    leg.read();
    assert!(
        leg.packets.is_empty(),
        "nothing is sent to an engine that left"
    );
}

#[tokio::test]
async fn the_programme_comes_back_and_viewers_ask_for_keyframes() {
    let house = House::open().await;
    let players = [
        Client::play(&house, "programme").await,
        Client::play(&house, "return-reims").await,
    ];
    until("the players are up", || {
        players.iter().all(|player| player.notes().connected)
    })
    .await;
    let wanted =
        |n: &Notice| matches!(n, Notice::ProgrammeKeyframeWanted { event } if event == "demo");
    until("a keyframe is wanted", || house.told(wanted) > 0).await;
    let engine = UdpSocket::bind("127.0.0.1:0").unwrap();
    let send = |ssrc: u32, sequence: u16, first: u8| {
        let mut packet = vec![0x80, 102];
        packet.extend(sequence.to_be_bytes());
        packet.extend((u32::from(sequence) * 3600).to_be_bytes());
        packet.extend(ssrc.to_be_bytes());
        packet.push(first);
        packet.extend(u64::from(sequence).to_be_bytes());
        engine.send_to(&packet, house.programme).unwrap();
    };
    // The second engine begins anew, in the middle of the numbers.
    for (ssrc, start) in [(7, 65_500u16), (9, 3)] {
        let before = players[0].notes().got.len();
        send(ssrc, start.wrapping_sub(1), 0x41);
        for step in 0..100 {
            send(
                ssrc,
                start.wrapping_add(step),
                if step == 0 { 0x65 } else { 0x41 },
            );
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        until("all of it arrives", || {
            players
                .iter()
                .all(|player| player.notes().got.len() == before + 100)
        })
        .await;
    }
    let notes = players[0].notes();
    assert!(
        notes.got[0].keyframe() && notes.got[100].keyframe(),
        "nothing undecodable is sent"
    );
    assert!(
        notes
            .got
            .windows(2)
            .all(|two| two[1].sequence == two[0].sequence + 1)
    );
}
