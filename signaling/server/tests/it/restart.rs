//! ICE restart by PATCH (RFC 9725 section 4.3.3): a client whose network changed goes on in the same connection.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::atomic::Ordering;

use str0m::change::SdpAnswer;

use crate::client::{Client, LOSS, Run, Wire};
use crate::house::{House, Reply, until};

const FRAGMENT: (&str, &str) = ("content-type", "application/trickle-ice-sdpfrag");
const GOOD: (&str, &str) = ("authorization", "Bearer good");
const HERE: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

fn line<'a>(text: &'a str, name: &str) -> &'a str {
    let found = text.lines().find(|line| line.starts_with(name));
    found.unwrap_or_else(|| panic!("{name} in {text}"))
}

fn credentials(text: &str) -> String {
    format!(
        "{}\r\n{}\r\n",
        line(text, "a=ice-ufrag:"),
        line(text, "a=ice-pwd:")
    )
}

async fn patch(house: &House, place: &str, tag: &str, body: String) -> Reply {
    let headers = [GOOD, FRAGMENT, ("if-match", tag)];
    house.send("PATCH", place, &headers, body).await
}

/// Restarts the ICE of a client, which moves to `wire`, and gives what the server said.
async fn restart(house: &House, client: &Client, wire: Option<Wire>) -> Reply {
    let moves = wire.is_some();
    let begin = move |run: &mut Run| {
        if let Some(wire) = wire {
            run.wire = wire;
        }
        let mut api = run.rtc.sdp_api();
        api.ice_restart(!moves);
        let (offer, pending) = api.apply().unwrap();
        (offer.to_sdp_string(), pending)
    };
    let (offer, pending) = client.order(begin).await;
    let reply = patch(house, &client.location, "*", credentials(&offer)).await;
    assert_eq!(reply.status, 200, "{}", reply.body);
    // Candidates name the user name fragment they belong to.
    let value = |text: &str, name: &str| line(text, name)[name.len()..].to_owned();
    let renew = |answer: String, name: &str| {
        answer.replace(&value(&client.answer, name), &value(&reply.body, name))
    };
    let answer = renew(client.answer.clone(), "a=ice-ufrag:");
    let answer = renew(answer, "a=ice-pwd:");
    let finish = move |run: &mut Run| {
        let answer = SdpAnswer::from_sdp_string(&answer).unwrap();
        run.rtc.sdp_api().accept_answer(pending, answer).unwrap();
        run.rtc.add_local_candidate(run.wire.candidate());
    };
    client.order(finish).await;
    reply
}

#[tokio::test]
async fn a_room_restarts_its_ice_and_nobody_loses_a_packet() {
    let house = House::open().await;
    let publisher = Client::publish(&house, "nancy").await;
    let player = Client::play(&house, "nancy").await;
    until("the picture runs", || player.notes().video().len() > 20).await;

    let reply = restart(&house, &publisher, None).await;
    assert_eq!(reply.header("content-type"), FRAGMENT.1);
    for wanted in [
        "a=ice-lite",
        "m=audio ",
        "a=mid:",
        "a=candidate:",
        "a=end-of-candidates",
    ] {
        line(&reply.body, wanted);
    }
    assert_ne!(credentials(&reply.body), credentials(&publisher.answer));

    sees_on(&player, "all the while").await;
    let notes = player.notes();
    let holes = notes
        .video()
        .windows(2)
        .filter(|two| two[1].sequence != two[0].sequence + 1)
        .count();
    assert_eq!((holes, house.lost("nancy")), (0, 0));
}

#[tokio::test]
async fn a_player_that_changed_its_network_sees_on() {
    let house = House::open().await;
    let _publisher = Client::publish(&house, "nancy").await;
    let player = Client::play(&house, "nancy").await;
    until("the picture runs", || player.notes().video().len() > 20).await;
    restart(&house, &player, Some(Wire::udp(HERE))).await;
    // The old socket is closed: what arrives now, arrives at the new one.
    sees_on(&player, "at the new place").await;
    restart(&house, &player, Some(Wire::udp(HERE))).await;
    sees_on(&player, "after another move").await;
}

/// Waits until more of the picture came.
async fn sees_on(player: &Client, how: &str) {
    let before = player.notes().video().len();
    until(&format!("the picture runs on {how}"), || {
        player.notes().video().len() > before + 100
    })
    .await;
}

