#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| pleniere_moderation::garbage::hello(data));
