//! A result as scripts read it: one JSON line, always with its number of samples, its spread and its conditions.

use serde_json::{Value, json};

/// Prints `name` as the median of `samples`, with their spread (least and greatest).
pub fn print(name: &str, unit: &str, samples: &[f64], conditions: &Value) {
    let mut sorted = samples.to_vec();
    sorted.sort_by(f64::total_cmp);
    print_value(name, unit, percentile(&sorted, 0.5), &sorted, conditions);
}

/// Prints `name` as percentile `at` (0 to 1) of `samples`.
pub fn print_percentile(name: &str, unit: &str, samples: &[f64], at: f64, conditions: &Value) {
    let mut sorted = samples.to_vec();
    sorted.sort_by(f64::total_cmp);
    print_value(name, unit, percentile(&sorted, at), &sorted, conditions);
}

fn print_value(name: &str, unit: &str, value: f64, sorted: &[f64], conditions: &Value) {
    let spread = [
        sorted.first().copied().unwrap_or(f64::NAN),
        sorted.last().copied().unwrap_or(f64::NAN),
    ]
    .map(round);
    let line = json!({
        "name": name, "value": round(value), "unit": unit, "peer": null, "peer_value": null, "ratio": null,
        "n": sorted.len(), "spread": spread, "conditions": conditions,
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
