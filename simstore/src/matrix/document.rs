//! An independent look at a document: what is wrong with it first, or what it says.
//!
//! It is taken with roxmltree and with the rules of the documentation, and with nothing of the checker's.

mod fields;
mod identity;
mod said;
mod spelling;

pub(super) use fields::fields;
pub(super) use identity::is_legal;
pub(super) use said::{Digest, Listed, Said};

use crate::write::names::{self, Identity};
use crate::write::xml::{ASM_V1, ASM_V3};
use roxmltree::{Document, Node};
use spelling::Spelling;

/// What kind of document it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// The manifest of a component or a deployment.
    Manifest,
    /// The manifest of a package.
    Package,
}

/// What is seen in a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Look {
    /// It is no sound document, which is one of these findings: ends of their ids.
    Broken(Vec<&'static str>),
    /// Its identity is none.
    WrongIdentity(&'static str),
    /// It is sound.
    Sound(Box<Said>),
}

impl Kind {
    /// How the ids of its findings begin.
    pub(super) fn prefix(self) -> &'static str {
        match self {
            Kind::Manifest => "manifest",
            Kind::Package => "mum",
        }
    }

    /// Looks at a document.
    pub(super) fn look(self, bytes: &[u8]) -> Look {
        let broken = |id| Look::Broken(vec![id]);
        let kept = bytes.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
        if bytes.is_empty() {
            return broken("zero-length");
        } else if kept == 0 {
            return broken("all-zeros");
        }
        let has_tail = kept < bytes.len();
        if has_tail && self == Kind::Manifest {
            return broken("nul-tail");
        }
        let spelling = Spelling::of(&bytes[..kept]);
        let not_well_formed = spelling.not_well_formed.or(has_tail.then_some(kept));
        match (spelling.illegal_character, not_well_formed) {
            (Some(illegal), Some(broken)) if broken <= illegal => {
                return Look::Broken(vec!["illegal-character", "not-well-formed"]);
            }
            (Some(_), _) => return broken("illegal-character"),
            (None, Some(_)) => return broken("not-well-formed"),
            (None, None) if spelling.other_encoding => return broken("encoding-mismatch"),
            (None, None) => {}
        }
        let text = String::from_utf8_lossy(bytes);
        let text = text.trim_start_matches('\u{FEFF}');
        // It was parsed before.
        Document::parse(text)
            .map_or_else(|_| broken("not-well-formed"), |document| self.read(text, &document))
    }

    fn read(self, text: &str, document: &Document<'_>) -> Look {
        let root = document.root_element();
        let Some(identity) = self.identity(root) else { return Look::Broken(vec!["bad-structure"]) };
        match identity::wrong(text, identity) {
            Some(wrong) => Look::WrongIdentity(wrong),
            None => Look::Sound(Box::new(Said::of(root, identity))),
        }
    }

    /// The identity of a document whose structure is right.
    fn identity<'d, 'i>(self, root: Node<'d, 'i>) -> Option<Node<'d, 'i>> {
        let schema = root.tag_name().namespace();
        let is_of =
            |node: &Node<'_, '_>, name| node.has_tag_name(name) && node.tag_name().namespace() == schema;
        let knows = match self {
            Kind::Manifest => schema == Some(ASM_V1) || schema == Some(ASM_V3),
            Kind::Package => schema == Some(ASM_V3),
        };
        let mut children =
            root.children().filter(Node::is_element).skip_while(|node| is_of(node, "noInheritable"));
        let first = children.next().filter(|first| is_of(first, "assemblyIdentity"));
        let has_second = root.children().filter(|node| is_of(node, "assemblyIdentity")).count() > 1;
        let has_package = root.children().any(|node| is_of(&node, "package"));
        let is_right =
            knows && root.has_tag_name("assembly") && !has_second && (self == Kind::Manifest || has_package);
        first.filter(|_| is_right)
    }

    /// Whether an identity gives the name of a file, which is given without its extension.
    pub(super) fn fits(self, identity: &Identity, stem: &str) -> bool {
        match self {
            Kind::Manifest => names::component_key_form(identity).eq_ignore_ascii_case(stem),
            Kind::Package => names::package_name(identity).eq_ignore_ascii_case(stem),
        }
    }
}
