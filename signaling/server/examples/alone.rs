//! Signaling alone, for encoders and players to be pointed at: event `demo`, sites as arguments, no keys.
//! `cargo run --release -p pleniere-signaling --example alone -- 8080 nancy reims`

use std::sync::Arc;

use pleniere_signaling::{Access, Act, Config, Denied, Signaling};

struct Open;

impl Access for Open {
    fn may(&self, _bearer: Option<&str>, _act: Act<'_>) -> Result<(), Denied> {
        Ok(())
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    tracing_subscriber::fmt()
        .with_env_filter(tracing_subscriber::EnvFilter::from_default_env())
        .init();
    let mut arguments = std::env::args().skip(1);
    let port: u16 = arguments.next().map_or(Ok(0), |port| port.parse())?;
    let (signaling, mut notices) = Signaling::start(Config::default())?;
    let programme = signaling.open("demo", arguments.collect()).await?;
    let app = axum::Router::new().nest("/e/demo", signaling.router("demo", Arc::new(Open)));
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", port)).await?;
    println!(
        "http://{}/e/demo  media {}  programme RTP {programme}",
        listener.local_addr()?,
        signaling.media_port()
    );
    tokio::spawn(async move {
        while let Some(notice) = notices.recv().await {
            println!("{notice:?}");
        }
    });
    axum::serve(listener, app)
        .with_graceful_shutdown(async { drop(tokio::signal::ctrl_c().await) })
        .await?;
    signaling.shutdown().await;
    Ok(())
}
