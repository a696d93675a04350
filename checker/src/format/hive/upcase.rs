//! The upper case of names, as Windows' registry sees it.
//!
//! Order, duplicates, hashes and look-ups all go by this map from one UTF-16 unit to one UTF-16 unit.
//! Unicode's mappings differ from it, and grow with every version, so it is a table here: the one of
//! \[MS-UCODEREF\] 3.1.5.3, as runs of units that have the same distance to their upper case. A unit in
//! no run is its own upper case.

struct Run {
    first: u16,
    last: u16,
    /// 1 if every unit from first to last is in the run, 2 if every second one is.
    step: u16,
    /// What has to be added to a unit.
    distance: i16,
}

/// The upper case of a UTF-16 unit.
pub(super) fn upcase(unit: u16) -> u16 {
    match unit {
        // Nearly all names of the store are ASCII.
        0x61..=0x7A => unit - 0x20,
        0x00..=0xDF => unit,
        _ => upcase_by_table(unit),
    }
}

fn upcase_by_table(unit: u16) -> u16 {
    let after = RUNS.partition_point(|run| run.first <= unit);
    match after.checked_sub(1).and_then(|index| RUNS.get(index)) {
        Some(run) if unit <= run.last && (unit - run.first).is_multiple_of(run.step) => {
            unit.wrapping_add_signed(run.distance)
        }
        _ => unit,
    }
}

const fn run(first: u16, last: u16, step: u16, distance: i16) -> Run {
    Run { first, last, step, distance }
}

