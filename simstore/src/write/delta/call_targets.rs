//! Calls of 32-bit x86 programs: absolute addresses compress better than relative ones.

/// The opcode of a near call; a 32-bit address follows, relative to the next instruction.
const CALL: u8 = 0xE8;

/// An opcode and its address.
const CALL_BYTES: usize = 5;

/// Bytes at the end of a file in which no call is changed.
const UNCHANGED_AT_END: usize = 10;

/// The target as it stands in a delta whose reader makes call addresses relative again. Readers do that to i386
/// programs only, so that nothing else is changed here.
pub(super) fn made_absolute(target: &[u8]) -> Vec<u8> {
    let mut changed = target.to_vec();
    if !is_i386_program(target) {
        return changed;
    }
    let length = target.len() as i64;
    let mut at = 0;
    while at + UNCHANGED_AT_END < target.len() {
        if target[at] != CALL {
            at += 1;
            continue;
        }
        if let Some(relative) = target[at + 1..].first_chunk() {
            let relative = i64::from(i32::from_le_bytes(*relative));
            let absolute = absolute(relative, at as i64, length);
            changed[at + 1..at + CALL_BYTES].copy_from_slice(&(absolute as i32).to_le_bytes());
        }
        at += CALL_BYTES;
    }
    changed
}

/// The inverse of what readers do. Both are one-to-one on the same numbers, and keep all others.
fn absolute(relative: i64, at: i64, length: i64) -> i64 {
    if !(-at..length).contains(&relative) {
        relative
    } else if relative < length - at {
        relative + at
    } else {
        relative - length
    }
}

/// Whether a file is a portable executable for the machine 0x14C.
pub(super) fn is_i386_program(file: &[u8]) -> bool {
    let header = || {
        let at = u32::from_le_bytes(*file.get(0x3C..)?.first_chunk()?) as usize;
        file.get(at..)?.first_chunk::<6>()
    };
    file.starts_with(b"MZ") && header() == Some(b"PE\0\0\x4C\x01")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What readers do to an address, in the words of the format.
    fn relative(value: i64, at: i64, length: i64) -> i64 {
        match value {
            value if !(-at..length).contains(&value) => value,
            value if value >= 0 => value - at,
            value => value + length,
        }
    }

    #[test]
    fn readers_get_back_every_address() {
        let length = 1_000;
        for at in [0, 1, 500, 989] {
            for address in -1_200..1_200 {
                assert_eq!(relative(absolute(address, at, length), at, length), address, "{address} at {at}");
            }
        }
    }

    #[test]
    fn only_calls_of_i386_programs_are_changed() {
        let mut program = vec![0; 200];
        program[..2].copy_from_slice(b"MZ");
        program[0x3C] = 0x40;
        program[0x40..0x46].copy_from_slice(b"PE\0\0\x4C\x01");
        program[100..105].copy_from_slice(&[CALL, 10, 0, 0, 0]);
        program[190] = CALL;
        let mut expected = program.clone();
        expected[101] = 110;
        assert_eq!(made_absolute(&program), expected);
        program[0x44] = 0x64;
        assert_eq!(made_absolute(&program), program);
        assert_eq!(made_absolute(b"MZ"), b"MZ");
    }
}
