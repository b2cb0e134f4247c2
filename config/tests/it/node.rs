//! Node settings: flag before environment before file before default, and nothing unknown.

use std::fs;
use std::path::{Path, PathBuf};

use pleniere_config::{Mistakes, NodeConfig, Overrides};

fn env(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect()
}

fn resolve(flags: Overrides, pairs: &[(&str, &str)], file: &str) -> Result<NodeConfig, Mistakes> {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("p.toml");
    fs::write(&path, file).unwrap();
    NodeConfig::resolve(flags, env(pairs), Some(&path))
}

#[test]
fn nothing_said_means_this_machine_only() {
    let node = NodeConfig::resolve(Overrides::default(), env(&[("HOME", "/root")]), None).unwrap();
    assert_eq!(
        (node.listen.to_string().as_str(), node.media_port),
        ("127.0.0.1:8080", 8190)
    );
    assert_eq!(
        (node.data.as_path(), node.tls, node.admin_listen),
        (Path::new("data"), None, None)
    );
}

#[test]
fn flag_environment_file_default() {
    let file =
        "[http]\nlisten = \"0.0.0.0:1\"\n[media]\nport = 1\n[admin]\nlisten = \"127.0.0.1:1\"\n";
    let flags = Overrides {
        listen: Some("0.0.0.0:3".parse().unwrap()),
        ..Overrides::default()
    };
    let pairs = [
        ("PLENIERE__HTTP__LISTEN", "0.0.0.0:2"),
        ("PLENIERE__MEDIA__PORT", "2"),
    ];
    let node = resolve(flags, &pairs, file).unwrap();
    assert_eq!(
        (
            node.listen.port(),
            node.media_port,
            node.admin_listen.unwrap().port()
        ),
        (3, 2, 1)
    );
}

#[test]
fn paths_of_the_file_are_beside_it() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("p.toml");
    fs::write(
        &path,
        "[node]\ndata = \"d\"\nevents = [\"e.toml\", \"/abs.toml\"]\n",
    )
    .unwrap();
    let node = NodeConfig::resolve(Overrides::default(), env(&[]), Some(&path)).unwrap();
    assert_eq!(node.data, dir.path().join("d"));
    assert_eq!(
        node.events,
        [dir.path().join("e.toml"), PathBuf::from("/abs.toml")]
    );
}

#[test]
fn lists_come_from_the_environment_with_commas() {
    let pairs = [
        (
            "PLENIERE__MEDIA__PUBLIC_ADDRESSES",
            "192.0.2.1, 2001:db8::1",
        ),
        ("PLENIERE__NODE__EVENTS", "a.toml,b.toml"),
    ];
    let node = resolve(Overrides::default(), &pairs, "").unwrap();
    assert_eq!((node.public_addresses.len(), node.events.len()), (2, 2));
}

#[test]
fn every_mistake_of_every_source_is_said() {
    let pairs = [
        ("PLENIERE__MEDIA__PROT", "1"),
        ("PLENIERE__HTTP__LISTEN", "8080"),
    ];
    let file = "[http]\nlistn = \"0.0.0.0:1\"\ntls_cert = \"c.pem\"\n[media]\nport = 70000\n";
    let said = resolve(Overrides::default(), &pairs, file)
        .unwrap_err()
        .to_string();
    for words in [
        "environment: found unknown variable `PLENIERE__MEDIA__PROT`",
        "(did you mean `PLENIERE__MEDIA__PORT`?)",
        "environment: found PLENIERE__HTTP__LISTEN=\"8080\"; expected an address and port",
        "p.toml:2: found unknown key `listn` in [http]",
        "p.toml:5: found 70000; expected a whole number from 0 to 65535",
    ] {
        assert!(said.contains(words), "{words}\n{said}");
    }
}

#[test]
fn a_certificate_without_its_key_is_refused() {
    let said = resolve(Overrides::default(), &[], "[http]\ntls_cert = \"c.pem\"\n")
        .unwrap_err()
        .to_string();
    assert!(
        said.contains("found tls_cert without tls_key; expected both, or neither"),
        "{said}"
    );
    assert!(
        resolve(
            Overrides::default(),
            &[],
            "[http]\ntls_cert = \"c\"\ntls_key = \"k\"\n"
        )
        .unwrap()
        .tls
        .is_some()
    );
}

