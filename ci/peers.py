"""Runs the peers in turn, round after round, and prints the median of the ratios of their times to ours.

    python peers.py FOLDER ROUNDS PROGRAMS

FOLDER/store is a store of `simstore build`.
"""

import hashlib
import multiprocessing
import os
import pathlib
import statistics
import subprocess
import sys
import time

from lxml import etree

WORK, ROUNDS, PROGRAMS = pathlib.Path(sys.argv[1]), int(sys.argv[2]), pathlib.Path(sys.argv[3])
IMAGE, ROOTS = WORK / "store/image", WORK / "store/roots"
WINSXS = IMAGE / "Windows/WinSxS"


def payload():
    return [path for path in sorted(WINSXS.rglob("*")) if path.is_file() and path.suffix != ".manifest"]


def digest(path):
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def parse(path):
    content = pathlib.Path(path).read_bytes()
    # Compressed manifests are no XML.
    if content.startswith(b"<"):
        etree.fromstring(content)


def python(processes, files, manifests):
    with multiprocessing.Pool(processes) as pool:
        pool.map(digest, files, chunksize=64)
        pool.map(parse, manifests, chunksize=64)


def run(command, shell=False):
    done = subprocess.run(command, shell=shell, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    if done.returncode not in (0, 8):
        sys.exit(f"{command} ended with {done.returncode}: {done.stderr.decode()[-2000:]}")


def lists(files):
    """Lists of digests, for programs that compare with one: of all files, and in halves."""
    lines = [f"{digest(file)}  {file}\n" for file in files]
    (WORK / "all.sha256").write_text("".join(lines))
    for half in (0, 1):
        (WORK / f"half{half}.sha256").write_text("".join(lines[half::2]))
    sums = subprocess.run(["b3sum", "--num-threads", "1", *map(str, files)], check=True, capture_output=True, text=True).stdout
    (WORK / "all.b3").write_text(sums)


def main():
    files, manifests = payload(), sorted(WINSXS.glob("Manifests/*.manifest"))
    size = sum(file.stat().st_size for file in files)
    print(f"{len(files)} files of payload with {size / 1e6:.0f} MB, {len(manifests)} manifests, {os.cpu_count()} processors")
    lists(files)
    scan = [PROGRAMS / "checksur", "scan", IMAGE, "--roots", ROOTS, "--quiet", "-j"]
    halves = f"printf '%s\\n' {WORK}/half0.sha256 {WORK}/half1.sha256 | xargs -P2 -n1 sha256sum --quiet -c"
    ours = {"two": lambda: run([*scan, "2"]), "one": lambda: run([*scan, "1"])}
    peers = [
        ("sha256sum -c, two processes", "two", lambda: run(halves, shell=True)),
        ("Python (hashlib and lxml), two processes", "two", lambda: python(2, files, manifests)),
        ("sha2 and quick-xml, two threads", "two", lambda: run([PROGRAMS / "plain_loop", WINSXS, "2"])),
        ("sha256sum -c, one process", "one", lambda: run(["sha256sum", "--quiet", "-c", WORK / "all.sha256"])),
        ("rhash -c, one process", "one", lambda: run(["rhash", "--skip-ok", "-c", WORK / "all.sha256"])),
        ("b3sum -c, one thread (another digest)", "one", lambda: run(["b3sum", "--num-threads", "1", "--quiet", "-c", WORK / "all.b3"])),
        ("sha2 and quick-xml, one thread", "one", lambda: run([PROGRAMS / "plain_loop", WINSXS, "1"])),
    ]

    def timed(body):
        start = time.perf_counter()
        body()
        return time.perf_counter() - start

    times, ratios = {name: [] for name in ours}, {what: [] for what, _, _ in peers}
    for _ in range(ROUNDS):
        for what, threads, body in peers:
            mine = timed(ours[threads])
            times[threads].append(mine)
            ratios[what].append(timed(body) / mine)
    for threads, all_of_them in times.items():
        print(f"whole scan, {threads}: {statistics.median(all_of_them):.2f} s, {size / 1e6 / statistics.median(all_of_them):.0f} MB/s")
    for what, threads, _ in peers:
        print(f"whole scan on {threads}, against {what:<44} {statistics.median(ratios[what]):6.2f} x")


if __name__ == "__main__":
    main()
