//! Writes one catalog of each kind into a folder, for other programs to judge.
//!
//! ```text
//! cargo run -p simstore --example write_catalogs -- FOLDER
//! osslsigncode verify -in FOLDER/windows7.cat -CAfile FOLDER/roots.pem -TSA-CAfile FOLDER/roots.pem \
//!     -ignore-cdp -ignore-crl
//! ```
//!
//! The file names say what to expect: those that begin with `bad-` should not verify. Every catalog vouches
//! for `member.txt`, which is written too. Judges differ on some: OpenSSL refuses `windows7-bare`, and
//! osslsigncode refuses `components-only` and lets `bad-lifetime-expired` pass.

use simstore::write::authority::{Signer, TimeStamper, roots_pem};
use simstore::write::calendar::midnight;
use simstore::write::catalog::{
    Catalog, Format, Kind, Member, NameValue, Signature, TimeStamp, TimeStampForm, Wound, write,
};
use simstore::write::hash::Hash;
use std::path::Path;
use std::{env, fs, io};

const MEMBER: &[u8] = b"A flat file that every catalog vouches for.\n";
const TOKEN: TimeStampForm = TimeStampForm::Token { attribute_certificate: true };

fn main() -> io::Result<()> {
    let Some(folder) = env::args_os().nth(1) else {
        return Err(io::Error::other("usage: write_catalogs FOLDER"));
    };
    let folder = Path::new(&folder);
    fs::create_dir_all(folder)?;
    fs::write(folder.join("roots.pem"), roots_pem())?;
    fs::write(folder.join("member.txt"), MEMBER)?;
    for (name, catalog) in catalogs() {
        fs::write(folder.join(format!("{name}.cat")), write(&catalog))?;
    }
    Ok(())
}

fn catalogs() -> Vec<(String, Catalog)> {
    let named = |(name, catalog): (&str, Catalog)| (name.to_string(), catalog);
    let plain = accepted().into_iter().chain(refused()).map(named);
    plain.chain(wounded()).collect()
}

/// Sound ones that verify today.
fn accepted() -> Vec<(&'static str, Catalog)> {
    vec![
        ("windows7", windows7()),
        ("windows7-bare", with_form(windows7(), TimeStampForm::BareCounterSignature)),
        ("windows7-token", with_form(windows7(), TOKEN)),
        ("windows7-signed-with-sha256", with(windows7(), |s| s.hash = Hash::Sha256)),
        ("windows10", windows10()),
        (
            "windows10-plain-token",
            with_form(windows10(), TimeStampForm::Token { attribute_certificate: false }),
        ),
        ("windows10-countersigned", with_form(windows10(), TimeStampForm::CounterSignature)),
        ("windows10-no-time-stamp", without_time_stamp(windows10())),
        ("windows10-with-root", with(windows10(), |s| s.include_root = true)),
        ("windows10-expired", in_2020(signed_by(Signer::Windows10Expired))),
        ("lifetime-current", signed_by(Signer::LifetimeCurrent)),
        ("components-only", signed_by(Signer::ComponentsOnly)),
    ]
}

/// Those whose every signature fits, or that have none, and that still do not verify.
fn refused() -> Vec<(&'static str, Catalog)> {
    vec![
        ("bad-windows7-no-time-stamp", without_time_stamp(windows7())),
        ("bad-windows7-stamped-late", stamped_at(windows7(), midnight(2012, 9, 1))),
        ("bad-windows7-stamper-lapsed", stamped_by(windows7(), TimeStamper::Windows7Lapsed)),
        ("bad-windows10-stamped-early", stamped_at(windows10(), midnight(2018, 9, 1))),
        (
            "bad-windows10-expired-stamper-lapsed",
            stamped_by(in_2020(signed_by(Signer::Windows10Expired)), TimeStamper::Windows10Lapsed),
        ),
        ("bad-lifetime-expired", in_2020(signed_by(Signer::LifetimeExpired))),
        ("bad-server-only", signed_by(Signer::ServerOnly)),
        ("bad-not-yet-valid", without_time_stamp(signed_by(Signer::NotYetValid))),
        ("bad-stranger", signed_by(Signer::Stranger)),
        ("bad-stranger-with-root", with(signed_by(Signer::Stranger), |s| s.include_root = true)),
        ("bad-unsigned-v1", Catalog { signature: None, ..windows7() }),
        ("bad-unsigned-v2", Catalog { signature: None, ..windows10() }),
    ]
}

