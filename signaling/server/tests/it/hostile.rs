//! Garbage: it costs its sender only.

use std::net::UdpSocket;

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use str0m::media::Direction;

use crate::client::{Client, offering};
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
