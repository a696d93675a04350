"""Compares the content of registry hives: checksur, hivexml, libregf, reglookup and dissect.regf.

The example hive_dump of this repository prints every key and value of a hive, logs beside it applied, and writes the
hive after its logs. The judges read that. Each has to find the same keys, and values of the same name, type and
data, as far as it tells them. Where a judge differs, the difference must be one of the known kinds below, which
say why. An unknown difference fails, and so does a known one that no longer occurs.

Where HIVE.jsonl stands beside a hive, as the example write_hives leaves it, it says what has to be found.
"""

import argparse
import base64
import collections
import concurrent.futures
import json
import pathlib
import subprocess
import sys
import tempfile
import urllib.parse
import xml.etree.ElementTree as ElementTree

import pyregf
from dissect.regf import RegistryHive

SZ, EXPAND_SZ, BINARY, DWORD, DWORD_BIG_ENDIAN, LINK, MULTI_SZ, QWORD = 1, 2, 3, 4, 5, 6, 7, 11
TEXTS = (SZ, EXPAND_SZ, LINK)
NUMBER_BYTES = {DWORD: 4, DWORD_BIG_ENDIAN: 4, QWORD: 8}

# Data above this length is in segments, since version 1.4.
SEGMENT = 16344
BIG_DATA_IN_1_4 = (
    lambda value, minor: minor == 4 and len(value.data) > SEGMENT,
    "knows big data from version 1.5 on only; hivex and the specification have it since 1.4",
)
NUMBER_OF_ANOTHER_LENGTH = (
    lambda value, minor: value.type in NUMBER_BYTES and len(value.data) != NUMBER_BYTES[value.type],
    "takes data that is too short or too long for a number of its type for one all the same",
)

# A key is a tuple of names from the root; a value has a key, a name, a type and data.
Value = collections.namedtuple("Value", "key name type data")


class Content:
    """What a program says is in a hive."""

    def __init__(self):
        self.keys, self.values = [], []


def checksur(program, hive, replayed):
    content, damages = Content(), []
    dumped = subprocess.run([program, str(hive), str(replayed)], capture_output=True, text=True, check=True)
    header, *lines = map(json.loads, dumped.stdout.splitlines())
    for line in lines:
        if "damage" in line:
            damages.append(line["damage"])
            continue
        key = tuple(name for name in line["key"].split("\\") if name)
        if "value" in line:
            content.values.append(Value(key, line["value"], line["type"], bytes.fromhex(line["data"])))
        else:
            content.keys.append(key)
    return header, content, damages


def number_of(value):
    """The number that a value holds; None if its length is not that of its type."""
    if len(value.data) != NUMBER_BYTES[value.type]:
        return None
    return int.from_bytes(value.data, "big" if value.type == DWORD_BIG_ENDIAN else "little")


def text_of(data):
    """The text of UTF-16 data up to its first NUL."""
    return data.decode("utf-16-le", "replace").split("\0")[0]


class Hivexml:
    """hivex, of libguestfs. Its XML has texts as texts and numbers as numbers."""

    KINDS = "none string expand binary int32 int32 link string-list".split()
    KINDS += "resource-list resource-description resource-requirements int64".split()

    KNOWN = [NUMBER_OF_ANOTHER_LENGTH]

    def read(self, path):
        printed = subprocess.run(["hivexml", str(path)], capture_output=True, check=True).stdout
        content = Content()
        root = ElementTree.fromstring(printed).find("node")
        open_nodes = [((), root)]
        while open_nodes:
            key, node = open_nodes.pop()
            content.keys.append(key)
            content.values += [self.value(key, value) for value in node.findall("value")]
            open_nodes += [((*key, child.get("name")), child) for child in node.findall("node")]
        return content

    @staticmethod
    def value(key, element):
        kind, data = element.get("type"), element.get("value", "")
        if element.get("encoding") == "base64":
            data = base64.b64decode(data)
        elif kind in ("int32", "int64"):
            data = int(data) % (1 << int(kind[3:]))
        elif kind == "string-list":
            data = tuple(string.text or "" for string in element.findall("string"))
        return Value(key, element.get("key", ""), kind, data)

    def of_ours(self, value):
        kind, data = "unknown", value.data
        if value.type < len(self.KINDS):
            kind = self.KINDS[value.type]
        if value.type in TEXTS:
            data = text_of(data)
        elif value.type == MULTI_SZ:
            data = tuple(data.decode("utf-16-le", "replace").split("\0")[:-1])
        elif value.type in NUMBER_BYTES:
            data = number_of(value)
        return value._replace(type=kind, data=data)


