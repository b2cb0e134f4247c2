//! SRTP and SRTCP protection in place (RFC 3711, RFC 7714). Owns one player's keys and every counter that goes with them:
//! no key, SSRC and index ever leaves it twice, whatever it is asked. Never decrypts, never allocates for a packet.

use aws_lc_rs::aead::{AES_128_GCM, AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::cipher::{AES_128, AES_256, EncryptingKey, EncryptionContext, UnboundCipherKey};
use aws_lc_rs::hmac;
use aws_lc_rs::iv::FixedLength;

/// Length of the part of an SRTCP packet that stays in clear.
const REPORT_HEADER: usize = 8;
/// Tag of AES-GCM.
const GCM_TAG: usize = 16;
/// Tag of HMAC-SHA1-80.
const SHA1_TAG: usize = 10;
/// The word that carries the SRTCP index.
const INDEX_WORD: usize = 4;
/// Packets that come late are sent up to so many numbers behind the newest; older ones are refused.
const WINDOW: u64 = 4096;
/// SRTP indices have 48 bits, SRTCP indices 31 (RFC 3711 section 9.2).
const INDEX_END: u64 = 1 << 48;
const REPORT_INDEX_END: u32 = 1 << 31;

/// What the handshake agreed on (RFC 5764 section 4.1.2, RFC 7714 section 14.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Profile {
    Aes128CmSha1,
    Aes128Gcm,
    Aes256Gcm,
}

impl Profile {
    pub fn key_length(self) -> usize {
        match self {
            Self::Aes128CmSha1 | Self::Aes128Gcm => 16,
            Self::Aes256Gcm => 32,
        }
    }

    pub fn salt_length(self) -> usize {
        match self {
            Self::Aes128CmSha1 => 14,
            Self::Aes128Gcm | Self::Aes256Gcm => 12,
        }
    }

    fn tag(self) -> usize {
        match self {
            Self::Aes128CmSha1 => SHA1_TAG,
            Self::Aes128Gcm | Self::Aes256Gcm => GCM_TAG,
        }
    }
}

/// Why something was not protected. Nothing of it may be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refused {
    #[error("this number was used, or is too old to know")]
    Used,
    #[error("the numbers of this stream are used up")]
    Exhausted,
    #[error("this is no packet")]
    Malformed,
    #[error("the key cannot be used")]
    Key,
}

/// A stream of a [`Session`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct StreamKey(usize);

/// One direction of one connection.
pub(crate) struct Session {
    profile: Profile,
    rtp: Cipher,
    rtcp: Cipher,
    streams: Vec<Stream>,
}

struct Stream {
    ssrc: u32,
    used: Used,
    next_report: u32,
}

impl Session {
    /// # Errors
    /// [`Refused::Key`] when a length is not the profile's.
    pub fn new(profile: Profile, key: &[u8], salt: &[u8]) -> Result<Self, Refused> {
        if key.len() != profile.key_length() || salt.len() != profile.salt_length() {
            return Err(Refused::Key);
        }
        let derive = Derivation::new(key, salt)?;
        Ok(Self {
            profile,
            rtp: derive.cipher(profile, 0)?,
            rtcp: derive.cipher(profile, 3)?,
            streams: Vec::new(),
        })
    }

    /// A stream of this session; `None` when there is one with this SSRC: both would use the same numbers.
    pub fn add(&mut self, ssrc: u32) -> Option<StreamKey> {
        if self.streams.iter().any(|stream| stream.ssrc == ssrc) {
            return None;
        }
        self.streams.push(Stream {
            ssrc,
            used: Used::default(),
            next_report: 1,
        });
        Some(StreamKey(self.streams.len() - 1))
    }

    /// Bytes that [`Session::protect`] needs behind the payload.
    pub fn room(&self) -> usize {
        self.profile.tag()
    }

    /// Bytes that [`Session::protect_report`] needs behind the packet.
    pub fn report_room(&self) -> usize {
        self.profile.tag() + INDEX_WORD
    }

    /// Writes number and SSRC into the `header` bytes at the beginning of `packet`, encrypts what follows and fills the
    /// [`Session::room`] at its end. `sequence` is extended by the rollover counter.
    pub fn protect(
        &mut self,
        stream: StreamKey,
        packet: &mut [u8],
        header: usize,
        sequence: u64,
    ) -> Result<(), Refused> {
        let room = self.room();
        let stream = &mut self.streams[stream.0];
        if header < 12 || packet.len() < header + room {
            return Err(Refused::Malformed);
        }
        if sequence >= INDEX_END {
            return Err(Refused::Exhausted);
        }
        if !stream.used.take(sequence) {
            return Err(Refused::Used);
        }
        packet[2..4].copy_from_slice(&(sequence as u16).to_be_bytes());
        packet[8..12].copy_from_slice(&stream.ssrc.to_be_bytes());
        self.rtp.seal_rtp(packet, header, stream.ssrc, sequence)
    }

