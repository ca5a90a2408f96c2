"""How well templates are found: labelled logs and made-up logs of incidents, beside others.

Run with `PYTHONPATH=benchmarks .venv/bin/python benchmarks/grouping.py DIRECTORY`, where the
directory has folders of Loghub-2k: `NAME/NAME_2k.log`, `_structured.csv` and
`_structured_corrected.csv` of each. Without it the made-up logs alone are measured. `--raw` takes
lines with their headers instead of the column Content. Drain3 is in the extra `bench`; Brain is
measured where `logparser3` can be imported, with Drain3's example masks.

GA is the share of lines in groups that are right as a whole, FGA the harmonic mean of precision
and recall of groups; PA and FTA are the same of template texts with `<*>`. One configuration of
each parser serves all logs.
"""

import csv
import logging
import re
import sys
import tempfile
from collections import defaultdict
from collections.abc import Callable, Hashable, Sequence
from pathlib import Path
from statistics import mean
from typing import Any, Final, TypeAlias

from incident_logs import SEEDS, STYLES, incident_log

from netra_ops.gardener.mining.miner import Miner

Parsed: TypeAlias = list[tuple[Hashable, str]]
Parser: TypeAlias = Callable[[Sequence[str]], Parsed]

EXAMPLE_MASKS: Final = (
    (r"((?<=[^A-Za-z0-9])|^)(([0-9a-f]{2,}:){3,}([0-9a-f]{2,}))((?=[^A-Za-z0-9])|$)", "ID"),
    (r"((?<=[^A-Za-z0-9])|^)(\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3})((?=[^A-Za-z0-9])|$)", "IP"),
    (r"((?<=[^A-Za-z0-9])|^)([0-9a-f]{6,} ?){3,}((?=[^A-Za-z0-9])|$)", "SEQ"),
    (r"((?<=[^A-Za-z0-9])|^)([0-9A-F]{4} ?){4,}((?=[^A-Za-z0-9])|$)", "SEQ"),
    (r"((?<=[^A-Za-z0-9])|^)(0x[a-f0-9A-F]+)((?=[^A-Za-z0-9])|$)", "HEX"),
    (r"((?<=[^A-Za-z0-9])|^)([\-\+]?\d+)((?=[^A-Za-z0-9])|$)", "NUM"),
    (r"(?<=executed cmd )(\".+?\")", "CMD"),
)
"""The masks that Drain3's own example configuration has."""


def ours(lines: Sequence[str]) -> Parsed:
    miner = Miner()
    shapes = miner.add(lines)
    clustering = miner.clusters()
    found = [clustering.clusters[number] for number in clustering.of_shape]
    return [(found[shape].id, found[shape].plain) for shape in shapes]


def drain3(*, masked: bool) -> Parser:
    from drain3 import TemplateMiner  # noqa: PLC0415 -- Only where it is installed.
    from drain3.masking import MaskingInstruction  # noqa: PLC0415
    from drain3.template_miner_config import TemplateMinerConfig  # noqa: PLC0415

    def parse(lines: Sequence[str]) -> Parsed:
        config = TemplateMinerConfig()
        if masked:
            config.masking_instructions = [MaskingInstruction(*mask) for mask in EXAMPLE_MASKS]
        miner = TemplateMiner(config=config)
        ids = [miner.add_log_message(line)["cluster_id"] for line in lines]
        texts = {one.cluster_id: one.get_template() for one in miner.drain.clusters}
        return [(number, re.sub(r"<[A-Z]+>", "<*>", texts[number])) for number in ids]

    return parse


def brain(lines: Sequence[str]) -> Parsed:
    from logparser.Brain import LogParser  # noqa: PLC0415 -- Only where it is installed.

    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder, "lines.log")
        source.write_text("\n".join(line.replace("\n", " ") or " " for line in lines) + "\n")
        masks = [mask for mask, _ in EXAMPLE_MASKS]
        LogParser(
            logname="lines",
            log_format="<Content>",
            indir=folder,
            outdir=folder,
            threshold=4,
            delimeter=[],
            rex=masks,
        ).parse("lines.log")
        with Path(folder, "lines.log_structured.csv").open(newline="") as file:
            rows = list(csv.DictReader(file))
    return [(row["EventId"], row["EventTemplate"]) for row in rows]


