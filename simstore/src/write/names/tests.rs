use super::*;

/// An identity with the token of Windows; an empty text stands for an absent attribute.
fn identity(name: &str, version: &str, architecture: &str, language: &str) -> Identity {
    let optional = |text: &str| Some(text.to_string()).filter(|text| !text.is_empty());
    Identity {
        name: name.to_string(),
        version: version.to_string(),
        token: Some("31bf3856ad364e35".to_string()),
        architecture: optional(architecture),
        language: optional(language),
        kind: None,
        version_scope: Some("nonSxS".to_string()),
    }
}

fn common_controls() -> Identity {
    Identity {
        token: Some("6595b64144ccf1df".to_string()),
        kind: Some("win32".to_string()),
        version_scope: None,
        ..identity("Microsoft.Windows.Common-Controls", "6.0.7601.17514", "x86", "neutral")
    }
}

#[test]
fn genuine_key_forms() {
    let rows = include_str!("../../../../corpora/vectors/keyform_vectors.tsv");
    let mut count = 0;
    for row in rows.lines().filter(|row| !row.starts_with('#')) {
        let cells: Vec<&str> = row.split('\t').collect();
        let [name, version, token, architecture, language, kind, scope, key_form] = cells[..] else {
            panic!("a row has 8 cells: {row}");
        };
        let optional = |text: &str| Some(text.to_string()).filter(|text| !text.is_empty());
        let identity = Identity {
            name: name.to_string(),
            version: version.to_string(),
            token: optional(token),
            architecture: optional(architecture),
            language: optional(language),
            kind: optional(kind),
            version_scope: optional(scope),
        };
        assert_eq!(component_key_form(&identity), key_form);
        count += 1;
    }
    assert_eq!(count, 160);
}

#[test]
fn hashes_of_strings() {
    let expected = [
        ("", 0),
        ("a", 0x0000_b825_fffe_ebc7),
        ("abcd", 0x0000_ab23_ffff_07b2),
        ("abcde", 0xb854_0414_eb82_0247),
        ("ABCDE", 0xb854_0414_eb82_0247),
        ("name", 0x0000_c409_fffe_e203),
        ("culture", 0xac81_3809_070f_9ffe),
        ("type", 0x0000_cc13_fffe_d86a),
        ("version", 0xd2e8_92e0_cba0_2406),
        ("publicKeyToken", 0xbb5a_0875_ca97_2d27),
        ("processorArchitecture", 0xc436_6aa5_1dbf_55f3),
        ("versionScope", 0x7a1e_d23b_790e_da16),
        ("31bf3856ad364e35", 0x6a77_fe84_ef32_7a11),
        ("driverUpdate", 0xaf1b_a5a0_f2a0_5a09),
    ];
    for (text, hash) in expected {
        assert_eq!(hash_string(text), hash, "{text:?}");
    }
}

#[test]
fn a_name_printed_whole_with_a_type_and_no_scope() {
    assert_eq!(
        component_key_form(&common_controls()),
        "x86_microsoft.windows.common-controls_6595b64144ccf1df_6.0.7601.17514_none_41e6975e2bd6f2b2"
    );
}

#[test]
fn a_shortened_name_in_three_languages() {
    let expected = [
        ("ja-JP", "ja-jp_50af700bbf559538"),
        ("en-US", "en-us_21df27d5020f95d8"),
        ("ru-RU", "ru-ru_6b003f895314917f"),
    ];
    for (language, end) in expected {
        let pack =
            identity("Microsoft-Windows-OfflineFiles-D-LanguagePack", "6.1.7601.17514", "amd64", language);
        assert_eq!(
            component_key_form(&pack),
            format!("amd64_microsoft-windows-o..iles-d-languagepack_31bf3856ad364e35_6.1.7601.17514_{end}")
        );
    }
}

#[test]
fn family_key_forms_leave_the_version_out() {
    let edge = identity("Microsoft-Windows-EdgeChromium", "25.10.0.0", "arm64", "neutral");
    assert_eq!(
        component_key_form(&edge),
        "arm64_microsoft-windows-edgechromium_31bf3856ad364e35_25.10.0.0_none_7cb088037a42a80b"
    );
    assert_eq!(
        family_key_form(&edge),
        "arm64_microsoft-windows-edgechromium_31bf3856ad364e35_none_df3eefecc502346d"
    );
    let installer = "Microsoft-Windows-EdgeChromium-FirstTimeInstaller";
    for (architecture, hash) in
        [("arm64", "1e5e2b2c8adcf701"), ("amd64", "1e5e22f28add0265"), ("x86", "c23f876ed27f912f")]
    {
        assert_eq!(
            family_key_form(&identity(installer, "1.2.3.4", architecture, "neutral")),
            format!("{architecture}_microsoft-windows-e..-firsttimeinstaller_31bf3856ad364e35_none_{hash}")
        );
    }
}

