//! WHIP, WHEP and the forwarding unit