    /// Writes the SSRC into the first packet of the compound `packet`, encrypts it and fills the [`Session::report_room`]
    /// at its end. The index is the stream's next.
    pub fn protect_report(&mut self, stream: StreamKey, packet: &mut [u8]) -> Result<(), Refused> {
        let stream = &mut self.streams[stream.0];
        if packet.len() < REPORT_HEADER + self.profile.tag() + INDEX_WORD {
            return Err(Refused::Malformed);
        }
        let index = stream.next_report;
        if index >= REPORT_INDEX_END {
            return Err(Refused::Exhausted);
        }
        stream.next_report += 1;
        packet[4..8].copy_from_slice(&stream.ssrc.to_be_bytes());
        self.rtcp.seal_rtcp(packet, stream.ssrc, index)
    }
}

/// The numbers that were used, as far back as [`WINDOW`].
struct Used {
    /// One above the highest.
    end: u64,
    bits: [u64; WINDOW as usize / 64],
}

impl Default for Used {
    fn default() -> Self {
        Self {
            end: 0,
            bits: [0; WINDOW as usize / 64],
        }
    }
}

impl Used {
    /// True once for each number.
    fn take(&mut self, number: u64) -> bool {
        if number >= self.end {
            self.forget(number);
            self.end = number + 1;
        } else if number + WINDOW < self.end {
            return false;
        }
        let (word, bit) = Self::place(number);
        let fresh = self.bits[word] & bit == 0;
        self.bits[word] |= bit;
        fresh
    }

    /// Makes place for the numbers from the end up to `number`.
    fn forget(&mut self, number: u64) {
        if number - self.end >= WINDOW {
            self.bits.fill(0);
            return;
        }
        for old in self.end..=number {
            let (word, bit) = Self::place(old);
            self.bits[word] &= !bit;
        }
    }

    fn place(number: u64) -> (usize, u64) {
        let at = number % WINDOW;
        ((at / 64) as usize, 1 << (at % 64))
    }
}

/// Session keys of one of SRTP and SRTCP.
enum Cipher {
    Gcm {
        key: LessSafeKey,
        salt: [u8; 12],
    },
    /// Large, and for players of old only.
    Counter(Box<Counter>),
}

struct Counter {
    key: EncryptingKey,
    salt: [u8; 14],
    sign: hmac::Key,
}

impl Cipher {
    fn seal_rtp(
        &self,
        packet: &mut [u8],
        header: usize,
        ssrc: u32,
        sequence: u64,
    ) -> Result<(), Refused> {
        match self {
            Self::Gcm { key, salt } => {
                // RFC 7714 section 8.1: two zero bytes, SSRC, rollover counter, sequence number.
                let mut nonce = [0; 12];
                nonce[2..6].copy_from_slice(&ssrc.to_be_bytes());
                nonce[6..12].copy_from_slice(&sequence.to_be_bytes()[2..]);
                xor(&mut nonce, salt);
                let (header, rest) = packet.split_at_mut(header);
                let (text, tag) = rest.split_at_mut(rest.len() - GCM_TAG);
                seal(key, nonce, header, text, tag)
            }
            Self::Counter(counter) => {
                let end = packet.len() - SHA1_TAG;
                counter.count(ssrc, sequence, &mut packet[header..end])?;
                // RFC 3711 section 4.2: the rollover counter is signed and not sent.
                let rollovers = ((sequence >> 16) as u32).to_be_bytes();
                packet[end..end + 4].copy_from_slice(&rollovers);
                let tag = hmac::sign(&counter.sign, &packet[..end + 4]);
                packet[end..].copy_from_slice(&tag.as_ref()[..SHA1_TAG]);
                Ok(())
            }
        }
    }

    fn seal_rtcp(&self, packet: &mut [u8], ssrc: u32, index: u32) -> Result<(), Refused> {
        // The first bit says that the packet is encrypted.
        let word = (index | REPORT_INDEX_END).to_be_bytes();
        match self {
            Self::Gcm { key, salt } => {
                // RFC 7714 section 9.1: two zero bytes, SSRC, two zero bytes, index.
                let mut nonce = [0; 12];
                nonce[2..6].copy_from_slice(&ssrc.to_be_bytes());
                nonce[8..12].copy_from_slice(&index.to_be_bytes());
                xor(&mut nonce, salt);
                let (packet, index_word) = packet.split_at_mut(packet.len() - INDEX_WORD);
                index_word.copy_from_slice(&word);
                let (header, rest) = packet.split_at_mut(REPORT_HEADER);
                let (text, tag) = rest.split_at_mut(rest.len() - GCM_TAG);
                let mut signed = [0; REPORT_HEADER + INDEX_WORD];
                signed[..REPORT_HEADER].copy_from_slice(header);
                signed[REPORT_HEADER..].copy_from_slice(&word);
                seal(key, nonce, &signed, text, tag)
            }
            Self::Counter(counter) => {
                let end = packet.len() - SHA1_TAG - INDEX_WORD;
                let text = &mut packet[REPORT_HEADER..end];
                counter.count(ssrc, u64::from(index), text)?;
                let (signed, tag) = packet.split_at_mut(end + INDEX_WORD);
                signed[end..].copy_from_slice(&word);
                tag.copy_from_slice(&hmac::sign(&counter.sign, signed).as_ref()[..SHA1_TAG]);
                Ok(())
            }
        }
    }
}

