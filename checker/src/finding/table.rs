//! The rows of [`FINDINGS`]. The macro that reads them and the meaning of each column stand in
//! the parent module.
//!
//! An id is never reused or renamed: reports, accepted-finding files and other people's scripts
//! hold them. A new finding is appended to its group.

use super::{FindingInfo, Mends, Object, Proof, Severity};
use crate::code::Hresult;

findings! {
    // ---- Package files
    MumMissing = "mum-missing" {
        Error PackageManifest:1 Log("CBS MUM Missing") logged 0x0000_0002 update 0x8007_0002 finer [] proof Seen/Seen
        title "The package manifest is missing"
        when "A package is registered in a state other than absent, and its .mum is absent or is a folder."
        mends FromDonor "the .mum and .cat pair, from a donor or from the package"
    }
    CatalogMissing = "catalog-missing" {
        Error PackageCatalog:1 Log("CBS Catalog Missing") logged None update 0x8007_0002 finer [] proof Seen/Inferred
        title "The package catalog is missing"
        when "The .mum is there, and no .cat of the same name."
        mends FromDonor "the copy in WinSxS\\Catalogs whose members include the .mum; else the pair from a \
            donor"
    }
    MumZeroLength = "mum-zero-length" {
        Error PackageManifest:3 Log("CBS MUM Corrupt") logged 0x800F_0900 update 0x8007_05B9 finer [] proof Seen/Inferred
        title "The package manifest is empty"
        when "The .mum has 0 bytes."
        mends FromDonor "the .mum and .cat pair, from a donor or from the package"
    }
    MumAllZeros = "mum-all-zeros" {
        Error PackageManifest:4 Log("CBS MUM Corrupt") logged 0x800F_0900 update 0x8007_05B9 finer [] proof Seen/Inferred
        title "The package manifest consists of NUL bytes"
        when "Every byte of the .mum is NUL."
        mends FromDonor "the .mum and .cat pair, from a donor or from the package"
    }
    MumNotWellFormed = "mum-not-well-formed" {
        Error PackageManifest:5 Log("CBS MUM Corrupt") logged 0x800F_0900 update 0x8007_05B9 finer [0x8007_36E5] proof Seen/Inferred
        title "The package manifest is not well-formed XML"
        when "Legal characters break a rule of XML 1.0 or of its namespaces: a truncated document, tags \
            that do not match, a duplicate attribute, a bare ampersand, a DTD, content outside the root, \
            or NULs up to the end."
        mends FromDonor "the .mum and .cat pair, from a donor or from the package"
    }
    MumEncodingMismatch = "mum-encoding-mismatch" {
        Error PackageManifest:6 Log("CBS MUM Corrupt") logged 0x800F_0900 update 0x8007_05B9 finer [0x8007_3714] proof Inferred/Inferred
        title "The package manifest is not in the encoding it declares"
        when "The XML declaration or the byte order mark does not fit the bytes."
        mends FromDonor "the .mum and .cat pair, from a donor or from the package"
    }
    MumBadStructure = "mum-bad-structure" {
        Error PackageManifest:7 Log("CBS MUM Corrupt") logged 0x800F_0900 update 0x8007_05B9 finer [0x800F_0811] proof Inferred/Inferred
        title "The package manifest has the wrong structure"
        when "The XML is well-formed, but the root is not an asm.v3 assembly, its first child is not an \
            assemblyIdentity, or there is no package element."
        mends FromDonor "the .mum and .cat pair, from a donor or from the package"
    }
    MumIllegalCharacter = "mum-illegal-character" {
        Error PackageManifest:5 Log("CBS MUM Corrupt") logged 0x800F_0900 update 0x8007_0246 finer [] proof Seen/Inferred
        title "The package manifest holds an illegal character"
        when "A character outside the XML Char production, raw or as a reference; invalid UTF-8; or a NUL \
            with something after it."
        mends FromDonor "the .mum and .cat pair, from a donor or from the package"
    }
    MumIdentityMalformed = "mum-identity-malformed" {
        Error PackageManifest:8 Log("CBS MUM Corrupt") logged None update 0x8007_370D finer [0x8007_36FF] proof Inferred/Inferred
        title "The identity in the package manifest is malformed"
        when "The name or the version is absent, or an attribute of the identity is empty."
        mends FromDonor "the .mum and .cat pair, from a donor or from the package"
    }
    MumIdentityDuplicate = "mum-identity-duplicate" {
        Error PackageManifest:9 Ours logged None update 0x8007_370C finer [] proof Inferred/Documented
        title "The identity in the package manifest repeats an attribute"
        when "One attribute stands there in its plain and in a prefixed spelling."
        mends FromDonor "the .mum and .cat pair, from a donor or from the package"
    }
    MumIdentityAttributeName = "mum-identity-attribute-name" {
        Error PackageManifest:10 Ours logged None update 0x8007_370B finer [] proof Inferred/Inferred
        title "The identity in the package manifest has an unknown attribute"
        when "An attribute without prefix is none of name, version, language, processorArchitecture, \
            publicKeyToken, buildType, versionScope, type and typeName."
        mends FromDonor "the .mum and .cat pair, from a donor or from the package"
    }
    MumIdentityAttributeValue = "mum-identity-attribute-value" {
        Error PackageManifest:11 Ours logged None update 0x8007_370A finer [] proof Inferred/Inferred
        title "The identity in the package manifest has an illegal value"
        when "The version is not four numbers of 0 to 65535 without leading zeros, the token is not 16 \
            hexadecimal digits, or the architecture, scope or culture is outside its set."
        mends FromDonor "the .mum and .cat pair, from a donor or from the package"
    }
    MumNameMismatch = "mum-name-mismatch" {
        Error PackageManifest:12 Log("CBS MUM Corrupt") logged 0x0000_0000 update 0x8007_3712 finer [0x800F_0818] proof Seen/Inferred
        title "The package manifest belongs to another package"
        when "The identity is valid and gives another package name than the file has; an empty and a \
            neutral architecture count as the same."
        mends FromDonor "the pair for the name"
    }
    MumNotInCatalog = "mum-not-in-catalog" {
        Error PackageManifest:13 Log("CBS MUM Corrupt") logged 0x800B_0100 update 0x800B_0100 finer [] proof Seen/Seen
        title "The package manifest is not vouched for by its catalog"
        when "The .mum is sound, but neither its SHA-1 nor its SHA-256 is a member of the valid catalog of \
            the same name."
        mends FromDonor "the .mum and .cat pair, from a donor or from the package"
    }
    FileUnreadable = "file-unreadable" {
        Warning PackageManifest:2 Ours logged None update 0x8007_0570 finer [] proof Inferred/Inferred
        title "The file cannot be read"
        when "The host refuses to open or to read a package manifest, a component manifest or a payload file."
        mends Not "nothing can be said about the content; make the file readable and scan again"
    }

    // ---- Package catalogs (servicing\Packages)
    CatalogZeroLength = "catalog-zero-length" {
        Error PackageCatalog:2 Log("CBS Catalog Corrupt") logged 0x8009_2003 update 0x8009_2003 finer [0x8007_03EE] proof Inferred/Inferred
        title "The package catalog is empty"
        when "The .cat has 0 bytes."
        mends FromDonor "the copy in WinSxS\\Catalogs; else the pair from a donor"
    }
    CatalogUnreadable = "catalog-unreadable" {
        Error PackageCatalog:2 Log("CBS Catalog Corrupt") logged 0x8009_2003 update 0x8009_2003 finer [] proof Inferred/Documented
        title "The package catalog cannot be read"
        when "Opening or reading the .cat fails."
        mends FromDonor "the copy in WinSxS\\Catalogs; else the pair from a donor"
    }
    CatalogIsDirectory = "catalog-is-directory" {
        Error PackageCatalog:2 Log("CBS Catalog Corrupt") logged 0x8009_2003 update 0x8009_2003 finer [] proof Inferred/Inferred
        title "The package catalog is not a file"
        when "The name of the .cat belongs to a folder or to a special file."
        mends FromDonor "the copy in WinSxS\\Catalogs; else the pair from a donor"
    }
    CatalogUndecodable = "catalog-undecodable" {
        Error PackageCatalog:3 Log("CBS Catalog Corrupt") logged 0x800B_0100 update 0x800B_0100 finer [0x8007_000D] proof Seen/Seen
        title "The package catalog cannot be decoded"
        when "The bytes are not a SignedData message over a catalog list: NULs, a truncated file, another \
            type of file, or bytes after the end."
        mends FromDonor "the copy in WinSxS\\Catalogs; else the pair from a donor"
    }
    CatalogUnsigned = "catalog-unsigned" {
        Error PackageCatalog:4 Log("CBS Catalog Corrupt") logged 0x800B_0100 update 0x800B_0100 finer [] proof Inferred/Documented
        title "The package catalog is not signed"
        when "The catalog decodes and has no signer."
        mends FromDonor "the copy in WinSxS\\Catalogs; else the pair from a donor"
    }
    CatalogBadSignature = "catalog-bad-signature" {
        Error PackageCatalog:5 Log("CBS Catalog Corrupt") logged 0x800B_0100 update 0x800B_0100 finer [0x8009_6010, 0x8009_6004, 0x8009_6002] proof Inferred/Inferred
        title "The signature of the package catalog is wrong"
        when "The signed digest is not that of the list, the signature does not verify, or the signer's \
            certificate is absent."
        mends FromDonor "the copy in WinSxS\\Catalogs; else the pair from a donor"
    }
    CatalogUntrustedRoot = "catalog-untrusted-root" {
        Error PackageCatalog:6 Log("CBS Catalog Corrupt") logged 0x800B_0100 update 0x800B_0100 finer [0x800B_0109, 0x800B_0110] proof Inferred/Inferred
        title "The package catalog is signed under a root that is not trusted"
        when "The chain ends in a self-signed certificate that is there and is no anchor, or the signer \
            may sign neither Windows components nor code."
        mends FromDonor "the .mum and .cat pair, from a donor or from the package"
    }
    CatalogNotAnchored = "catalog-not-anchored" {
        Warning PackageCatalog:8 Ours logged None update None finer [0x800B_010A] proof Measured/Inferred
        title "The chain of the catalog's signer ends without an anchor"
        when "The signature verifies, but an issuer of its chain is not at hand, or no root is."
        mends Not "give the roots with --roots; this says nothing against the catalog"
    }
    CatalogExpired = "catalog-expired" {
        Error PackageCatalog:7 Log("CBS Catalog Corrupt") logged 0x800B_0101 update 0x800B_0101 finer [] proof Inferred/Documented
        title "The signature of the package catalog has expired"
        when "There is no time stamp, and a certificate of the chain is past its validity at the time of \
            the check."
        mends FromDonor "the .mum and .cat pair, from a donor or from the package"
    }
    CatalogNotYetValid = "catalog-not-yet-valid" {
        Error PackageCatalog:7 Log("CBS Catalog Corrupt") logged 0x800B_0101 update 0x800B_0101 finer [] proof Inferred/Documented
        title "The signature of the package catalog is not valid yet"
        when "There is no time stamp, and the time of the check is before the validity of a certificate of \
            the chain."
        mends FromDonor "check the clock, or give the time with --at; else the pair from a donor"
    }
    CatalogTimestampBroken = "catalog-timestamp-broken" {
        Error PackageCatalog:7 Log("CBS Catalog Corrupt") logged 0x800B_0101 update 0x800B_0101 finer [0x8009_6003, 0x8009_6005] proof Inferred/Inferred
        title "The time stamp of the package catalog does not verify"
        when "The time stamp is there and does not verify, and the chain is not valid at the time of the \
            check."
        mends FromDonor "the copy in WinSxS\\Catalogs; else the pair from a donor"
    }
    CatalogTimestampOutside = "catalog-timestamp-outside" {
        Error PackageCatalog:7 Log("CBS Catalog Corrupt") logged 0x800B_0101 update 0x800B_0101 finer [] proof Inferred/Inferred
        title "The package catalog was time-stamped outside the validity of its signer"
        when "The time stamp is good, but its time lies outside the validity of a certificate of the chain."
        mends FromDonor "the .mum and .cat pair, from a donor or from the package"
    }
    CatalogLifetimeExpired = "catalog-lifetime-expired" {
        Error PackageCatalog:7 Log("CBS Catalog Corrupt") logged 0x800B_0101 update 0x800B_0101 finer [] proof Inferred/Documented
        title "The lifetime signature of the package catalog has expired"
        when "The signer's certificate has the lifetime-signing usage (or --lifetime is given), so the \
            time stamp does not extend it, and the chain is not valid at the time of the check."
        mends FromDonor "the .mum and .cat pair, from a donor or from the package"
    }
    CatalogTimestampSuspect = "catalog-timestamp-suspect" {
        Warning PackageCatalog:7 Ours logged None update None finer [0x8009_6005] proof Inferred/Inferred
        title "The time stamp of the package catalog does not verify, but is not needed yet"
        when "The time stamp does not verify; the chain is still valid at the time of the check."
        mends FromDonor "the copy in WinSxS\\Catalogs; else the pair from a donor"
    }

    // ---- CBS registry (SOFTWARE)
    HiveMissing = "hive-missing" {
        Error Hive:1 Ours logged None update 0x8007_0002 finer [] proof Inferred/Inferred
        title "A registry hive is missing"
        when "SOFTWARE or COMPONENTS is absent, or knows nothing of the store, while WinSxS\\Manifests or servicing\\Packages has content."
        mends FromDonor "a backup of the hive; all but SOFTWARE from a donor with the very same store"
    }
    HiveNotLoadable = "hive-not-loadable" {
        Error Hive:4 Ours logged None update 0x8007_000D finer [0x8007_03F1] proof Inferred/Inferred
        title "A registry hive cannot be loaded"
        when "The hive is not empty, but its base block is unusable and no log mends it, or its root \
            cannot be reached."
        mends FromDonor "its logs, or a backup of the hive; all but SOFTWARE from a donor with the very same store"
    }
    HiveStructureDamaged = "hive-structure-damaged" {
        Error Hive:4 Ours logged None update 0x8007_3712 finer [0x8007_03F7] proof Inferred/Inferred
        title "The structure of a registry hive is damaged"
        when "The hive loads, but a cell, list, record, order or hash rule that has no exceptions is broken."
        mends FromDonor "the hive, from an image of the same Windows; SOFTWARE only from a backup of the same machine"
    }
    HiveDirty = "hive-dirty" {
        Warning Hive:4 Ours logged None update None finer [] proof Measured/Inferred
        title "A registry hive was not closed cleanly"
        when "The hive is dirty and its logs are absent or do not apply, so its content may be old."
        mends Not "the hive's own logs"
    }
    PackageKeyMissing = "package-key-missing" {
        Error CbsRegistry:1 Ours logged None update 0x8007_3712 finer [] proof Measured/Inferred
        title "The registration of a package is missing"
        when "A valid .mum and .cat pair is on disk, no Packages key has its name, and another record \
            names the package."
        mends FromDonor "a donor hive; the pair and the package index"
    }
    PackageFilesOrphan = "package-files-orphan" {
        Note CbsRegistry:4 Ours logged None update None finer [] proof Inferred/Inferred
        title "A package is on disk but not registered"
        when "A valid .mum and .cat pair is on disk, no Packages key has its name, and no other record \
            names the package."
        mends Not "nothing needs mending"
    }
    PackageKeyNameInvalid = "package-key-name-invalid" {
        Error CbsRegistry:3 Log("CBS Registry Error") logged None update 0x8007_0057 finer [] proof Seen/Inferred
        title "The name of a package key is invalid"
        when "The key name does not have five fields separated by tildes, or a field breaks the grammar of \
            its attribute."
        mends FromEvidence "renaming the key to the one unregistered pair that differs least"
    }
    CbsValueMissing = "cbs-value-missing" {
        Error CbsRegistry:1 Log("CBS Registry Error") logged None update 0x8007_0002 finer [] proof Recalled/Inferred
        title "A value of a package key is missing"
        when "CurrentState or InstallName is absent."
        mends FromDonor "a donor hive"
    }
    CbsValueType = "cbs-value-type" {
        Error CbsRegistry:2 Log("CBS Registry Error") logged None update 0x8007_000D finer [] proof Recalled/Inferred
        title "A value of a package key has the wrong type"
        when "The value has another registry type than Windows writes, or a DWORD does not have 4 bytes."
        mends FromDonor "a donor hive"
    }
    CbsCurrentStateInvalid = "cbs-current-state-invalid" {
        Error CbsRegistry:3 Log("CBS Registry Error") logged None update 0x8007_0057 finer [] proof Recalled/Inferred
        title "The state of a package is invalid"
        when "CurrentState is none of the documented states."
        mends FromDonor "a donor hive"
    }
    CbsVisibilityInvalid = "cbs-visibility-invalid" {
        Error CbsRegistry:3 Log("CBS Registry Error") logged None update 0x8007_0057 finer [] proof Recalled/Inferred
        title "The visibility of a package is invalid"
        when "Visibility is above 2."
        mends FromDonor "a donor hive"
    }
    CbsInstallNameInvalid = "cbs-install-name-invalid" {
        Error CbsRegistry:3 Log("CBS Registry Error") logged None update 0x8007_0057 finer [] proof Recalled/Inferred
        title "The install name of a package is invalid"
        when "InstallName is not a plain .mum name, or names another package."
        mends FromEvidence "the name of the key"
    }
    CbsArchitectureInvalid = "cbs-architecture-invalid" {
        Error CbsRegistry:3 Ours logged None update 0x8007_0057 finer [] proof Recalled/Inferred
        title "The recorded architecture is invalid"
        when "ProcessorArchitecture of Component Based Servicing or StoreArchitecture of COMPONENTS is \
            unknown, or the two disagree."
        mends FromEvidence "the other one of the two values"
    }
    CbsOwnerMissing = "cbs-owner-missing" {
        Error CbsRegistry:1 Log("CBS Registry Error") logged None update 0x8007_0002 finer [] proof Recalled/Inferred
        title "The owner of a package is not registered"
        when "A value under Owners names a package that has no key."
        mends FromDonor "a donor hive"
    }
    CbsIndexTargetMissing = "cbs-index-target-missing" {
        Warning CbsRegistry:1 Log("CBS Package Index Package Missing") logged 0x8007_0490 update 0x8007_0490 finer [] proof Seen/Seen
        title "The package index names a package that is not registered"
        when "A value under PackageIndex names a package that has no key."
        mends FromEvidence "deleting the value, or the index from the keys"
    }
    WatchlistPackageMissing = "watchlist-package-missing" {
        Warning CbsRegistry:1 Log("CBS Watchlist Package Missing") logged 0x8007_0490 update 0x8007_0490 finer [] proof Seen/Inferred
        title "The package watch list names a package that is not registered"
        when "A value under PackageDetect names a package that has no key."
        mends FromEvidence "deleting the value"
    }
    WatchlistComponentMissing = "watchlist-component-missing" {
        Warning CbsRegistry:1 Log("CBS Watchlist Component Missing") logged 0x8007_0490 update 0x8007_0490 finer [] proof Recalled/Inferred
        title "The component watch list names a package that is not registered"
        when "A value under ComponentDetect names a package that has no key."
        mends FromEvidence "deleting the value"
    }
    InstallSourceMissing = "install-source-missing" {
        Error CbsRegistry:1 Ours logged None update 0x800F_081F finer [] proof Inferred/Inferred
        title "The source of a package that waits for installation is missing"
        when "The package is resolving, resolved or staging, and its InstallLocation lies inside the image \
            and is absent."
        mends FromDonor "the package file"
    }

    // ---- Component manifests
    ManifestMissing = "manifest-missing" {
        Error ComponentManifest:1 Log("CSI Manifest Missing") logged 0x0000_0002 update 0x8007_0002 finer [] proof Seen/Inferred
        title "The component manifest is missing"
        when "The component is registered, and its .manifest is absent or is a folder."
        mends FromDonor "the manifest from a donor or from the package, by its digest"
    }
    ManifestZeroLength = "manifest-zero-length" {
        Error ComponentManifest:3 Log("CSI Manifest Zero Length") logged 0x0000_0000 update 0x8007_3712 finer [] proof Recalled/Inferred
        title "The component manifest is empty"
        when "The .manifest has 0 bytes."
        mends FromDonor "the manifest from a donor or from the package, by its digest"
    }
    ManifestAllZeros = "manifest-all-zeros" {
        Error ComponentManifest:4 Log("CSI Manifest All Zeros") logged 0x0000_0000 update 0x8007_3712 finer [] proof Seen/Seen
        title "The component manifest consists of NUL bytes"
        when "Every byte of the .manifest is NUL."
        mends FromDonor "the manifest from a donor or from the package, by its digest"
    }
    ManifestCompressionDamaged = "manifest-compression-damaged" {
        Error ComponentManifest:5 Log("CSI Manifest Corrupt") logged None update 0x8007_000D finer [] proof Seen/Inferred
        title "The compressed component manifest cannot be expanded"
        when "The wrapper is known, but the delta stream is truncated, over-subscribed, out of bounds, \
            made for another base, or of another size."
        mends FromDonor "the manifest from a donor or from the package, by its digest"
    }
    ManifestCompressionTrailing = "manifest-compression-trailing" {
        Warning ComponentManifest:18 Ours logged None update 0x8007_000D finer [] proof Measured/Inferred
        title "Bytes follow the end of the compressed component manifest"
        when "The stream is complete and the document is used; bytes follow."
        mends FromEvidence "cutting the file at the end of the stream, if the document's digest is vouched \
            for"
    }
    ManifestNulTail = "manifest-nul-tail" {
        Error ComponentManifest:6 Log("CSI Manifest Bad XML") logged 0x0000_0000 update 0x8007_05B9 finer [] proof Recalled/Inferred
        title "The component manifest ends in NUL bytes"
        when "A plain manifest has NULs from some offset to its end, and something else before them."
        mends FromDonor "the manifest, from a donor or from the package"
    }
    ManifestNotWellFormed = "manifest-not-well-formed" {
        Error ComponentManifest:7 Log("CSI Manifest Bad XML") logged 0x0000_0000 update 0x8007_05B9 finer [0x8007_36E5] proof Recalled/Inferred
        title "The component manifest is not well-formed XML"
        when "Legal characters break a rule of XML 1.0 or of its namespaces: a truncated document, tags \
            that do not match, a duplicate attribute, a bare ampersand, a DTD, or content outside the \
            root."
        mends FromDonor "the manifest from a donor or from the package, by its digest"
    }
    ManifestEncodingMismatch = "manifest-encoding-mismatch" {
        Error ComponentManifest:8 Log("CSI Manifest Bad XML") logged 0x0000_0000 update 0x8007_05B9 finer [0x8007_3714] proof Recalled/Inferred
        title "The component manifest is not in the encoding it declares"
        when "The XML declaration or the byte order mark does not fit the bytes."
        mends FromDonor "the manifest from a donor or from the package, by its digest"
    }
    ManifestBadStructure = "manifest-bad-structure" {
        Error ComponentManifest:9 Log("CSI Manifest Bad XML") logged 0x0000_0000 update 0x8007_05B9 finer [0x8007_36B4] proof Recalled/Inferred
        title "The component manifest has the wrong structure"
        when "The XML is well-formed, but the root is not an assembly, its first child is not an \
            assemblyIdentity (noInheritable may precede), or there is a second identity."
        mends FromDonor "the manifest from a donor or from the package, by its digest"
    }
    ManifestIllegalCharacter = "manifest-illegal-character" {
        Error ComponentManifest:7 Log("CSI Manifest Bad XML") logged 0x0000_0000 update 0x8007_0246 finer [] proof Recalled/Inferred
        title "The component manifest holds an illegal character"
        when "A character outside the XML Char production, raw or as a reference; invalid UTF-8; or a NUL \
            with something after it."
        mends FromDonor "the manifest from a donor or from the package, by its digest"
    }
    ManifestIdentityMalformed = "manifest-identity-malformed" {
        Error ComponentManifest:10 Ours logged None update 0x8007_370D finer [0x8007_36FF] proof Inferred/Documented
        title "The identity in the component manifest is malformed"
        when "The name or the version is absent, or an attribute of the identity is empty."
        mends FromDonor "the manifest from a donor or from the package, by its digest"
    }
    ManifestIdentityDuplicate = "manifest-identity-duplicate" {
        Error ComponentManifest:11 Ours logged None update 0x8007_370C finer [] proof Inferred/Documented
        title "The identity in the component manifest repeats an attribute"
        when "One attribute stands there in its plain and in a prefixed spelling."
        mends FromDonor "the manifest from a donor or from the package, by its digest"
    }
    ManifestIdentityAttributeName = "manifest-identity-attribute-name" {
        Error ComponentManifest:12 Ours logged None update 0x8007_370B finer [] proof Inferred/Inferred
        title "The identity in the component manifest has an unknown attribute"
        when "An attribute without prefix is none of name, version, language, processorArchitecture, \
            publicKeyToken, buildType, versionScope, type and typeName."
        mends FromDonor "the manifest from a donor or from the package, by its digest"
    }
    ManifestIdentityAttributeValue = "manifest-identity-attribute-value" {
        Error ComponentManifest:13 Ours logged None update 0x8007_370A finer [] proof Inferred/Inferred
        title "The identity in the component manifest has an illegal value"
        when "The version is not four numbers of 0 to 65535 without leading zeros, the token is not 16 \
            hexadecimal digits, the language is a star, or the architecture, scope or culture is outside \
            its set."
        mends FromDonor "the manifest from a donor or from the package, by its digest"
    }
    ManifestNameMismatch = "manifest-name-mismatch" {
        Error ComponentManifest:14 Log("CSI Mismatched Identity") logged 0x0000_0000 update 0x8007_3712 finer [0x8007_3716] proof Recalled/Inferred
        title "The component manifest belongs to another component"
        when "The identity is valid, and its key form is not the name of the file."
        mends FromDonor "the manifest for the name, from a donor or from the package"
    }
    ManifestDigestDiffers = "manifest-digest-differs" {
        Error ComponentManifest:16 Log("CSI Manifest and S256H Do Not Match") logged 0x0000_0000 update 0x8007_36CC finer [] proof Recalled/Inferred
        title "The component manifest does not have its registered digest"
        when "The manifest is sound by itself, but its SHA-256 is not the S256H of the component, and no \
            catalog that vouches for the component lists the bytes."
        mends FromDonor "the manifest from a donor or from the package, by its digest"
    }
    ComponentS256hWrong = "component-s256h-wrong" {
        Error ComponentManifest:16 Log("CSI Manifest and S256H Do Not Match") logged 0x0000_0000 update 0x8007_36CC finer [] proof Recalled/Inferred
        title "The registered digest of a component manifest is wrong"
        when "The SHA-256 of the manifest is not the S256H of the component, but a catalog that vouches \
            for the component lists the bytes."
        mends FromEvidence "the manifest itself"
    }
    ManifestNotInCatalog = "manifest-not-in-catalog" {
        Error ComponentManifest:17 Log("CSI Manifest Failed Catalog Check") logged 0x0000_0000 update 0x800B_0100 finer [] proof Seen/Inferred
        title "The component manifest is not vouched for by any catalog of its packages"
        when "S256H agrees or is not at hand, and no catalog of a package that reaches the manifest, nor \
            the deployment's own catalog, lists it."
        mends FromDonor "the manifest from a donor; or the right catalog"
    }
    FileDigestMissing = "file-digest-missing" {
        Error ComponentManifest:18 Ours logged None update 0x8007_3712 finer [0x8007_371E] proof Measured/Inferred
        title "The component manifest lists a file without a digest"
        when "A file element has neither an asm.v2 hash nor the older hash attribute."
        mends Not "what a signed manifest says is not changed; a newer version of the package has to come in its place"
    }
    FileDigestUndecodable = "file-digest-undecodable" {
        Error ComponentManifest:18 Ours logged None update 0x8007_000D finer [] proof Inferred/Inferred
        title "The component manifest lists a file with an undecodable digest"
        when "A DigestValue is not base64 of the length that its method gives."
        mends Not "what a signed manifest says is not changed; a newer version of the package has to come in its place"
    }
    FileNameUnsafe = "file-name-unsafe" {
        Error ComponentManifest:18 Ours logged None update 0x8007_000D finer [] proof Inferred/Inferred
        title "The component manifest lists a file under an unsafe name"
        when "The name of a file element is absolute, contains a parent step, names a stream or is a \
            device name."
        mends Not "what a signed manifest says is not changed; a newer version of the package has to come in its place"
    }
    FileDigestUnsupported = "file-digest-unsupported" {
        Note ComponentManifest:18 Ours logged None update None finer [] proof Measured/Inferred
        title "The component manifest uses an unknown digest"
        when "The transform or the digest method of a file element is none that this tool knows."
        mends Not "nothing needs mending; the file counts as not verified"
    }
    ManifestOrphan = "manifest-orphan" {
        Note ComponentManifest:18 Ours logged None update None finer [] proof Inferred/Inferred
        title "A component manifest belongs to nothing"
        when "There is no component key, and no other record lists or names the manifest."
        mends Not "nothing needs mending"
    }

    // ---- COMPONENTS hive
    ComponentKeyMissing = "component-key-missing" {
        Error ComponentsHive:1 Log("CSI Missing Component Key") logged 0x0000_0000 update 0x8007_3712 finer [] proof Seen/Inferred
        supersedes [ComponentIdentityMissing, ComponentS256hMissing, CMarkMissing, FMarkMissing, ComponentValuesLost]
        title "The registration of a component is missing"
        when "The manifest is sound, a deployment, a winner or a Deployments key names the component, and \
            it has no key."
        mends FromDonor "the key, from the hive of an image of the same Windows"
    }
    ComponentKeyNameIllegal = "component-key-name-illegal" {
        Error ComponentsHive:3 Log("CSI Corrupt Component Keyform") logged 0x0000_0000 update 0x8007_0246 finer [] proof Recalled/Inferred
        title "The name of a component key holds an illegal character"
        when "The name of the key has a character below 0x20 or above 0x7E."
        mends FromEvidence "the identity value, and the one manifest without a key"
    }
    ComponentIdentityMissing = "component-identity-missing" {
        Error ComponentsHive:1 Log("CSI Missing Identity") logged 0x0000_0000 update 0x8007_3712 finer [] proof Seen/Seen
        title "The identity of a registered component is missing"
        when "The component key has no identity value."
        mends FromEvidence "the manifest"
    }
    ComponentIdentityType = "component-identity-type" {
        Error ComponentsHive:2 Log("CSI Corrupt Identity") logged 0x0000_0000 update 0x8007_000D finer [] proof Recalled/Inferred
        title "The identity of a registered component has the wrong type"
        when "The identity value is not REG_BINARY, or its data cannot be read."
        mends FromEvidence "the manifest"
    }
    ComponentIdentityMalformed = "component-identity-malformed" {
        Error ComponentsHive:3 Log("CSI Corrupt Identity") logged 0x0000_0000 update 0x8007_370D finer [] proof Recalled/Seen
        title "The identity of a registered component is malformed"
        when "The text is empty, truncated or ends in a comma; a field has no equals sign, name or value; \
            a NUL stands inside; a required field is absent; or more than one field has no name."
        mends FromEvidence "the manifest"
    }
    ComponentIdentityIllegalCharacter = "component-identity-illegal-character" {
        Error ComponentsHive:3 Log("CSI Corrupt Identity") logged 0x0000_0000 update 0x8007_0246 finer [] proof Recalled/Inferred
        title "The identity of a registered component holds an illegal character"
        when "The text has a byte of 0x01 to 0x1F or 0x7F to 0xFF."
        mends FromEvidence "the manifest"
    }
    ComponentIdentityDuplicate = "component-identity-duplicate" {
        Error ComponentsHive:3 Log("CSI Corrupt Identity") logged 0x0000_0000 update 0x8007_370C finer [] proof Recalled/Documented
        title "The identity of a registered component repeats an attribute"
        when "One attribute stands twice in the text."
        mends FromEvidence "the manifest"
    }
    ComponentIdentityAttributeName = "component-identity-attribute-name" {
        Error ComponentsHive:3 Log("CSI Corrupt Identity") logged 0x0000_0000 update 0x8007_370B finer [] proof Recalled/Inferred
        title "The identity of a registered component has an unknown attribute"
        when "A field name is none of Culture, Type, Version, PublicKeyToken, ProcessorArchitecture and \
            versionScope."
        mends FromEvidence "the manifest"
    }
    ComponentIdentityAttributeValue = "component-identity-attribute-value" {
        Error ComponentsHive:3 Log("CSI Corrupt Identity") logged 0x0000_0000 update 0x8007_370A finer [] proof Recalled/Inferred
        title "The identity of a registered component has an illegal value"
        when "A value is outside the set of its attribute."
        mends FromEvidence "the manifest"
    }
    ComponentIdentityMismatch = "component-identity-mismatch" {
        Error ComponentsHive:4 Log("CSI Mismatched Identity") logged 0x0000_0000 update 0x8007_3712 finer [0x8007_3716] proof Recalled/Inferred
        title "The identity of a registered component belongs to another component"
        when "The text parses, its key form is not the name of the key, and the manifest is sound."
        mends FromEvidence "the manifest"
    }
    ComponentS256hMissing = "component-s256h-missing" {
        Error ComponentsHive:1 Ours logged None update 0x8007_3712 finer [] proof Measured/Inferred
        title "The registered digest of a component manifest is missing"
        when "The component key of a Windows 7 or later image has no S256H value."
        mends FromEvidence "the manifest, if a catalog lists it"
    }
    ComponentS256hMalformed = "component-s256h-malformed" {
        Error ComponentsHive:2 Ours logged None update 0x8007_000D finer [] proof Inferred/Inferred
        title "The registered digest of a component manifest is malformed"
        when "S256H is not REG_BINARY of 32 bytes."
        mends FromEvidence "the manifest, if a catalog lists it"
    }
    ComponentValuesLost = "component-values-lost" {
        Error ComponentsHive:1 Log("CSI Missing Identity") logged 0x0000_0000 update 0x8007_3712 finer [] proof Measured/Inferred
        supersedes [ComponentIdentityMissing, ComponentS256hMissing, CMarkMissing]
        title "A component key has lost its values"
        when "Only ClosureFlags or CF is left: identity, S256H and every component mark are gone."
        mends FromDonor "the values, from the hive of an image of the same Windows"
    }
    CMarkMissing = "c-mark-missing" {
        Error ComponentsHive:1 Log("CSI Missing C Mark") logged 0x0000_0000 update 0x8007_3712 finer [] proof Recalled/Inferred
        title "A component is not marked as part of its deployment"
        when "The key has no c! value, or lacks the one for a present deployment that lists it, or a \
            deployment lacks its own."
        mends FromEvidence "the deployment manifests"
    }
    CMarkDangling = "c-mark-dangling" {
        Error ComponentsHive:4 Log("CSI C Mark Deployment Missing") logged 0x0000_0000 update 0x8007_3712 finer [] proof Recalled/Inferred
        title "A component is marked as part of an unknown deployment"
        when "A c! value names a deployment that nothing else knows."
        mends FromEvidence "the deployment manifests"
    }
    FMarkMissing = "f-mark-missing" {
        Error ComponentsHive:1 Log("CSI F Mark Missing") logged 0x0000_0000 update 0x8007_3712 finer [] proof Recalled/Inferred
        title "A file of a component is not marked"
        when "There is no f! value for a listed file, and the payload is not marked as deleted."
        mends FromDonor "a donor hive, for the data of the value"
    }
    FMarkStale = "f-mark-stale" {
        Warning ComponentsHive:4 Ours logged None update None finer [] proof Inferred/Inferred
        title "A component has a mark for a file that it does not list"
        when "An f! value fits no listed file under any of the naming rules."
        mends Not "nothing needs mending"
    }
    DeploymentKeyMissing = "deployment-key-missing" {
        Error ComponentsHive:1 Log("CSI Missing Deployment Key") logged 0x0000_0000 update 0x8007_371B finer [] proof Recalled/Inferred
        title "The registration of a deployment is missing"
        when "There is no Deployments key, but the deployment's manifest or component key exists, or two \
            records name it."
        mends FromDonor "the deployment manifest and its catalog; the marks from a donor hive"
    }
    DeploymentAppidMissing = "deployment-appid-missing" {
        Error ComponentsHive:1 Ours logged None update 0x8007_3712 finer [] proof Measured/Inferred
        title "The identity of a registered deployment is missing"
        when "The Deployments key has no appid value."
        mends FromEvidence "the deployment manifest"
    }
    DeploymentAppidType = "deployment-appid-type" {
        Error ComponentsHive:2 Ours logged None update 0x8007_000D finer [] proof Inferred/Inferred
        title "The identity of a registered deployment has the wrong type"
        when "The appid value is not REG_BINARY."
        mends FromEvidence "the deployment manifest"
    }
    DeploymentAppidMalformed = "deployment-appid-malformed" {
        Error ComponentsHive:3 Ours logged None update 0x8007_370D finer [] proof Inferred/Seen
        title "The identity of a registered deployment is malformed"
        when "The text is empty, truncated or ends in a comma; a field has no equals sign, name or value; \
            a NUL stands inside; a required field is absent; or more than one field has no name."
        mends FromEvidence "the deployment manifest"
    }
    DeploymentAppidIllegalCharacter = "deployment-appid-illegal-character" {
        Error ComponentsHive:3 Ours logged None update 0x8007_0246 finer [] proof Inferred/Inferred
        title "The identity of a registered deployment holds an illegal character"
        when "The text has a byte of 0x01 to 0x1F or 0x7F to 0xFF."
        mends FromEvidence "the deployment manifest"
    }
    DeploymentAppidDuplicate = "deployment-appid-duplicate" {
        Error ComponentsHive:3 Ours logged None update 0x8007_370C finer [] proof Inferred/Documented
        title "The identity of a registered deployment repeats an attribute"
        when "One attribute stands twice in the text."
        mends FromEvidence "the deployment manifest"
    }
    DeploymentAppidAttributeName = "deployment-appid-attribute-name" {
        Error ComponentsHive:3 Ours logged None update 0x8007_370B finer [] proof Inferred/Inferred
        title "The identity of a registered deployment has an unknown attribute"
        when "A field name is none of Culture, Type, Version, PublicKeyToken, ProcessorArchitecture and \
            versionScope."
        mends FromEvidence "the deployment manifest"
    }
    DeploymentAppidAttributeValue = "deployment-appid-attribute-value" {
        Error ComponentsHive:3 Ours logged None update 0x8007_370A finer [] proof Inferred/Inferred
        title "The identity of a registered deployment has an illegal value"
        when "A value is outside the set of its attribute."
        mends FromEvidence "the deployment manifest"
    }
    DeploymentAppidMismatch = "deployment-appid-mismatch" {
        Error ComponentsHive:4 Ours logged None update 0x8007_3712 finer [0x8007_3716] proof Inferred/Inferred
        title "The identity of a registered deployment belongs to another deployment"
        when "The text parses, and its deployment form is not the name of the key."
        mends FromEvidence "the deployment manifest"
    }
    DeploymentThumbprintMissing = "deployment-thumbprint-missing" {
        Error ComponentsHive:1 Log("CSI Catalog Thumbprint Invalid") logged 0x0000_0000 update 0x8007_3712 finer [] proof Recalled/Inferred
        title "A deployment does not say which catalog covers it"
        when "A key with a CBS mark has no CatalogThumbprint value."
        mends FromEvidence "the SHA-256 of the covering catalog"
    }
    DeploymentThumbprintMalformed = "deployment-thumbprint-malformed" {
        Error ComponentsHive:2 Log("CSI Catalog Thumbprint Invalid") logged 0x0000_0000 update 0x8007_000D finer [] proof Recalled/Inferred
        title "The catalog thumbprint of a deployment is malformed"
        when "CatalogThumbprint is not REG_SZ of 64 hexadecimal digits."
        mends FromEvidence "the SHA-256 of the covering catalog"
    }
    DeploymentThumbprintDangling = "deployment-thumbprint-dangling" {
        Error ComponentsHive:4 Log("CSI Catalog Thumbprint Invalid") logged 0x0000_0000 update 0x8007_3712 finer [] proof Recalled/Inferred
        title "The catalog thumbprint of a deployment names an unknown catalog"
        when "CatalogThumbprint is well formed, and no Catalogs key has that name."
        mends FromEvidence "the SHA-256 of the covering catalog"
    }
    MarkMalformed = "mark-malformed" {
        Error ComponentsHive:2 Ours logged None update 0x8007_000D finer [] proof Inferred/Inferred
        title "A package mark of a deployment is malformed"
        when "A CBS mark is not REG_BINARY, is shorter than 8 bytes, or its lengths do not add up. An \
            error for i! marks, a warning for p! and s! marks."
        mends FromDonor "a donor hive"
    }
    MarkNameMismatch = "mark-name-mismatch" {
        Error ComponentsHive:4 Ours logged None update 0x8007_3712 finer [] proof Inferred/Inferred
        title "The name of a package mark does not fit its data"
        when "The layout is right, but the name of the value does not follow from the package it holds. An \
            error for i! marks, a warning for p! and s! marks."
        mends FromEvidence "the package and update named in the data"
    }
    SMarkMissing = "s-mark-missing" {
        Error ComponentsHive:1 Log("CSI C Mark Deployment Not Marked") logged 0x0000_0000 update 0x8007_3712 finer [] proof Recalled/Seen
        title "A deployment is pinned but not marked as staged"
        when "A CBS p! mark has no s! mark with the same rest of the name."
        mends FromEvidence "a copy of the p! mark"
    }
    MarkPackageMissing = "mark-package-missing" {
        Warning ComponentsHive:1 Ours logged None update 0x8007_3712 finer [] proof Inferred/Inferred
        title "A package mark names an unknown package"
        when "The package in the mark has neither key nor files, and nothing else names it."
        mends FromDonor "a donor hive"
    }
    CatalogsKeyMissing = "catalogs-key-missing" {
        Error ComponentsHive:1 Log("CSI Catalog Missing") logged 0x0000_0000 update 0x8007_3712 finer [] proof Recalled/Inferred
        title "The registration of a store catalog is missing"
        when "A file in WinSxS\\Catalogs and a thumbprint agree, and there is no Catalogs key."
        mends FromEvidence "the file and the deployments"
    }
    CatalogsCMarkDangling = "catalogs-c-mark-dangling" {
        Error ComponentsHive:4 Ours logged None update 0x8007_3712 finer [] proof Measured/Inferred
        title "A store catalog is marked for an unknown deployment"
        when "A c! value of a Catalogs key names a deployment that nothing else knows."
        mends FromEvidence "the deployments"
    }
    WinnerMissing = "winner-missing" {
        Error ComponentsHive:1 Log("CSI Missing Winning Component Key") logged 0x0000_0000 update 0x8007_3712 finer [] proof Recalled/Inferred
        title "The winning version of a component is missing"
        when "The winning version in Winners has neither a component key nor a manifest."
        mends FromDonor "a donor"
    }

    // ---- CSI catalogs (WinSxS\Catalogs)
    CsiCatalogMissing = "csi-catalog-missing" {
        Error CsiCatalog:1 Log("CSI Catalog Missing") logged 0x0000_0000 update 0x8007_3712 finer [] proof Recalled/Inferred
        title "A store catalog is missing"
        when "There is a Catalogs key, and no file of that name in WinSxS\\Catalogs."
        mends FromEvidence "the identical package catalog, by its SHA-256"
    }
    CsiCatalogUnreadable = "csi-catalog-unreadable" {
        Error CsiCatalog:3 Log("CSI Catalog Corrupt") logged None update 0x8009_2003 finer [] proof Recalled/Inferred
        title "A store catalog cannot be read"
        when "The file in WinSxS\\Catalogs is empty, is a folder, or reading it fails."
        mends FromEvidence "the identical package catalog, by its SHA-256"
    }
    CsiCatalogUndecodable = "csi-catalog-undecodable" {
        Error CsiCatalog:3 Log("CSI Catalog Corrupt") logged None update 0x8007_000D finer [] proof Recalled/Seen
        title "A store catalog cannot be decoded"
        when "The file in WinSxS\\Catalogs is not a catalog."
        mends FromEvidence "the identical package catalog, by its SHA-256"
    }
    CsiCatalogContentDiffers = "csi-catalog-content-differs" {
        Error CsiCatalog:4 Log("CSI Catalog Corrupt") logged None update 0x8007_3712 finer [] proof Recalled/Inferred
        title "A store catalog has other content than its name says"
        when "The file decodes, and its SHA-256 is not its name."
        mends FromEvidence "the identical package catalog, by its SHA-256"
    }
    CsiCatalogOrphan = "csi-catalog-orphan" {
        Note CsiCatalog:4 Ours logged None update None finer [] proof Inferred/Inferred
        title "A store catalog belongs to nothing"
        when "There is a file in WinSxS\\Catalogs, and no Catalogs key of that name."
        mends Not "nothing needs mending"
    }

    // ---- Payload and deltas
    PayloadDirectoryMissing = "payload-directory-missing" {
        Error Payload:1 Log("CSI Store Directory Missing") logged 0x0000_0000 update 0x8007_0002 finer [] proof Seen/Seen
        supersedes [PayloadMissing, StagedPayloadMissing, PayloadNotVerified]
        title "The folder of a component is missing"
        when "The component has needed files and no folder, and a package that holds it is installed or \
            its state is unknown."
        mends FromDonor "the folder is created, the files come from a donor by digest"
    }
    PayloadMissing = "payload-missing" {
        Error Payload:2 Log("CSI Payload File Missing") logged 0x0000_0000 update 0x8007_0002 finer [] proof Seen/Seen
        title "A file of a component is missing"
        when "A needed file is absent, and a package that holds the component is installed or its state is \
            unknown."
        mends FromDonor "by digest: a donor, a hard-linked twin, another component, or a differential file"
    }
    StagedPayloadMissing = "staged-payload-missing" {
        Error Payload:2 Log("CSI Payload File Missing") logged 0x0000_0000 update 0x800F_081F finer [] proof Seen/Inferred
        title "A file of a component that is only staged is missing"
        when "A needed file or the folder is absent, and every package that holds the component is only \
            staged."
        mends FromDonor "by digest: a donor, a hard-linked twin, another component, or a differential file"
    }
    PayloadCorrupt = "payload-corrupt" {
        Error Payload:4 Log("CSI Payload File Corrupt") logged 0x0000_0000 update 0x8007_36CC finer [] proof Seen/Seen
        title "A file of a component is damaged"
        when "The digest of the file, expanded where it is compressed, is not the one in the manifest."
        mends FromDonor "by digest: a donor, a hard-linked twin, another component, or a differential file"
    }
    PayloadCompressionDamaged = "payload-compression-damaged" {
        Error Payload:4 Log("CSI Payload Corrupt") logged None update 0x8007_000D finer [] proof Seen/Inferred
        title "A compressed file of a component cannot be expanded"
        when "The DCS, DCN or DCD wrapper or its stream is broken."
        mends FromDonor "by digest: a donor, a hard-linked twin, another component, or a differential file"
    }
    PayloadNotVerified = "payload-not-verified" {
        Note Payload:6 Ours logged None update None finer [] proof Inferred/Inferred
        title "A file of a component cannot be judged"
        when "The file is stored in a form that this tool does not expand, or is a reparse point."
        mends Not "nothing needs mending; the file counts as not verified"
    }
    DeltaForwardCorrupt = "delta-forward-corrupt" {
        Error Payload:4 Log("CSI Payload Corrupt") logged None update 0x800F_0986 finer [] proof Seen/Documented
        title "A forward differential file is damaged"
        when "The CRC-32 of a file in the f folder is wrong, or what it makes is not the listed file."
        mends FromDonor "a donor"
    }
    DeltaReverseCorrupt = "delta-reverse-corrupt" {
        Warning Payload:4 Log("CSI Payload Corrupt") logged None update 0x800F_0985 finer [] proof Seen/Inferred
        title "A reverse differential file is damaged"
        when "The CRC-32 of a file in the r folder is wrong, or it cannot be applied to the file."
        mends FromDonor "a donor"
    }
    DeltaNullCorrupt = "delta-null-corrupt" {
        Error Payload:4 Log("CSI Payload Corrupt") logged None update 0x800F_0987 finer [] proof Seen/Inferred
        title "A null differential file is damaged"
        when "The CRC-32 of a file in the n folder is wrong, or it cannot be expanded."
        mends FromDonor "a donor"
    }
    DeltaNullContentDiffers = "delta-null-content-differs" {
        Error Payload:5 Log("CSI Payload Corrupt") logged None update 0x8007_36CC finer [] proof Inferred/Inferred
        title "A null differential file holds other content"
        when "The file in the n folder expands to another digest than the manifest states."
        mends FromDonor "a donor"
    }
    DeltaBaseMissing = "delta-base-missing" {
        Error Payload:5 Ours logged None update 0x800F_0984 finer [] proof Inferred/Documented
        title "A forward differential file has no base"
        when "Only the file in the f folder is there: no intact member of the family with a reverse file, \
            and no base."
        mends FromDonor "a donor"
    }
    DeltaComponentMissing = "delta-component-missing" {
        Error Payload:5 Ours logged None update 0x800F_0982 finer [] proof Inferred/Documented
        title "A compressed file refers to a component version that is missing"
        when "The DCD or DCH wrapper names a version that has no component."
        mends FromDonor "a donor"
    }
    ReverseDeltaAbsent = "reverse-delta-absent" {
        Note Payload:6 Log("CSI Payload Corrupt") logged None update None finer [] proof Seen/Inferred
        title "A reverse differential file is absent"
        when "There is no file in the r folder; nothing that runs is affected."
        mends Not "nothing needs mending"
    }
    PayloadDeletedPresent = "payload-deleted-present" {
        Warning Payload:6 Ours logged None update None finer [] proof Measured/Inferred
        title "A folder exists whose payload is marked as deleted"
        when "The component is marked PayloadDeleted, and its folder with listed files exists."
        mends Not "nothing needs mending"
    }
    PayloadExtra = "payload-extra" {
        Note Payload:6 Ours logged None update None finer [] proof Measured/Inferred
        title "A file lies in the folder of a component that does not list it"
        when "The manifest lists no file of that name."
        mends Not "nothing needs mending"
    }

    // ---- Closure, pending work, repair
    ClosureComponentMissing = "closure-component-missing" {
        Error Closure:1 Ours logged None update 0x8007_371B finer [] proof Measured/Documented
        title "A component that a deployment installs is missing"
        when "A present deployment lists the component, it has neither key nor manifest, and a package \
            that holds it is installed or its state is unknown."
        mends FromDonor "the manifest, payload and key from the package or a donor"
    }
    ClosureDeploymentMissing = "closure-deployment-missing" {
        Error Closure:1 Ours logged None update 0x8007_371B finer [] proof Measured/Documented
        title "A deployment that a package installs is missing"
        when "The deployment is lost: no key, no manifest, but records that name it."
        mends FromDonor "the manifest, payload and key from the package or a donor"
    }
    ClosurePackageMissing = "closure-package-missing" {
        Error Closure:1 Ours logged None update 0x8007_371B finer [] proof Measured/Documented
        title "A package that another package consists of is missing"
        when "A part of an installed package is lost: no key, no files, but records that name it."
        mends FromDonor "the package or a donor"
    }
    ClosureNotADeployment = "closure-not-a-deployment" {
        Error Closure:4 Ours logged None update 0x8007_371B finer [0x8007_3717] proof Measured/Inferred
        title "A package names a manifest that is not a deployment"
        when "The component of an update is present, and its manifest has no deployment element."
        mends Not "signed documents contradict each other; the package has to be installed anew"
    }
    StagedClosureMissing = "staged-closure-missing" {
        Error Closure:1 Ours logged None update 0x800F_081F finer [] proof Inferred/Inferred
        title "A member of a package that is only staged is missing"
        when "A deployment or a component is missing, and every package that holds it is only staged."
        mends FromDonor "the package"
    }
    StagedPackageMissing = "staged-package-missing" {
        Error Closure:1 Ours logged None update 0x800F_081F finer [] proof Inferred/Inferred
        title "A part of a package that is only staged is missing"
        when "A part of the package is lost, and the package is only staged."
        mends FromDonor "the package"
    }
    RepairSourceMissing = "repair-source-missing" {
        Error Closure:1 Log("Unavailable repair files") logged None update 0x800F_081F finer [] proof Seen/Seen
        title "No source has an intact replacement"
        when "A repair, or a scan with --source, found no replacement for a damaged object."
        mends Not "the file, digest and package that are named"
    }
    PendingOperations = "pending-operations" {
        Warning Closure:4 Ours logged None update None finer [] proof Inferred/Inferred
        title "Operations are pending"
        when "pending.xml exists, or PackagesPending or SessionsPending has entries."
        mends Not "starting the image once; a repair refuses until then"
    }
    PendingIdentifierDiffers = "pending-identifier-differs" {
        Warning Closure:4 Ours logged None update 0x8007_3712 finer [] proof Recalled/Inferred
        title "The pending operations are not the registered ones"
        when "PendingXmlIdentifier is not the Identifier of pending.xml."
        mends Not "starting the image once"
    }
    CorruptFlagSet = "corrupt-flag-set" {
        Note Closure:4 Ours logged None update None finer [] proof Documented/Inferred
        title "Windows has marked the store as corrupt"
        when "StoreCorruptTimeStamp is present."
        mends Not "cleared by a repair when nothing is left to mend"
    }
    ComponentNotCbs = "component-not-cbs" {
        Note Closure:4 Log("Non CBS installed component found") logged 0x800F_090C update None finer [] proof Seen/Seen
        title "A component was not installed by a Windows package"
        when "No package reaches the component."
        mends Not "nothing needs mending"
    }
    PackageParentAbsent = "package-parent-absent" {
        Note Closure:4 Ours logged None update None finer [] proof Inferred/Inferred
        title "No parent of an installed package is registered"
        when "The package names parents, and none of them is registered."
        mends Not "nothing needs mending"
    }

    // ---- The image itself

    NamesFoldAlike = "names-fold-alike" {
        Warning Image:1 Ours logged None update None finer [] proof Inferred/Inferred
        title "Two names in one folder differ only in letter case"
        when "A case-sensitive file system holds two entries that Windows would see as one; only the first in \
            the order of their bytes is checked."
        mends Not "removing the entry that does not belong there"
    }
}
