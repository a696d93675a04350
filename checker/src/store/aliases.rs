//! Keys whose names are damaged, and what they belong to.
//!
//! A key under a wrong name would be two findings: one thing that is registered and not there, and another that
//! is there and not registered. Found together they are one.

/// The greatest number of changed, added and missing characters in a name that was damaged.
const MAX_DISTANCE: usize = 8;

/// How many keys of one list are looked at in this way: each is compared with everything that is not registered. The
/// others keep their names.
pub(super) const MAX_MISNAMED_KEYS: usize = 100;

/// The one candidate that differs least from a name; `None` if there is no such one.
pub(super) fn nearest<'c>(name: &str, candidates: impl Iterator<Item = &'c str>) -> Option<&'c str> {
    let name = folded(name);
    let mut best: Option<(usize, &str)> = None;
    let mut is_shared = false;
    for candidate in candidates {
        let Some(distance) = distance(&name, &folded(candidate)) else { continue };
        match best {
            Some((least, _)) if distance > least => {}
            Some((least, _)) if distance == least => is_shared = true,
            _ => {
                best = Some((distance, candidate));
                is_shared = false;
            }
        }
    }
    best.filter(|_| !is_shared).map(|(_, candidate)| candidate)
}

fn folded(text: &str) -> Vec<char> {
    text.chars().map(|character| character.to_ascii_lowercase()).collect()
}

/// How many characters have to be changed, added or taken away; `None` above [`MAX_DISTANCE`].
fn distance(one: &[char], two: &[char]) -> Option<usize> {
    if one.len().abs_diff(two.len()) > MAX_DISTANCE {
        return None;
    }
    let mut row: Vec<usize> = (0..=two.len()).collect();
    for (above, character) in one.iter().enumerate() {
        let mut diagonal = above;
        row[0] = above + 1;
        for (index, other) in two.iter().enumerate() {
            let changed = diagonal + usize::from(character != other);
            diagonal = row[index + 1];
            row[index + 1] = changed.min(row[index] + 1).min(diagonal + 1);
        }
        // No way through this row is short enough, so none to the end is.
        if row.iter().all(|distance| *distance > MAX_DISTANCE) {
            return None;
        }
    }
    row.last().copied().filter(|distance| *distance <= MAX_DISTANCE)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn distance(one: &str, two: &str) -> Option<usize> {
        super::distance(&folded(one), &folded(two))
    }

    #[test]
    fn distances_are_counted_up_to_the_limit() {
        assert_eq!(distance("kitten", "Sitting"), Some(3));
        assert_eq!(distance("", ""), Some(0));
        assert_eq!(distance("abc", "abc\u{1}"), Some(1));
        assert_eq!(distance("", &"x".repeat(MAX_DISTANCE)), Some(MAX_DISTANCE));
        assert_eq!(distance("", &"x".repeat(MAX_DISTANCE + 1)), None);
        assert_eq!(distance(&"a".repeat(9), &"b".repeat(9)), None);
    }

    #[test]
    fn only_one_candidate_can_be_the_nearest() {
        let names = ["package-de-DE", "package-de-AT", "package-fr-FR"];
        assert_eq!(nearest("package-de-@E", names.into_iter()), Some("package-de-DE"));
        assert_eq!(nearest("package-de-@@", names.into_iter()), None);
        assert_eq!(nearest("something else altogether", names.into_iter()), None);
    }
}