#[rustfmt::skip]
const RUNS: &[Run] = &[
    run(0x0061, 0x007A, 1, -32), run(0x00E0, 0x00F6, 1, -32), run(0x00F8, 0x00FE, 1, -32),
    run(0x00FF, 0x00FF, 1, 121), run(0x0101, 0x012F, 2, -1), run(0x0133, 0x0137, 2, -1),
    run(0x013A, 0x0148, 2, -1), run(0x014B, 0x0177, 2, -1), run(0x017A, 0x017E, 2, -1),
    run(0x0180, 0x0180, 1, 195), run(0x0183, 0x0185, 2, -1), run(0x0188, 0x0188, 1, -1),
    run(0x018C, 0x018C, 1, -1), run(0x0192, 0x0192, 1, -1), run(0x0195, 0x0195, 1, 97),
    run(0x0199, 0x0199, 1, -1), run(0x019A, 0x019A, 1, 163), run(0x019E, 0x019E, 1, 130),
    run(0x01A1, 0x01A5, 2, -1), run(0x01A8, 0x01A8, 1, -1), run(0x01AD, 0x01AD, 1, -1),
    run(0x01B0, 0x01B0, 1, -1), run(0x01B4, 0x01B6, 2, -1), run(0x01B9, 0x01B9, 1, -1),
    run(0x01BD, 0x01BD, 1, -1), run(0x01BF, 0x01BF, 1, 56), run(0x01C6, 0x01C6, 1, -2),
    run(0x01C9, 0x01C9, 1, -2), run(0x01CC, 0x01CC, 1, -2), run(0x01CE, 0x01DC, 2, -1),
    run(0x01DD, 0x01DD, 1, -79), run(0x01DF, 0x01EF, 2, -1), run(0x01F3, 0x01F3, 1, -2),
    run(0x01F5, 0x01F5, 1, -1), run(0x01F9, 0x021F, 2, -1), run(0x0223, 0x0233, 2, -1),
    run(0x023C, 0x023C, 1, -1), run(0x0242, 0x0242, 1, -1), run(0x0247, 0x024F, 2, -1),
    run(0x0250, 0x0250, 1, 10783), run(0x0251, 0x0251, 1, 10780), run(0x0253, 0x0253, 1, -210),
    run(0x0254, 0x0254, 1, -206), run(0x0256, 0x0257, 1, -205), run(0x0259, 0x0259, 1, -202),
    run(0x025B, 0x025B, 1, -203), run(0x0260, 0x0260, 1, -205), run(0x0263, 0x0263, 1, -207),
    run(0x0268, 0x0268, 1, -209), run(0x0269, 0x0269, 1, -211), run(0x026B, 0x026B, 1, 10743),
    run(0x026F, 0x026F, 1, -211), run(0x0271, 0x0271, 1, 10749), run(0x0272, 0x0272, 1, -213),
    run(0x0275, 0x0275, 1, -214), run(0x027D, 0x027D, 1, 10727), run(0x0280, 0x0280, 1, -218),
    run(0x0283, 0x0283, 1, -218), run(0x0288, 0x0288, 1, -218), run(0x0289, 0x0289, 1, -69),
    run(0x028A, 0x028B, 1, -217), run(0x028C, 0x028C, 1, -71), run(0x0292, 0x0292, 1, -219),
    run(0x0371, 0x0373, 2, -1), run(0x0377, 0x0377, 1, -1), run(0x037B, 0x037D, 1, 130),
    run(0x03AC, 0x03AC, 1, -38), run(0x03AD, 0x03AF, 1, -37), run(0x03B1, 0x03C1, 1, -32),
    run(0x03C3, 0x03CB, 1, -32), run(0x03CC, 0x03CC, 1, -64), run(0x03CD, 0x03CE, 1, -63),
    run(0x03D7, 0x03D7, 1, -8), run(0x03D9, 0x03EF, 2, -1), run(0x03F2, 0x03F2, 1, 7),
    run(0x03F8, 0x03F8, 1, -1), run(0x03FB, 0x03FB, 1, -1), run(0x0430, 0x044F, 1, -32),
    run(0x0450, 0x045F, 1, -80), run(0x0461, 0x0481, 2, -1), run(0x048B, 0x04BF, 2, -1),
    run(0x04C2, 0x04CE, 2, -1), run(0x04CF, 0x04CF, 1, -15), run(0x04D1, 0x0523, 2, -1),
    run(0x0561, 0x0586, 1, -48), run(0x1D79, 0x1D79, 1, -30204), run(0x1D7D, 0x1D7D, 1, 3814),
    run(0x1E01, 0x1E95, 2, -1), run(0x1EA1, 0x1EFF, 2, -1), run(0x1F00, 0x1F07, 1, 8),
    run(0x1F10, 0x1F15, 1, 8), run(0x1F20, 0x1F27, 1, 8), run(0x1F30, 0x1F37, 1, 8),
    run(0x1F40, 0x1F45, 1, 8), run(0x1F51, 0x1F57, 2, 8), run(0x1F60, 0x1F67, 1, 8),
    run(0x1F70, 0x1F71, 1, 74), run(0x1F72, 0x1F75, 1, 86), run(0x1F76, 0x1F77, 1, 100),
    run(0x1F78, 0x1F79, 1, 128), run(0x1F7A, 0x1F7B, 1, 112), run(0x1F7C, 0x1F7D, 1, 126),
    run(0x1F80, 0x1F87, 1, 8), run(0x1F90, 0x1F97, 1, 8), run(0x1FA0, 0x1FA7, 1, 8),
    run(0x1FB0, 0x1FB1, 1, 8), run(0x1FB3, 0x1FB3, 1, 9), run(0x1FC3, 0x1FC3, 1, 9),
    run(0x1FD0, 0x1FD1, 1, 8), run(0x1FE0, 0x1FE1, 1, 8), run(0x1FE5, 0x1FE5, 1, 7),
    run(0x1FF3, 0x1FF3, 1, 9), run(0x214E, 0x214E, 1, -28), run(0x2170, 0x217F, 1, -16),
    run(0x2184, 0x2184, 1, -1), run(0x24D0, 0x24E9, 1, -26), run(0x2C30, 0x2C5E, 1, -48),
    run(0x2C61, 0x2C61, 1, -1), run(0x2C65, 0x2C65, 1, -10795), run(0x2C66, 0x2C66, 1, -10792),
    run(0x2C68, 0x2C6C, 2, -1), run(0x2C73, 0x2C73, 1, -1), run(0x2C76, 0x2C76, 1, -1),
    run(0x2C81, 0x2CE3, 2, -1), run(0x2D00, 0x2D25, 1, -7264), run(0xA641, 0xA65F, 2, -1),
    run(0xA663, 0xA66D, 2, -1), run(0xA681, 0xA697, 2, -1), run(0xA723, 0xA72F, 2, -1),
    run(0xA733, 0xA76F, 2, -1), run(0xA77A, 0xA77C, 2, -1), run(0xA77F, 0xA787, 2, -1),
    run(0xA78C, 0xA78C, 1, -1), run(0xFF41, 0xFF5A, 1, -32),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted_and_maps_973_units() {
        for pair in RUNS.windows(2) {
            assert!(pair[0].last < pair[1].first, "{:04X}", pair[1].first);
        }
        let mapped: Vec<u16> = (0..=u16::MAX).filter(|unit| upcase(*unit) != *unit).collect();
        assert_eq!((mapped.len(), mapped.last()), (973, Some(&0xFF5A)));
        for unit in mapped {
            assert_eq!(upcase(upcase(unit)), upcase(unit), "{unit:04X}");
        }
    }

    #[test]
    fn the_short_way_agrees_with_the_table() {
        for unit in 0..=u16::MAX {
            assert_eq!(upcase(unit), upcase_by_table(unit), "{unit:04X}");
        }
    }

    #[test]
    fn units_of_known_upper_case() {
        for (unit, expected) in [
            (0x0061, 0x0041),
            (0x00B5, 0x00B5),
            (0x00DF, 0x00DF),
            (0x00E0, 0x00C0),
            (0x00F7, 0x00F7),
            (0x00FF, 0x0178),
            (0x0131, 0x0131),
            (0x017F, 0x017F),
            (0x01C5, 0x01C5),
            (0x03C2, 0x03C2),
            (0x10D0, 0x10D0),
            (0x1F80, 0x1F88),
            (0x1FB3, 0x1FBC),
            (0x1E9E, 0x1E9E),
            (0x24D0, 0x24B6),
            (0xA78C, 0xA78B),
            (0xFF41, 0xFF21),
            (0xD801, 0xD801),
            (0xDC28, 0xDC28),
        ] {
            assert_eq!(upcase(unit), expected, "{unit:04X}");
        }
    }

    /// Unicode never changes a simple mapping once it is made, so whatever is mapped here is mapped by
    /// Rust alike, save for 27 Greek letters whose full upper case has two letters.
    #[test]
    fn mapped_units_agree_with_unicode() {
        let mut others = Vec::new();
        for unit in (0..=u16::MAX).filter(|unit| upcase(*unit) != *unit) {
            let mut upper = char::from_u32(unit.into()).unwrap().to_uppercase();
            if upper.len() == 1 {
                assert_eq!(upper.next().map(u32::from), Some(upcase(unit).into()), "{unit:04X}");
            } else {
                others.push(unit);
            }
        }
        let greek = [0x1F80..=0x1F87, 0x1F90..=0x1F97, 0x1FA0..=0x1FA7].into_iter().flatten();
        let expected: Vec<u16> = greek.chain([0x1FB3, 0x1FC3, 0x1FF3]).collect();
        assert_eq!(others, expected);
    }
}
