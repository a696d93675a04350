//! The filter for x86 code, as it is applied before compression.

use std::collections::HashMap;

/// What the filter knows of an instruction: the bytes before its address, and how near the last repetition must be for
/// the address to be changed.
struct Instruction {
    opcode_bytes: usize,
    near: usize,
}

/// Makes relative addresses in code absolute, where the same ones were used shortly before.
pub(super) fn filter(content: &[u8]) -> Vec<u8> {
    let mut filtered = content.to_vec();
    let mut uses: HashMap<u16, usize> = HashMap::new();
    let mut last_repetition: Option<usize> = None;
    // Neither the first byte nor one of the last 16 starts an instruction.
    let mut at = 1;
    while at + 16 < content.len() {
        let Some(Instruction { opcode_bytes, near }) = instruction(&content[at..]) else {
            at += if content[at] == 0xE9 { 5 } else { 1 };
            continue;
        };
        let field = at + opcode_bytes;
        let next = field + 4;
        let relative =
            content[field..next].iter().rev().fold(0, |number: u32, byte| number << 8 | u32::from(*byte));
        let absolute = relative.wrapping_add(at as u32);
        if last_repetition.is_some_and(|end| at - end <= near) {
            filtered[field..next].copy_from_slice(&absolute.to_le_bytes());
        }
        let end = next - 1;
        if uses.insert(absolute as u16, end).is_some_and(|before| end - before <= 65535) {
            last_repetition = Some(end);
        }
        at = next;
    }
    filtered
}

fn instruction(code: &[u8]) -> Option<Instruction> {
    let relative_to_instruction = |byte: u8| byte % 8 == 5;
    let (opcode_bytes, near) = match (code[0], code[1], code[2]) {
        // call
        (0xE8, _, _) => (1, 511),
        // call through memory
        (0xFF, 0x15, _) => (2, 1023),
        // mov to rax or rcx
        (0x48, 0x8B, 0x05 | 0x0D) => (3, 1023),
        // lea
        (0x48 | 0x4C, 0x8D, operands) if relative_to_instruction(operands) => (3, 1023),
        // lock add
        (0xF0, 0x83, 0x05) => (3, 1023),
        _ => return None,
    };
    Some(Instruction { opcode_bytes, near })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Calls of one function, five bytes apart.
    fn calls(count: usize) -> Vec<u8> {
        let call = |number: usize| [&[0xE8][..], &(1000 - 5 * number as u32).to_le_bytes()].concat();
        let mut code = vec![0x90];
        code.extend((0..count).flat_map(call));
        code.extend([0; 16]);
        code
    }

    #[test]
    fn addresses_change_after_the_first_repetition() {
        let code = calls(4);
        let filtered = filter(&code);
        assert_eq!(filtered[..11], code[..11]);
        assert_eq!(filtered[11..16], [0xE8, 0xE9, 0x03, 0, 0]);
        assert_eq!(filtered[11..16], filtered[16..21]);
    }

    #[test]
    fn short_content_and_the_ends_are_left_alone() {
        let code = calls(3);
        for length in 0..code.len() - 9 {
            assert_eq!(filter(&code[..length]), code[..length], "{length}");
        }
        assert_eq!(filter(&code[1..])[..15], code[1..16]);
        assert_ne!(filter(&code)[..16], code[..16]);
    }
}