fn seal(
    key: &LessSafeKey,
    nonce: [u8; 12],
    signed: &[u8],
    text: &mut [u8],
    tag: &mut [u8],
) -> Result<(), Refused> {
    let nonce = Nonce::assume_unique_for_key(nonce);
    let sealed = key
        .seal_in_place_separate_tag(nonce, Aad::from(signed), text)
        .map_err(|_| Refused::Key)?;
    tag.copy_from_slice(sealed.as_ref());
    Ok(())
}

impl Counter {
    /// AES in counter mode (RFC 3711 section 4.1.1).
    fn count(&self, ssrc: u32, index: u64, text: &mut [u8]) -> Result<(), Refused> {
        let mut iv = [0; 16];
        iv[4..8].copy_from_slice(&ssrc.to_be_bytes());
        iv[8..14].copy_from_slice(&index.to_be_bytes()[2..]);
        xor(&mut iv[..14], &self.salt);
        self.key
            .less_safe_encrypt(text, EncryptionContext::Iv128(FixedLength::from(iv)))
            .map(drop)
            .map_err(|_| Refused::Key)
    }
}

fn xor(bytes: &mut [u8], with: &[u8]) {
    for (byte, other) in bytes.iter_mut().zip(with) {
        *byte ^= other;
    }
}

fn counter_key(key: &[u8]) -> Result<EncryptingKey, Refused> {
    let algorithm = if key.len() == 32 { &AES_256 } else { &AES_128 };
    UnboundCipherKey::new(algorithm, key)
        .and_then(EncryptingKey::ctr)
        .map_err(|_| Refused::Key)
}

fn gcm_key(profile: Profile, key: &[u8]) -> Result<LessSafeKey, Refused> {
    let algorithm = match profile {
        Profile::Aes256Gcm => &AES_256_GCM,
        Profile::Aes128Gcm | Profile::Aes128CmSha1 => &AES_128_GCM,
    };
    UnboundKey::new(algorithm, key)
        .map(LessSafeKey::new)
        .map_err(|_| Refused::Key)
}

/// Session keys from the master key (RFC 3711 section 4.3, key derivation rate 0; the salt of GCM is filled up with zeros,
/// RFC 7714 section 11).
struct Derivation {
    key: EncryptingKey,
    salt: [u8; 14],
}

impl Derivation {
    fn new(key: &[u8], salt: &[u8]) -> Result<Self, Refused> {
        let mut padded = [0; 14];
        padded[..salt.len()].copy_from_slice(salt);
        Ok(Self {
            key: counter_key(key)?,
            salt: padded,
        })
    }

    /// The keys whose labels begin with `first`: encryption, authentication, salt.
    fn cipher(&self, profile: Profile, first: u8) -> Result<Cipher, Refused> {
        let mut key = [0; 32];
        let key = &mut key[..profile.key_length()];
        self.derive(first, key)?;
        if profile == Profile::Aes128CmSha1 {
            let (mut sign, mut salt) = ([0; 20], [0; 14]);
            self.derive(first + 1, &mut sign)?;
            self.derive(first + 2, &mut salt)?;
            return Ok(Cipher::Counter(Box::new(Counter {
                key: counter_key(key)?,
                salt,
                sign: hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &sign),
            })));
        }
        let mut salt = [0; 12];
        self.derive(first + 2, &mut salt)?;
        Ok(Cipher::Gcm {
            key: gcm_key(profile, key)?,
            salt,
        })
    }

    fn derive(&self, label: u8, out: &mut [u8]) -> Result<(), Refused> {
        let mut iv = [0; 16];
        iv[..14].copy_from_slice(&self.salt);
        iv[7] ^= label;
        out.fill(0);
        self.key
            .less_safe_encrypt(out, EncryptionContext::Iv128(FixedLength::from(iv)))
            .map(drop)
            .map_err(|_| Refused::Key)
    }
}

#[cfg(test)]
#[path = "srtp_tests.rs"]
mod tests;
