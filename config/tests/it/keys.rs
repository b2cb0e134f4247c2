//! The node's key file: made once, private, never half written.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::sync::Barrier;

use pleniere_config::{Claims, EventId, KeyError, KeyFileError, NodeKey, Role};

fn mode(path: &std::path::Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

fn claims() -> Claims {
    Claims::new(EventId::new("e").unwrap(), Role::Director, None, None, 100).unwrap()
}

#[test]
fn the_key_is_made_once_and_private() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let text = NodeKey::load_or_create(&data).unwrap().sign(&claims());
    assert_eq!(mode(&data), 0o700);
    assert_eq!(mode(&data.join("keys")), 0o700);
    assert_eq!(mode(&data.join("keys/node.key")), 0o600);
    assert_eq!(
        fs::read_dir(data.join("keys")).unwrap().count(),
        1,
        "nothing is left beside it"
    );
    assert!(
        NodeKey::load_or_create(&data)
            .unwrap()
            .verify(&text, 0)
            .is_ok(),
        "the same key after a restart"
    );
    let other = tempfile::tempdir().unwrap();
    assert_eq!(
        NodeKey::load_or_create(other.path())
            .unwrap()
            .verify(&text, 0),
        Err(KeyError::BadSignature)
    );
}

#[test]
fn many_starts_at_once_end_with_one_key() {
    let dir = tempfile::tempdir().unwrap();
    let barrier = Barrier::new(8);
    let texts: Vec<String> = std::thread::scope(|scope| {
        let start = || {
            barrier.wait();
            NodeKey::load_or_create(dir.path()).unwrap().sign(&claims())
        };
        let threads: Vec<_> = (0..8).map(|_| scope.spawn(start)).collect();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .collect()
    });
    let key = NodeKey::load_or_create(dir.path()).unwrap();
    assert!(texts.iter().all(|text| key.verify(text, 0).is_ok()));
}

#[test]
fn a_key_open_to_others_is_refused_with_the_command_that_mends_it() {
    let dir = tempfile::tempdir().unwrap();
    NodeKey::load_or_create(dir.path()).unwrap();
    let file = dir.path().join("keys/node.key");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
    let error = NodeKey::load_or_create(dir.path()).unwrap_err();
    assert!(matches!(error, KeyFileError::Open { mode: 0o644, .. }));
    assert!(error.to_string().contains("chmod 600"), "{error}");
}

#[test]
fn a_damaged_key_is_never_replaced() {
    let dir = tempfile::tempdir().unwrap();
    NodeKey::load_or_create(dir.path()).unwrap();
    let file = dir.path().join("keys/node.key");
    for damage in ["", "short", &"A".repeat(10_000)] {
        fs::write(&file, damage).unwrap();
        let error = NodeKey::load_or_create(dir.path()).unwrap_err();
        assert!(
            error.to_string().contains("restore it from the backup"),
            "{error}"
        );
        assert_eq!(fs::read_to_string(&file).unwrap(), damage);
    }
}
