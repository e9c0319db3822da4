"""Print how many cases there are, and a digest of all: the same on every machine."""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from collections import Counter

from benchmarks.cases import KINDS, FetchFailed, load


def main() -> None:
    """Load all kinds, fetching what is missing."""
    argparse.ArgumentParser(prog="benchmarks.cases", description=__doc__).parse_args()
    try:
        cases = {kind: load(kind) for kind in KINDS}
    except FetchFailed as error:
        sys.exit(str(error))
    everything = [case for kind in KINDS for case in cases[kind]]
    packages = dict.fromkeys(case.package for case in everything)
    report = {
        "cases": {kind: len(cases[kind]) for kind in KINDS},
        "languages": {kind: Counter(case.grammar for case in cases[kind]) for kind in KINDS},
        "packages": {
            package: {kind: sum(c.package == package for c in cases[kind]) for kind in KINDS}
            for package in packages
        },
        "crossFileShapes": Counter(case.shape for case in cases["cross-file"]),
        "digest": hashlib.sha256(repr(everything).encode()).hexdigest()[:16],
    }
    print(json.dumps(report, indent=2))


if __name__ == "__main__":
    main()
