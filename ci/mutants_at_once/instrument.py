"""Writes many changes of cargo-mutants into one copy of the sources, each behind a question: is it this one?

A change that is not made costs a comparison, so that one build serves for all of them. Hardly anything is written twice: an
expression is wrapped, and only its operator is replaced. A function that is `const` is so no more, unless a constant needs
it. Some changes cannot be written that way, or do not compile; they are left to cargo-mutants.
"""

import collections
import dataclasses

import tree_sitter
import tree_sitter_rust

PARSER = tree_sitter.Parser(tree_sitter.Language(tree_sitter_rust.language()))

# The module that answers. It also writes down, if asked to, which questions were asked.
ANSWERS = """\
//! Which one of the changes is made; written by ci/mutants_at_once.
#![allow(missing_docs)]
use std::io::Write;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::Relaxed};

const UNKNOWN: u32 = u32::MAX;
const NOTED: u32 = u32::MAX - 1;
static CHOSEN: AtomicU32 = AtomicU32::new(UNKNOWN);
static REACHED: [AtomicBool; %d] = [const { AtomicBool::new(false) }; %d];

#[inline]
pub fn is(number: u32) -> bool {
    let chosen = CHOSEN.load(Relaxed);
    chosen == number || (chosen >= NOTED && look(number))
}

#[cold]
fn look(number: u32) -> bool {
    if CHOSEN.load(Relaxed) == UNKNOWN {
        let chosen = std::env::var("MUTANT").ok().and_then(|text| text.parse().ok());
        let rest = if std::env::var_os("MUTANTS_REACHED").is_some() { NOTED } else { 0 };
        CHOSEN.store(chosen.unwrap_or(rest), Relaxed);
    }
    if CHOSEN.load(Relaxed) == NOTED && !REACHED[number as usize].swap(true, Relaxed) {
        let path = std::env::var_os("MUTANTS_REACHED").expect("a path");
        let mut file = std::fs::OpenOptions::new().create(true).append(true).open(path).expect("a file");
        file.write_all(format!("{number}\\n").as_bytes()).expect("a line");
    }
    CHOSEN.load(Relaxed) == number
}

/// What a function gives that hides which iterator it is: the one of a change, or its own.
#[derive(Clone)]
pub enum Either<M, O> {
    Made(M),
    Own(O),
}

impl<M: Iterator, O: Iterator<Item = M::Item>> Iterator for Either<M, O> {
    type Item = M::Item;

    fn next(&mut self) -> Option<M::Item> {
        match self {
            Self::Made(made) => made.next(),
            Self::Own(own) => own.next(),
        }
    }
}
"""

NOTHING = (0, 0)
IS = "crate::mutant::is({})"
COMPARED = {"<", ">", "<=", ">="}
CALCULATED = {"+", "-", "*", "/", "%", "&", "|", "^", "<<", ">>"}


@dataclasses.dataclass
class Mutant:
    """A change, as cargo-mutants lists it."""

    number: int
    name: str
    file: str
    genre: str
    replacement: str
    start: tuple
    end: tuple


@dataclasses.dataclass
class Edit:
    """Text that replaces a range. Of those that begin at one place the wider ones are outside."""

    start: int
    end: int
    text: str
    # How long what is wrapped is, with its layer, and whether this is the end of it.
    width: tuple
    closes: bool
    numbers: tuple


class Cannot(Exception):
    """This change cannot be written so."""


