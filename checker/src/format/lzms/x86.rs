//! The filter for x86 code.
//!
//! Before compression, the relative addresses in instructions that call, load and so on became absolute ones, which
//! repeat. Whether the filter acts follows from the content alone, so that it can be undone: it acts for a while after
//! an address that occurred before, as addresses do in code and hardly anywhere else.
//!
//! Experiments with libwim confirm every number here, and that neither the first byte of a block nor one of the last 16
//! starts an instruction.

/// This many bytes at the end of a block start no instruction.
const TAIL_BYTES: usize = 16;

/// How many bytes behind a repeated address the filter acts on other instructions than calls, and on calls.
const REACH: usize = 1023;
const REACH_OF_CALLS: usize = 511;

/// How far apart, in bytes, two uses of an address may lie to count as a repetition.
const WINDOW: usize = 0xFFFF;

/// Makes absolute addresses relative again.
pub(super) fn undo(block: &mut [u8]) {
    let tail = block.len().saturating_sub(TAIL_BYTES);
    if tail <= 1 {
        return;
    }
    // Where the address was that had these low 16 bits last, and the last that was a repetition: the place of its last
    // byte, 0 for nowhere.
    let mut uses = vec![0_u32; 1 << 16];
    let mut repetition = 0;
    let mut at = 1;
    while let Some(skipped) = block.get(at..tail).and_then(|rest| rest.iter().position(may_start)) {
        at += skipped;
        let Some((opcode_bytes, reach)) = instruction(&block[at..]) else {
            at += 1;
            continue;
        };
        let end = at + opcode_bytes + 4;
        if let Some(reach) = reach
            && let Some(field) = block[..end].last_chunk_mut()
        {
            let mut relative = u32::from_le_bytes(*field);
            if repetition > 0 && at - repetition <= reach {
                relative = relative.wrapping_sub(at as u32);
                *field = relative.to_le_bytes();
            }
            let absolute = relative.wrapping_add(at as u32) as u16;
            let before = std::mem::replace(&mut uses[usize::from(absolute)], end as u32 - 1) as usize;
            if before > 0 && end - 1 - before <= WINDOW {
                repetition = end - 1;
            }
        }
        at = end;
    }
}

fn may_start(byte: &u8) -> bool {
    matches!(byte, 0x48 | 0x4C | 0xE8 | 0xE9 | 0xF0 | 0xFF)
}

/// How many bytes an instruction has before its address, and how far the filter acts on it; a jump is only passed over.
fn instruction(bytes: &[u8]) -> Option<(usize, Option<usize>)> {
    match bytes {
        // call
        [0xE8, ..] => Some((1, Some(REACH_OF_CALLS))),
        // jmp
        [0xE9, ..] => Some((1, None)),
        // call through memory
        [0xFF, 0x15, ..] => Some((2, Some(REACH))),
        // mov into rax or rcx
        [0x48, 0x8B, 0x05 | 0x0D, ..] => Some((3, Some(REACH))),
        // lea with an address relative to rip
        [0x48 | 0x4C, 0x8D, operands, ..] if operands & 7 == 5 => Some((3, Some(REACH))),
        // lock add
        [0xF0, 0x83, 0x05, ..] => Some((3, Some(REACH))),
        _ => None,
    }
}
