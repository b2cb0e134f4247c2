//! The SRTP keys of a connection, as its DTLS handshake made them. Owns the tap between the stack and its DTLS: the stack
//! gets the keys as always, a copy stays here. Never looks at anything else that passes.

use std::cell::RefCell;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use str0m::config::CryptoProvider;
use str0m::crypto::CryptoError;
use str0m::crypto::dtls::{
    DtlsCert, DtlsImplError, DtlsInstance, DtlsOutput, DtlsProvider, DtlsVersion, ProtocolVersion,
    SrtpProfile,
};

use super::srtp::{Profile, Refused, Session};

thread_local! {
    /// Where the connection that this thread builds right now puts its keys.
    static BUILDING: RefCell<Option<Keys>> = const { RefCell::new(None) };
}

/// The keys of one connection, once it has them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Keys(Arc<Mutex<Option<Material>>>);

/// What the handshake exported (RFC 5764 section 4.2).
struct Material {
    profile: SrtpProfile,
    bytes: Vec<u8>,
    /// We sent the first message of the handshake.
    client: bool,
}

impl std::fmt::Debug for Material {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Material({})", self.profile)
    }
}

impl Keys {
    /// A session that sends with these keys; they are handed out once, so that nothing can count from the beginning again.
    /// `None` before the handshake is done.
    pub fn take(&self) -> Option<Result<Session, Refused>> {
        let material = self
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take()?;
        Some(material.session())
    }

    fn put(&self, material: Material) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(material);
    }
}

impl Material {
    fn session(&self) -> Result<Session, Refused> {
        let profile = match self.profile {
            SrtpProfile::AES128_CM_SHA1_80 => Profile::Aes128CmSha1,
            SrtpProfile::AEAD_AES_128_GCM => Profile::Aes128Gcm,
            SrtpProfile::AEAD_AES_256_GCM => Profile::Aes256Gcm,
            _ => return Err(Refused::Key),
        };
        // Client's key, server's key, client's salt, server's salt.
        let (key, salt) = (profile.key_length(), profile.salt_length());
        if self.bytes.len() < 2 * (key + salt) {
            return Err(Refused::Key);
        }
        let (keys, salts) = self.bytes.split_at(2 * key);
        let ours = usize::from(!self.client);
        Session::new(
            profile,
            &keys[ours * key..][..key],
            &salts[ours * salt..][..salt],
        )
    }
}

/// The stack's own cryptography, DTLS tapped.
pub(crate) fn provider() -> CryptoProvider {
    CryptoProvider {
        dtls_provider: &Tap,
        ..str0m::crypto::from_feature_flags()
    }
}

/// Builds a connection with [`provider`], and answers it with the place where its keys will be.
pub(crate) fn tapped<T>(build: impl FnOnce() -> T) -> (T, Keys) {
    let keys = Keys::default();
    BUILDING.with(|building| *building.borrow_mut() = Some(keys.clone()));
    let built = build();
    BUILDING.with(|building| building.borrow_mut().take());
    (built, keys)
}

#[derive(Debug)]
struct Tap;

impl DtlsProvider for Tap {
    fn generate_certificate(&self) -> Option<DtlsCert> {
        str0m::crypto::from_feature_flags()
            .dtls_provider
            .generate_certificate()
    }

    fn new_dtls(
        &self,
        certificate: &DtlsCert,
        now: Instant,
        version: DtlsVersion,
        mtu: Option<usize>,
    ) -> Result<Box<dyn DtlsInstance>, CryptoError> {
        let provider = str0m::crypto::from_feature_flags().dtls_provider;
        let keys = BUILDING.with(|building| building.borrow_mut().take());
        Ok(Box::new(Tapped {
            dtls: provider.new_dtls(certificate, now, version, mtu)?,
            keys: keys.unwrap_or_default(),
        }))
    }
}

#[derive(Debug)]
struct Tapped {
    dtls: Box<dyn DtlsInstance>,
    keys: Keys,
}

impl DtlsInstance for Tapped {
    fn poll_output<'a>(&mut self, buffer: &'a mut [u8]) -> DtlsOutput<'a> {
        let output = self.dtls.poll_output(buffer);
        if let DtlsOutput::KeyingMaterial(material, profile) = &output {
            self.keys.put(Material {
                profile: *profile,
                bytes: material.to_vec(),
                client: self.dtls.is_active(),
            });
        }
        output
    }

    fn set_active(&mut self, active: bool) {
        self.dtls.set_active(active);
    }

    fn handle_packet(&mut self, packet: &[u8]) -> Result<(), DtlsImplError> {
        self.dtls.handle_packet(packet)
    }

    fn handle_timeout(&mut self, now: Instant) -> Result<(), DtlsImplError> {
        self.dtls.handle_timeout(now)
    }

    fn send_application_data(&mut self, data: &[u8]) -> Result<usize, DtlsImplError> {
        self.dtls.send_application_data(data)
    }

    fn is_active(&self) -> bool {
        self.dtls.is_active()
    }

    fn protocol_version(&self) -> Option<ProtocolVersion> {
        self.dtls.protocol_version()
    }

    fn is_closing(&self) -> bool {
        self.dtls.is_closing()
    }

    fn is_closed(&self) -> bool {
        self.dtls.is_closed()
    }

    fn close(&mut self) -> Result<(), DtlsImplError> {
        self.dtls.close()
    }
}
