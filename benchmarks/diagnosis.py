"""How good diagnoses are: the corpus scored, half by half, and the reliability table.

    PYTHONPATH=tests .venv/bin/python benchmarks/diagnosis.py [--half tuning|untouched] [--list]

Beside the diagnoser stands what it is compared with: the most frequent cause of the half, named
for every bundle. `--list` names what is wrong; do not use it on the untouched half.
"""

import argparse
import sys
import time
from collections import Counter
from collections.abc import Sequence

from corpus.scoring import HALVES, Scored, bundles, calibration_error, reliability, scored


def main() -> int:
    """Score and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--half", choices=HALVES, action="append")
    parser.add_argument("--list", action="store_true", help="name what is wrong")
    asked = parser.parse_args()
    for half in asked.half or HALVES:
        results = [scored(bundle, time.time_ns()) for bundle in bundles(half)]
        _print(half, results, lists=asked.list)
    return 0


def _print(half: str, results: Sequence[Scored], *, lists: bool) -> None:
    exact = sum(one.is_exact for one in results)
    wrong = [one for one in results if one.accuses_wrongly]
    causes = Counter(one.expected.cause for one in results)
    most = causes.most_common(1)[0][1]
    seconds = sorted(one.seconds for one in results)
    print(f"{half}: {len(results)} bundles, {len(causes)} different answers")
    print(f"  exact                {exact} ({exact / len(results):.1%})")
    print(f"  one answer for all   {most} ({most / len(results):.1%}), x{exact / most:.1f}")
    print(f"  wrong accusations    {len(wrong)}")
    print(f"  not exact            {_how(results)}")
    print(f"  reliability error    {calibration_error(results):.3f}")
    print(f"  a bundle takes       {1000 * seconds[len(seconds) // 2]:.0f} ms, median")
    print("  confidence     named  mean   right")
    for band in reliability(results):
        print(
            f"  {band['from']:.2f}-{band['to']:.2f}  {band['named']:8}  {band['mean']:.2f}  "
            f"{band['right']:6.2f}"
        )
    if lists:
        for one in results:
            if not one.is_exact:
                print(
                    f"  {one.name}: {one.verdict} {one.cause} {one.confidence:.2f}, expected "
                    f"{one.expected.verdict} {one.expected.cause}"
                )


def _how(results: Sequence[Scored]) -> str:
    """Say how answers that are not exact differ from what is expected."""
    found = Counter[str]()
    for one in results:
        if one.is_exact:
            continue
        if one.verdict != "insufficient_evidence":
            found["another answer"] += 1
        elif one.place is None:
            found["undecided, its cause not in sight"] += 1
        else:
            found[f"undecided, its cause {'first' if one.place == 1 else 'behind others'}"] += 1
    return ", ".join(f"{count} {how}" for how, count in found.most_common()) or "none"


if __name__ == "__main__":
    sys.exit(main())
