//! The live queue: journal and WebSocket fan-out
