"""Files into a bar store by a policy: checked, repaired or refused, with what was changed kept beside the bars."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np

from tradinglab.core.clock import DAY_NS
from tradinglab.core.enums import Resolution
from tradinglab.core.values import dataclass
from tradinglab.data.columns import Floats, Ints
from tradinglab.data.derivation import Action
from tradinglab.data.errors import DataImportError
from tradinglab.data.ingest.journal import clear, name_of, workplace
from tradinglab.data.ingest.watching import full_disk_told
from tradinglab.data.quality.bars import SeriesFacts
from tradinglab.data.quality.checking import known_actions, with_lines
from tradinglab.data.quality.checks import Rule
from tradinglab.data.quality.cleaning import CleanedPile, clean_pile
from tradinglab.data.quality.errors import RejectedBarsError
from tradinglab.data.quality.limits import Limits
from tradinglab.data.quality.piles import Pile
from tradinglab.data.quality.policy import KEEP, REJECT, Policy
from tradinglab.data.quality.reading import RawFiles
from tradinglab.data.quality.repairs import Change, Repairs
from tradinglab.data.quality.report import QualityReport
from tradinglab.data.store.actions import ACTION_FIELDS, StoredFactors, actions_in, may_have_actions, store_factors
from tradinglab.data.store.bar_store import BarStore, Stored
from tradinglab.data.store.files import Origin
from tradinglab.data.store.full_disk import full_disk_named
from tradinglab.data.store.layout import SeriesKey, content_name, folder_of
from tradinglab.data.store.markets import type_of_market
from tradinglab.data.store.merging import by_periods, check_bars, merge
from tradinglab.data.store.options import ImportOptions, check_zone
from tradinglab.data.store.place import Place
from tradinglab.data.store.report import ImportReport
from tradinglab.data.store.tables import sha256_of

_US = 1_000
_REPAIRS: Final = "repairs"


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedImport:
    """What an import by a policy did.

    Attributes
    ----------
    stored
        What was read and stored.
    before, after
        What was found of the files' bars, and of those that were stored.
    repairs
        Everything that was changed, left out or flagged.
    repairs_file
        The table of it in the store; ``None`` if there is nothing in it.
    """

    stored: ImportReport
    before: QualityReport
    after: QualityReport
    repairs: Repairs
    repairs_file: Path | None


def import_checked(
    paths: Sequence[Path],
    symbol: str,
    resolution: Resolution,
    market: str,
    store: Path | str,
    policy: Policy,
    options: ImportOptions | None = None,
    limits: Limits | None = None,
) -> CheckedImport:
    """Import files of bars of one symbol, after they were checked and repaired as a policy says.

    The rows are kept on the disk while they are checked and repaired: memory grows with what is wrong with them, and
    with the longest year (of seconds: month), as that of :func:`tradinglab.data.store.import_files`.

    Raises
    ------
    RejectedBarsError
        If something is found that the policy rejects; nothing is stored.
    DataImportError
        If columns or times are not recognised, no bars are left, or what cannot be stored is to be kept.
    MalformedDataError
        If a file is broken.
    StoreError
        If the store holds other bars of the same times.
    """
    options = options or ImportOptions()
    if not paths:
        raise DataImportError("There are no files to import.")
    check_zone(options.time_zone)
    paths = list(dict.fromkeys(paths))
    kind = options.security_type if options.security_type is not None else type_of_market(market)
    key = SeriesKey(kind, market.lower(), symbol.upper(), resolution, options.tick_type)
    facts = SeriesFacts.of(key, now_us=time.time_ns() // _US)
    raw = RawFiles(paths, facts, options, with_actions=may_have_actions(key))
    target = BarStore(store)
    name = name_of(paths, [str(key), str(policy)], options)
    with full_disk_told(target.folder), workplace(target.place, name) as folder:
        try:
            return _import(raw, target, policy, limits, folder / "bars")
        finally:
            clear(folder)


def _import(raw: RawFiles, target: BarStore, policy: Policy, limits: Limits | None, room: Path) -> CheckedImport:
    facts, options = raw.facts, raw.options
    shutil.rmtree(room, ignore_errors=True)
    pile = _read(raw, room)
    rows = len(pile)
    facts = replace(facts, actions=_actions(pile, facts, target))
    cleaned = _clean(pile, raw, facts, policy, limits)
    _check_storable(cleaned.after)
    origins = [Origin(path.name, sha256_of(path)) for path in raw.paths]
    stored = _store(cleaned.pile, target, facts.key, origins, options)
    factors, extra = StoredFactors(0, 0), [name for name in ACTION_FIELDS if name in cleaned.pile.names]
    if extra:  # of days alone
        left = cleaned.pile.whole()
        told = {name: left.values[name] for name in extra}
        zone = facts.hours.data_time_zone
        factors = store_factors(target, facts.key, zone, left.times_us, left.values["close"], told)
    return CheckedImport(
        stored=_report(raw, cleaned, rows, stored, factors),
        before=cleaned.before,
        after=cleaned.after,
        repairs=cleaned.repairs,
        repairs_file=_keep(target, facts.key, cleaned, origins, policy),
    )


def _store(pile: Pile, target: BarStore, key: SeriesKey, origins: Sequence[Origin], options: ImportOptions) -> Stored:
    """Write the bars of a pile, a file at a time, after all of them were held against what is stored."""

    def files() -> Iterator[tuple[Ints, dict[str, Floats]]]:
        blocks = (
            (bars.times_us, {name: bars.values[name] for name in key.fields}) for bars in pile.blocks() if len(bars)
        )
        return by_periods(key.resolution, blocks)

    for times, values in files():
        check_bars(key, times, values)
        if options.on_conflict == "error" and target.has(key):
            merge(key, target.read(key, int(times[0]), int(times[-1]) + 1), (times, values), "error")
    parts = [target.write(key, *bars, origins, on_conflict=options.on_conflict) for bars in files()]
    written = tuple(file for part in parts for file in part.files)
    return Stored(written, sum(part.added for part in parts), sum(part.known for part in parts))


def _report(raw: RawFiles, cleaned: CleanedPile, rows: int, stored: Stored, factors: StoredFactors) -> ImportReport:
    left, at = cleaned.pile, raw.facts.hours.exchange_hours.time_zone
    first, last = left.span or (0, 0)
    return ImportReport(
        series=raw.facts.key,
        rows=rows + raw.unread_count,
        bars=len(left),
        added=stored.added,
        known=stored.known,
        first=at.datetime(first * _US),
        last=at.datetime(last * _US),
        columns=raw.columns,
        time_form=raw.time_form,
        time_zone=raw.time_zone,
        dropped=cleaned.repairs.dropped + raw.unread_count,
        dividends=factors.dividends,
        splits=factors.splits,
        written=tuple(file.path for file in stored.files),
    )


def _read(raw: RawFiles, room: Path) -> Pile:
    pile = Pile(raw.facts.key.resolution, room)
    for bars in raw.blocks():
        pile.add(bars)
    if not len(pile):
        raise DataImportError(f"{raw.paths[0]} has no rows of bars.")
    return pile


def _actions(pile: Pile, facts: SeriesFacts, target: BarStore) -> tuple[Action, ...]:
    """Return the splits and dividends that the files tell, or else those that the store knows."""
    extra = [name for name in ACTION_FIELDS if name in pile.names]
    if extra:
        bars = pile.whole()
        close = bars.values["close"]
        days = bars.take(np.isfinite(close) & (close > 0)).sorted()
        columns = {name: days.values[name] for name in extra}
        return tuple(actions_in(facts.hours.data_time_zone, days.times_us, days.values["close"], columns))
    key, clock = facts.key, facts.hours.exchange_hours.time_zone
    assert pile.span is not None
    span = (clock.local_ns(each * _US) // DAY_NS for each in pile.span)
    return known_actions(target.factors(key.security_type, key.market, key.ticker), facts.hours, *span) or ()


def _clean(pile: Pile, raw: RawFiles, facts: SeriesFacts, policy: Policy, limits: Limits | None) -> CleanedPile:
    """Return the bars as the policy makes them; lines of the files stand in what is told of those that came in."""
    name = ", ".join(path.name for path in raw.paths)
    try:
        cleaned = clean_pile(pile, facts, policy, limits, name=name)
    except RejectedBarsError as problem:
        raise RejectedBarsError(with_lines(problem.report, raw), problem.codes) from None
    before = with_lines(cleaned.before, raw)
    if raw.unread_count:
        if policy.action("bad_time") in (REJECT, KEEP):
            # A row without a time has no place among bars: it cannot be kept either.
            raise RejectedBarsError(before, ("bad_time",))
        _note_unread(cleaned.repairs, raw)
    return replace(cleaned, before=before)


def _note_unread(repairs: Repairs, raw: RawFiles) -> None:
    count = len(raw.unread)
    lines: Ints = np.array([line for _, line, _ in raw.unread], np.int64)
    none: Floats = np.full(count, np.nan)
    texts = tuple(f"{name}, line {line}: {what}" for name, line, what in raw.unread)
    zeros = np.zeros(count, np.int64)
    repairs.changes.insert(0, Change("bad_time", str(Rule.DROP), "time", lines, zeros, none, none, texts))


def _check_storable(after: QualityReport) -> None:
    """Refuse what a policy keeps but a store cannot hold."""
    for code in ("unsorted", "duplicate", "conflicting_duplicate", "doubled_hour", "not_finite", "non_positive",
                 "negative_size", "high_below_low", "outside_range"):  # fmt: skip
        finding = after.finding(code)
        if finding is not None:
            raise DataImportError(
                f"{finding.sentence} A store cannot hold that: reject or repair it, for example with --policy "
                f"repair,{code}={finding.check.rules[0]}."
            )
    if not after.bars:
        raise DataImportError("No bars are left to import.")


def _keep(
    store: BarStore, key: SeriesKey, cleaned: CleanedPile, origins: Sequence[Origin], policy: Policy
) -> Path | None:
    """Put the table of repairs into the store, and beside it what was found; return where the table is."""
    if not len(cleaned.repairs):
        return None
    folder = f"{_REPAIRS}/{folder_of(key)}"
    with full_disk_named(store.place.name, "the bars are there, but their repairs"):
        return _keep_in(store.place, folder, cleaned, origins, policy)


def _keep_in(place: Place, folder: str, cleaned: CleanedPile, origins: Sequence[Origin], policy: Policy) -> Path:
    draft = place.draft(folder)
    try:
        cleaned.repairs.write(draft)
        name = content_name(_REPAIRS, sha256_of(draft))
        place.put(draft, f"{folder}/{name}")
        place.settle(folder)
    finally:
        draft.unlink(missing_ok=True)
    said = {
        "policy": policy.to_json(),
        "origins": [{"name": origin.name, "sha256": origin.sha256} for origin in origins],
        "before": cleaned.before.to_json(),
        "after": cleaned.after.to_json(),
    }
    document = f"{folder}/{name.removesuffix('.parquet')}.json"
    with place.lock(folder):
        known = place.document(document)
        content = json.dumps(said, indent=1, allow_nan=False).encode()
        place.swap(document, content, None if known is None else known.tag)
    return place.root / folder / name
