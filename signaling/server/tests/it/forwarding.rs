//! From publishers to players.

use std::collections::BTreeSet;
use std::net::{IpAddr, UdpSocket};
use std::sync::atomic::Ordering;

use pleniere_signaling::{Config, Egress, Notice};
use str0m::media::Direction;

use crate::client::{Client, LOSS, offering, offering_from};
use crate::house::{House, until};

#[tokio::test]
async fn a_player_sees_a_site_from_a_keyframe_on() {
    let house = House::open().await;
    let publisher = Client::publish(&house, "nancy").await;
    until("nancy publishes", || house.publishing("nancy") == 1).await;
    let player = Client::play(&house, "nancy").await;
    until("sound and picture arrive", || {
        let notes = player.notes();
        notes.video().len() > 100 && notes.got.len() > notes.video().len() + 60 && notes.reports > 1
    })
    .await;
    {
        let notes = player.notes();
        assert!(
            notes.video()[0].keyframe(),
            "the first packet is one from which a decoder can start"
        );
        assert!(publisher.notes().keyframes_wanted >= 1);
        let gaps = notes
            .video()
            .windows(2)
            .filter(|two| two[1].sequence != two[0].sequence + 1)
            .count();
        assert_eq!(gaps, 0);
        assert!(
            notes
                .video()
                .windows(2)
                .all(|two| two[0].number() < two[1].number()),
            "in the order in which it was sent"
        );
        assert!(notes.video()[0].sequence < 65_536);
    }
    until("figures are told", || {
        house.told(|n| matches!(n, Notice::Stats { kbps, loss_percent, .. } if *kbps > 100.0 && *loss_percent == 0.0)) > 0
    })
    .await;
    assert_eq!(
        house.told(|n| matches!(n, Notice::Players { stream, count: 1, .. } if stream == "nancy")),
        1
    );
}

#[tokio::test]
async fn lost_packets_are_sent_again() {
    let house = House::open().await;
    let publisher = Client::publish(&house, "nancy").await;
    let player = Client::play(&house, "nancy").await;
    player.drop_one_in.store(LOSS, Ordering::Relaxed);
    until("enough arrived", || player.notes().video().len() > 400).await;
    player.drop_one_in.store(0, Ordering::Relaxed);
    let so_far = player.notes().video().len();
    until("and a little more", || {
        player.notes().video().len() > so_far + 100
    })
    .await;
    let notes = player.notes();
    assert!(
        notes
            .video()
            .windows(2)
            .any(|two| two[1].sequence < two[0].sequence),
        "something was lost, and came later"
    );
    let last = notes.video()[..so_far]
        .iter()
        .map(|got| got.sequence)
        .max()
        .unwrap();
    let all: BTreeSet<u64> = notes
        .video()
        .iter()
        .map(|got| got.sequence)
        .filter(|sequence| *sequence <= last)
        .collect();
    assert_eq!(
        last - all.first().unwrap() + 1,
        all.len() as u64,
        "every hole was filled"
    );
    drop(publisher);
}

#[tokio::test]
async fn a_player_waits_for_its_site_and_stays_over_a_change_of_publisher() {
    let house = House::open().await;
    let player = Client::play(&house, "reims").await;
    until("the player is up", || player.notes().connected).await;
    let mut first = Client::publish(&house, "reims").await;
    until("the first is seen", || player.notes().video().len() > 50).await;
    first.kill();
    until("it is missed", || house.lost("reims") == 1).await;
    let before = player.notes().video().len();
    let _second = Client::publish(&house, "reims").await;
    until("the second is seen", || {
        player.notes().video().len() > before + 50
    })
    .await;
    let notes = player.notes();
    let video = notes.video();
    assert!(
        video[before].keyframe(),
        "a picture returns with a keyframe"
    );
    assert_eq!(
        video[before].sequence,
        video[before - 1].sequence + 1,
        "and under the next number"
    );
    let step = video[before]
        .timestamp
        .wrapping_sub(video[before - 1].timestamp);
    assert!(
        (90_000..90_000 * 15).contains(&step),
        "time went on meanwhile: {step}"
    );
}

#[tokio::test]
async fn a_player_that_lost_its_power_is_forgotten() {
    let house = House::open().await;
    let mut player = Client::play(&house, "programme").await;
    let players =
        |wanted| house.told(|n| matches!(n, Notice::Players { count, .. } if *count == wanted));
    until("it plays", || players(1) == 1).await;
    player.kill();
    until("it is counted no more", || players(0) == 1).await;
}

#[tokio::test]
async fn many_players_cause_few_keyframe_requests() {
    let house = House::open().await;
    let publisher = Client::publish(&house, "nancy").await;
    until("nancy publishes", || house.publishing("nancy") == 1).await;
    let mut players = Vec::new();
    for _ in 0..12 {
        players.push(Client::play(&house, "nancy").await);
    }
    until("all see it", || {
        players
            .iter()
            .all(|player| player.notes().video().len() > 20)
    })
    .await;
    let wanted = publisher.notes().keyframes_wanted;
    assert!(wanted < 12, "{wanted} requests for twelve players");
}

