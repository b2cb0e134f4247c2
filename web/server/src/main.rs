//! Plénière: wiring of the parts, HTTP front door, access, embedded pages
fn main() {}
