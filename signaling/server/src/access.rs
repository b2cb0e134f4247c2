//! The question whether a bearer may do something. Owns the words; the answer is somebody else's.

/// Who may publish and play. Asked before anything of a request is read, and again for `PATCH` and `DELETE`.
pub trait Access: Send + Sync + 'static {
    /// Whether the holder of `bearer` (the token of `Authorization: Bearer`) may do `act`. Must not block.
    ///
    /// # Errors
    /// [`Denied`], which becomes 401 or 403.
    fn may(&self, bearer: Option<&str>, act: Act<'_>) -> Result<(), Denied>;
}

/// What somebody wants to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act<'a> {
    /// Publish as this site.
    Publish {
        /// Site id.
        site: &'a str,
    },
    /// Play this stream: `programme`, a site id, or `return-{site}`.
    Play {
        /// Stream id.
        stream: &'a str,
    },
}

/// Why not. The texts are shown to the person who asked; they must not repeat the token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Denied {
    /// A key is needed and none was sent (401).
    Missing,
    /// The key is malformed, expired, revoked or of another event (401).
    Invalid(String),
    /// The key is good for something else (403).
    Forbidden(String),
}
