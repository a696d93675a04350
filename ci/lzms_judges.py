"""Compares LZMS with libwim, the library of wimlib: what it compresses we expand, and what we compress it expands.

The examples lzms_expand and write_lzms of this repository work on all cases in one run each. Where a block is damaged,
both must refuse it or give the same. We refuse more; each such difference must be of one of the known kinds below. An
unknown difference fails, and so does a known one that no longer occurs.

Blocks of one or two bytes of content are left out: libwim 1.13.6 neither makes nor survives them.
"""

import argparse
import collections
import ctypes
import random
import struct
import subprocess
import sys

LZMS = 3
LEVELS = (1, 20, 50, 100)
SMALLEST = 3
FAILED = 0xFFFFFFFF

KNOWN = {
    "expected more bits before it": "libwim reads zeros where bits are used up",
    "expected an end of the decisions before it": "libwim lets bits and decisions be read from the same words",
}

OPCODES = """E8 E8 E8 E9 FF15 FF25 488B05 488B0D 488B15 488D05 488D3D 488D45 4C8D0D 4C8D3D 4C8B05 F08305 F08306 0F84"""
OPCODES = [bytes.fromhex(opcode) for opcode in OPCODES.split()]


class Libwim:
    """The part of the C interface that compresses and expands blocks."""

    def __init__(self, name):
        self.library = ctypes.CDLL(name)
        pointer, size, number = ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int
        for function, result, *arguments in [
            ("create_compressor", number, number, size, ctypes.c_uint, ctypes.POINTER(pointer)),
            ("create_decompressor", number, number, size, ctypes.POINTER(pointer)),
            ("compress", size, ctypes.c_char_p, size, ctypes.c_char_p, size, pointer),
            ("decompress", number, ctypes.c_char_p, size, ctypes.c_char_p, size, pointer),
            ("free_compressor", None, pointer),
            ("free_decompressor", None, pointer),
        ]:
            self.function(function).restype = result
            self.function(function).argtypes = arguments

    def function(self, name):
        return getattr(self.library, "wimlib_" + name)

    def made(self, what, *arguments):
        made = ctypes.c_void_p()
        error = self.function("create_" + what)(LZMS, *arguments, ctypes.byref(made))
        if error:
            raise RuntimeError(f"libwim makes no {what}: error {error}")
        return made

    def compress(self, content, level):
        """The block; none for content that is too short for libwim."""
        compressor = self.made("compressor", len(content), level)
        room = ctypes.create_string_buffer(2 * len(content) + 1024)
        length = self.function("compress")(content, len(content), room, len(room), compressor)
        self.function("free_compressor")(compressor)
        return room.raw[:length]

    def expand(self, block, length):
        """The content, or None for a block that libwim refuses."""
        decompressor = self.made("decompressor", length)
        room = ctypes.create_string_buffer(length)
        error = self.function("decompress")(block, len(block), room, length, decompressor)
        self.function("free_decompressor")(decompressor)
        return None if error else room.raw


def run(program, cases):
    """The results of an example of ours: bytes, or a text that says why there are none."""
    printed = subprocess.run(
        [program],
        input=b"".join(struct.pack("<II", number, len(data)) + data for number, data in cases),
        stdout=subprocess.PIPE,
        check=True,
    ).stdout
    results, at = [], 0
    while at < len(printed):
        (length,) = struct.unpack_from("<I", printed, at)
        is_message = length == FAILED
        if is_message:
            at += 4
            (length,) = struct.unpack_from("<I", printed, at)
        result = printed[at + 4 : at + 4 + length]
        results.append(result.decode() if is_message else result)
        at += 4 + length
    return results


def code(chance, length):
    """Instructions, many of which refer to the same few addresses."""
    targets = [chance.randrange(2 * length) for _ in range(chance.choice([1, 3, 20]))]
    gap = chance.choice([0, 2, 10, 100, 400])
    content = bytearray()
    while len(content) < length:
        opcode = chance.choice(OPCODES)
        relative = (chance.choice(targets) - len(content)) % (1 << 32)
        between = bytes(chance.choice([0x48, chance.randrange(256)]) for _ in range(chance.randrange(gap + 1)))
        content += opcode + struct.pack("<I", relative) + between
    return bytes(content[:length])


def code_at_the_edges():
    """Three uses of one address, the second as far from the first, or the third from the second, as the filter looks."""

    def use(at, opcode):
        return opcode + struct.pack("<I", (5000 - at) % (1 << 32))

    for opcode in (b"\xE8", b"\xFF\x15", b"\x48\x8B\x05"):
        for first_gap, second_gap in [(65535, 7), (7, 511), (7, 1023)]:
            for more in range(-8, 9):
                content = bytearray(b"\x90")
                for gap in (first_gap, second_gap, 0):
                    content += use(len(content), opcode)
                    content += bytes(max(0, gap + more) if gap > 7 else gap)
                yield bytes(content + bytes(16))


