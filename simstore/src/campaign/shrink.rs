//! Finds the fewest wounds that a checker is still wrong about.

use crate::fault::{Fault, Wound};
use crate::judge::Verdict;

type Wounds = Vec<(&'static Fault, Wound)>;

/// Leaves out one wound after the other for as long as the verdict stays wrong.
pub(super) fn fewest(
    mut wounds: Wounds,
    mut verdict: Verdict,
    judge: &dyn Fn(&Wounds) -> Result<Verdict, String>,
) -> Result<(Wounds, Verdict), String> {
    let mut at = 0;
    while at < wounds.len() && wounds.len() > 1 {
        let mut fewer = wounds.clone();
        fewer.remove(at);
        let without = judge(&fewer)?;
        if without.is_right() {
            at += 1;
        } else {
            (wounds, verdict) = (fewer, without);
        }
    }
    Ok((wounds, verdict))
}
