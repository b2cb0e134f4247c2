//! A result as scripts read it: one JSON line, always with its number of samples, its spread and its conditions.

use serde_json::{Value, json};

/// Prints `name` as the median of `samples`, with their spread (least and greatest).
pub fn print(name: &str, unit: &str, samples: &[f64], conditions: &Value) {
    print_value(name, unit, median(samples), samples, conditions);
}

/// Prints `name` as percentile `at` (0 to 1) of `samples`.
pub fn print_percentile(name: &str, unit: &str, samples: &[f64], at: f64, conditions: &Value) {
    let mut sorted = samples.to_vec();
    sorted.sort_by(f64::total_cmp);
    print_value(name, unit, percentile(&sorted, at), &sorted, conditions);
}

/// Prints `name` as the median of ours, once for each peer beside it (its name and its samples of the same run), or
/// alone when there is none.
pub fn compare(
    name: &str,
    unit: &str,
    ours: &[f64],
    peers: &[(&str, Vec<f64>)],
    conditions: &Value,
) {
    if peers.is_empty() {
        return print(name, unit, ours, conditions);
    }
    for (peer, theirs) in peers {
        let (value, peer_value) = (median(ours), median(theirs));
        let line = json!({
            "name": name, "value": round(value), "unit": unit, "peer": peer, "peer_value": round(peer_value),
            "ratio": round(value / peer_value), "n": ours.len(), "spread": spread(ours), "peer_spread": spread(theirs),
            "conditions": conditions,
        });
        println!("{line}");
    }
}

/// The middle one, rounded up in rank; not a number when there are none.
pub fn median(samples: &[f64]) -> f64 {
    percentile_of(samples, 0.5)
}

/// Percentile `at` (0 to 1); not a number when there are no samples.
pub fn percentile_of(samples: &[f64], at: f64) -> f64 {
    let mut sorted = samples.to_vec();
    sorted.sort_by(f64::total_cmp);
    percentile(&sorted, at)
}

/// Least and greatest.
fn spread(samples: &[f64]) -> [f64; 2] {
    let least = samples.iter().copied().fold(f64::NAN, f64::min);
    [least, samples.iter().copied().fold(f64::NAN, f64::max)].map(round)
}

fn print_value(name: &str, unit: &str, value: f64, samples: &[f64], conditions: &Value) {
    let line = json!({
        "name": name, "value": round(value), "unit": unit, "peer": null, "peer_value": null, "ratio": null,
        "n": samples.len(), "spread": spread(samples), "conditions": conditions,
    });
    println!("{line}");
}

/// Nearest-rank percentile of sorted samples; not a number when there are none.
fn percentile(sorted: &[f64], at: f64) -> f64 {
    let rank = (at * sorted.len() as f64).ceil().max(1.0) as usize;
    sorted.get(rank - 1).copied().unwrap_or(f64::NAN)
}

fn round(value: f64) -> f64 {
    (value * 10_000.0).round() / 10_000.0
}

#[cfg(test)]
mod tests {
    use super::percentile;

    #[test]
    fn percentiles_are_nearest_rank() {
        let sorted = [1.0, 2.0, 3.0, 4.0];
        assert_eq!(percentile(&sorted, 0.5), 2.0);
        assert_eq!(percentile(&sorted, 0.95), 4.0);
        assert!(percentile(&[], 0.5).is_nan());
    }
}
