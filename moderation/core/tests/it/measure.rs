//! What a large event costs. Run with `--ignored --nocapture`; figures depend on the machine.

use std::time::Duration;

use pleniere_moderation_core::{
    Actor, Ask, Command, Moderation, ParticipantId, Policy, QuestionId, State, ThemeId, UnixMs,
    apply, decide,
};

use crate::given::catalogue;

/// Time this thread was on a processor: other work on the machine does not count.
fn busy() -> Duration {
    let stat = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    Duration::from_nanos(stat.split(' ').next().unwrap().parse().unwrap())
}

fn somebody(n: u64) -> Actor {
    let mut id = [0; 16];
    // Spread, so that no tree is filled in order.
    id[..8].copy_from_slice(&n.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes());
    Actor::Participant(ParticipantId(id))
}

fn run(state: &mut State, actor: &Actor, command: Command, now: i64) {
    let events = decide(state, command, actor, UnixMs(now)).unwrap();
    events.iter().for_each(|event| apply(state, event));
}

#[test]
#[ignore = "measures"]
fn a_hundred_thousand_questions_and_nine_hundred_thousand_votes() {
    let policy = Policy {
        moderation: Moderation::After,
        ..Policy::default()
    };
    let mut state = State::new(policy.clone(), catalogue());
    let start = busy();
    for n in 0..100_000_u64 {
        let ask = Ask {
            text: format!("Une question d'une longueur ordinaire, la numéro {n} ?"),
            theme: ThemeId::new("egalite").ok(),
            ..Ask::default()
        };
        run(&mut state, &somebody(n), Command::Ask(ask), 1_000);
    }
    println!("ask: {:?} each", (busy() - start) / 100_000);
    let start = busy();
    for n in 0..900_000_u64 {
        let question = QuestionId(1 + n * 7_919 % 100_000);
        let voter = somebody(200_000 + n / 9 % 100_000);
        run(&mut state, &voter, Command::Vote { question }, 2_000);
    }
    println!("vote: {:?} each", (busy() - start) / 900_000);
    let start = busy();
    for _ in 0..1_000 {
        assert!(state.balance().fairest().is_some());
    }
    println!("fairest: {:?} each", (busy() - start) / 1_000);
    let start = busy();
    let bytes = state.to_snapshot();
    println!(
        "snapshot: {:?}, {} kB",
        (busy() - start),
        bytes.len() / 1024
    );
    let start = busy();
    let loaded = State::from_snapshot(&bytes, policy, catalogue()).unwrap();
    println!("load: {:?}", (busy() - start));
    let start = busy();
    let copy = loaded.clone();
    println!("clone: {:?}", (busy() - start));
    assert!(copy == state);
}