def grouping(gold: Sequence[Hashable], found: Sequence[Hashable]) -> tuple[float, float]:
    """Return GA and FGA."""
    right = {tuple(lines) for lines in _groups(gold).values()}
    groups = [tuple(lines) for lines in _groups(found).values()]
    correct = [lines for lines in groups if lines in right]
    return (
        sum(map(len, correct)) / len(gold),
        2 * len(correct) / (len(groups) + len(right)),
    )


def texts(gold: Sequence[str], found: Sequence[str]) -> tuple[float, float]:
    """Return PA and FTA."""
    groups = _groups(found)
    correct = sum(all(gold[n] == text for n in lines) for text, lines in groups.items())
    return (
        mean(one == other for one, other in zip(gold, found, strict=True)),
        2 * correct / (len(groups) + len(set(gold))),
    )


def _groups(names: Sequence[Hashable]) -> dict[Hashable, list[int]]:
    groups: dict[Hashable, list[int]] = defaultdict(list)
    for number, name in enumerate(names):
        groups[name].append(number)
    return groups


def rows(path: Path) -> list[dict[str, str]]:
    csv.field_size_limit(1 << 28)
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def labelled(directory: Path, parsers: dict[str, Parser], *, raw: bool) -> None:
    totals: dict[str, list[tuple[float, ...]]] = defaultdict(list)
    sets = sorted(path.parent for path in directory.glob("*/*_2k.log"))
    print(f"{'set':12} {'parser':16} {'original':>15} {'corrected':>15} {'texts, corrected':>17}")
    print(f"{'':12} {'':16} {'GA':>7} {'FGA':>7} {'GA':>7} {'FGA':>7} {'PA':>8} {'FTA':>8}")
    for folder in sets:
        base = folder / f"{folder.name}_2k.log"
        original = rows(base.with_name(base.name + "_structured.csv"))
        corrected = rows(base.with_name(base.name + "_structured_corrected.csv"))
        lines = [row["Content"] for row in original]
        if raw:
            lines = base.read_text(encoding="utf-8", errors="replace").split("\n")[: len(original)]
        gold = [row["EventTemplate"] for row in corrected]
        for name, parser in parsers.items():
            parsed = parser(lines)
            found = [cluster for cluster, _ in parsed]
            figures = (
                *grouping([row["EventId"] for row in original], found),
                *grouping(gold, found),
                *texts(gold, [template for _, template in parsed]),
            )
            totals[name].append(figures)
            print(f"{folder.name:12} {name:16}", *(f"{figure:7.4f}" for figure in figures))
    for name, all_figures in totals.items():
        averages = [mean(column) for column in zip(*all_figures, strict=True)]
        print(f"{'average':12} {name:16}", *(f"{figure:7.4f}" for figure in averages))


def incidents(parsers: dict[str, Parser]) -> None:
    print(f"\nincidents, {len(SEEDS)} seeds of each style")
    print(f"{'style':22} {'parser':16} {'GA':>7} {'FGA':>7}")
    totals: dict[str, list[tuple[float, ...]]] = defaultdict(list)
    for style in STYLES:
        for name, parser in parsers.items():
            figures: list[tuple[float, float]] = []
            for seed in SEEDS:
                log = incident_log(style, seed)
                figures.append(grouping(log.templates, [one for one, _ in parser(log.lines)]))
            averages = tuple(mean(column) for column in zip(*figures, strict=True))
            totals[name].append(averages)
            print(f"{style:22} {name:16}", *(f"{figure:7.4f}" for figure in averages))
    for name, rest in totals.items():
        averages = tuple(mean(column) for column in zip(*rest, strict=True))
        print(f"{'average':22} {name:16}", *(f"{figure:7.4f}" for figure in averages))


def available() -> dict[str, Parser]:
    parsers: dict[str, Parser] = {"netra": ours}
    try:
        parsers["drain3"] = drain3(masked=False)
        parsers["drain3 masked"] = drain3(masked=True)
    except ImportError:
        print("drain3 is not installed: pip install -e '.[bench]'")
    try:
        brain(["a b", "a c"])
        parsers["brain masked"] = brain
    except ImportError as missing:
        print(f"Brain is not measured: {missing}")
    return parsers


def main(arguments: Sequence[Any]) -> None:
    logging.disable(logging.CRITICAL)
    parsers = available()
    folders = [Path(each) for each in arguments if not str(each).startswith("--")]
    if folders and folders[0].is_dir():
        labelled(folders[0], parsers, raw="--raw" in arguments)
    else:
        print("No directory of labelled logs: the made-up logs alone are measured.")
    incidents(parsers)


if __name__ == "__main__":
    main(sys.argv[1:])
