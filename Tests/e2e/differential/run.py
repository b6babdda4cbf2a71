"""Runs random queries in Firn, DuckDB and DataFusion, and tells where they disagree and what was covered."""

import multiprocessing
import re
import sys
from collections import Counter
from dataclasses import dataclass, field

from differential import engines
from differential.differences import Case, explain
from differential.engines import DataFusionEngine, DuckDBEngine, Fault, FirnEngine
from differential.forms import Unsupported
from differential.queries import QueryMaker

# What says that an engine does not run a query, rather than that the query is wrong.
CANNOT = {
    "duckdb": re.compile(r"^(Binder|Parser|Catalog|Not implemented|INTERNAL|Syntax)"),
    "datafusion": re.compile(r"not implemented|not supported|Error during planning|Internal error|Schema error|type_coercion|Optimizer rule|panic|SQL error|Arrow error: Invalid argument|Timestamp .* out of range|dates that can be represented|"
                             r"[Uu]nsupported|No suitable|failed to coerce|Physical plan|does not support|coerce", re.IGNORECASE),
}
NODE = re.compile(r"^\s*([A-Z][A-Za-z]+)(?:: (?:.*?\bkind=(\w+))?|$)")


@dataclass
class Report:
    queries: int = 0
    filled: int = 0
    compared: Counter = field(default_factory=Counter)
    cannot: Counter = field(default_factory=Counter)
    refused: int = 0
    accepted: Counter = field(default_factory=Counter)
    nodes: Counter = field(default_factory=Counter)
    functions: Counter = field(default_factory=Counter)
    disagreements: list = field(default_factory=list)
    messages: Counter = field(default_factory=Counter)

    def add(self, other):
        self.queries, self.filled, self.refused = self.queries + other.queries, self.filled + other.filled, self.refused + other.refused
        for name in ("compared", "cannot", "accepted", "nodes", "functions", "messages"):
            getattr(self, name).update(getattr(other, name))
        self.disagreements += other.disagreements


class Runner:
    def __init__(self, url, token):
        self.firn = FirnEngine(url, token)
        self.others = {"duckdb": DuckDBEngine(), "datafusion": DataFusionEngine()}

    @staticmethod
    def ask(engine, sql):
        try:
            return engines.answer(engine.run(sql))
        except Fault as fault:
            return fault

    def run(self, seed, count, spoil=None, misread=None, explains=True):
        """`spoil` alters Firn's answer before the comparison, `misread` the query that Firn gets: planted bugs."""
        maker, report = QueryMaker(seed), Report()
        for number in range(count):
            form, ordered = maker.query()
            self.check(f"seed {seed}, query {number}", form, ordered, report, spoil, misread, explains)
        return report

    def check(self, where, form, ordered, report, spoil, misread, explains):
        sql = form.sql("firn")
        mine = self.ask(self.firn, misread(sql) if misread else sql)
        report.queries += 1
        if spoil is not None and not isinstance(mine, Fault):
            mine = spoil(mine)
        if isinstance(mine, Fault):
            report.refused += 1
            if mine.code.endswith(("500", "201")) and not mine.code.startswith("PLA"):
                report.disagreements.append((where, "firn", sql, mine, None))
        else:
            report.filled += bool(mine)
            if explains:
                self.cover(sql, report)
        verdicts = [self.compare(where, engine, form, ordered, sql, mine, report) for engine in self.others]
        if any(verdicts):
            report.functions.update(form.functions())

    def cover(self, sql, report):
        for line in self.firn.explain(sql):
            found = NODE.match(line)
            if found:
                report.nodes[found[1] + (f" {found[2]}" if found[2] and "Join" in found[1] else "")] += 1

    def compare(self, where, engine, form, ordered, sql, mine, report):
        """Whether the engine's answer was compared with Firn's."""
        try:
            text = form.sql(engine)
        except Unsupported:
            report.cannot[engine] += 1
            return False
        theirs = self.ask(self.others[engine], text)
        if isinstance(theirs, Fault) and CANNOT[engine].search(theirs.message):
            report.cannot[engine] += 1
            report.messages[f"{engine}: {theirs.message[:90]}"] += 1
            return False
        report.compared[engine] += 1
        if isinstance(mine, Fault) or isinstance(theirs, Fault):
            agreed = isinstance(mine, Fault) and isinstance(theirs, Fault)
        else:
            agreed = engines.same(mine, theirs, ordered)
        if not agreed:
            case = Case(form, engine, text, mine, theirs)
            difference = explain(case)
            if difference is None:
                report.disagreements.append((where, engine, sql, mine, theirs, text))
            else:
                report.accepted[difference.name] += 1
        return True


def short(answer, other, limit=300):
    """A fault, or the rows that the other answer has not."""
    if isinstance(answer, Fault):
        return str(answer)[:limit]
    count = lambda rows: Counter(", ".join(engines.sort_key(row)[0]) for row in rows)
    rows = count(answer) - (count(other) if isinstance(other, list) else Counter())
    return f"{len(answer)} rows, {sum(rows.values())} of them alone: " + "; ".join(sorted(rows))[:limit]


def show(report, registry=None, limit=40, out=sys.stdout):
    print(f"{report.queries} queries; {report.filled / max(1, report.queries):.1%} of answers non-empty, {report.refused} refused; compared "
          f"{dict(report.compared)}, cannot {dict(report.cannot)}", file=out)
    print("nodes:", ", ".join(f"{name} {count}" for name, count in sorted(report.nodes.items())), file=out)
    if registry is not None:
        missing = sorted(names for names in registry if not any(name in report.functions for name in names))
        print(f"functions: {len(registry) - len(missing)} of {len(registry)}; not: {', '.join(names[0] for names in missing)}", file=out)
    print("accepted differences:", dict(report.accepted), file=out)
    for where, engine, sql, mine, theirs, *text in report.disagreements[:limit]:
        print(f"\n{where}: {engine} disagrees\n  {sql}", file=out)
        if text and text[0] != sql:
            print(f"  {engine}: {text[0]}", file=out)
        print(f"  firn: {short(mine, theirs)}\n  {engine}: {short(theirs, mine) if theirs is not None else ''}", file=out)
    print(f"\n{len(report.disagreements)} disagreements", file=out)


def registry(firn):
    """Firn's functions, each as the tuple of its names."""
    functions = {}
    for row in firn.rows("lake", "SHOW FUNCTIONS"):
        functions.setdefault((row["kind"], row["arguments"], row["description"]), []).append(row["function_name"])
    return {tuple(names) for names in functions.values()}


_runner = None


def _start(url, token):
    global _runner
    _runner = Runner(url, token)


def _one_seed(work):
    return _runner.run(*work)


def run_seeds(firn, seeds, queries, workers):
    """The seeds' queries in processes beside each other."""
    report = Report()
    with multiprocessing.get_context("spawn").Pool(workers, _start, (firn.url, firn.token)) as pool:
        for part in pool.imap_unordered(_one_seed, [(seed, queries) for seed in seeds]):
            report.add(part)
    return report
