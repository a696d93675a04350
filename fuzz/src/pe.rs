//! Resources of libraries: what is found lies in the file, whatever the file is, and what was written is found.

use checker::format::pe::resource;
use simstore::write::wcp::{Machine, Wcp, write};

/// The resource that compressed manifests need.
const RESOURCE: (u16, u16) = (614, 1);

/// Looks for the resource in the input, and in a sound library that the input changes.
pub fn run(input: &[u8]) {
    lies_within(input);

    let (changes, base) = input.split_at(input.len() / 2);
    let machine = if base.len().is_multiple_of(2) { Machine::Amd64 } else { Machine::X86 };
    let mut library = write(&Wcp::new(machine, [10, 0, 19_041, 1], base));
    let found = resource(&library, RESOURCE.0, RESOURCE.1).expect("it was written");
    assert!(found == base, "another resource is found than was written");
    for change in changes.chunks_exact(3) {
        let at = usize::from(u16::from_le_bytes([change[0], change[1]])) % library.len();
        library[at] = change[2];
        lies_within(&library);
    }
}

fn lies_within(file: &[u8]) {
    if let Ok(found) = resource(file, RESOURCE.0, RESOURCE.1) {
        let (file, found) = (file.as_ptr_range(), found.as_ptr_range());
        assert!(file.start <= found.start && found.end <= file.end, "a resource outside of the file");
    }
}