class File:
    """A source file and the changes in it."""

    def __init__(self, source, constant=()):
        """`constant` are the names of the functions that constants need."""
        self.source = source
        self.constant = constant
        self.tree = PARSER.parse(source)
        self.lines = [0]
        for line in source.split(b"\n"):
            self.lines.append(self.lines[-1] + len(line) + 1)

    def offset(self, place):
        """Where a line and a column, both from 1, and the latter in characters, are."""
        line, column = place
        start = self.lines[line - 1]
        text = self.source[start : self.lines[line]].decode()
        return start + len(text[: column - 1].encode())

    def text(self, node):
        return self.source[node.start_byte : node.end_byte].decode()

    def instrument(self, mutants):
        """The source with as many of the changes as can be written, their ranges, and the changes that cannot."""
        groups, left, edits = collections.defaultdict(list), [], []
        for mutant in mutants:
            kind = "match arm" if mutant.genre == "MatchArm" else "expression"
            groups[(self.offset(mutant.start), self.offset(mutant.end), kind)].append(mutant)
        for (start, end, _), group in groups.items():
            try:
                edits += self.edits(start, end, group)
            except Cannot:
                left += group
        return *self.apply(edits + self.at_run_time(edits)), left

    def at_run_time(self, edits):
        """Takes `const` from the functions that ask questions now."""
        asking, taken = [edit.start for edit in edits], []
        for function in self.nodes("function_item"):
            word = constant_word(function)
            if self.is_constant(function.child_by_field_name("body")):
                continue
            if word and any(function.start_byte <= at < function.end_byte for at in asking):
                taken.append(Edit(word.start_byte, word.end_byte, "", NOTHING, False, ()))
        return taken

    def edits(self, start, end, group):
        node = self.tree.root_node.descendant_for_byte_range(start, end)
        if self.is_constant(node):
            raise Cannot
        make = {
            "FnValue": self.function,
            "BinaryOperator": self.binary,
            "UnaryOperator": self.unary,
            "MatchArm": self.arm,
            "MatchArmGuard": self.guard,
            "StructField": self.field,
        }[group[0].genre]
        return make(node, start, group)

    def wrap(self, node, before, after, group, layer=0):
        """Where a node is wrapped several times, the higher layer is outside."""
        numbers = tuple(mutant.number for mutant in group)
        start, end = node.start_byte, node.end_byte
        width = (end - start, layer)
        return [Edit(start, start, before, width, False, numbers), Edit(end, end, after, width, True, numbers)]

    def replace(self, node, text, group):
        return Edit(node.start_byte, node.end_byte, text, NOTHING, False, tuple(mutant.number for mutant in group))

    def function(self, node, start, group):
        while node.type != "function_item":
            node = node.parent or reject()
        body = node.child_by_field_name("body") or reject()
        at = body.start_byte + 1
        if "abstract_type" in self.kinds_within(node.child_by_field_name("return_type") or body.children[0]):
            return self.iterator(node, body, group)
        texts = [(f" if {IS.format(m.number)} {{ return {m.replacement}; }}", (m.number,)) for m in group]
        return [Edit(at, at, text, NOTHING, False, number) for text, number in texts]

    def iterator(self, function, body, group):
        made, own = "crate::mutant::Either::Made", "crate::mutant::Either::Own"
        before = [
            (f" if {IS.format(m.number)} {{ {made}({m.replacement}) }} else {{ {own}({{", (m.number,)) for m in group
        ]
        start, end = body.start_byte + 1, body.end_byte - 1
        edits = [Edit(start, start, text, NOTHING, False, number) for text, number in before]
        edits.append(Edit(end, end, "}) }" * len(group), NOTHING, True, ()))
        # The compiler complains about what the function says that it gives.
        return edits + self.wrap(function, "", "", group)

    def binary(self, node, start, group):
        operator, whole = node, node.parent
        symbol = self.text(operator)
        if whole.type == "compound_assignment_expr":
            return self.assignment(whole, symbol, group)
        if whole.type != "binary_expression" or "let_condition" in self.kinds_within(whole):
            raise Cannot
        by = {mutant.replacement: IS.format(mutant.number) for mutant in group}
        if symbol in ("==", "!="):
            return self.wrap(whole, f"({only(by)} ^ (", "))", group)
        if symbol in ("&&", "||"):
            stop = only(by) if symbol == "&&" else f"!{only(by)}"
            inner = f" {{ left => if left == {stop} {{ left }} else {{ "
            return [*self.wrap(whole, "(match ", " } })", group), self.replace(operator, inner, group)]
        if symbol not in COMPARED | CALCULATED:
            raise Cannot
        cases = "".join(f"if {question} {{ left {other} right }} else " for other, question in by.items())
        borrow = "&" if symbol in COMPARED else ""
        after = f")) {{ (left, right) => {cases}{{ left {symbol} right }} }})"
        before = f"(match ({borrow}("
        return [*self.wrap(whole, before, after, group), self.replace(operator, f"), {borrow}(", group)]

    def assignment(self, whole, symbol, group):
        left, right = (self.text(whole.child_by_field_name(side)) for side in ("left", "right"))
        cases = "".join(f"if {IS.format(m.number)} {{ {left} {m.replacement} {right} }} else " for m in group)
        return self.wrap(whole, f"{cases}{{ ", " }", group)

    def unary(self, node, start, group):
        whole = node if node.type == "unary_expression" else node.parent
        if whole.type != "unary_expression" or whole.start_byte != start:
            raise Cannot
        question = IS.format(group[0].number)
        if self.source[start : start + 1] == b"!":
            return self.wrap(whole, f"({question} ^ ", ")", group)
        if self.source[start : start + 1] == b"-":
            operator = whole.children[0]
            after = f" {{ right => if {question} {{ right }} else {{ -right }} }})"
            return [*self.wrap(whole, "(match ", after, group), self.replace(operator, "", group)]
        raise Cannot

    def arm(self, node, start, group):
        while node.type != "match_arm":
            node = node.parent or reject()
        patterns = [arm.child_by_field_name("pattern") for arm in node.parent.children if arm.type == "match_arm"]
        if not any(self.text(pattern) == "_" for pattern in patterns):
            raise Cannot
        pattern = node.child_by_field_name("pattern")
        question = f"!{IS.format(group[0].number)}"
        guard = pattern.child_by_field_name("condition")
        if guard is None:
            at = pattern.end_byte
            return [Edit(at, at, f" if {question}", NOTHING, True, (group[0].number,))]
        if "let_condition" in self.kinds_within(guard):
            raise Cannot
        return self.wrap(guard, f"{question} && (", ")", group, layer=2)

    def guard(self, node, start, group):
        while node.parent.type != "match_pattern":
            node = node.parent
            if node.parent is None:
                raise Cannot
        if "let_condition" in self.kinds_within(node):
            raise Cannot
        by = {mutant.replacement: IS.format(mutant.number) for mutant in group}
        before = f"({by.get('true', 'false')} || (!{by.get('false', 'false')} && ("
        return self.wrap(node, before, ")))", group, layer=1)

    def field(self, node, start, group):
        """A struct without one of its fields is written once more: what the fields are made of may be used only once."""
        while node.type != "struct_expression":
            node = node.parent or reject()
        end = self.offset(group[0].end)
        without = self.source[node.start_byte : start] + self.source[end : node.end_byte]
        before = f"(if {IS.format(group[0].number)} {{ {without.decode()} }} else {{ "
        return self.wrap(node, before, " })", group, layer=start)

    def kinds_within(self, node):
        kinds, rest = set(), [node]
        while rest:
            node = rest.pop()
            kinds.add(node.type)
            rest += node.children
        return kinds

    def nodes(self, kind):
        rest = [self.tree.root_node]
        while rest:
            node = rest.pop()
            if node.type == kind:
                yield node
            rest += node.children

    def full_name(self, function):
        """The name of a function, after that of the type that it belongs to."""
        name, node = self.text(function.child_by_field_name("name")), function
        while node is not None and node.type != "impl_item":
            node = node.parent
        if node is None:
            return name
        return self.text(node.child_by_field_name("type")).split("<")[0] + "::" + name

    def is_constant(self, node):
        while node is not None:
            if node.type in ("const_item", "static_item", "array_type"):
                return True
            if node.type == "function_item":
                return constant_word(node) and self.full_name(node) in self.constant
            node = node.parent
        return False

    def apply(self, edits):
        def order(edit):
            if edit.start != edit.end:
                return (edit.start, 2, NOTHING)
            return (edit.start, 0, edit.width) if edit.closes else (edit.start, 1, (-edit.width[0], -edit.width[1]))

        text, at, open_ranges, ranges = bytearray(), 0, {}, []
        for edit in sorted(edits, key=order):
            text += self.source[at : edit.start]
            begin = len(text)
            text += edit.text.encode()
            at = edit.end
            if edit.closes and (edit.numbers, edit.width) in open_ranges:
                begin = open_ranges.pop((edit.numbers, edit.width))
                ranges.append((begin, len(text), edit.numbers))
            elif edit.width != NOTHING and not edit.closes:
                open_ranges[(edit.numbers, edit.width)] = begin
            else:
                ranges.append((begin, len(text), edit.numbers))
        text += self.source[at:]
        return bytes(text), ranges


def reject():
    raise Cannot


def only(by):
    (question,) = by.values()
    return question


def constant_word(function):
    """The word `const` before a function, if it is there."""
    modifiers = next((child for child in function.children if child.type == "function_modifiers"), None)
    words = modifiers.children if modifiers else []
    return next((word for word in words if word.type == "const"), None)
