//! Questions and votes: decide(state, command, now) -> events; apply(state, event)
