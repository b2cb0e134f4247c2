//! `check`, `link`, `doctor`: what they print, where, and how they end.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use pleniere_config::{NodeKey, Role};

fn pleniere(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_pleniere"));
    command.args(arguments).env_clear().output().unwrap()
}

fn out(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn err(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

fn events() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../config/events")
}

fn grand_est() -> String {
    events().join("grand-est.toml").display().to_string()
}

#[test]
fn check_finds_nothing_wrong_with_any_shipped_event() {
    for file in fs::read_dir(events()).unwrap() {
        let file = file.unwrap().path();
        let output = pleniere(&["check", file.to_str().unwrap()]);
        assert!(output.status.success(), "{}", out(&output));
        assert!(out(&output).contains(": good: "), "{}", out(&output));
    }
}

#[test]
fn check_prints_every_mistake_of_every_file_and_ends_with_1() {
    let dir = tempfile::tempdir().unwrap();
    let bad = dir.path().join("bad.toml");
    let text = fs::read_to_string(grand_est()).unwrap();
    let text = text.replace("title = \"Pause\"", "tilte = \"Pause\"");
    fs::write(
        &bad,
        text.replace("[\"mulhouse\", \"metz\"]", "[\"mulhouse\", \"mets\"]"),
    )
    .unwrap();
    let output = pleniere(&["check", &grand_est(), bad.to_str().unwrap(), "none.toml"]);
    assert_eq!(output.status.code(), Some(1));
    let printed = out(&output);
    assert_eq!(printed.lines().count(), 4, "{printed}");
    assert!(
        printed.contains("unknown key `tilte` in [[sessions]]"),
        "{printed}"
    );
    assert!(printed.contains("(did you mean `metz`?)"), "{printed}");
    assert!(
        printed.contains("none.toml: found nothing to read"),
        "{printed}"
    );
    assert_eq!(err(&output).trim(), "3 mistakes");
}

#[test]
fn a_printed_link_carries_a_key_that_the_node_accepts() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().to_str().unwrap();
    let file = grand_est();
    let arguments = [
        "link",
        &file,
        "--role",
        "site",
        "--site",
        "strasbourg",
        "--data",
        data,
    ];
    let output = pleniere(&arguments);
    assert!(output.status.success(), "{}", err(&output));
    let printed = out(&output);
    let (page, key) = printed.trim_end().split_once("#key=").unwrap();
    assert_eq!(page, "http://127.0.0.1:8080/e/grand-est/site/strasbourg");
    let claims = NodeKey::load_or_create(dir.path())
        .unwrap()
        .verify(key, 0)
        .unwrap();
    assert_eq!(claims.role, Role::Site);
    assert_eq!(claims.site.unwrap().as_str(), "strasbourg");
}

#[test]
fn a_link_to_an_unknown_room_event_or_role_is_refused_in_words() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().to_str().unwrap();
    let file = grand_est();
    let cases: [(&[&str], &str); 4] = [
        (
            &["link", &file, "--role", "site", "--site", "lyon"],
            "its rooms: nancy, strasbourg",
        ),
        (
            &["link", &file, "--role", "site"],
            "found role site without a room",
        ),
        (&["link", "lyon", "--role", "stage"], "no event `lyon`"),
        (
            &["link", &file, "--role", "boss"],
            "expected viewer, moderator, director",
        ),
    ];
    for (arguments, words) in cases {
        let output = pleniere(&[arguments, &["--data", data]].concat());
        assert!(!output.status.success());
        assert!(
            out(&output).is_empty(),
            "nothing that looks like a link: {}",
            out(&output)
        );
        assert!(err(&output).contains(words), "{}", err(&output));
    }
}

#[test]
fn doctor_says_which_port_is_taken_and_how_to_find_by_whom() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let output = pleniere(&["doctor", "--listen", &address, "--media-port", "0"]);
    assert_eq!(output.status.code(), Some(1));
    let line = format!(
        "MISSING  TCP port {} is used by another program",
        taken.local_addr().unwrap().port()
    );
    assert!(out(&output).contains(&line), "{}", out(&output));
}
