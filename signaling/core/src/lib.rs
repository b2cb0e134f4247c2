//! Seats, peers and subscriptions: decisions only
