//! WHIP and WHEP as RFC 9725 has them, and every refusal in words.

use std::net::{IpAddr, Ipv4Addr};

use pleniere_signaling::{MAX_PENDING, Notice};
use str0m::media::Direction;

use crate::client::{Client, offering, offering_from};
use crate::house::{House, until};

const SDP: (&str, &str) = ("content-type", "application/sdp");
const GOOD: (&str, &str) = ("authorization", "Bearer good");

#[tokio::test]
async fn an_offer_is_answered_with_a_place_to_end_it() {
    let house = House::open().await;
    let reply = house
        .post("/e/demo/whip/nancy", offering(Direction::SendOnly).sdp)
        .await;
    assert_eq!(reply.status, 201);
    assert_eq!(reply.header("content-type"), "application/sdp");
    assert!(reply.header("location").starts_with("/e/demo/whip/nancy/"));
    assert!(reply.header("etag").starts_with('"'));
    assert_eq!(reply.header("access-control-allow-origin"), "*");
    for wanted in [
        "a=ice-lite",
        "a=setup:passive",
        "a=recvonly",
        "profile-level-id=42e01f",
        "packetization-mode=1",
        "a=rtcp-mux-only",
        "a=end-of-candidates",
    ] {
        assert!(reply.body.contains(wanted), "{wanted} in {}", reply.body);
    }
    assert!(!reply.body.contains("a=sendrecv") && !reply.body.contains("VP8"));
    let port = format!(" {} typ host", house.signaling.media_port());
    assert!(
        reply.body.contains(&port),
        "one port for all: {}",
        reply.body
    );
}

#[tokio::test]
async fn a_public_address_is_offered_besides_the_local_ones() {
    let public: IpAddr = "203.0.113.7".parse().unwrap();
    let listen = vec![IpAddr::V4(Ipv4Addr::LOCALHOST)];
    let config = pleniere_signaling::Config {
        listen,
        public_addresses: vec![public],
        ..pleniere_signaling::Config::default()
    };
    let house = House::listening(config).await;
    let reply = house
        .post("/e/demo/whep/programme", offering(Direction::RecvOnly).sdp)
        .await;
    let candidates = reply
        .body
        .lines()
        .filter(|line| line.starts_with("a=candidate:"));
    let mut offered: Vec<[&str; 3]> = candidates
        .map(|line| line.split(' ').collect::<Vec<_>>())
        .map(|words| [words[2], words[4], words[5]])
        .collect();
    offered.sort_unstable();
    let port = &*house.signaling.media_port().to_string();
    assert_eq!(
        offered,
        [
            ["tcp", "127.0.0.1", port],
            ["tcp", "203.0.113.7", port],
            ["udp", "127.0.0.1", port],
            ["udp", "203.0.113.7", port],
        ]
    );
}

#[tokio::test]
async fn a_turn_server_is_named_to_who_was_let_in_and_to_nobody_else() {
    let turn = "<turn:turn.example.org>; rel=\"ice-server\"; username=\"u\"; credential=\"c\"; credential-type=\"password\"";
    let stun = "<stun:stun.example.org>; rel=\"ice-server\"";
    let house = House::listening(pleniere_signaling::Config {
        ice_links: vec![turn.into(), stun.into()],
        ..pleniere_signaling::Config::default()
    })
    .await;
    let sdp = offering(Direction::SendOnly).sdp;
    let reply = house.post("/e/demo/whip/nancy", sdp.clone()).await;
    let links: Vec<&str> = reply
        .headers
        .get_all("link")
        .iter()
        .map(|link| link.to_str().unwrap())
        .collect();
    assert_eq!(links, [turn, stun]);
    let exposed = reply.header("access-control-expose-headers");
    assert!(exposed.contains("Link"), "{exposed}");
    let keyless = house.send("POST", "/e/demo/whip/nancy", &[SDP], sdp).await;
    assert_eq!((keyless.status.as_u16(), keyless.header("link")), (401, ""));
    let asked = house.send("OPTIONS", "/e/demo/whip/nancy", &[], "").await;
    assert_eq!(asked.header("link"), "", "a preflight has no key");
}

#[tokio::test]
async fn nobody_is_sent_to_a_third_party_unless_told() {
    let house = House::open().await;
    let reply = house
        .post("/e/demo/whep/programme", offering(Direction::RecvOnly).sdp)
        .await;
    assert_eq!(reply.header("link"), "");
}

