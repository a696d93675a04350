//! Signatures: what is signed rightly is good, and in the block that a signature opens to every bit counts.

use crate::catalog::{AT, REMEMBERING, is_good};
use arbitrary::{Arbitrary, Unstructured};
use checker::format::catalog::Catalog;
use simstore::write::authority::Signer;
use simstore::write::catalog::{self, Format, Member, Signature, Wound};
use simstore::write::hash::Hash;

/// The most files that a catalog is written for.
const MAX_MEMBERS: usize = 8;

/// The bits of the block to which a signature opens.
const BLOCK_BITS: u16 = 2_048;

/// Signs a catalog of files that the input gives, rightly and with one bit of the block turned over.
pub fn run(input: &[u8]) {
    let mut bytes = Unstructured::new(input);
    let (Ok(bit), Ok(is_old)) = (bytes.int_in_range(0..=BLOCK_BITS - 1), bool::arbitrary(&mut bytes)) else {
        return;
    };
    let members: Vec<Member> = bytes.take_rest().chunks(64).take(MAX_MEMBERS).map(Member::flat).collect();
    let hash = if is_old { Hash::Sha1 } else { Hash::Sha256 };
    let verdict_of = |wounds| {
        let signature = Signature {
            signer: Signer::Windows10,
            hash,
            program_name: None,
            include_root: false,
            time_stamp: None,
            wounds,
        };
        let sound_or_bent = catalog::Catalog {
            format: Format::V2,
            list_identifier: [7; 16],
            this_update: AT.unix_seconds(),
            members: members.clone(),
            name_values: Vec::new(),
            signature: Some(signature),
        };
        let written = catalog::write(&sound_or_bent);
        REMEMBERING.verdict(&Catalog::parse(&written).expect("what is written can be read"))
    };
    let sound = verdict_of(Vec::new());
    assert!(is_good(&sound), "what is signed rightly is {}", sound.status.as_str());
    let bent = verdict_of(vec![Wound::SignatureBlock { bit }]);
    assert!(!is_good(&bent), "bit {bit} of the block is turned over, and it is {}", bent.status.as_str());
}