class Libregf:
    """libregf, of libyal."""

    KNOWN = [
        (
            lambda value, minor: 0 < len(value.data) < 4,
            "takes data of less than four bytes from the end of its field, all others from the start",
        ),
        BIG_DATA_IN_1_4,
    ]

    def read(self, path):
        file = pyregf.file()
        file.open(str(path))
        content = Content()
        open_keys = [((), file.get_root_key())]
        while open_keys:
            key, node = open_keys.pop()
            content.keys.append(key)
            content.values += [Value(key, value.name or "", value.type, value.data or b"") for value in node.values]
            open_keys += [((*key, child.name), child) for child in node.sub_keys]
        file.close()
        return content

    def of_ours(self, value):
        return value


class Reglookup:
    """reglookup. It escapes bytes, and prints names as they are stored; texts it converts, so they are not compared."""

    TYPES = "NONE SZ EXPAND_SZ BINARY DWORD DWORD_BE LINK MULTI_SZ RSRC_LIST RSRC_DESC RSRC_REQ_LIST QWORD".split()

    KNOWN = [
        (lambda value, minor: not value.data, "prints (null) where there is no data"),
        NUMBER_OF_ANOTHER_LENGTH,
        BIG_DATA_IN_1_4,
    ]

    def read(self, path):
        printed = subprocess.run(["reglookup", "-H", str(path)], capture_output=True, check=True).stdout
        content = Content()
        for line in printed.decode("ascii").splitlines():
            name, kind, data, _ = line.split(",")
            # The root is a name of its own, which is empty: "/" it is itself, "//name" a value of it.
            path = tuple(urllib.parse.unquote_to_bytes(part) for part in name.split("/")[1:])
            if path[0] == b"":
                path = path[1:]
            if kind == "KEY":
                content.keys.append(path)
                continue
            value_type = self.TYPES.index(kind) if kind in self.TYPES else int(kind, 16)
            content.values.append(Value(path[:-1], path[-1], value_type, self.data(value_type, data)))
        return content

    @staticmethod
    def data(value_type, data):
        if value_type in (DWORD, DWORD_BIG_ENDIAN, QWORD) and data.startswith("0x"):
            return int(data, 16)
        return urllib.parse.unquote_to_bytes(data) if value_type == BINARY else None

    def of_ours(self, value):
        data = value.data if value.type == BINARY else None
        if value.type in NUMBER_BYTES:
            data = number_of(value)
        return Value(self.key(value.key), self.stored(value.name), value.type, data)

    def key(self, names):
        return tuple(map(self.stored, names))

    @staticmethod
    def stored(name):
        try:
            return name.encode("latin-1")
        except UnicodeEncodeError:
            return name.encode("utf-16-le")


class Dissect:
    """dissect.regf, of Fox-IT."""

    KNOWN = [BIG_DATA_IN_1_4]

    def read(self, path):
        content = Content()
        with open(path, "rb") as file:
            open_keys = [((), RegistryHive(file).root())]
            while open_keys:
                key, node = open_keys.pop()
                content.keys.append(key)
                for value in node.values():
                    name = "" if value.cell.NameLength == 0 else value.name
                    content.values.append(Value(key, name, value.type, value.data))
                open_keys += [((*key, child.name), child) for child in node.subkeys()]
        return content

    def of_ours(self, value):
        return value


