"""The algorithm of a replay: it makes the requests that a run declared, each at its instant and in its phase."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tradinglab.algorithm.benchmark import FuncBenchmark
from tradinglab.algorithm.models.shortable import NullShortableProvider
from tradinglab.algorithm.orders import MarketOnCloseOrder
from tradinglab.algorithm.qc_algorithm import QCAlgorithm
from tradinglab.algorithm.scheduling import ScheduledEvent
from tradinglab.algorithm.trade_builder import TradeBuilder
from tradinglab.algorithm.universes.universe import Universe
from tradinglab.core.clock import to_ns
from tradinglab.core.decimals import ZERO
from tradinglab.core.enums import SecurityType
from tradinglab.core.market import Market
from tradinglab.core.symbol import Symbol
from tradinglab.engine.phases import MODELS_PHASE, SELECTION_PHASE
from tradinglab.sandbox.replay.claims import ClaimedFeeModel, ClaimedFillModel, Claims
from tradinglab.sandbox.replay.declared import Declared
from tradinglab.sandbox.replay.declaring import MODELS
from tradinglab.sandbox.replay.models import NotReplayableError, is_bounded, made
from tradinglab.sandbox.replay.requests import Action, Added, ModelsChanged, Submitted
from tradinglab.sandbox.replay.told import NotPossibleError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime
    from decimal import Decimal

    from tradinglab.algorithm.orders import GroupOrderManager, SubmitOrderRequest
    from tradinglab.algorithm.securities import Security

_NEVER = 1 << 62
_SCHEDULED, _CONSOLIDATED, _TOLD = "a scheduled event", "a consolidator", "on_order_event"
_CALLED, _CHANGED, _WARNED = "on_margin_call", "on_securities_changed", "on_margin_call_warning"
_WARM, _ENDED, _SET_UP = "on_warmup_finished", "on_end_of_algorithm", "initialize"
#: Phases of a step after which nothing but ``on_data`` follows that changes the account.
_WITH_DATA = frozenset(("on_data", _CONSOLIDATED, "a corporate event", MODELS_PHASE))
_KNOWN = _WITH_DATA | {_SCHEDULED, _TOLD, _CALLED, _CHANGED, _WARNED, _WARM, _ENDED, _SET_UP, SELECTION_PHASE}


class Script:
    """Goes through the actions that a run declared; none is left out, none comes twice, none out of turn."""

    def __init__(self, declared: Declared) -> None:
        self.declared = declared
        self.claims = Claims(declared.fills)
        self._actions = declared.actions
        self._at = 0
        self._groups: dict[int, GroupOrderManager] = {}
        self._models: dict[tuple[Symbol, int], int] = {}
        self._early: dict[Symbol, tuple[int, ...]] = {}
        self.phases = {action.phase for action in self._actions}
        self.problem: tuple[Action, str] | None = None
        if not self.phases <= _KNOWN:
            raise NotReplayableError(f"requests made in {', '.join(sorted(self.phases - _KNOWN))}")

    @property
    def next_ns(self) -> int:
        """The instant of the next action."""
        return self._actions[self._at].utc_ns if self._at < len(self._actions) else _NEVER

    @property
    def left(self) -> Sequence[Action]:
        """The actions whose turn has not come."""
        return self._actions[self._at :]

    def times(self, phase: str) -> list[int]:
        """Return the instants of the actions of a phase, in order."""
        return sorted({action.utc_ns for action in self._actions if action.phase == phase})

    def repeat(self, algorithm: QCAlgorithm, phases: frozenset[str], events: int | None = None) -> None:
        """Make the requests whose turn it is: those of now, in some phases, after a number of events."""
        while (action := self._due(algorithm, phases, events)) is not None:
            self._at += 1
            self._take(algorithm, action)

    def margin_calls(self, algorithm: QCAlgorithm) -> list[SubmitOrderRequest]:
        """Return the orders with which the author answered a margin call."""
        found = []
        while (action := self._due(algorithm, frozenset((_CALLED,)), None)) is not None:
            self._at += 1
            if isinstance(action.asked, Submitted):
                found.append(action.asked.request(algorithm, self._groups))
            else:
                self._take(algorithm, action)
        return found

    def skip_margin_calls(self, algorithm: QCAlgorithm) -> None:
        """Pass over the orders of margin calls that the author left to the engine: it sends them itself."""
        while self._due(algorithm, frozenset((_CALLED,)), None) is not None:
            self._at += 1

    def _due(self, algorithm: QCAlgorithm, phases: frozenset[str], events: int | None) -> Action | None:
        if self._at >= len(self._actions):
            return None
        action = self._actions[self._at]
        is_now = action.utc_ns == algorithm.lab_utc_ns or action.phase == _SET_UP
        if not is_now or action.phase not in phases or (events is not None and action.events != events):
            return None
        return action

    def _take(self, algorithm: QCAlgorithm, action: Action) -> None:
        try:
            if isinstance(action.asked, ModelsChanged):
                self._set_models(algorithm, action.asked)
            else:
                action.asked.repeat(algorithm, self._groups)
            if isinstance(action.asked, Added) and (places := self._early.pop(action.asked.symbol, None)):
                self._set_models(algorithm, ModelsChanged(found=((action.asked.symbol, places),)))
        except NotPossibleError as problem:
            self.problem = action, str(problem)
            raise

    def _set_models(self, algorithm: QCAlgorithm, changed: ModelsChanged) -> None:
        for symbol, places in changed.found:
            security = algorithm.securities.get(symbol)
            if security is None:  # the engine adds it, to convert a currency
                self._early[symbol] = places
                continue
            for slot, place in enumerate(places):
                if self._models.get((symbol, slot)) != place:
                    self._models[symbol, slot] = place
                    self._set_model(security, MODELS[slot], place)

    def _set_model(self, security: Security, slot: str, place: int) -> None:
        declared = self.declared.models[place]
        is_cost = slot == "slippage_model" or declared.name == "ConstantFeeModel"
        if not declared.is_ours or (is_cost and not is_bounded(declared)):
            self._stand_in(security, slot, declared.name)
            return
        model = made(declared, slot)
        now = getattr(security, slot)
        if type(now) is type(model) and _has(now, declared.settings):
            return  # the brokerage gave it the same
        if slot == "shortable_provider":
            security.set_shortable_provider(model)
        else:
            setattr(security, slot, model)

    def _stand_in(self, security: Security, slot: str, name: str) -> None:
        """Put a model that says what was claimed in the place of the author's own, where there can be one."""
        ticker, what = security.symbol.value, slot.replace("_", " ")
        if slot in ("fill_model", "slippage_model"):
            security.fill_model = ClaimedFillModel(self.claims)
            self.claims.note(
                f"Fills of {ticker} follow a {what} of the author's own ({name}): their prices were only held against "
                "the range of the bars."
            )
        elif slot == "fee_model":
            security.fee_model = ClaimedFeeModel(self.claims)
            self.claims.has_own_fees = True
            self.claims.note(f"Fees of {ticker} follow a {what} of the author's own ({name}): they were not checked.")
        elif slot == "shortable_provider":
            security.set_shortable_provider(NullShortableProvider())
            self.claims.note(f"How much of {ticker} can be sold short is the author's own ({name}): not checked.")
        else:
            raise NotReplayableError(f"a {what} of the author's own ({name})")


