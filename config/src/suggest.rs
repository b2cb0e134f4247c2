//! "Did you mean": the known word nearest to a mistyped one.

/// The word of `known` nearest to `typed`, when it is near enough to be a slip: at most a third of its letters changed,
/// added, left out or swapped with a neighbour, and never more than 3.
pub(crate) fn nearest<'k>(
    typed: &str,
    known: impl IntoIterator<Item = &'k str>,
) -> Option<&'k str> {
    let typed = typed.to_lowercase().replace('_', "-");
    known
        .into_iter()
        .map(|word| {
            (
                distance(&typed, &word.to_lowercase().replace('_', "-")),
                word,
            )
        })
        .filter(|(steps, word)| *steps <= (word.chars().count().max(3) / 3).min(3))
        .min_by_key(|(steps, _)| *steps)
        .map(|(_, word)| word)
}

/// Optimal string alignment distance: insertions, deletions, changes and swaps of neighbours.
fn distance(a: &str, b: &str) -> usize {
    // Words of files are short; a long one is no slip of a key, and the table stays small.
    const LONGEST: usize = 64;
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    if a.len() > LONGEST || b.len() > LONGEST {
        return usize::MAX;
    }
    let mut rows: Vec<Vec<usize>> = vec![(0..=b.len()).collect()];
    for i in 1..=a.len() {
        let mut row = vec![i];
        for j in 1..=b.len() {
            let changed = rows[i - 1][j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut least = changed.min(rows[i - 1][j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                least = least.min(rows[i - 2][j - 2] + 1);
            }
            row.push(least);
        }
        rows.push(row);
    }
    rows[a.len()][b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_slip_is_recognised() {
        let known = ["title", "timezone", "sites", "max_length"];
        for (typed, meant) in [
            ("tilte", Some("title")),
            ("titel", Some("title")),
            ("time_zone", Some("timezone")),
            ("max-length", Some("max_length")),
            ("Sites", Some("sites")),
            ("site", Some("sites")),
            ("colour", None),
            ("", None),
        ] {
            assert_eq!(nearest(typed, known), meant, "{typed}");
        }
    }

    proptest! {
        #[test]
        fn distance_is_symmetric_and_zero_only_for_equals(a in "[a-f]{0,12}", b in "[a-f]{0,12}") {
            prop_assert_eq!(distance(&a, &b), distance(&b, &a));
            prop_assert_eq!(distance(&a, &b) == 0, a == b);
            prop_assert!(distance(&a, &b) <= a.len().max(b.len()));
        }
    }
}
