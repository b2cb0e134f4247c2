//! Serves the programme of one made-up event, to watch it with any player:
//! `cargo run --release -p pleniere-media --example origin -- ENGINE DATA_DIR [ADDR:PORT]`. Commands are read from standard input:
//! `live`, `after`, `mask on`, `mask off`, `full SITE`, `slate`, `session ID`, `air N TEXT`, `answer N`, `state`, `verify DIR`, `quit`.

use std::path::PathBuf;

use pleniere_media::{Config, Programme};
use pleniere_media_core::link::{LowerThird, SiteName};
use pleniere_media_core::scene::{Layout, Scene, SiteId};
use pleniere_media_core::timeline::{Entry, Phase};

type Failure = Box<dyn std::error::Error>;

fn config(engine: &str, dir: &str) -> Config {
    let site = |id: &str, name: &str| SiteName {
        id: SiteId(id.into()),
        name: name.into(),
    };
    Config {
        event: "grand-est".into(),
        title: "Plénière".into(),
        subtitle: "Grand Est".into(),
        dir: PathBuf::from(dir),
        sites: vec![site("nancy", "Nancy"), site("reims", "Reims")],
        engine: PathBuf::from(engine),
        strip: true,
        programme_rtp: ([127, 0, 0, 1], 9).into(),
        recording_title: "Plénière".into(),
        sessions: vec![
            ("opening".into(), "Ouverture".into()),
            ("debate".into(), "Débat".into()),
        ],
    }
}

async fn command(programme: &Programme, line: &str) -> Result<(), Failure> {
    let mut words = line.splitn(3, ' ');
    let (verb, first, rest) = (
        words.next().unwrap_or_default(),
        words.next().unwrap_or_default(),
        words.next(),
    );
    match verb {
        "live" => drop(programme.phase(Phase::Live).await?),
        "after" => drop(programme.phase(Phase::After).await?),
        "mask" => drop(programme.mask(first == "on").await?),
        "full" => drop(
            programme
                .take(Scene {
                    layout: Layout::Full,
                    slots: vec![SiteId(first.into())],
                })
                .await?,
        ),
        "slate" => drop(
            programme
                .take(Scene {
                    layout: Layout::Slate,
                    slots: Vec::new(),
                })
                .await?,
        ),
        "session" => drop(programme.begin_session(first).await?),
        "air" => {
            let (question, title) = (first.parse()?, rest.unwrap_or_default().to_owned());
            programme
                .lower_third(Some(LowerThird {
                    kicker: format!("Question {question}"),
                    text: title.clone(),
                }))
                .await?;
            programme
                .note(Entry::QuestionOnAir { question, title })
                .await?;
        }
        "answer" => {
            programme.lower_third(None).await?;
            programme
                .note(Entry::QuestionAnswered {
                    question: first.parse()?,
                })
                .await?;
        }
        "verify" => println!("{:#?}", pleniere_media::verify::verify(first.as_ref())?),
        "state" => println!("{:#?}", programme.state().borrow()),
        _ => return Err(format!("unknown command {verb}").into()),
    }
    Ok(())
}

#[tokio::main]
async fn main() -> Result<(), Failure> {
    tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .init();
    let args: Vec<String> = std::env::args().collect();
    let [_, engine, dir, rest @ ..] = &args[..] else {
        return Err("ENGINE DATA_DIR [ADDR:PORT]".into());
    };
    let listen = rest.first().map_or("127.0.0.1:0", String::as_str);
    let (programme, mut notices) = Programme::start(config(engine, dir)).await?;
    let listener = tokio::net::TcpListener::bind(listen).await?;
    println!(
        "ready http://{}/e/grand-est/live/index.m3u8",
        listener.local_addr()?
    );
    let app = axum::Router::new().nest("/e/grand-est", programme.router());
    tokio::spawn(async move { axum::serve(listener, app).await });
    tokio::spawn(async move {
        while let Some(notice) = notices.recv().await {
            println!("{notice:?}");
        }
    });
    let (typed, mut lines) = tokio::sync::mpsc::channel(8);
    std::thread::spawn(move || {
        for line in std::io::stdin().lines().map_while(Result::ok) {
            if typed.blocking_send(line).is_err() {
                return;
            }
        }
    });
    while let Some(line) = lines.recv().await {
        if line == "quit" {
            break;
        }
        match command(&programme, &line).await {
            Ok(()) => println!("done {line}"),
            Err(error) => println!("refused {line}: {error}"),
        }
    }
    programme.shutdown().await;
    Ok(())
}