def _has(model: object, settings: Mapping[str, object]) -> bool:
    held = getattr(model, "__dict__", {})
    return all(name in held and type(held[name]) is type(value) and held[name] == value
               for name, value in settings.items())  # fmt: skip


class ReplayedAlgorithm(QCAlgorithm):
    """Sets itself up as declared and follows a script, which a subclass is given."""

    lab_script: Script
    lab_benchmark_values: Mapping[int, Decimal | float]

    def initialize(self) -> None:
        """Set up what was declared, and make the requests of the author's ``initialize``."""
        script, setup = self.lab_script, self.lab_script.declared.setup
        self.set_time_zone(setup.time_zone)
        self.set_start_date(setup.start)
        self.set_end_date(setup.end)
        self._set_settings(setup.settings)
        if setup.currency != self.account_currency:
            self.set_account_currency(setup.currency)
        for name, amount, rate in setup.cash:
            if name == setup.currency:
                self.portfolio.set_cash(amount)
            elif amount:
                self.portfolio.set_cash(name, amount, rate)
        self.set_brokerage_model(setup.brokerage, setup.account_type)
        self.portfolio.set_margin_call_model(self._margin_call_model())
        self.lab_warm_up_span = setup.warm_up
        MarketOnCloseOrder.submission_time_buffer = setup.close_buffer
        self.set_trade_builder(TradeBuilder(setup.fill_grouping, setup.fill_matching))
        if setup.benchmark is None:
            values = self.lab_benchmark_values
            self.benchmark = FuncBenchmark(lambda time: values.get(to_ns(time), ZERO))
        else:
            self.lab_set_security_benchmark(setup.benchmark)
        for phase, act in ((_SCHEDULED, self.lab_at_time), (_CONSOLIDATED, self.lab_between_steps)):
            times = script.times(phase)
            if times:
                self.schedule.add(ScheduledEvent(phase, times, act))
        chosen = script.times(SELECTION_PHASE)
        if chosen:
            self.add_universe(_ScriptedUniverse(self, chosen))
        script.repeat(self, frozenset((_SET_UP,)))

    def _margin_call_model(self) -> object:
        from tradinglab.algorithm.models.margin_call import DefaultMarginCallModel, MarginCallModel

        declared = self.lab_script.declared.setup.margin_call_model
        if declared.name == "DefaultMarginCallModel":
            model = DefaultMarginCallModel(self.portfolio)
            for name, value in declared.settings.items():
                setattr(model, name, value)
            return model
        if declared.name == "MarginCallModel" and declared.is_ours:
            return MarginCallModel()
        raise NotReplayableError(f"a margin call model of the author's own ({declared.name})")

    def _set_settings(self, settings: Mapping[str, object]) -> None:
        known = self.settings
        for name, value in settings.items():
            if name in known._values or name in known._decimals:
                setattr(known, name, value)

    def lab_at_time(self) -> None:
        """Make the requests of scheduled events."""
        self.lab_script.repeat(self, frozenset((_SCHEDULED,)))

    def lab_between_steps(self) -> None:
        """Make the requests of consolidators that time alone closed; at a step, they come with its data."""
        current = self.current_slice
        if current is None or to_ns(current.utc_time) != self.lab_utc_ns:
            self.lab_script.repeat(self, frozenset((_CONSOLIDATED,)))

    def on_warmup_finished(self) -> None:
        """Make the requests of the author's method."""
        self.lab_script.repeat(self, frozenset((_WARM,)))

    def on_end_of_algorithm(self) -> None:
        """Make the requests of the author's method."""
        self.lab_script.repeat(self, frozenset((_ENDED,)))

    def on_securities_changed(self, changes: object) -> None:
        """Make the requests of the author's method."""
        self.lab_script.repeat(self, frozenset((_CHANGED,)))

    def on_margin_call(self, requests: list[SubmitOrderRequest]) -> list[SubmitOrderRequest] | None:
        """Answer as the author did; who left it to the engine has it send what is due."""
        if self.lab_script.declared.setup.answers_margin_calls:
            return self.lab_script.margin_calls(self)
        self.lab_script.skip_margin_calls(self)
        return requests