def table(rows, width, step):
    """A table whose entries grow, most of them regularly."""
    return b"".join((step * row + row * row // 999).to_bytes(16, "little")[:width] for row in range(rows))


def text(length):
    words = (b"%d squared is %d.\r\n" % (number, number * number) for number in range(length // 20 + 9))
    return b"".join(words)[:length]


def xml(length):
    line = b'  <file name="part%d.dll" sourceName="part%d.dll" destinationPath="$(runtime.system32)\\" />\r\n'
    return b"".join(line % (number, number * 7 % 100) for number in range(length // 80 + 9))[:length]


def small_contents(chance):
    for length in (*range(SMALLEST, 60), 100, 1000, 10_000):
        yield b"\0" * length
        yield chance.randbytes(length)
        yield text(length)
        yield b"ab" * (length // 2 + 1)
        for _ in range(6):
            yield code(chance, length)
    yield from code_at_the_edges()


def large_contents(chance):
    for length in (65_535, 65_536, 65_537, 200_000):
        yield code(chance, length)
        yield xml(length)
    for width in (1, 2, 3, 4, 8, 16):
        yield table(20_000, width, 37)
        yield table(3_000, width, 12_345)
    yield chance.randbytes(100_000)
    yield bytes(1 << 20)
    yield text(1 << 20)
    yield code(chance, 1 << 20)


def huge_contents(chance):
    yield code(chance, 1 << 20) + text(1 << 20) + table(1 << 18, 8, 99) + bytes(1 << 18) + code(chance, 1 << 18)


def compare_expanded(expand, libwim, contents):
    """What libwim compressed, as we expand it."""
    cases = [(content, libwim.compress(content, level), level) for content, levels in contents for level in levels]
    cases = [case for case in cases if case[1]]
    results = run(expand, [(len(content), block) for content, block, _ in cases])
    for (content, _, level), result in zip(cases, results, strict=True):
        if result != content:
            said = result if isinstance(result, str) else "something else"
            yield f"{len(content)} bytes at level {level} expand to: {said}"
    print(f"compressed by libwim: {len(cases)} blocks, {sum(len(case[0]) for case in cases) / 1e6:.0f} MB")


def compare_written(write, libwim, contents):
    """What we compressed, in several ways, as libwim expands it."""
    cases = [(seed, content) for content, seeds in contents for seed in seeds]
    for (seed, content), block in zip(cases, run(write, cases), strict=True):
        if libwim.expand(block, len(content)) != content:
            yield f"libwim does not expand {len(content)} bytes that we compressed with seed {seed}"
    print(f"compressed by us: {len(cases)} blocks, {sum(len(case[1]) for case in cases) / 1e6:.0f} MB")


def damaged(chance, block, length):
    """A block with a bit turned over, cut, with something put in, or said to hold less or more."""
    for number in range(300):
        bits = len(block) * 8
        at = chance.choice([chance.randrange(bits), chance.randrange(64), bits - 1 - chance.randrange(64)])
        bent = bytearray(block)
        bent[at // 8] ^= 1 << at % 8
        yield bytes(bent), length
    for end in range(0, len(block), max(1, len(block) // 40)):
        yield block[:end], length
        yield block[end:], length
    middle = len(block) // 4 * 2
    for put_in in (1, 2, 6):
        yield block[:middle] + bytes(put_in) + block[middle:], length
    for change in (-1, 1, 5):
        yield block, length + change


def compare_damaged(expand, libwim, blocks):
    """What we and libwim make of the same damage."""
    cases = [(length, block) for length, block in blocks if length >= SMALLEST]
    kinds = collections.Counter()
    for (length, block), ours in zip(cases, run(expand, cases), strict=True):
        theirs = libwim.expand(block, length)
        if isinstance(ours, str):
            known = next((known for known in KNOWN if known in ours), None)
            kinds["both refuse" if theirs is None else known] += 1
            if theirs is not None and known is None:
                yield f"libwim expands {block[:40].hex()}... to {length} bytes; we say: {ours}"
        elif ours == theirs:
            kinds["both expand it alike"] += 1
        else:
            verdict = "refuses it" if theirs is None else "expands it to something else"
            yield f"we expand {block[:40].hex()}... to {length} bytes, libwim {verdict}"
    for kind, count in sorted(kinds.items(), key=str):
        print(f"damaged: {count:5} x {kind}" + (f": {KNOWN[kind]}" if kind in KNOWN else ""))
    for known in KNOWN:
        if not kinds[known]:
            yield f"the known difference no longer occurs: {known}"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--expand", required=True, help="the example lzms_expand")
    parser.add_argument("--write", required=True, help="the example write_lzms")
    arguments = parser.parse_args()
    libwim, chance = Libwim("libwim.so.15"), random.Random(1)
    small, large = list(small_contents(chance)), list(large_contents(chance))
    huge = list(huge_contents(chance))

    compressed = [(content, LEVELS) for content in small] + [(content, (20, 100)) for content in large]
    failures = list(compare_expanded(arguments.expand, libwim, compressed + [(content, (50,)) for content in huge]))
    # Seed 0 takes the longest matches, others any matches.
    written = [(content, (0, 1, 2)) for content in small] + [(content, (0,)) for content in large + huge]
    failures += compare_written(arguments.write, libwim, written)

    bases = [b"hello hello hello", text(2000), xml(300), xml(20_000), code(chance, 5000), code(chance, 40_000)]
    bases += [bytes(5000), chance.randbytes(700), table(3000, 4, 37)]
    blocks = [(content, libwim.compress(content, level)) for content in bases for level in (20, 100)]
    blocks += [(content, run(arguments.write, [(7, content)])[0]) for content in bases]
    cases = [case[::-1] for content, block in blocks for case in damaged(chance, block, len(content))]
    cases += [(length, byte * count) for byte in (b"\0", b"\xAA", b"\xFF") for count in (0, 2, 4, 5, 6, 8, 100, 1000)
              for length in (3, 20, 1000, 100_000)]
    failures += compare_damaged(arguments.expand, libwim, cases)
    for failure in failures:
        print(f"FAILED: {failure}", file=sys.stderr)
    sys.exit(bool(failures))


if __name__ == "__main__":
    main()
