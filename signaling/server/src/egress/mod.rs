//! What players get, protected by ourselves.
#![cfg_attr(
    not(test),
    expect(dead_code, reason = "nothing is sent through it yet")
)]

mod srtp;