/// Those with something broken. Their signers have expired, so that a broken time stamp is fatal, too.
fn wounded() -> Vec<(String, Catalog)> {
    let wounds = [
        Wound::MessageDigest,
        Wound::Signature,
        Wound::SignerCertificateMissing,
        Wound::SignerIssuersMissing,
        Wound::TimeStampSignature,
        Wound::TimeStampOfAnotherSignature,
        Wound::TimeStamperCertificateMissing,
        Wound::TimeStamperIssuersMissing,
    ];
    let mut list = Vec::new();
    for wound in wounds {
        let windows10 = in_2020(signed_by(Signer::Windows10Expired));
        list.push((format!("bad-windows7-{wound:?}"), with(windows7(), |s| s.wounds.push(wound))));
        list.push((format!("bad-windows10-{wound:?}"), with(windows10, |s| s.wounds.push(wound))));
    }
    list
}

/// Like a catalog of a Windows 7 update: SHA-1, and valid by its time stamp alone.
fn windows7() -> Catalog {
    Catalog {
        format: Format::V1,
        list_identifier: *b"write_catalogs 7",
        this_update: midnight(2011, 7, 1),
        members: members(),
        name_values: vec![NameValue::new("OSAttr", "2:5.1,2:5.2,2:6.0,2:6.1")],
        signature: Some(Signature {
            signer: Signer::Windows7,
            hash: Hash::Sha1,
            program_name: Some("WSS Test Package (TEST ONLY)".to_string()),
            include_root: false,
            time_stamp: Some(TimeStamp {
                form: TimeStampForm::CounterSignature,
                stamper: TimeStamper::Windows7,
                unix_seconds: midnight(2011, 7, 1) + 600,
                milliseconds: 0,
            }),
            wounds: Vec::new(),
        }),
    }
}

/// Like a catalog of a Windows 10 update: SHA-256, with a token.
fn windows10() -> Catalog {
    Catalog {
        format: Format::V2,
        list_identifier: *b"write_catalogs10",
        this_update: midnight(2021, 7, 1),
        members: members(),
        name_values: vec![
            NameValue::new("OSAttr", "2:10.0"),
            NameValue::new("PackageName", "Test~~~~1.0.0.0"),
        ],
        signature: Some(Signature {
            signer: Signer::Windows10,
            hash: Hash::Sha256,
            program_name: Some("WSS Test Package (TEST ONLY)".to_string()),
            include_root: false,
            time_stamp: Some(TimeStamp {
                form: TOKEN,
                stamper: TimeStamper::Windows10,
                unix_seconds: midnight(2021, 7, 1) + 600,
                milliseconds: 108,
            }),
            wounds: Vec::new(),
        }),
    }
}

fn members() -> Vec<Member> {
    let named = |mut member: Member, file: &str| {
        member.name_values.push(NameValue::new("File", file));
        member
    };
    let executable =
        Member { kind: Kind::Pe, sha1: [0x5a; 20], sha256: [0xa5; 32], tag: None, name_values: Vec::new() };
    vec![
        named(Member::flat(MEMBER), "member.txt"),
        named(executable, "program.exe"),
        Member::flat(b"listed twice"),
        Member::flat(b"listed twice"),
        Member { tag: Some("by-name.manifest".to_string()), ..Member::flat(b"tagged by name") },
    ]
}

fn with(mut catalog: Catalog, change: impl FnOnce(&mut Signature)) -> Catalog {
    if let Some(signature) = &mut catalog.signature {
        change(signature);
    }
    catalog
}

fn with_time_stamp(catalog: Catalog, change: impl FnOnce(&mut TimeStamp)) -> Catalog {
    with(catalog, |signature| {
        if let Some(time_stamp) = &mut signature.time_stamp {
            change(time_stamp);
        }
    })
}

fn with_form(catalog: Catalog, form: TimeStampForm) -> Catalog {
    with_time_stamp(catalog, |time_stamp| time_stamp.form = form)
}

fn stamped_at(catalog: Catalog, unix_seconds: i64) -> Catalog {
    with_time_stamp(catalog, |time_stamp| time_stamp.unix_seconds = unix_seconds)
}

fn stamped_by(catalog: Catalog, stamper: TimeStamper) -> Catalog {
    with_time_stamp(catalog, |time_stamp| time_stamp.stamper = stamper)
}

fn without_time_stamp(catalog: Catalog) -> Catalog {
    with(catalog, |signature| signature.time_stamp = None)
}

fn signed_by(signer: Signer) -> Catalog {
    with(windows10(), |signature| signature.signer = signer)
}

/// The catalog as it would have been made in the year 2020.
fn in_2020(catalog: Catalog) -> Catalog {
    let moment = midnight(2020, 7, 1);
    stamped_at(Catalog { this_update: moment - 600, ..catalog }, moment)
}