#[tokio::test]
async fn keys_are_asked_for() {
    let house = House::open().await;
    let sdp = offering(Direction::SendOnly).sdp;
    let missing = house
        .send("POST", "/e/demo/whip/nancy", &[SDP], sdp.clone())
        .await;
    assert_eq!(
        (missing.status.as_u16(), missing.code().as_str()),
        (401, "key_missing")
    );
    assert_eq!(missing.header("www-authenticate"), "Bearer");
    let wrong = house
        .send(
            "POST",
            "/e/demo/whip/nancy",
            &[SDP, ("authorization", "Bearer x")],
            sdp.clone(),
        )
        .await;
    assert_eq!(
        (wrong.status.as_u16(), wrong.code().as_str()),
        (401, "key_invalid")
    );
    let nancy = ("authorization", "bearer site-nancy");
    let other = house
        .send("POST", "/e/demo/whip/reims", &[SDP, nancy], sdp.clone())
        .await;
    assert_eq!(
        (other.status.as_u16(), other.code().as_str()),
        (403, "not_allowed")
    );
    let right = house
        .send("POST", "/e/demo/whip/nancy", &[SDP, nancy], sdp)
        .await;
    assert_eq!(right.status, 201);
    let open = house
        .send(
            "POST",
            "/e/demo/whep/programme",
            &[SDP],
            offering(Direction::RecvOnly).sdp,
        )
        .await;
    assert_eq!(open.status, 201, "the programme needs no key");
    let unkeyed = house
        .send("DELETE", right.header("location"), &[], "")
        .await;
    assert_eq!(unkeyed.status, 401, "knowing the place is not enough");
}

#[tokio::test]
async fn what_cannot_be_answered_is_said() {
    let house = House::open().await;
    let sdp = offering(Direction::SendOnly).sdp;
    for path in [
        "/e/demo/whip/mars",
        "/e/demo/whip/programme",
        "/e/demo/whep/return-mars",
        "/e/demo/whip/NANCY",
    ] {
        let reply = house.post(path, sdp.clone()).await;
        assert_eq!(
            (reply.status.as_u16(), reply.code().as_str()),
            (404, "not_found"),
            "{path}"
        );
    }
    let json = house
        .send(
            "POST",
            "/e/demo/whip/nancy",
            &[GOOD, ("content-type", "application/json")],
            "{}",
        )
        .await;
    assert_eq!(
        (json.status.as_u16(), json.code().as_str()),
        (415, "wrong_type")
    );
    assert_eq!(json.header("accept-post"), "application/sdp");
    let torn = house
        .post("/e/demo/whip/nancy", sdp[..100].to_owned())
        .await;
    assert_eq!(
        (torn.status.as_u16(), torn.code().as_str()),
        (400, "bad_offer")
    );
    let huge = house
        .post(
            "/e/demo/whip/nancy",
            format!("{sdp}{}", "a=x\r\n".repeat(20_000)),
        )
        .await;
    assert_eq!(
        (huge.status.as_u16(), huge.code().as_str()),
        (413, "too_long")
    );
    let wrong_way = house
        .post("/e/demo/whip/nancy", offering(Direction::RecvOnly).sdp)
        .await;
    assert_eq!(
        (wrong_way.status.as_u16(), wrong_way.code().as_str()),
        (400, "no_media")
    );
}

#[tokio::test]
async fn every_address_says_what_may_be_done_with_it() {
    let house = House::open().await;
    let reply = house
        .post("/e/demo/whip/nancy", offering(Direction::SendOnly).sdp)
        .await;
    let place = reply.header("location");
    let cases = [
        ("/e/demo/whip/nancy", "PUT", "POST"),
        ("/e/demo/whip/nancy", "DELETE", "POST"),
        ("/e/demo/whip/nancy", "PATCH", "POST"),
        ("/e/demo/whep/nancy", "PUT", "POST"),
        (place, "POST", "PATCH"),
        (place, "PUT", "DELETE"),
    ];
    for (path, method, right) in cases {
        let reply = house.send(method, path, &[GOOD], "").await;
        assert_eq!(
            (reply.status.as_u16(), reply.code().as_str()),
            (405, "wrong_method"),
            "{method} {path}"
        );
        let allowed = reply.header("allow");
        assert!(
            allowed.contains(right) && !allowed.contains(method),
            "{allowed}"
        );
    }
    // RFC 9725 section 4.1: there is nothing to see, and looking is no mistake.
    for (path, method) in [
        ("/e/demo/whip/nancy", "GET"),
        ("/e/demo/whep/programme", "HEAD"),
        (place, "GET"),
    ] {
        let reply = house.send(method, path, &[GOOD], "").await;
        assert_eq!(
            (reply.status.as_u16(), reply.body.as_str()),
            (204, ""),
            "{method} {path}"
        );
    }
    let gone = house.send("GET", "/e/demo/whip/nancy/x", &[GOOD], "").await;
    assert_eq!(gone.status, 404);
    assert_eq!(house.send("GET", place, &[], "").await.status, 401);
}