#[test]
fn a_deployment_and_its_text() {
    let deployment = Identity {
        version_scope: Some("nonSXS".to_string()),
        ..identity("c4ebacc53555cd9cdedd693c10e6175a", "6.1.7601.23455", "amd64", "")
    };
    assert_eq!(
        identity_text(&deployment),
        "c4ebacc53555cd9cdedd693c10e6175a, Culture=neutral, Version=6.1.7601.23455, \
         PublicKeyToken=31bf3856ad364e35, ProcessorArchitecture=amd64, versionScope=NonSxS"
    );
    assert_eq!(
        component_key_form(&deployment),
        "amd64_c4ebacc53555cd9cdedd693c10e6175a_31bf3856ad364e35_6.1.7601.23455_none_8459b72d1e2f2700"
    );
    assert_eq!(
        deployment_key_form(&deployment),
        "c4ebacc5355..93c10e6175a_31bf3856ad364e35_6.1.7601.23455_8459b72d1e2f2700"
    );
}

#[test]
fn a_text_with_a_type_and_without_a_scope() {
    assert_eq!(
        identity_text(&common_controls()),
        "Microsoft.Windows.Common-Controls, Culture=neutral, Type=win32, Version=6.0.7601.17514, \
         PublicKeyToken=6595b64144ccf1df, ProcessorArchitecture=x86"
    );
}

#[test]
fn a_space_is_hashed_but_not_printed() {
    let expected = [
        ("Windows Foundation", "amd64", "windowsfoundation", "615fdfe2a739474c"),
        ("Windows Foundation", "x86", "windowsfoundation", "0541445eeedbd616"),
        ("Windows Embedded Foundation", "amd64", "windowsembe..dfoundation", "b791db78a3ca92ca"),
        ("Windows Embedded Foundation", "x86", "windowsembe..dfoundation", "5b733ff4eb6d2194"),
        ("Windows Server Foundation", "amd64", "windowsserverfoundation", "1767904420c89fad"),
    ];
    for (name, architecture, visible, hash) in expected {
        assert_eq!(
            deployment_key_form(&identity(name, "6.1.7601.17514", architecture, "neutral")),
            format!("{visible}_31bf3856ad364e35_6.1.7601.17514_{hash}")
        );
    }
}

#[test]
fn languages_of_more_than_eight_characters_are_shortened() {
    assert_eq!(
        component_key_form(&identity(
            "Microsoft-Windows-calc.Resources",
            "6.1.7601.22024",
            "x86",
            "sr-Latn-CS"
        )),
        "x86_microsoft-windows-calc.resources_31bf3856ad364e35_6.1.7601.22024_sr-..-cs_14c5dc42f4b6b473"
    );
}

#[test]
fn package_names_print_nothing_for_what_is_neutral() {
    let package = |architecture, language| {
        package_name(&identity("Package_4_for_KB948610", "6.0.6001.2123", architecture, language))
    };
    assert_eq!(package("x86", "neutral"), "Package_4_for_KB948610~31bf3856ad364e35~x86~~6.0.6001.2123");
    assert_eq!(package("x86", "en-US"), "Package_4_for_KB948610~31bf3856ad364e35~x86~en-US~6.0.6001.2123");
    assert_eq!(package("neutral", ""), "Package_4_for_KB948610~31bf3856ad364e35~~~6.0.6001.2123");
}

#[test]
fn file_marks() {
    assert_eq!(file_mark_name("Calc.exe"), "f!Calc.exe");
    let exactly_25 = "abcdefghijklmnopqrstu.dll";
    assert_eq!(file_mark_name(exactly_25), format!("f!{exactly_25}"));
    let longer = [
        ("proactive-telemetry-events.js", "f!proactive-telemetry-event_8ac43a41e5030538"),
        ("speechservicewinrtapi.proxystub.dll", "f!speechservicewinrtapi.pro_8c91080d80fe0a71"),
        ("Windows.Speech.Pal.Desktop.dll", "f!windows.speech.pal.deskto_ac8ec17bda61895c"),
        ("windows.media.speech.uxres.dll", "f!windows.media.speech.uxre_be5691ea15f31de0"),
    ];
    for (file, mark) in longer {
        assert_eq!(file_mark_name(file), mark);
    }
}

#[test]
fn cbs_marks() {
    let package = "Package_4_for_KB948610~31bf3856ad364e35~x86~~6.0.6001.2123";
    let reference = cbs_reference(package, "948610-238_neutral_GDR");
    assert_eq!(reference.len(), 81);
    assert_eq!(
        cbs_mark_name(Mark::Installed, &reference),
        "i!CBS_package_4_for_kb948610~31bf3856ad364e35~x86~~6.0.6001.2123.9_9239eb5df3a843a1"
    );
    assert_eq!(
        cbs_mark_name(Mark::Staged, &cbs_reference(package, "948610-236_neutral_GDR")),
        "s!CBS_package_4_for_kb948610~31bf3856ad364e35~x86~~6.0.6001.2123.9_ea595459ef79236f"
    );
}

#[test]
fn backup_files() {
    for (file, hash) in [("msjhbd.ttf", "176cee86"), ("msyhbd.ttf", "16e5cd4d"), ("msjh.ttf", "ea675e5c")] {
        assert_eq!(backup_file_name("x86_form", file), format!("x86_form_{file}_{hash}"));
    }
}
