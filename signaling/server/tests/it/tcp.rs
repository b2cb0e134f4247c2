//! ICE over TCP: a network that lets no UDP through.

use std::io::Read;
use std::net::{IpAddr, SocketAddr, TcpStream};

use str0m::media::Direction;

use crate::client::{Client, Wire, offering_over};
use crate::house::{House, PATIENCE, until};

/// A client that has no UDP at all.
async fn join(house: &House, direction: Direction, address: IpAddr, path: &str) -> Client {
    let to = SocketAddr::new(address, house.signaling.media_port());
    let offering = offering_over(direction, Wire::tcp(to), |config| config.enable_h264(true));
    assert!(!offering.sdp.contains(" udp "), "{}", offering.sdp);
    let reply = house.post(path, offering.sdp.clone()).await;
    offering.begin(&reply)
}

fn gaps(client: &Client) -> usize {
    let notes = client.notes();
    let video = notes.video();
    let gap = |two: &&[&crate::client::Got]| two[1].sequence != two[0].sequence + 1;
    video.windows(2).filter(gap).count()
}

#[tokio::test]
async fn who_has_only_tcp_sends_and_sees() {
    let house = House::open().await;
    let here: IpAddr = "127.0.0.1".parse().unwrap();
    let publisher = join(&house, Direction::SendOnly, here, "/e/demo/whip/nancy").await;
    let port = house.signaling.media_port();
    let passive = format!(" 127.0.0.1 {port} typ host tcptype passive");
    assert!(publisher.answer.contains(&passive), "{}", publisher.answer);
    let player = join(&house, Direction::RecvOnly, here, "/e/demo/whep/nancy").await;
    let beside = Client::play(&house, "nancy").await;
    until("sound and picture arrive over TCP", || {
        let notes = player.notes();
        notes.video().len() > 100 && notes.got.len() > notes.video().len() + 60
    })
    .await;
    until("and over UDP", || beside.notes().video().len() > 50).await;
    assert_eq!((gaps(&player), gaps(&beside)), (0, 0));
    // The end is told over the same way.
    let good = [("authorization", "Bearer good")];
    let ended = house.send("DELETE", &player.location, &good, "").await;
    assert_eq!(ended.status, 200);
    until("the player is told goodbye", || player.notes().closed).await;
}

#[tokio::test]
async fn tcp_answers_on_both_families() {
    let house = House::open().await;
    for address in ["127.0.0.1", "::1"] {
        let address = address.parse().unwrap();
        let player = join(
            &house,
            Direction::RecvOnly,
            address,
            "/e/demo/whep/programme",
        )
        .await;
        until(&format!("connected over {address}"), || {
            player.notes().connected
        })
        .await;
    }
}

#[tokio::test]
async fn connections_that_say_nothing_keep_nobody_out() {
    let house = House::open().await;
    let to = SocketAddr::from(([127, 0, 0, 1], house.signaling.media_port()));
    let mut idle: Vec<TcpStream> = (0..100).map(|_| TcpStream::connect(to).unwrap()).collect();
    let player = join(
        &house,
        Direction::RecvOnly,
        to.ip(),
        "/e/demo/whep/programme",
    )
    .await;
    until("an honest player is up", || player.notes().connected).await;
    // Nor do they stay: each is closed, be it for room or for its silence.
    for stream in &mut idle {
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let closed = stream.read(&mut [0; 8]);
        let still = closed.as_ref().is_err_and(|error| {
            let waited = [std::io::ErrorKind::WouldBlock, std::io::ErrorKind::TimedOut];
            waited.contains(&error.kind())
        });
        assert!(!still && !matches!(closed, Ok(1..)), "{closed:?}");
    }
    let one_more = join(
        &house,
        Direction::RecvOnly,
        to.ip(),
        "/e/demo/whep/programme",
    )
    .await;
    until("and one more", || one_more.notes().connected).await;
    assert!(!player.notes().closed, "whoever proved himself stays");
}
