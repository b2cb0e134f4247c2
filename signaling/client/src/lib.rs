//! WHIP publisher and WHEP player over webrtc-rs