class Simulator:
    """What the simulator says that it wrote: no judge, but the truth."""

    KNOWN = []

    def read(self, path):
        content = Content()
        for line in path.read_text().splitlines():
            key = json.loads(line)
            path = tuple(key["path"])
            content.keys.append(path)
            for value in key["values"]:
                content.values.append(Value(path, value["name"], value["type"], bytes.fromhex(value["data"])))
        return content

    def of_ours(self, value):
        return value


JUDGES = (Hivexml(), Libregf(), Reglookup(), Dissect())


def compare(judge, minor, ours, theirs):
    """Gives the unknown differences of two contents, and the reasons of the known ones."""
    unknown, known = [], collections.Counter()
    key_of_ours = getattr(judge, "key", lambda key: key)
    keys = collections.Counter(map(key_of_ours, ours.keys))
    their_keys = collections.Counter(theirs.keys)
    unknown += [f"only checksur has the key {key}" for key in keys - their_keys]
    unknown += [f"only it has the key {key}" for key in their_keys - keys]
    values = {(value.key, value.name): value for value in theirs.values}
    if len(values) != len(ours.values) or len(theirs.values) != len(ours.values):
        unknown.append(f"{len(ours.values)} values are {len(theirs.values)} to it")
    for value in ours.values:
        expected = judge.of_ours(value)
        found = values.get((expected.key, expected.name))
        if found == expected:
            continue
        reason = next((reason for applies, reason in judge.KNOWN if applies(value, minor)), None)
        if reason and found and found.type == expected.type:
            known[reason] += 1
        else:
            unknown.append(f"{str(expected)[:200]} is to it {str(found)[:200]}")
    return unknown, known


def judge_hive(dump, hive):
    """Gives the unknown differences about a hive, and how often there are known ones, by judge and reason."""
    with tempfile.TemporaryDirectory() as folder:
        replayed = pathlib.Path(folder) / "replayed"
        header, ours, damages = checksur(dump, hive, replayed)
        readings = [(judge, replayed) for judge in JUDGES]
        description = hive.with_name(hive.name + ".jsonl")
        if description.exists():
            readings.append((Simulator(), description))
        unknown, known = [f"{hive}: checksur says {damage}" for damage in damages], collections.Counter()
        minor = int(header["version"].split(".")[1])
        for judge, path in readings:
            name = type(judge).__name__.lower()
            try:
                differences, reasons = compare(judge, minor, ours, judge.read(path))
            except Exception as error:  # each judge raises types of its own; each of them is a refusal
                differences, reasons = [f"{type(error).__name__}: {str(error)[:300]}"], {}
            unknown += [f"{hive}: {name}: {difference}" for difference in differences]
            known.update({(name, reason): count for reason, count in reasons.items()})
    return unknown, known


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--dump", required=True, help="the example hive_dump")
    arguments.add_argument("folders", nargs="+", type=pathlib.Path, help="folders of hives, with logs beside them")
    arguments = arguments.parse_args()
    hives = []
    for folder in arguments.folders:
        files = [path for path in sorted(folder.glob("**/*")) if path.is_file()]
        found = [path for path in files if path.suffix not in (".LOG1", ".LOG2", ".jsonl", ".tsv")]
        if not found:
            sys.exit(f"no hives in {folder}")
        hives += found

    unknown, known = [], collections.Counter()
    with concurrent.futures.ProcessPoolExecutor() as pool:
        for differences, counts in pool.map(judge_hive, [arguments.dump] * len(hives), hives):
            unknown += differences
            known += counts
    for (name, reason), count in sorted(known.items()):
        print(f"known: {name} differs in {count} values: it {reason}")
    for judge in JUDGES:
        name = type(judge).__name__.lower()
        missing = [reason for _, reason in judge.KNOWN if (name, reason) not in known]
        unknown += [f"{name} was expected to differ and does not: it {reason}" for reason in missing]
    for line in unknown:
        print(f"UNKNOWN: {line}")
    print(f"{len(hives)} hives judged, {known.total()} known differences, {len(unknown)} unknown")
    sys.exit(1 if unknown else 0)


if __name__ == "__main__":
    main()
