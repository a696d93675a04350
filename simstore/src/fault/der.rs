//! Changes inside of DER: an element is changed, and the lengths of all around it are made to fit.

use crate::write::der;

/// Changes the element that is reached by taking, from the outermost on, the child of each of these positions.
pub(super) fn edited(element: &[u8], path: &[usize], change: fn(&[u8]) -> Vec<u8>) -> Vec<u8> {
    let Some((position, rest)) = path.split_first() else { return change(element) };
    let mut children: Vec<Vec<u8>> = children(element).into_iter().map(<[u8]>::to_vec).collect();
    children[*position] = edited(&children[*position], rest, change);
    der::element(element[0], &children.concat())
}

/// The elements that an element consists of.
fn children(element: &[u8]) -> Vec<&[u8]> {
    let (head, length) = lengths(element);
    let mut rest = &element[head..head + length];
    let mut children = Vec::new();
    while !rest.is_empty() {
        let (head, length) = lengths(rest);
        let (child, others) = rest.split_at(head + length);
        children.push(child);
        rest = others;
    }
    children
}

/// How long an element's tag and length are, and its content. What the simulator writes has tags of one byte.
fn lengths(element: &[u8]) -> (usize, usize) {
    let first = element[1];
    if first < 0x80 {
        return (2, first.into());
    }
    let digits = &element[2..2 + usize::from(first & 0x7F)];
    (2 + digits.len(), digits.iter().fold(0, |length, digit| length << 8 | usize::from(*digit)))
}
