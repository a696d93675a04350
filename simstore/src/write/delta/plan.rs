//! Chooses tokens: of all the ways through the target that are looked at, the cheapest.

use super::matches::Window;
use super::rift::Rift;
use super::tokens::{Origin, SHORTEST_COPY, SYMBOLS, Token};
use std::cmp::Reverse;

/// Bits of each symbol.
pub(super) type Prices = [u8; SYMBOLS];

/// How many bytes are planned together.
const PIECE: usize = 4096;

/// A copy of so many bytes is taken without looking for anything better.
const LONG: usize = 96;

/// Copies are cut short to every length up to this one; beyond it, only their whole length is looked at.
const CUT_SHORT_TO: usize = 16;

/// How many earlier places are compared with each position.
const PLACES: usize = 32;

/// Shorter copies are not looked for, only taken from where they cost little.
const SHORTEST_FOUND: usize = 4;

/// The distances used lately, the last one first; zero before there were any.
type Recent = [u32; 3];

/// What tokens are chosen from.
pub(super) struct Planner<'a> {
    pub(super) window: &'a Window,
    pub(super) rift: &'a Rift,
    /// Whether every copy says its distance in full.
    pub(super) distances_only: bool,
}

/// A copy that is possible at some position.
#[derive(Clone, Copy)]
struct Copy {
    origin: Origin,
    distance: u32,
    length: usize,
    /// Down to which length it can be cut short to an advantage.
    shortest: usize,
}

/// The cheapest way to a position that is known.
#[derive(Clone, Copy)]
struct Node {
    price: u32,
    /// The last token of the way.
    token: Token,
    recent: Recent,
}

const UNREACHED: Node = Node { price: u32::MAX, token: Token::Literal(0), recent: [0; 3] };

impl Planner<'_> {
    /// Tokens for the whole target.
    pub(super) fn tokens(&self, prices: &Prices) -> Vec<Token> {
        let mut tokens = Vec::new();
        let mut recent = [0; 3];
        let mut position = self.window.target_start();
        let mut nodes = Vec::new();
        while position < self.window.end() {
            (position, recent) = self.plan_piece(position, recent, prices, &mut nodes, &mut tokens);
        }
        tokens
    }

    /// Tokens from a position up to the end of a piece or of a long copy, and the state there.
    fn plan_piece(
        &self,
        start: usize,
        recent: Recent,
        prices: &Prices,
        nodes: &mut Vec<Node>,
        tokens: &mut Vec<Token>,
    ) -> (usize, Recent) {
        let size = PIECE.min(self.window.end() - start);
        nodes.clear();
        nodes.resize(size + 1, UNREACHED);
        nodes[0] = Node { price: 0, recent, ..UNREACHED };
        let mut copies = Vec::new();
        for at in 0..size {
            let node = nodes[at];
            self.find_copies(start + at, node.recent, prices, &mut copies);
            if let Some(copy) = longest(&copies, prices) {
                tokens.extend(way_to(nodes, at));
                tokens.push(copy.token(copy.length));
                return (start + at + copy.length, used(node.recent, copy.distance));
            }
            let literal = self.window.byte(start + at);
            let price = node.price + u32::from(prices[usize::from(literal)]);
            reach(nodes, at + 1, Node { price, token: Token::Literal(literal), recent: node.recent });
            for copy in &copies {
                try_copy(nodes, at, copy, prices);
            }
        }
        tokens.extend(way_to(nodes, size));
        (start + size, nodes[size].recent)
    }

    /// The copies that are possible at a position, when those distances were used lately.
    fn find_copies(&self, position: usize, recent: Recent, prices: &Prices, copies: &mut Vec<Copy>) {
        copies.clear();
        if !self.distances_only {
            copies.extend(self.same(position));
            for (index, distance) in (0..).zip(recent) {
                copies.extend(self.copy(Origin::recent(index), position, distance));
            }
        }
        let mut longest = SHORTEST_FOUND - 1;
        for earlier in self.window.alike(position).take(PLACES) {
            let distance = position - earlier;
            let length = self.window.equal_bytes(position, distance);
            if length > longest {
                let origin = self.cheapest_origin(position, distance, prices);
                copies.push(Copy { origin, distance: distance as u32, length, shortest: longest + 1 });
                longest = length;
            }
            if longest >= LONG {
                break;
            }
        }
    }

    fn copy(&self, origin: Origin, position: usize, distance: u32) -> Option<Copy> {
        if distance == 0 || distance as usize > position {
            return None;
        }
        let length = self.window.equal_bytes(position, distance as usize);
        (length >= SHORTEST_COPY).then_some(Copy { origin, distance, length, shortest: SHORTEST_COPY })
    }

    /// A copy from where the rift table says.
    ///
    /// It ends where the table says something else, unless it goes on to the end of the target: which distance
    /// counts as the last one after such a copy is not known.
    fn same(&self, position: usize) -> Option<Copy> {
        let distance = u32::try_from(self.rift.distance(position)).ok()?;
        let mut copy = self.copy(Origin::SAME, position, distance)?;
        let whole = self.window.end() - position;
        let change = self.rift.next_change(position) - position;
        if copy.length >= change {
            let goes_on = self.is_same_to_the_end(position + change);
            (copy.length, copy.shortest) = if goes_on { (whole, whole) } else { (change, SHORTEST_COPY) };
        }
        (copy.length >= SHORTEST_COPY).then_some(copy)
    }

    fn is_same_to_the_end(&self, from: usize) -> bool {
        let mut position = from;
        while position < self.window.end() {
            let distance = usize::try_from(self.rift.distance(position)).unwrap_or(0);
            let stop = self.rift.next_change(position).min(self.window.end());
            let is_possible = (1..=position).contains(&distance);
            if !is_possible || self.window.equal_bytes(position, distance) < stop - position {
                return false;
            }
            position = stop;
        }
        true
    }

    fn cheapest_origin(&self, position: usize, distance: usize, prices: &Prices) -> Origin {
        let far = Origin::distance(distance as u32);
        if self.distances_only {
            return far;
        }
        let offset = distance as i64 - self.rift.distance(position);
        match Origin::beside_same(offset) {
            Some(beside) if beside.price(LONG as u32, prices) < far.price(LONG as u32, prices) => beside,
            _ => far,
        }
    }
}

