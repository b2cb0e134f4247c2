//! Load generators and measurements, results as JSON lines
fn main() {}
