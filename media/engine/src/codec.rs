//! Names the codec of a CMAF map (`ftyp` + `moov`) the way `CODECS` in a playlist wants it. Reads bytes, knows no pipeline.

/// `avc1.42c01f` or `mp4a.40.2`, from the `avcC` or `esds` box of a map; `None` when it holds neither.
pub fn codec_of_map(map: &[u8]) -> Option<String> {
    avc(map).or_else(|| aac(map))
}

/// RFC 6381 section 3.3: profile, constraint flags and level are the three bytes after the version in `avcC`.
fn avc(map: &[u8]) -> Option<String> {
    let record = payload_of(map, b"avcC")?;
    let [_version, profile, constraints, level, ..] = record else {
        return None;
    };
    Some(format!("avc1.{profile:02x}{constraints:02x}{level:02x}"))
}

/// RFC 6381 section 3.4: object type indication, then the audio object type from the first five bits of the specific config.
fn aac(map: &[u8]) -> Option<String> {
    let esds = payload_of(map, b"esds")?;
    let decoder_config = descriptor(esds.get(4..)?, 0x03)
        .and_then(|es| es.get(3..))
        .and_then(|es| descriptor(es, 0x04))?;
    let object_type = decoder_config.first()?;
    let specific = descriptor(decoder_config.get(13..)?, 0x05)?;
    let audio_object_type = specific.first()? >> 3;
    Some(format!("mp4a.{object_type:x}.{audio_object_type}"))
}

/// What follows the four letters `name` up to the end of its box. The boxes sought are leaves of one small map that our
/// own muxer wrote, so the first occurrence is the box.
fn payload_of<'a>(map: &'a [u8], name: &[u8; 4]) -> Option<&'a [u8]> {
    let at = map.windows(4).position(|window| window == name)?;
    let size = map.get(at.checked_sub(4)?..at)?;
    let size = u32::from_be_bytes(size.try_into().ok()?) as usize;
    map.get(at + 4..(at - 4).checked_add(size)?)
}

/// Payload of the MPEG-4 descriptor `tag` at the start of `bytes` (ISO/IEC 14496-1, 8.3.3: length in 7-bit groups).
fn descriptor(bytes: &[u8], tag: u8) -> Option<&[u8]> {
    if *bytes.first()? != tag {
        return None;
    }
    let mut length = 0usize;
    for (index, byte) in bytes.get(1..)?.iter().take(4).enumerate() {
        length = (length << 7) | usize::from(byte & 0x7f);
        if byte & 0x80 == 0 {
            return bytes.get(index + 2..index + 2 + length);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn boxed(name: &[u8; 4], payload: &[u8]) -> Vec<u8> {
        let mut bytes = (payload.len() as u32 + 8).to_be_bytes().to_vec();
        bytes.extend_from_slice(name);
        bytes.extend_from_slice(payload);
        bytes
    }

    #[test]
    fn avc_is_read_from_its_record() {
        let map = boxed(b"moov", &boxed(b"avcC", &[1, 0x42, 0xc0, 0x1f, 0xff]));
        assert_eq!(codec_of_map(&map).as_deref(), Some("avc1.42c01f"));
    }

    #[test]
    fn aac_is_read_through_its_descriptors() {
        let mut config = vec![0x04, 17, 0x40];
        config.extend([0; 12]);
        config.extend([0x05, 2, 0x11, 0x90]);
        let mut es = vec![0, 0, 0, 0, 0x03, 0x80, 22, 0, 0, 0];
        es.extend(config);
        let map = boxed(b"moov", &boxed(b"esds", &es));
        assert_eq!(codec_of_map(&map).as_deref(), Some("mp4a.40.2"));
    }

    #[test]
    fn a_cut_or_foreign_map_has_no_codec() {
        assert_eq!(codec_of_map(b"moov"), None);
        assert_eq!(codec_of_map(&boxed(b"avcC", &[1, 2])), None);
        assert_eq!(
            codec_of_map(&boxed(b"esds", &[0, 0, 0, 0, 0x03, 0xff])),
            None
        );
        assert_eq!(codec_of_map(b"\xff\xff\xff\xffavcC\x01"), None);
    }
}