#[tokio::test]
async fn a_browser_without_h264_is_told_so() {
    let house = House::open().await;
    let here = IpAddr::V4(Ipv4Addr::LOCALHOST);
    let vp8 = offering_from(Direction::SendOnly, here, |config| config.enable_vp8(true));
    let reply = house.post("/e/demo/whip/nancy", vp8.sdp).await;
    assert_eq!(
        (reply.status.as_u16(), reply.code().as_str()),
        (422, "no_h264")
    );
    assert!(reply.body.contains("H.264"));
}

#[tokio::test]
async fn any_origin_may_ask_what_is_allowed() {
    let house = House::open().await;
    for path in [
        "/e/demo/whip/nancy",
        "/e/demo/whep/programme",
        "/e/demo/whip/nancy/x",
    ] {
        let reply = house
            .send(
                "OPTIONS",
                path,
                &[("origin", "https://elsewhere.example")],
                "",
            )
            .await;
        assert_eq!(reply.status, 200);
        assert_eq!(reply.header("accept-post"), "application/sdp");
        assert!(
            reply
                .header("access-control-allow-headers")
                .contains("Authorization")
        );
        assert!(
            reply
                .header("access-control-allow-methods")
                .contains("DELETE")
        );
        assert!(
            reply
                .header("access-control-expose-headers")
                .contains("Location")
        );
    }
}

#[tokio::test]
async fn a_connection_takes_trickle_and_delete() {
    let house = House::open().await;
    let offer = offering(Direction::SendOnly).sdp;
    let reply = house.post("/e/demo/whip/nancy", offer.clone()).await;
    let (place, etag) = (reply.header("location"), reply.header("etag"));
    let line = |name: &str| {
        let found = offer.lines().find(|line| line.starts_with(name));
        found.unwrap()
    };
    let fragment = format!(
        "{}\r\n{}\r\nm=audio 9 RTP/AVP 0\r\na=mid:0\r\na=candidate:1 1 udp 1 192.0.2.9 9 typ host\r\n",
        line("a=ice-ufrag:"),
        line("a=ice-pwd:")
    );
    let kind = ("content-type", "application/trickle-ice-sdpfrag");
    for tag in [etag, "*"] {
        let trickled = house
            .send(
                "PATCH",
                place,
                &[GOOD, kind, ("if-match", tag)],
                fragment.clone(),
            )
            .await;
        assert_eq!(trickled.status, 204, "{}", trickled.body);
        assert_eq!(trickled.header("etag"), "", "RFC 9725 section 4.3.2");
    }
    let untagged = house
        .send("PATCH", place, &[GOOD, kind], fragment.clone())
        .await;
    assert_eq!(
        (untagged.status.as_u16(), untagged.code().as_str()),
        (428, "no_if_match")
    );
    let stale = house
        .send(
            "PATCH",
            place,
            &[GOOD, kind, ("if-match", "\"old\"")],
            fragment.clone(),
        )
        .await;
    assert_eq!(
        (stale.status.as_u16(), stale.code().as_str()),
        (412, "stale")
    );
    let any = ("if-match", "*");
    let json = house
        .send("PATCH", place, &[GOOD, SDP, any], fragment.clone())
        .await;
    assert_eq!(
        (json.status.as_u16(), json.code().as_str()),
        (415, "wrong_type")
    );
    assert_eq!(json.header("accept-patch"), kind.1);
    for garbage in [
        "\u{0}\u{1}",
        "",
        "a=ice-ufrag:abcd\r\n",
        "a=ice-ufrag:abcd\r\na=ice-pwd:x\r\n",
    ] {
        let reply = house
            .send("PATCH", place, &[GOOD, kind, any], garbage)
            .await;
        assert_eq!(
            (reply.status.as_u16(), reply.code().as_str()),
            (400, "bad_fragment"),
            "{garbage:?}"
        );
    }
    assert_eq!(house.send("DELETE", place, &[GOOD], "").await.status, 200);
    let again = house.send("DELETE", place, &[GOOD], "").await;
    assert_eq!(
        (again.status.as_u16(), again.code().as_str()),
        (404, "not_found")
    );
    assert_eq!(
        house
            .send("PATCH", place, &[GOOD, kind, any], fragment)
            .await
            .status,
        404
    );
}

