//! The nodes of DER, with their places: for whoever damages what was encoded.

use std::ops::Range;

/// How deep nodes may lie in each other; a catalog has some twenty levels.
const MAX_DEPTH: usize = 64;

/// A node of DER: a tag of one byte, a length, and a content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// Its identifier octet.
    pub tag: u8,
    /// Where it begins.
    pub start: usize,
    /// Where its content is.
    pub content: Range<usize>,
    /// The nodes that its content consists of, if the tag says that it does.
    pub children: Vec<Node>,
}

impl Node {
    /// The nodes that fill a range, or `None` if none do.
    pub fn read(bytes: &[u8], range: Range<usize>) -> Option<Vec<Node>> {
        Node::read_within(bytes, range, MAX_DEPTH)
    }

    fn read_within(bytes: &[u8], range: Range<usize>, depth: usize) -> Option<Vec<Node>> {
        let (mut nodes, mut at) = (Vec::new(), range.start);
        while at < range.end {
            let tag = *bytes.get(at)?;
            let first = usize::from(*bytes.get(at + 1)?);
            let digits = if first < 0x80 { 0 } else { first & 0x7F };
            let length = match digits {
                0 => first,
                _ => bytes
                    .get(at + 2..at + 2 + digits)?
                    .iter()
                    .fold(0, |sum, byte| sum << 8 | usize::from(*byte)),
            };
            let content_at = at + 2 + digits;
            let content = content_at..content_at.checked_add(length).filter(|end| *end <= range.end)?;
            let is_constructed = tag & 0x20 != 0;
            let children = match is_constructed {
                true => Node::read_within(bytes, content.clone(), depth.checked_sub(1)?)?,
                false => Vec::new(),
            };
            let start = std::mem::replace(&mut at, content.end);
            nodes.push(Node { tag, start, content, children });
        }
        Some(nodes)
    }

    /// Where its tag, its length and its content are.
    pub fn whole(&self) -> Range<usize> {
        self.start..self.content.end
    }

    /// One of the nodes in it, counted from 0.
    pub fn child(&self, number: usize) -> Option<&Node> {
        self.children.get(number)
    }
}