/// The longest of copies that are long enough to be taken at once; of several, the cheapest.
fn longest<'a>(copies: &'a [Copy], prices: &Prices) -> Option<&'a Copy> {
    let rank = |copy: &&Copy| (Reverse(copy.length), copy.origin.price(copy.length as u32, prices));
    copies.iter().filter(|copy| copy.length >= LONG).min_by_key(rank)
}

impl Copy {
    fn token(&self, length: usize) -> Token {
        Token::Copy { origin: self.origin, length: length as u32 }
    }
}

fn try_copy(nodes: &mut [Node], at: usize, copy: &Copy, prices: &Prices) {
    let room = nodes.len() - 1 - at;
    let mut try_length = |length: usize| {
        let price = nodes[at].price + copy.origin.price(length as u32, prices);
        if price < nodes[at + length].price {
            let recent = used(nodes[at].recent, copy.distance);
            reach(nodes, at + length, Node { price, token: copy.token(length), recent });
        }
    };
    let whole = copy.length.min(room);
    if whole < copy.shortest {
        return;
    }
    for length in copy.shortest..whole.min(CUT_SHORT_TO + 1) {
        try_length(length);
    }
    try_length(whole);
}

fn reach(nodes: &mut [Node], at: usize, node: Node) {
    if node.price < nodes[at].price {
        nodes[at] = node;
    }
}

/// The tokens of the way to a node.
fn way_to(nodes: &[Node], end: usize) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut at = end;
    while at > 0 {
        tokens.push(nodes[at].token);
        at -= nodes[at].token.length();
    }
    tokens.reverse();
    tokens
}

/// The distances used lately, after one more.
fn used(recent: Recent, distance: u32) -> Recent {
    let [last, middle, oldest] = recent;
    if distance == last {
        recent
    } else if distance == middle {
        [middle, last, oldest]
    } else {
        [distance, last, middle]
    }
}