class _ScriptedUniverse(Universe):
    """Chooses when the universes of the author did, and makes the requests that came of it."""

    def __init__(self, algorithm: ReplayedAlgorithm, times: Sequence[int]) -> None:
        super().__init__(Symbol.create("replay", SecurityType.BASE, Market.USA))
        self._algorithm = algorithm
        self._times = times

    def lab_select(self, utc_ns: int) -> bool:
        """Make the requests of an instant; the universe itself has no securities."""
        self._algorithm.lab_script.repeat(self._algorithm, frozenset((SELECTION_PHASE,)))
        return False

    def lab_triggers(self, start_ns: int, end: datetime) -> Iterator[int]:
        """Return the instants."""
        return iter(self._times)


def _on_data(self: ReplayedAlgorithm, slice: object) -> None:
    script = self.lab_script
    if script.next_ns == self.time_keeper.utc_ns:
        script.repeat(self, _WITH_DATA)


def _on_order_event(self: ReplayedAlgorithm, order_event: object) -> None:
    script = self.lab_script
    if script.next_ns == self.time_keeper.utc_ns:
        transactions = self.transactions._processor
        script.repeat(self, frozenset((_TOLD,)), len(transactions.events))  # type: ignore[union-attr]


def _on_margin_call_warning(self: ReplayedAlgorithm) -> None:
    self.lab_script.repeat(self, frozenset((_WARNED,)))


def algorithm_of(script: Script, benchmark: Mapping[int, Decimal | float]) -> type[ReplayedAlgorithm]:
    """Return the class of an algorithm that follows a script; it overrides only what the script needs."""
    members: dict[str, object] = {"lab_script": script, "lab_benchmark_values": benchmark}
    if script.phases & _WITH_DATA:
        members["on_data"] = _on_data
    if _TOLD in script.phases:
        members["on_order_event"] = _on_order_event
    if _WARNED in script.phases:
        members["on_margin_call_warning"] = _on_margin_call_warning
    return type("Replay", (ReplayedAlgorithm,), members)
