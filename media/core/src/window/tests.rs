//! Whole texts of live playlists, and what blocking requests are told.

use proptest::prelude::*;

use super::*;
use crate::segment::{PART_NS, SEGMENT_NS};

const START_NS: i64 = 1_604_482_200_000_000_000;

fn part(window: &mut Window<u64>, track: Track, n: u64, of_segment: u64) {
    let at_ns = START_NS + signed(n * PART_NS);
    let append = Append {
        starts: of_segment == 0,
        ends: of_segment == 5,
        at_ns,
        part: Part {
            duration_ns: PART_NS,
            independent: of_segment == 0 || track == Track::Audio,
            payload: n,
        },
    };
    window.append(track, append);
}

/// `parts` parts in every rendition, six to a segment, the first at part `from` of the timeline.
fn play(window: &mut Window<u64>, from: u64, parts: u64) {
    for n in 0..parts {
        TRACKS
            .into_iter()
            .for_each(|track| part(window, track, from + n, n % 6));
    }
}

fn begun() -> Window<u64> {
    let mut window = Window::new(100);
    window.begin();
    window
}

#[test]
fn given_a_run_that_broke_off_when_another_follows_then_the_playlist_tells_the_discontinuity() {
    let mut window = begun();
    play(&mut window, 0, 8);
    window.begin();
    play(&mut window, 8, 2);
    assert_eq!(
        window.playlist(Track::V720, false).unwrap().to_string(),
        "#EXTM3U
#EXT-X-VERSION:9
#EXT-X-TARGETDURATION:2
#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,CAN-SKIP-UNTIL=12.000000,PART-HOLD-BACK=0.960000
#EXT-X-PART-INF:PART-TARGET=0.320000
#EXT-X-MEDIA-SEQUENCE:100
#EXT-X-INDEPENDENT-SEGMENTS
#EXT-X-MAP:URI=\"v720/init-100.mp4\"
#EXT-X-PROGRAM-DATE-TIME:2020-11-04T09:30:00.000Z
#EXT-X-PART:DURATION=0.320000,URI=\"v720/100.0.m4s\",INDEPENDENT=YES
#EXT-X-PART:DURATION=0.320000,URI=\"v720/100.1.m4s\"
#EXT-X-PART:DURATION=0.320000,URI=\"v720/100.2.m4s\"
#EXT-X-PART:DURATION=0.320000,URI=\"v720/100.3.m4s\"
#EXT-X-PART:DURATION=0.320000,URI=\"v720/100.4.m4s\"
#EXT-X-PART:DURATION=0.320000,URI=\"v720/100.5.m4s\"
#EXTINF:1.920000,
v720/100.m4s
#EXT-X-PROGRAM-DATE-TIME:2020-11-04T09:30:01.920Z
#EXT-X-PART:DURATION=0.320000,URI=\"v720/101.0.m4s\",INDEPENDENT=YES
#EXT-X-PART:DURATION=0.320000,URI=\"v720/101.1.m4s\"
#EXTINF:0.640000,
v720/101.m4s
#EXT-X-DISCONTINUITY
#EXT-X-MAP:URI=\"v720/init-102.mp4\"
#EXT-X-PROGRAM-DATE-TIME:2020-11-04T09:30:02.560Z
#EXT-X-PART:DURATION=0.320000,URI=\"v720/102.0.m4s\",INDEPENDENT=YES
#EXT-X-PART:DURATION=0.320000,URI=\"v720/102.1.m4s\"
#EXT-X-PRELOAD-HINT:TYPE=PART,URI=\"v720/102.2.m4s\"
#EXT-X-RENDITION-REPORT:URI=\"v360.m3u8\",LAST-MSN=102,LAST-PART=1
#EXT-X-RENDITION-REPORT:URI=\"audio.m3u8\",LAST-MSN=102,LAST-PART=1
"
    );
}

#[test]
fn given_a_minute_when_more_comes_then_the_window_slides_and_a_delta_update_skips_its_front() {
    let mut window = begun();
    play(&mut window, 0, 9);
    window.begin();
    play(&mut window, 9, 6 * 33 + 1);
    window.evict();
    let text = window.playlist(Track::Audio, true).unwrap().to_string();
    let lines: Vec<_> = text.lines().take(12).collect();
    assert_eq!(
        lines,
        [
            "#EXTM3U",
            "#EXT-X-VERSION:9",
            "#EXT-X-TARGETDURATION:2",
            "#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,CAN-SKIP-UNTIL=12.000000,PART-HOLD-BACK=0.960000",
            "#EXT-X-PART-INF:PART-TARGET=0.320000",
            "#EXT-X-MEDIA-SEQUENCE:103",
            "#EXT-X-DISCONTINUITY-SEQUENCE:1",
            "#EXT-X-INDEPENDENT-SEGMENTS",
            "#EXT-X-SKIP:SKIPPED-SEGMENTS=25",
            "#EXT-X-PROGRAM-DATE-TIME:2020-11-04T09:30:52.800Z",
            "#EXTINF:1.920000,",
            "audio/128.m4s",
        ]
    );
    let mut last = text.lines().rev();
    assert_eq!(
        last.nth(2),
        Some("#EXT-X-PRELOAD-HINT:TYPE=PART,URI=\"audio/135.1.m4s\"")
    );
}

