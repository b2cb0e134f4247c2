//! A Redis behind TLS: whom this machine trusts is believed, anybody else is refused with the reason, and the password is
//! told to nobody else.
//!
//! Whom a process trusts is in its environment: who asks is this test binary, started again with [`URL`] set.

use std::{
    path::Path,
    process::{Command, Output},
};

use pleniere_moderation::{
    Hub, Queue, QueueConfig,
    core::{Actor, Ask, Command as Do, ParticipantId},
    journal::{Journal as _, RedisJournal},
};
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};

use crate::{
    house::{EVENT, config},
    redis::{Redis, free_port},
};

const URL: &str = "PLENIERE_TEST_TLS_REDIS";
const PASSWORD: &str = "hush-hush-hush";

/// Not a test: who asks one question, and logs all there is to log.
#[tokio::test]
async fn who_asks_over_tls() {
    let Ok(url) = std::env::var(URL) else {
        return;
    };
    let log = tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE);
    log.with_writer(std::io::stderr).init();
    let dir = tempfile::tempdir().unwrap();
    let hub = Hub::new(tokio::runtime::Handle::current());
    let config = QueueConfig {
        redis: Some(url),
        ..config(dir.path())
    };
    let (queue, _notices) = match Queue::open(config, hub).await {
        Ok(opened) => opened,
        Err(error) => return println!("refused: {error} {error:?}"),
    };
    let ask = Ask {
        text: "Et la fibre ?".to_owned(),
        ..Ask::default()
    };
    let person = Actor::Participant(ParticipantId([1; 16]));
    let answer = queue.execute(person, Do::Ask(ask)).await.unwrap();
    println!("acknowledged: {answer}");
    queue.shutdown().await;
}

/// A throw-away authority in `dir`, and a certificate it gave to this machine.
struct Authority {
    issuer: Issuer<'static, KeyPair>,
    file: String,
}

impl Authority {
    fn new(dir: &Path, name: &str) -> Self {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new([]).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, name);
        let certificate = params.self_signed(&key).unwrap().pem();
        Self {
            issuer: Issuer::new(params, key),
            file: write(dir, name, &certificate),
        }
    }

    /// Files of a certificate for `name` and its key.
    fn certifies(&self, dir: &Path, name: &str) -> (String, String) {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new([name.to_owned()]).unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap().pem();
        (
            write(dir, "server.pem", &certificate),
            write(dir, "server.key", &key.serialize_pem()),
        )
    }
}

fn write(dir: &Path, name: &str, text: &str) -> String {
    let path = dir.join(name);
    std::fs::write(&path, text).unwrap();
    path.to_str().unwrap().to_owned()
}

/// Lets a process that trusts these authorities ask; what it wrote, and all its output.
fn asks(url: &str, authorities: &str) -> (String, String) {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["tls::who_asks_over_tls", "--exact", "--nocapture"]);
    command.env(URL, url).env("SSL_CERT_FILE", authorities);
    let Output { stdout, stderr, .. } = command.env_remove("SSL_CERT_DIR").output().unwrap();
    let said = String::from_utf8(stdout).unwrap();
    let all = format!("{said}{}", String::from_utf8(stderr).unwrap());
    (said, all)
}

#[tokio::test]
async fn redis_over_tls_is_believed_when_this_machine_trusts_it() {
    let dir = tempfile::tempdir().unwrap();
    let (ours, other) = (
        Authority::new(dir.path(), "ours.pem"),
        Authority::new(dir.path(), "other.pem"),
    );
    let (certificate, key) = ours.certifies(dir.path(), "127.0.0.1");
    let port = free_port().to_string();
    let tls = [
        "--bind",
        "127.0.0.1",
        "127.0.0.2",
        "--tls-port",
        &port,
        "--tls-auth-clients",
        "no",
    ];
    let files = ["--tls-cert-file", &certificate, "--tls-key-file", &key];
    let server = Redis::start_with("always", &[&tls[..], &files].concat());
    let password = format!(">{PASSWORD}");
    server.by_hand(&["ACL", "SETUSER", "app", "on", &password, "~*", "+@all"]);
    let url = format!("rediss://app:{PASSWORD}@127.0.0.1:{port}");

    let (said, all) = asks(&url, &ours.file);
    assert!(said.contains("acknowledged: "), "{all}");
    assert!(!all.contains(PASSWORD), "{all}");
    let journal = RedisJournal::open(&server.url(), EVENT).await.unwrap();
    let rows = journal.load(0, 10).await.unwrap();
    assert!(rows.len() == 1 && rows[0].event.contains("Et la fibre ?"));

    let elsewhere = url.replace("127.0.0.1", "127.0.0.2");
    for (url, authorities, reason) in [
        (&url, &other.file, "UnknownIssuer"),
        (&elsewhere, &ours.file, "not valid for name"),
    ] {
        let (said, all) = asks(url, authorities);
        assert!(said.contains("refused: ") && said.contains(reason), "{all}");
        assert!(
            said.contains("certificate") && said.contains("SSL_CERT_FILE"),
            "{all}"
        );
        assert!(!all.contains(PASSWORD), "{all}");
    }
    assert_eq!(journal.load(0, 10).await.unwrap().len(), 1);
}
