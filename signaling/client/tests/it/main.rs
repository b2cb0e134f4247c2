//! Our WebRTC client against our server: two stacks that share no code meet over real UDP.
#![allow(missing_docs)]
#![allow(clippy::unwrap_used)]

mod camera;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use pleniere_signaling::{Access, Act, Config, Denied, Signaling};
use pleniere_signaling_client::{Claim, JoinError, Media, Player, Publisher, Received, State};
use tokio::net::TcpListener;
use tokio::sync::watch;

/// Nothing here takes longer, on the slowest machine.
const PATIENCE: Duration = Duration::from_secs(20);

struct Keys;

impl Access for Keys {
    fn may(&self, bearer: Option<&str>, _: Act<'_>) -> Result<(), Denied> {
        match bearer {
            Some("good") => Ok(()),
            Some(_) => Err(Denied::Invalid("this key is not one of ours".into())),
            None => Err(Denied::Missing),
        }
    }
}

/// A server on loopback.
struct House {
    signaling: Signaling,
    address: SocketAddr,
}

impl House {
    async fn open() -> Self {
        let config = Config {
            listen: vec![[127, 0, 0, 1].into()],
            ..Config::default()
        };
        let (signaling, mut notices) = Signaling::start(config).unwrap();
        tokio::spawn(async move { while notices.recv().await.is_some() {} });
        signaling.open("demo", vec!["nancy".into()]).await.unwrap();
        let router = Router::new().nest("/e/demo", signaling.router("demo", Arc::new(Keys)));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { signaling, address }
    }

    fn whip(&self) -> String {
        format!("http://{}/e/demo/whip/nancy", self.address)
    }

    fn whep(&self) -> String {
        format!("http://{}/e/demo/whep/nancy", self.address)
    }
}

async fn soon<T>(what: &str, future: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, future)
        .await
        .unwrap_or_else(|_| panic!("waited too long: {what}"))
}

async fn over(publisher_or_player: tokio::sync::watch::Receiver<State>) {
    let mut state = publisher_or_player;
    soon(
        "the end of the connection",
        state.wait_for(|state| *state == State::Lost),
    )
    .await
    .unwrap();
}

/// Reads until `enough` says so.
async fn receive(
    player: &mut Player,
    mut enough: impl FnMut(&[Received]) -> bool,
) -> Vec<Received> {
    let mut packets = Vec::new();
    while !enough(&packets) {
        packets.push(
            soon("packets", player.packet())
                .await
                .expect("the connection goes on"),
        );
    }
    packets
}