#[test]
fn redis_and_limits_come_from_every_source_and_no_password_is_shown() {
    let file = "[redis]\nurl = \"redis://n:hidden@r.example:1/2\"\n[limits]\nconnections_per_address = 5\n";
    let node = resolve(Overrides::default(), &[], file).unwrap();
    let redis = node.redis.clone().unwrap();
    assert_eq!(redis.secret(), "redis://n:hidden@r.example:1/2");
    assert_eq!(redis.to_string(), "redis://r.example:1/2");
    let shown = format!("{node:?}{}", serde_json::to_string(&node).unwrap());
    assert!(!shown.contains("hidden"), "{shown}");
    assert_eq!(node.connections_per_address, 5);
    let pairs = [
        ("PLENIERE__REDIS__URL", "unix:/run/redis.sock?pass=hidden"),
        ("PLENIERE__LIMITS__CONNECTIONS_PER_ADDRESS", "6"),
    ];
    let node = resolve(Overrides::default(), &pairs, file).unwrap();
    assert_eq!(node.redis.unwrap().to_string(), "unix:/run/redis.sock");
    assert_eq!(node.connections_per_address, 6);
    assert_eq!(
        resolve(Overrides::default(), &[], "")
            .unwrap()
            .connections_per_address,
        512
    );
}

#[test]
fn stun_and_turn_servers_are_named_by_who_runs_the_node_and_by_nobody_else() {
    assert!(
        resolve(Overrides::default(), &[], "")
            .unwrap()
            .ice_servers
            .is_empty(),
        "no third party is contacted unless said"
    );
    let file = "[[media.ice_servers]]\nurl = \"turn:turn.example.org?transport=tcp\"\nusername = \"room\"\ncredential = \"hidden\"\n\
        [[media.ice_servers]]\nurl = \"stun:stun.example.org\"\n";
    let node = resolve(Overrides::default(), &[], file).unwrap();
    let links: Vec<String> = node
        .ice_servers
        .iter()
        .map(|server| server.link())
        .collect();
    assert_eq!(
        links,
        [
            "<turn:turn.example.org?transport=tcp>; rel=\"ice-server\"; username=\"room\"; credential=\"hidden\"; credential-type=\"password\"",
            "<stun:stun.example.org>; rel=\"ice-server\"",
        ]
    );
    let shown = format!("{node:?}{}", serde_json::to_string(&node).unwrap());
    assert!(
        shown.contains("stun:stun.example.org") && !shown.contains("hidden"),
        "{shown}"
    );
    let pairs = [(
        "PLENIERE__MEDIA__ICE_SERVERS",
        "turn:other.example u c, stun:a",
    )];
    let node = resolve(Overrides::default(), &pairs, file).unwrap();
    assert_eq!(node.ice_servers.len(), 2);
    assert_eq!(node.ice_servers[0].to_string(), "turn:other.example");
}

#[test]
fn a_wrong_turn_server_is_named_with_its_line_and_without_its_secret() {
    let file = "[[media.ice_servers]]\nurl = \"turn:turn.example.org\"\ncredential = \"hidden\"\n\
        [[media.ice_servers]]\nurl = \"https://turn.example.org\"\n\
        [[media.ice_servers]]\nurl = \"stun:a\"\npassword = \"x\"\n";
    let pairs = [("PLENIERE__MEDIA__ICE_SERVERS", "turn:other.example hidden")];
    let said = resolve(Overrides::default(), &pairs, file)
        .unwrap_err()
        .to_string();
    for words in [
        "p.toml:2: found \"turn:turn.example.org\"; expected username and credential",
        "p.toml:5: found \"https://turn.example.org\"; expected stun:HOST",
        "unknown key `password` in [[ice_servers]]",
        "PLENIERE__MEDIA__ICE_SERVERS with something else",
    ] {
        assert!(said.contains(words), "{words}\n{said}");
    }
    assert!(!said.contains("hidden"), "{said}");
}

#[test]
fn a_wrong_address_of_redis_is_refused_without_repeating_it() {
    let pairs = [
        ("PLENIERE__REDIS__URL", "http://n:hidden@r"),
        ("PLENIERE__LIMITS__CONNECTIONS_PER_ADDRESS", "0"),
    ];
    let file = "[redis]\nurl = \"n:hidden@r\"\n[limits]\nconnections_per_adress = 5\n";
    let said = resolve(Overrides::default(), &pairs, file)
        .unwrap_err()
        .to_string();
    for words in [
        "environment: found PLENIERE__REDIS__URL with something else; expected redis://",
        "PLENIERE__LIMITS__CONNECTIONS_PER_ADDRESS=\"0\"; expected a whole number from 1 to 60000",
        "p.toml:2: found something else; expected redis://",
        "(did you mean `connections_per_address`?)",
    ] {
        assert!(said.contains(words), "{words}\n{said}");
    }
    assert!(!said.contains("hidden"), "{said}");
}
