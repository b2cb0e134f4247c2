//! Garbage: it costs its sender only.

use std::collections::BTreeSet;
use std::io::ErrorKind;
use std::net::{SocketAddr, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use str0m::media::Direction;

use crate::client::{Client, Run, offering};
use crate::house::{House, until};

/// Bytes that differ from call to call, without a dependency on randomness.
fn noise(seed: &mut u64, length: usize) -> Vec<u8> {
    let mut byte = || {
        *seed = seed
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (*seed >> 56) as u8
    };
    (0..length).map(|_| byte()).collect()
}

#[tokio::test]
async fn garbage_on_the_media_port_disturbs_nobody() {
    let house = House::open().await;
    let publisher = Client::publish(&house, "nancy").await;
    let player = Client::play(&house, "nancy").await;
    until("the picture runs", || player.notes().video().len() > 20).await;
    let stranger = UdpSocket::bind("127.0.0.1:0").unwrap();
    let to = ("127.0.0.1", house.signaling.media_port());
    let mut seed = 1;
    for round in 0..4000usize {
        let mut datagram = noise(&mut seed, 1 + round % 1400);
        // Every kind that shares the port: STUN, DTLS, RTP, RTCP.
        datagram[0] = [0, 22, 0x80, 0x81][round % 4];
        if round % 8 == 0 && datagram.len() >= 8 {
            datagram[..8].copy_from_slice(&[0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42]);
        }
        stranger.send_to(&datagram, to).unwrap();
    }
    stranger.send_to(&vec![0x80; 9000], to).unwrap();
    stranger.send_to(&[], to).unwrap();
    let before = player.notes().video().len();
    until("the picture runs on", || {
        player.notes().video().len() > before + 100
    })
    .await;
    assert_eq!(house.lost("nancy"), 0);
    drop(publisher);
}

#[tokio::test]
async fn garbage_from_a_neighbour_on_loopback_disturbs_nobody() {
    let house = House::open().await;
    let player = Client::play(&house, "programme").await;
    until("the player is up", || player.notes().connected).await;
    let neighbour = UdpSocket::bind("127.0.0.1:0").unwrap();
    let mut seed = 2;
    for round in 0..2000usize {
        let mut datagram = noise(&mut seed, round % 300);
        if let [first, second, ..] = &mut datagram[..] {
            (*first, *second) = (
                [0x80, 0xb5, 0x9f, 0x81][round % 4],
                [102, 111, 200, 206][round / 4 % 4],
            );
        }
        neighbour.send_to(&datagram, house.programme).unwrap();
    }
    let mut packet = vec![0x80, 102, 0, 1, 0, 0, 0, 0, 0, 0, 0, 5, 0x65];
    packet.extend([7; 8]);
    until("the programme runs", || {
        neighbour.send_to(&packet, house.programme).unwrap();
        packet[3] = packet[3].wrapping_add(1);
        player
            .notes()
            .got
            .iter()
            .any(|got| got.payload == packet[12..])
    })
    .await;
}

/// What begins a handshake, as far as its length says (RFC 9147 section 5.3); nobody finishes it.
fn client_hello(seed: &mut u64) -> Vec<u8> {
    let body = [
        &[0xfe, 0xfd][..],
        &noise(seed, 32),
        &[0, 0, 0, 2, 0xc0, 0x2b, 1, 0],
    ]
    .concat();
    let length = (body.len() as u32).to_be_bytes();
    let handshake = [
        &[1],
        &length[1..],
        &[0, 0, 0, 0, 0],
        &length[1..],
        &body[..],
    ]
    .concat();
    let record = (handshake.len() as u16).to_be_bytes();
    [
        &[22, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 0],
        &record[..],
        &handshake[..],
    ]
    .concat()
}

/// A check that names a connection and does not know its password.
fn forged_check(ufrag: &str, seed: &mut u64) -> Vec<u8> {
    let name = format!("{ufrag}:abcd");
    let mut attributes = vec![0, 6, 0, name.len() as u8];
    attributes.extend(name.bytes());
    attributes.resize(attributes.len().next_multiple_of(4), 0);
    attributes.extend([0, 0x24, 0, 4, 0x6e, 0, 0x1e, 0xff, 0, 0x25, 0, 0]);
    attributes.extend([0x80, 0x2a, 0, 8, 1, 2, 3, 4, 5, 6, 7, 8]);
    attributes.extend([0, 8, 0, 20]);
    attributes.extend(noise(seed, 20));
    let length = (attributes.len() as u16).to_be_bytes();
    let header = [&[0, 1], &length[..], &[0x21, 0x12, 0xa4, 0x42]].concat();
    [header, noise(seed, 12), attributes].concat()
}

fn injected_rtp(seed: &mut u64) -> Vec<u8> {
    let length = 200 + (*seed % 900) as usize;
    let mut packet = noise(seed, length);
    packet[..2].copy_from_slice(&[0x80, 102]);
    packet
}

/// Everything at once, 10,000 packets a second, for as long as the picture takes to bring 150 more packets.
#[tokio::test]
async fn a_player_goes_on_without_a_lost_packet_while_strangers_do_their_worst() {
    let house = House::open().await;
    let publisher = Client::publish(&house, "nancy").await;
    let player = Client::play(&house, "nancy").await;
    until("the picture runs", || player.notes().video().len() > 20).await;
    let ufrag = |answer: &str| {
        let line = answer
            .lines()
            .find_map(|line| line.strip_prefix("a=ice-ufrag:"));
        line.unwrap().to_owned()
    };
    let names = [ufrag(&publisher.answer), ufrag(&player.answer)];
    let to = SocketAddr::from(([127, 0, 0, 1], house.signaling.media_port()));

    let stop = Arc::new(AtomicBool::new(false));
    let stopped = stop.clone();
    let strangers = std::thread::spawn(move || {
        let sockets: Vec<UdpSocket> = (0..20)
            .map(|_| UdpSocket::bind("127.0.0.1:0").unwrap())
            .collect();
        let (mut seed, mut sent) = (3, 0usize);
        let start = Instant::now();
        while !stopped.load(Ordering::Relaxed) {
            let due = (start.elapsed().as_millis() * 10) as usize;
            for round in sent..due {
                let datagram = match round % 4 {
                    0 => client_hello(&mut seed),
                    1 => forged_check(&names[round / 4 % 2], &mut seed),
                    2 => injected_rtp(&mut seed),
                    _ => noise(&mut seed, 1 + round % 1400),
                };
                let _ = sockets[round % 20].send_to(&datagram, to);
            }
            sent = due;
            std::thread::sleep(Duration::from_millis(2));
        }
        sent
    });

    // The same under the addresses of the two themselves, as somebody who forges his source would.
    for client in [&publisher, &player] {
        let forge = move |run: &mut Run| {
            let mut seed = 5;
            for round in 0..400 {
                let datagram = match round % 4 {
                    0 => client_hello(&mut seed),
                    1 => injected_rtp(&mut seed),
                    // A fatal alert and an end of the connection, both unprotected.
                    2 => vec![21, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 9, 0, 2, 2, 40],
                    _ => vec![21, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 9, 0, 2, 1, 0],
                };
                run.wire.send(&datagram, to);
            }
        };
        client.order(forge).await;
    }

    // Offers and fragments that name somebody who never asked for anything.
    let victim = UdpSocket::bind("127.0.0.1:0").unwrap();
    victim.set_nonblocking(true).unwrap();
    let candidate = format!(
        "a=candidate:1 1 udp 2130706431 127.0.0.1 {} typ host",
        victim.local_addr().unwrap().port()
    );
    for _ in 0..20 {
        let sdp = offering(Direction::RecvOnly).sdp;
        let aimed: Vec<&str> = sdp
            .lines()
            .map(|line| {
                let theirs = line.starts_with("a=candidate:");
                if theirs { candidate.as_str() } else { line }
            })
            .collect();
        let reply = house
            .post("/e/demo/whep/nancy", aimed.join("\r\n") + "\r\n")
            .await;
        assert_eq!(reply.status, 201, "{}", reply.body);
        let headers = [
            ("authorization", "Bearer good"),
            ("content-type", "application/trickle-ice-sdpfrag"),
            ("if-match", "*"),
        ];
        let place = reply.header("location");
        let fragment = format!("a=mid:0\r\n{candidate}\r\n");
        let trickled = house.send("PATCH", place, &headers, fragment).await;
        assert_eq!(trickled.status, 204);
    }

    let before = player.notes().video().len();
    until("the picture runs on", || {
        player.notes().video().len() > before + 150
    })
    .await;
    stop.store(true, Ordering::Relaxed);
    assert!(strangers.join().unwrap() > 10_000);
    let so_far = player.notes().video().len();
    until(
        "and a little more, so that what was asked again has come",
        || player.notes().video().len() > so_far + 50,
    )
    .await;

    let notes = player.notes();
    let video = notes.video();
    let numbers: BTreeSet<u64> = video[..so_far].iter().map(|got| got.sequence).collect();
    let late = video[so_far..].iter().map(|got| got.sequence);
    let last = *numbers.last().unwrap();
    let all: BTreeSet<u64> = late
        .filter(|sequence| *sequence <= last)
        .chain(numbers)
        .collect();
    assert_eq!(
        last - all.first().unwrap() + 1,
        all.len() as u64,
        "not a packet is missing"
    );
    let told = victim.recv_from(&mut [0; 2000]);
    assert!(
        told.is_err_and(|error| error.kind() == ErrorKind::WouldBlock),
        "the victim hears nothing"
    );
    assert_eq!(house.lost("nancy"), 0);
    assert!(!publisher.notes().closed && !notes.closed);
}

/// An offer with lines left out, doubled, swapped and bent is answered or refused, never more.
#[tokio::test]
async fn bent_offers_are_answered_in_words() {
    let house = House::open().await;
    let offer = offering(Direction::RecvOnly).sdp;
    let lines: Vec<String> = offer.lines().map(str::to_owned).collect();
    let mut runner = TestRunner::new(Config {
        cases: 40,
        failure_persistence: None,
        ..Config::default()
    });
    let bend = (0..lines.len(), 0..lines.len(), 0u8..5);
    let offers = std::cell::RefCell::new(Vec::new());
    runner
        .run(&prop::collection::vec(bend, 1..6), |bends| {
            let mut bent = lines.clone();
            for (a, b, how) in bends {
                let (a, b) = (a % bent.len(), b % bent.len());
                match how {
                    0 => drop(bent.remove(a)),
                    1 => bent.insert(a, bent[b].clone()),
                    2 => bent.swap(a, b),
                    3 => bent[a] = bent[a].replace(['0', '1', '9'], "99999999999"),
                    _ => bent[a] = bent[a].chars().take(b).collect(),
                }
            }
            offers.borrow_mut().push(bent.join("\r\n") + "\r\n");
            Ok(())
        })
        .unwrap();
    for offer in offers.into_inner() {
        let reply = house.post("/e/demo/whep/programme", offer).await;
        assert!(
            matches!(reply.status.as_u16(), 201 | 400 | 422 | 503),
            "{} {}",
            reply.status,
            reply.body
        );
    }
    let player = Client::play(&house, "programme").await;
    until("and an honest one still gets in", || {
        player.notes().connected
    })
    .await;
}