#[tokio::test]
async fn a_seat_is_kept_taken_over_and_given_up() {
    let house = House::open().await;
    let first = Client::publish(&house, "nancy").await;
    until("the first publishes", || house.publishing("nancy") == 1).await;
    let second = offering(Direction::SendOnly);
    let refused = house.post("/e/demo/whip/nancy", second.sdp.clone()).await;
    assert_eq!(
        (refused.status.as_u16(), refused.code().as_str()),
        (409, "seat_taken")
    );
    let takeover = ("pleniere-takeover", "true");
    let taken = house
        .send(
            "POST",
            "/e/demo/whip/nancy",
            &[SDP, GOOD, takeover],
            second.sdp.clone(),
        )
        .await;
    let mut second = second.begin(&taken);
    until("the first is told to go", || first.notes().closed).await;
    let player = Client::play(&house, "nancy").await;
    until("the second is seen", || player.notes().video().len() > 20).await;
    until("and told", || {
        house.publishing("nancy") == house.lost("nancy") + 1
    })
    .await;
    second.kill();
    until("the seat is seen dead", || {
        house.publishing("nancy") == house.lost("nancy")
    })
    .await;
    let third = house
        .post("/e/demo/whip/nancy", offering(Direction::SendOnly).sdp)
        .await;
    assert_eq!(third.status, 201, "a dead seat is taken at once");
}

#[tokio::test]
async fn whoever_ends_a_connection_is_told_goodbye_on_it() {
    let house = House::open().await;
    let player = Client::play(&house, "programme").await;
    until("the player is up", || player.notes().connected).await;
    assert_eq!(
        house.send("DELETE", &player.location, &[], "").await.status,
        200
    );
    until("it is closed", || player.notes().closed).await;
}

#[tokio::test]
async fn offers_alone_fill_the_house_and_not_the_machine() {
    let house = House::open().await;
    let sdp = offering(Direction::RecvOnly).sdp;
    let mut refused = 0;
    // On a slow machine those who never come up make room meanwhile; the number there stays bounded all the same.
    for _ in 0..MAX_PENDING + 50 {
        let reply = house.post("/e/demo/whep/programme", sdp.clone()).await;
        if reply.status != 201 {
            assert_eq!(
                (reply.status.as_u16(), reply.code().as_str()),
                (503, "unavailable")
            );
            assert_eq!(reply.header("retry-after"), "2");
            refused += 1;
        }
    }
    let publisher = house
        .post("/e/demo/whip/nancy", offering(Direction::SendOnly).sdp)
        .await;
    assert_eq!(publisher.status, 201, "a room still gets in");
    let player = loop {
        let offering = offering(Direction::RecvOnly);
        let reply = house
            .post("/e/demo/whep/programme", offering.sdp.clone())
            .await;
        if reply.status == 201 {
            break offering.begin(&reply);
        }
        refused += 1;
        assert!(refused < 1000, "those who never come up make room");
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    };
    until("an honest player is up", || player.notes().connected).await;
    let most = MAX_PENDING + 1;
    assert_eq!(
        house.told(|n| matches!(n, Notice::Players { count, .. } if *count > most)),
        0
    );
}

#[tokio::test]
async fn after_shutdown_everybody_has_been_told() {
    let house = House::open().await;
    let player = Client::play(&house, "programme").await;
    until("the player is up", || player.notes().connected).await;
    house.signaling.shutdown().await;
    until("it is told goodbye", || player.notes().closed).await;
    let late = house
        .post("/e/demo/whep/programme", offering(Direction::RecvOnly).sdp)
        .await;
    assert_eq!(
        (late.status.as_u16(), late.code().as_str()),
        (503, "unavailable")
    );
}
