//! Slots: how distances and lengths are split into a symbol and plain bits.

use super::backward::BackwardBits;
use super::code::AdaptiveCode;

/// So many slots with so many plain bits each, from the number 1 on.
type Table = &'static [(u32, u32)];

pub(super) const DISTANCES: Table = &[
    (8, 0),
    (9, 2),
    (7, 3),
    (10, 4),
    (15, 5),
    (15, 6),
    (20, 7),
    (20, 8),
    (30, 9),
    (33, 10),
    (40, 11),
    (42, 12),
    (45, 13),
    (60, 14),
    (73, 15),
    (80, 16),
    (85, 17),
    (95, 18),
    (105, 19),
    (6, 20),
];

pub(super) const LENGTHS: Table = &[
    (26, 0),
    (4, 1),
    (6, 2),
    (4, 3),
    (5, 4),
    (2, 5),
    (1, 6),
    (1, 7),
    (1, 8),
    (1, 9),
    (1, 10),
    (1, 16),
    (1, 30),
];

/// How many slots lengths have.
pub(super) const LENGTH_SLOTS: usize = 54;

/// Where a number is: its slot, its place in that, and how many bits say the place.
fn place(table: Table, number: u32) -> (u32, u32, u32) {
    let (mut slot, mut start) = (0, 1);
    for (slots, bits) in table {
        let width = slots << bits;
        if number - start < width {
            return (slot + ((number - start) >> bits), (number - start) & ((1 << bits) - 1), *bits);
        }
        slot += slots;
        start += width;
    }
    panic!("there is no slot for {number}")
}

/// How many slots there are up to that of a number; none for 0.
pub(super) fn count(table: Table, number: u32) -> usize {
    if number == 0 { 0 } else { place(table, number).0 as usize + 1 }
}

/// Writes a number from 1 on.
pub(super) fn write(table: Table, number: u32, code: &mut AdaptiveCode, bits: &mut BackwardBits) {
    let (slot, place, place_bits) = place(table, number);
    code.write(slot as usize, bits);
    bits.write(place, place_bits);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_their_places() {
        assert_eq!([0, 1, 8, 9, 12, 13].map(|number| count(DISTANCES, number)), [0, 1, 8, 9, 9, 10]);
        assert_eq!((place(DISTANCES, 12), place(LENGTHS, 28)), ((8, 3, 2), (26, 1, 1)));
        assert_eq!(place(LENGTHS, 0x1_08AB), (53, 0, 30));
        assert_eq!(LENGTHS.iter().map(|(slots, _)| slots).sum::<u32>(), LENGTH_SLOTS as u32);
    }
}