#[test]
fn given_one_rendition_behind_when_a_stretch_ends_then_it_gets_a_gap_and_all_go_on_alike() {
    let mut window = begun();
    play(&mut window, 0, 6);
    part(&mut window, Track::V720, 6, 0);
    let next = window.begin();
    assert_eq!(next, 102);
    play(&mut window, 7, 1);
    for track in TRACKS {
        assert_eq!(window.last(track), Some((102, 0)));
    }
    let text = window.playlist(Track::Audio, false).unwrap().to_string();
    assert!(
        text.contains("#EXT-X-GAP\n#EXTINF:0.320000,\naudio/101.m4s\n#EXT-X-DISCONTINUITY\n"),
        "{text}"
    );
}

#[test]
fn given_an_ended_window_when_printed_then_it_ends_and_when_begun_again_it_goes_on() {
    let mut window = begun();
    play(&mut window, 0, 6);
    window.end();
    assert!(
        window
            .playlist(Track::V720, false)
            .unwrap()
            .to_string()
            .ends_with("v720/100.m4s\n#EXT-X-ENDLIST\n")
    );
    assert_eq!(window.begin(), 101);
    play(&mut window, 6, 1);
    assert!(
        window
            .playlist(Track::V720, false)
            .unwrap()
            .to_string()
            .contains("init-101")
    );
}

#[test]
fn blocking_reloads_wait_for_what_comes_and_refuse_the_far_future() {
    let mut window = begun();
    play(&mut window, 0, 8);
    let ready = |msn, part| window.ready(Track::V720, msn, part);
    assert_eq!(ready(100, None), Ready::Yes);
    assert_eq!(ready(101, Some(1)), Ready::Yes);
    assert_eq!(ready(101, Some(2)), Ready::NotYet);
    assert_eq!(ready(101, None), Ready::NotYet);
    assert_eq!(ready(103, Some(0)), Ready::NotYet);
    assert_eq!(ready(104, Some(0)), Ready::TooFar);
    assert_eq!(ready(101, Some(40)), Ready::TooFar);
    assert_eq!(ready(u64::MAX, None), Ready::TooFar);
    assert_eq!(
        ready(3, Some(0)),
        Ready::Yes,
        "what slid out of the window is past"
    );
}

#[test]
fn given_a_part_past_the_end_of_a_segment_when_asked_then_it_stands_for_the_first_of_the_next() {
    let mut window = begun();
    play(&mut window, 0, 6);
    assert_eq!(window.ready(Track::V720, 100, Some(6)), Ready::NotYet);
    play(&mut window, 6, 1);
    assert_eq!(window.ready(Track::V720, 100, Some(6)), Ready::Yes);
}

#[test]
fn given_a_restored_window_when_it_goes_on_then_numbers_continue_after_a_discontinuity() {
    let mut window = begun();
    play(&mut window, 0, 12);
    let lanes = TRACKS
        .into_iter()
        .map(|t| (t, window.segments(t).map(|s| Segment::clone(s)).collect()))
        .collect();
    let mut back = Window::restore(lanes, 102, window.stretch());
    back.begin();
    play(&mut back, 12, 1);
    let text = back.playlist(Track::V360, false).unwrap().to_string();
    assert!(
        text.contains("v360/101.m4s\n#EXT-X-DISCONTINUITY\n#EXT-X-MAP:URI=\"v360/init-102.mp4\""),
        "{text}"
    );
}

proptest! {
    /// Whatever mixture of runs, breaks and evictions: numbers are consecutive and alike in all renditions, dates never go back.
    #[test]
    fn numbers_are_consecutive_and_alike(runs in proptest::collection::vec((1_u64..90, 0_usize..4), 1..8)) {
        let mut window = Window::new(7);
        let mut at = 0;
        for (parts, ahead) in runs {
            window.begin();
            play(&mut window, at, parts);
            at += parts;
            if ahead < 3 {
                part(&mut window, TRACKS[ahead], at, parts % 6);
                at += 1;
            }
            window.evict();
        }
        window.end();
        let numbers = |track| window.segments(track).map(|s| (s.msn, s.stretch, s.discontinuity)).collect::<Vec<_>>();
        let video = numbers(Track::V720);
        prop_assert!(video.windows(2).all(|pair| pair[1].0 == pair[0].0 + 1 && pair[1].1 == pair[0].1 + u64::from(pair[1].2)));
        for track in TRACKS {
            prop_assert_eq!(&numbers(track), &video);
            let segments: Vec<_> = window.segments(track).collect();
            prop_assert!(segments.windows(2).all(|pair| pair[1].at_ns >= pair[0].end_ns()));
        }
        let kept: u64 = window.segments(Track::V720).map(|s| s.duration_ns()).sum();
        prop_assert!(kept <= KEPT_NS + 2 * SEGMENT_NS);
    }
}