/// Waits until every packet of the picture up to now is there, in whatever order it came.
async fn nothing_is_missing(player: &Client) {
    let last = player.notes().video().last().unwrap().sequence;
    until("every hole is filled", || {
        let notes = player.notes();
        let numbers = notes.video().into_iter().map(|got| got.sequence);
        let numbers: BTreeSet<u64> = numbers.filter(|number| *number <= last).collect();
        last - numbers.first().unwrap() + 1 == numbers.len() as u64
    })
    .await;
}

#[tokio::test]
async fn a_player_goes_on_under_the_same_keys_numbers_and_names() {
    let house = House::open().await;
    let _publisher = Client::publish(&house, "nancy").await;
    let player = Client::play(&house, "nancy").await;
    // The stack below answers reports, under an SSRC of its own.
    until("sound, picture and reports come", || {
        player.notes().senders().len() == 3
    })
    .await;
    let mut senders = player.notes().senders();
    for _ in 0..3 {
        restart(&house, &player, None).await;
        sees_on(&player, "after a restart").await;
    }
    let reports = player.notes().reports;
    until("reports too", || player.notes().reports > reports + 1).await;
    player.drop_one_in.store(LOSS, Ordering::Relaxed);
    sees_on(&player, "over a bad line").await;
    player.drop_one_in.store(0, Ordering::Relaxed);
    nothing_is_missing(&player).await;

    let notes = player.notes();
    let repair = line(&player.answer, "a=ssrc-group:FID ").split(' ').nth(2);
    senders.insert(repair.unwrap().parse().unwrap());
    assert_eq!(notes.senders(), senders, "the same, and that of repair");
}

#[tokio::test]
async fn a_player_changes_from_udp_to_tcp_and_back() {
    let house = House::open().await;
    let _publisher = Client::publish(&house, "nancy").await;
    let player = Client::play(&house, "nancy").await;
    until("the picture runs", || player.notes().video().len() > 20).await;
    let to = SocketAddr::from((HERE, house.signaling.media_port()));

    restart(&house, &player, Some(Wire::tcp(to))).await;
    sees_on(&player, "over TCP").await;
    let reports = player.notes().reports;
    until("reports too", || player.notes().reports > reports + 1).await;
    player.drop_one_in.store(LOSS, Ordering::Relaxed);
    sees_on(&player, "over TCP, with losses").await;
    player.drop_one_in.store(0, Ordering::Relaxed);

    restart(&house, &player, Some(Wire::udp(HERE))).await;
    sees_on(&player, "over UDP").await;
    nothing_is_missing(&player).await;

    let ended = house.send("DELETE", &player.location, &[GOOD], "").await;
    assert_eq!(ended.status, 200);
    until("the player is told goodbye", || player.notes().closed).await;
}

#[tokio::test]
async fn what_belongs_to_the_old_ice_session_is_refused() {
    let house = House::open().await;
    let player = Client::play(&house, "programme").await;
    until("the player is up", || player.notes().connected).await;
    let old = credentials(&player.answer);
    let first = restart(&house, &player, None).await;
    let second = restart(&house, &player, None).await;
    assert_ne!(first.header("etag"), second.header("etag"));
    let trickle =
        async |tag: &str| patch(&house, &player.location, tag, "a=mid:0\r\n".into()).await;
    let late = trickle(first.header("etag")).await;
    assert_eq!((late.status.as_u16(), late.code().as_str()), (412, "stale"));
    assert_eq!(trickle(second.header("etag")).await.status, 204);
    let late = patch(&house, &player.location, first.header("etag"), old).await;
    assert_eq!(late.status, 412, "a restart that lost its way too");
}

#[tokio::test]
async fn who_asks_for_a_restart_and_never_checks_in_is_forgotten() {
    let house = House::open().await;
    let player = Client::play(&house, "programme").await;
    until("the player is up", || player.notes().connected).await;
    let other = "a=ice-ufrag:other\r\na=ice-pwd:0123456789abcdef012345\r\n";
    let reply = patch(&house, &player.location, "*", other.into()).await;
    assert_eq!(reply.status, 200);
    // Its checks carry the old credentials: as good as none.
    until("it is told goodbye", || player.notes().closed).await;
}
