"""``python -m tests.fuzz photo --minutes 30``: coverage-guided fuzzing of one target.

It begins with the files that the tests make. What it finds is left in the folder that it names, and
becomes a test. Needs the extra ``fuzz``.
"""

import argparse
import os
import shutil
import sys
import warnings
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["vae_core", "app"], enable_loader_override=False):
    from tests.fuzz.targets import TARGETS, scratch, seeds


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("target", choices=TARGETS)
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--findings", type=Path, default=Path("fuzz-findings"))
    options = parser.parse_args()
    warnings.simplefilter("error")
    corpus = scratch() / "corpus"
    corpus.mkdir()
    if child := os.fork():  # the fuzzer leaves without a look back
        _, status = os.waitpid(child, 0)
        shutil.rmtree(scratch())
        return os.waitstatus_to_exitcode(status)
    for k, seed in enumerate(seeds()[options.target]):
        (corpus / str(k)).write_bytes(seed)
    options.findings.mkdir(exist_ok=True)
    flags = [
        f"-max_total_time={round(60 * options.minutes)}",
        f"-artifact_prefix={options.findings}/{options.target}-",
        "-timeout=10",
        "-rss_limit_mb=1024",
        "-max_len=65536",
        "-verbosity=0",
        "-print_final_stats=1",
    ]
    atheris.Setup([sys.argv[0], *flags, str(corpus)], TARGETS[options.target])
    atheris.Fuzz()
    return 0


if __name__ == "__main__":
    sys.exit(main())
