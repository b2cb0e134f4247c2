//! Event and node configuration, identities, roles and keys
