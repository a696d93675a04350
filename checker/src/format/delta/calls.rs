//! Relative calls of 32-bit x86 programs, which are made absolute before matching because then equal calls look equal.

use crate::format::pe;

/// The opcode of a call.
const CALL: u8 = 0xE8;

/// How many bytes at the end are left alone.
const TAIL_BYTES: usize = 10;

/// The machine of the programs that this concerns: i386.
const I386: [u8; 2] = [0x4C, 0x01];

/// Makes calls relative again, if the content is a program for i386.
pub(super) fn undo(content: &mut [u8]) {
    // Programs of nothing but intermediate language name the machine, too, and have no such calls.
    if !is_program_for_i386(content) || pe::is_pure_intermediate_language(content) {
        return;
    }
    let length = content.len() as i64;
    let mut at = 0;
    while at + TAIL_BYTES < content.len() {
        if content[at] != CALL {
            at += 1;
            continue;
        }
        if let Some(operand) = content[at + 1..].first_chunk_mut::<4>() {
            let target = i64::from(i32::from_le_bytes(*operand));
            if target >= -(at as i64) && target < length {
                let relative = if target >= 0 { target - at as i64 } else { target + length };
                *operand = (relative as u32).to_le_bytes();
            }
        }
        at += 5;
    }
}

fn is_program_for_i386(content: &[u8]) -> bool {
    let header_at = || {
        let field = content.get(0x3C..0x40)?.try_into().ok()?;
        usize::try_from(u32::from_le_bytes(field)).ok()
    };
    let machine = |at: usize| {
        let header = content.get(at..at.checked_add(6)?)?;
        header.strip_prefix(b"PE\0\0")
    };
    content.starts_with(b"MZ") && header_at().and_then(machine) == Some(&I386)
}