#[tokio::test]
async fn another_certificate_than_the_one_offered_is_not_let_in() {
    let house = House::open().await;
    let offering = offering(Direction::SendOnly);
    let mut forged = String::new();
    for line in offering.sdp.lines() {
        let (head, print) = line.split_at(line.len().min("a=fingerprint:sha-256 ".len()));
        let print = if head.starts_with("a=fingerprint") {
            "00:".repeat(31) + "00"
        } else {
            print.to_owned()
        };
        forged.push_str(&format!("{head}{print}\r\n"));
    }
    let reply = house.post("/e/demo/whip/nancy", forged).await;
    let place = reply.header("location").to_owned();
    let _impostor = offering.begin(&reply);
    let gone = async || {
        house
            .send("DELETE", &place, &[("authorization", "Bearer good")], "")
            .await
            .status
            == 404
    };
    let start = std::time::Instant::now();
    // Its handshake ends it; asking by DELETE would end it too, so only what was told is looked at first.
    until("the handshake failed or time ran out", || {
        house.publishing("nancy") > 0 || start.elapsed() > std::time::Duration::from_secs(3)
    })
    .await;
    assert_eq!(house.publishing("nancy"), 0);
    assert!(
        gone().await,
        "the connection was ended by its own handshake"
    );
}

#[tokio::test]
async fn every_address_answers_for_itself() {
    let house = House::open().await;
    let probe = house
        .post("/e/demo/whep/programme", offering(Direction::RecvOnly).sdp)
        .await;
    let candidates = probe
        .body
        .lines()
        .filter(|line| line.starts_with("a=candidate:"));
    let addresses: Vec<IpAddr> = candidates
        .map(|line| line.split(' ').nth(4).unwrap().parse().unwrap())
        .collect();
    assert!(addresses.contains(&"127.0.0.1".parse().unwrap()));
    for address in addresses {
        let offering = offering_from(Direction::RecvOnly, address, |config| {
            config.enable_h264(true)
        });
        let reply = house
            .post("/e/demo/whep/programme", offering.sdp.clone())
            .await;
        let only: String = reply
            .body
            .lines()
            .filter(|line| {
                !line.starts_with("a=candidate:") || line.contains(&format!(" {address} "))
            })
            .map(|line| format!("{line}\r\n"))
            .collect();
        // str0m as a client takes an answer only from the address it asked.
        let client = offering.begin_with(&only, reply.header("location"));
        until(&format!("connected over {address}"), || {
            client.notes().connected
        })
        .await;
    }
}

#[tokio::test]
async fn a_room_on_ipv6_is_seen_on_ipv4_and_the_other_way_round() {
    let house = House::open().await;
    let join = async |direction, address: &str, path: &str| {
        let address = address.parse().unwrap();
        let offering = offering_from(direction, address, |config| config.enable_h264(true));
        let reply = house.post(path, offering.sdp.clone()).await;
        offering.begin(&reply)
    };
    let _nancy = join(Direction::SendOnly, "::1", "/e/demo/whip/nancy").await;
    let _reims = join(Direction::SendOnly, "127.0.0.1", "/e/demo/whip/reims").await;
    for (address, site) in [("127.0.0.1", "nancy"), ("::1", "nancy"), ("::1", "reims")] {
        let player = join(
            Direction::RecvOnly,
            address,
            &format!("/e/demo/whep/{site}"),
        )
        .await;
        until(&format!("{site} is seen from {address}"), || {
            player.notes().video().len() > 30
        })
        .await;
    }
}

/// Kind, and what a player sees of a packet, counted from the first of its kind.
type Seen = (bool, u64, u32, bool, Vec<u8>);

/// Plays 300 pictures and their sound, a few packets late, and answers what came.
async fn played(egress: Egress) -> Vec<Seen> {
    let house = House::listening(Config {
        egress,
        ..Config::default()
    })
    .await;
    let player = Client::play(&house, "programme").await;
    until("the player is up", || player.notes().connected).await;
    let engine = UdpSocket::bind("127.0.0.1:0").unwrap();
    let send = |video: bool, sequence: u16, timestamp: u32, marker: bool, first: u8| {
        let kind = if video { 102 } else { 111 };
        let mut packet = vec![0x80, u8::from(marker) << 7 | kind];
        packet.extend(sequence.to_be_bytes());
        packet.extend(timestamp.to_be_bytes());
        packet.extend([0, 0, 0, kind, first]);
        packet.resize(13 + usize::from(sequence % 1100), sequence as u8);
        engine.send_to(&packet, house.programme).unwrap();
    };
    for frame in 0..300u16 {
        let first = if frame == 0 { 0x65 } else { 0x41 };
        let at = u32::from(frame) * 3600;
        let number = 65_000u16.wrapping_add(frame * 3);
        // The second of every tenth picture comes after the third.
        let order = if frame % 10 == 9 {
            [0, 2, 1]
        } else {
            [0, 1, 2]
        };
        for part in order {
            send(true, number.wrapping_add(part), at, part == 2, first);
        }
        send(false, frame, u32::from(frame) * 1920, frame == 0, 0xfc);
        // No more at once than the smallest buffer on the way holds, however slow the machine.
        if frame % 5 == 4 {
            let sent = 4 * (usize::from(frame) + 1);
            until("all of it came", || player.notes().got.len() == sent).await;
        }
    }
    let notes = player.notes();
    let first = |video| notes.got.iter().find(|got| got.video == video).unwrap();
    let seen = |got: &crate::client::Got| {
        let first = first(got.video);
        (
            got.video,
            got.sequence - first.sequence,
            got.timestamp.wrapping_sub(first.timestamp),
            got.marker,
            got.payload.clone(),
        )
    };
    notes.got.iter().map(seen).collect()
}

#[tokio::test]
async fn a_player_gets_the_same_from_us_as_from_the_stack() {
    let (ours, reference) = (played(Egress::Own).await, played(Egress::Stack).await);
    assert_eq!(ours.len(), reference.len());
    for video in [false, true] {
        let of = |all: &[Seen]| -> Vec<Seen> {
            all.iter().filter(|seen| seen.0 == video).cloned().collect()
        };
        assert!(of(&ours) == of(&reference), "video {video}");
    }
}
