//! Words that names are made of.

/// What features are about.
pub(super) const SUBJECTS: &[&str] = &[
    "Networking",
    "Printing",
    "Shell",
    "Media",
    "Storage",
    "Security",
    "Graphics",
    "Fonts",
    "Search",
    "Setup",
    "Telephony",
    "Backup",
    "Accessibility",
    "Directory",
    "Messaging",
    "Remote",
    "Power",
    "Time",
    "Audio",
    "Bluetooth",
    "Camera",
    "Clipboard",
    "Console",
    "Crypto",
    "Diagnostics",
    "Events",
    "Help",
    "Imaging",
    "Input",
    "Licensing",
    "Location",
    "Maps",
    "Mobile",
    "Narrator",
    "Offline",
    "Paint",
    "Performance",
    "Photo",
    "Proxy",
    "Recovery",
];

/// What parts of features are called.
pub(super) const PARTS: &[&str] = &[
    "Core",
    "Client",
    "Server",
    "Service",
    "Provider",
    "Configuration",
    "Library",
    "Runtime",
    "Tools",
    "Driver",
    "Interface",
    "Engine",
    "Agent",
    "Broker",
    "Cache",
    "Catalog",
    "Filter",
    "Gateway",
    "Handler",
    "Monitor",
];

/// Extensions of files.
pub(super) const EXTENSIONS: &[&str] = &["dll", "exe", "sys", "mui", "xml", "mof", "ini", "dat"];

/// Languages other than neutral.
pub(super) const LANGUAGES: &[&str] = &["en-US", "de-DE", "ja-JP", "sr-Latn-CS", "fr-FR", "pt-BR"];

/// Sizes of files as genuine ones are spread: most are small, few are large. In bytes.
pub(super) const SIZES_BYTES: &[u64] = &[
    0, 74, 214, 512, 1_024, 1_741, 2_560, 3_584, 5_120, 6_656, 8_192, 10_240, 12_800, 15_360, 18_944, 22_528,
    28_160, 34_816, 45_056, 57_344, 74_752, 98_304, 131_072, 180_224, 262_144, 393_216, 655_360, 1_310_720,
    3_145_728, 9_437_184,
];

/// The public key token of Windows.
pub(super) const WINDOWS_TOKEN: &str = "31bf3856ad364e35";
