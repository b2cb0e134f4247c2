//! An engine without GStreamer: chunks of true boxes at the true pace. Dies when it is told to take the scene of the site `crash`,
//! falls silent at that of the site `hang`.

use std::io::{ErrorKind, Read, Write};
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use pleniere_media_core::link::{ChunkHeader, ChunkKind, FromProgramme, ToProgramme, Track};
use pleniere_media_core::segment::{PART_NS, TRACKS};

fn boxed(kind: &[u8; 4], content: &[u8]) -> Vec<u8> {
    let len = u32::try_from(content.len() + 8).unwrap();
    [&len.to_be_bytes()[..], kind, content].concat()
}

fn scale(track: Track) -> u32 {
    if track == Track::Audio {
        48_000
    } else {
        12_800
    }
}

fn map(track: Track) -> Vec<u8> {
    let mdhd = [&[0; 12][..], &scale(track).to_be_bytes(), &[0; 8]].concat();
    let mdia = boxed(b"mdia", &boxed(b"mdhd", &mdhd));
    let moov = boxed(b"moov", &boxed(b"trak", &mdia));
    [boxed(b"ftyp", b"iso6"), moov].concat()
}

/// Chunk `n` of a stream: 320 ms, six to a segment.
fn chunk(track: Track, n: u64) -> Vec<u8> {
    let ticks = u64::from(scale(track)) * 320 / 1000;
    let tfdt = boxed(
        b"tfdt",
        &[&[1, 0, 0, 0][..], &(n * ticks).to_be_bytes()].concat(),
    );
    let tfhd = boxed(b"tfhd", &[0, 2, 0, 0, 0, 0, 0, 1]);
    let trun = [
        &[0, 0, 1, 0][..],
        &1_u32.to_be_bytes(),
        &u32::try_from(ticks).unwrap().to_be_bytes(),
    ]
    .concat();
    let traf = boxed(b"traf", &[tfhd, tfdt, boxed(b"trun", &trun)].concat());
    let moof = boxed(b"moof", &[boxed(b"mfhd", &[0; 8]), traf].concat());
    let styp = if n.is_multiple_of(6) {
        boxed(b"styp", b"msdh0000")
    } else {
        Vec::new()
    };
    [
        styp,
        moof,
        boxed(b"mdat", format!("{track:?} {n}").as_bytes()),
    ]
    .concat()
}

fn send(link: &mut UnixStream, kind: u8, payload: &[u8]) {
    let length = u32::try_from(payload.len() + 1).unwrap();
    if link
        .write_all(&[&length.to_be_bytes()[..], &[kind], payload].concat())
        .is_err()
    {
        std::process::exit(0);
    }
}

fn say(link: &mut UnixStream, message: &FromProgramme) {
    send(link, 0, &serde_json::to_vec(message).unwrap());
}

fn give(link: &mut UnixStream, header: &ChunkHeader, bytes: &[u8]) {
    let json = serde_json::to_vec(header).unwrap();
    let length = u16::try_from(json.len()).unwrap().to_be_bytes();
    send(link, 1, &[&length[..], &json, bytes].concat());
}

fn stream(link: &mut UnixStream, track: Track, n: u64, slate: bool) {
    let kind = if n.is_multiple_of(6) {
        ChunkKind::SegmentStart
    } else {
        ChunkKind::Part
    };
    let header = ChunkHeader {
        track,
        kind,
        pts_ns: n * PART_NS,
        duration_ns: PART_NS,
        slate,
        codec: None,
    };
    give(link, &header, &chunk(track, n));
}

fn maps(link: &mut UnixStream, slate: bool) {
    for track in TRACKS {
        let codec = Some(
            if track == Track::Audio {
                "mp4a.40.2"
            } else {
                "avc1.42c01f"
            }
            .to_owned(),
        );
        give(
            link,
            &ChunkHeader {
                track,
                kind: ChunkKind::Map,
                pts_ns: 0,
                duration_ns: 0,
                slate,
                codec,
            },
            &map(track),
        );
    }
}

/// Reads what has come of the next message; `None` when none is whole yet.
fn hear(link: &mut UnixStream, heard: &mut Vec<u8>) -> Option<ToProgramme> {
    let mut bytes = [0; 4096];
    match link.read(&mut bytes) {
        Ok(0) => std::process::exit(0),
        Ok(n) => heard.extend_from_slice(&bytes[..n]),
        Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
        Err(_) => std::process::exit(0),
    }
    let length = u32::from_be_bytes(heard.get(..4)?.try_into().unwrap()) as usize;
    let message = serde_json::from_slice(heard.get(5..4 + length)?).unwrap();
    heard.drain(..4 + length);
    Some(message)
}

fn monotonic_ns() -> u64 {
    let uptime = std::fs::read_to_string("/proc/uptime").unwrap();
    let seconds: f64 = uptime.split(' ').next().unwrap().parse().unwrap();
    Duration::from_secs_f64(seconds)
        .as_nanos()
        .try_into()
        .unwrap()
}

/// Plays the engine until the link ends.
pub fn run() {
    let stdin = std::io::stdin().as_fd().try_clone_to_owned().unwrap();
    let mut link = UnixStream::from(stdin);
    if link.peer_addr().is_err() {
        return;
    }
    link.set_read_timeout(Some(Duration::from_millis(10)))
        .unwrap();
    let (mut heard, mut begun, mut n) = (Vec::new(), None, 0);
    loop {
        match hear(&mut link, &mut heard) {
            Some(ToProgramme::Start(_)) => {
                begun = Some(Instant::now());
                maps(&mut link, false);
                say(
                    &mut link,
                    &FromProgramme::Started {
                        base_ns: monotonic_ns(),
                        ports: [].into(),
                    },
                );
                maps(&mut link, true);
                TRACKS
                    .iter()
                    .for_each(|track| (0..6).for_each(|n| stream(&mut link, *track, n, true)));
            }
            Some(ToProgramme::Scene { id, scene, .. }) => {
                match scene.slots.first().map(|site| site.0.as_str()) {
                    Some("crash") => std::process::abort(),
                    Some("hang") => begun = None,
                    _ => say(
                        &mut link,
                        &FromProgramme::SceneShown {
                            id,
                            pts_ns: n * PART_NS,
                        },
                    ),
                }
            }
            Some(ToProgramme::Stop) => std::process::exit(0),
            _ => {}
        }
        let due = begun.map_or(0, |begun| {
            u64::try_from(begun.elapsed().as_nanos()).unwrap() / PART_NS
        });
        while n < due {
            TRACKS
                .iter()
                .for_each(|track| stream(&mut link, *track, n, false));
            n += 1;
        }
    }
}