fn frames(packets: &[Received]) -> usize {
    packets
        .iter()
        .filter(|packet| packet.media == Media::Video && packet.marker)
        .count()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_publisher_sends_a_player_receives_whole_and_in_step() {
    let house = House::open().await;
    let publisher = Publisher::connect(&house.whip(), "good", Claim::Ask)
        .await
        .unwrap();
    let filming = tokio::spawn(camera::film(publisher, watch::Sender::default()));
    let mut player = Player::connect(&house.whep(), Some("good")).await.unwrap();
    let packets = receive(&mut player, |packets| frames(packets) >= 50).await;

    let counts = player.counts();
    assert_eq!(
        (counts.missing, counts.duplicates, counts.unread),
        (0, 0, 0),
        "{counts:?}"
    );
    assert!(counts.first_keyframe_after.is_some(), "{counts:?}");
    println!(
        "connected {:?}, keyframe {:?}",
        counts.connected_after,
        counts.first_keyframe_after.unwrap()
    );
    let steps = |media, of_a_frame: fn(&Received) -> bool| {
        let stamps: Vec<u32> = packets
            .iter()
            .filter(|p| p.media == media && of_a_frame(p))
            .map(|p| p.timestamp)
            .collect();
        stamps
            .windows(2)
            .map(|pair| pair[1].wrapping_sub(pair[0]))
            .collect::<Vec<_>>()
    };
    assert!(
        steps(Media::Video, |packet| packet.marker)
            .iter()
            .all(|step| *step == 3600)
    );
    assert!(
        steps(Media::Audio, |_| true)
            .iter()
            .all(|step| *step == 960)
    );
    let largest = packets
        .iter()
        .map(|packet| packet.payload.len())
        .max()
        .unwrap();
    assert!(
        (1000..=1160).contains(&largest),
        "keyframes are cut to fit: {largest}"
    );

    player.close().await;
    house.signaling.shutdown().await;
    soon("the camera notices", filming).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_players_wish_for_a_keyframe_reaches_the_publisher() {
    let house = House::open().await;
    let publisher = Publisher::connect(&house.whip(), "good", Claim::Ask)
        .await
        .unwrap();
    let (asked, mut heard) = watch::channel(0);
    let mut player = Player::connect(&house.whep(), Some("good")).await.unwrap();
    let filming = tokio::spawn(camera::film(publisher, asked));
    receive(&mut player, |packets| frames(packets) >= 5).await;
    // Joining itself asked for one; only what comes after it counts.
    let before = *heard.borrow_and_update();
    let more = async {
        loop {
            player.request_keyframe();
            tokio::select! {
                asked = heard.wait_for(|times| *times > before) => break asked.is_ok(),
                _ = player.packet() => {}
            }
        }
    };
    assert!(soon("a keyframe request", more).await, "the camera is gone");
    house.signaling.shutdown().await;
    soon("the camera notices", filming).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_live_seat_is_kept_unless_it_is_taken_over() {
    let house = House::open().await;
    let first = Publisher::connect(&house.whip(), "good", Claim::Ask)
        .await
        .unwrap();
    let first_state = first.state();
    let filming = tokio::spawn(camera::film(first, watch::Sender::default()));
    let mut player = Player::connect(&house.whep(), Some("good")).await.unwrap();
    receive(&mut player, |packets| frames(packets) >= 2).await;

    let second = Publisher::connect(&house.whip(), "good", Claim::Ask).await;
    assert_eq!(second.err(), Some(JoinError::SeatTaken));
    assert_eq!(*first_state.borrow(), State::Connected);

    let second = Publisher::connect(&house.whip(), "good", Claim::TakeOver)
        .await
        .unwrap();
    over(first_state).await;
    soon("the first camera notices", filming).await.unwrap();
    second.close().await;
    let third = Publisher::connect(&house.whip(), "good", Claim::Ask).await;
    third.expect("a seat that was left is free").close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn refusals_say_what_the_server_said() {
    let house = House::open().await;
    let wrong_key = Publisher::connect(&house.whip(), "bad", Claim::Ask)
        .await
        .err();
    assert!(
        matches!(&wrong_key, Some(JoinError::Refused { status: 401, detail }) if detail.contains("not one of ours"))
    );
    let nowhere = Player::connect(&house.whep().replace("nancy", "nowhere"), Some("good"))
        .await
        .err();
    assert!(
        matches!(nowhere, Some(JoinError::Refused { status: 404, .. })),
        "{nowhere:?}"
    );
    let no_address = Player::connect("nancy", None).await.err();
    assert!(matches!(no_address, Some(JoinError::Address(_))));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_not_there_or_talks_nonsense_is_unreachable() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let absent = Publisher::connect(&format!("http://{address}/e/x/whip/y"), "k", Claim::Ask)
        .await
        .err();
    assert!(
        matches!(absent, Some(JoinError::Unreachable(_))),
        "{absent:?}"
    );

    for answer in [
        "nonsense\r\n\r\n",
        "HTTP/1.1 201 Created\r\nLocation: /r\r\nContent-Length: 8\r\n\r\nnonsense",
        "HTTP/1.1 201 Created\r\nContent-Length: 99999999\r\n\r\n",
        "",
    ] {
        let error = soon("a refusal", join_at(answer)).await;
        assert!(
            matches!(error, JoinError::Unreachable(_) | JoinError::WebRtc(_)),
            "{answer:?}: {error:?}"
        );
    }
}

/// Joins at a server that answers with these bytes, or with silence.
async fn join_at(answer: &'static str) -> JoinError {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/e/x/whip/y", listener.local_addr().unwrap());
    let serving = tokio::spawn(async move {
        let mut kept = Vec::new();
        while let Ok((mut stream, _)) = listener.accept().await {
            use tokio::io::AsyncWriteExt;
            stream.write_all(answer.as_bytes()).await.unwrap();
            kept.push(stream);
        }
    });
    let started = Instant::now();
    let error = Publisher::connect(&url, "k", Claim::Ask)
        .await
        .err()
        .expect("no publisher comes of this");
    assert!(started.elapsed() < Duration::from_secs(15));
    serving.abort();
    error
}

#[tokio::test(flavor = "multi_thread")]
async fn many_joins_and_leaves_keep_no_socket() {
    let house = House::open().await;
    let sockets = || std::fs::read_dir("/proc/self/fd").unwrap().count();
    for n in 0..3 {
        Publisher::connect(&house.whip(), "good", Claim::Ask)
            .await
            .unwrap()
            .close()
            .await;
        drop(
            Player::connect_counting(&house.whep(), Some("good"))
                .await
                .unwrap_or_else(|error| panic!("{n}: {error}")),
        );
    }
    let before = sockets();
    for _ in 0..30 {
        Publisher::connect(&house.whip(), "good", Claim::Ask)
            .await
            .unwrap()
            .close()
            .await;
        assert!(
            Publisher::connect(&house.whip(), "bad", Claim::Ask)
                .await
                .is_err()
        );
        drop(
            Player::connect_counting(&house.whep(), Some("good"))
                .await
                .unwrap(),
        );
    }
    let freed = async {
        while sockets() > before + 20 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    soon("sockets to be closed", freed).await;
}
