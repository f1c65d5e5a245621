"""The loop of a live run: it waits for each step, and hears commands while it does."""

from __future__ import annotations

import time as wall
from typing import TYPE_CHECKING, Any

from tradinglab.core.clock import HOUR_NS, SECOND_NS
from tradinglab.core.enums import AlgorithmStatus
from tradinglab.data.feeds.errors import NotFedError
from tradinglab.data.feeds.protocol import ALWAYS_NS
from tradinglab.engine.live.extending import extend_feed
from tradinglab.engine.live.link import LiveStatus, Message
from tradinglab.engine.loop import Loop
from tradinglab.engine.traces import explain, own_trace

if TYPE_CHECKING:
    from tradinglab.algorithm.orders import Order
    from tradinglab.engine.live.fed import FeedSource
    from tradinglab.engine.live.options import LiveOptions
    from tradinglab.engine.live.reporter import Reporter
    from tradinglab.engine.parts import RunParts

_NEVER = 1 << 62
_LONGEST_WAIT_S = 1.0
_LISTEN_EVERY_S = 0.25
_LEAST_WINDOW_NS = 36 * HOUR_NS
#: Bars are read ahead for so much of the wall's time at least.
_WINDOW_S = 3600


class LiveLoop(Loop):
    """Drives an algorithm through a timeline that goes on for as long as nobody stops it."""

    def __init__(
        self,
        parts: RunParts,
        options: LiveOptions,
        reporter: Reporter,
        resumed: list[Order],
        source: FeedSource,
    ) -> None:
        super().__init__(parts)
        self._pace = options.pace
        self._link = options.link
        self._source = source
        #: Steps before it may be taken: of what ends before it, all bars were there when the steps were laid out.
        self._limit_ns = 0
        self._has_new_bars = False
        self._reporter = reporter
        self._next_listening = 0.0
        self._waiting: list[Message] = []
        self._told_refusals: set[str] = set()
        self._is_stopped = False
        self._is_liquidating = False
        #: What was open when the run was cut off; the brokerage has it back when the present begins.
        self._resumed = resumed
        self.status = LiveStatus.INITIALIZING

    @staticmethod
    def window_ns(options: LiveOptions) -> int:
        """Return how far ahead of its clock a run reads bars."""
        speed = options.pace.speed if options.pace.is_paced else 1.0
        return max(_LEAST_WINDOW_NS, int(speed * _WINDOW_S) * SECOND_NS)

    def _run(self, start_ns: int) -> None:
        self._set_status(LiveStatus.HISTORY if self._algorithm.is_warming_up else LiveStatus.RUNNING)
        self._full_step.begin(start_ns)
        at_ns: int | None = start_ns
        told_missing = 0
        while at_ns is not None:
            self._bars_before, self._steps_before = self.bars, self.steps
            self._full_step.select(at_ns)
            settled_ns = self._read_on(at_ns)
            self._full_step.change_securities(at_ns, include_now=not self._has_new_bars)
            self._follow(is_first=self._limit_ns == 0)
            # What was subscribed to just now may have less than what was before.
            self._limit_ns = max(1, min(settled_ns, self._source.settled_ns))
            self._has_new_bars = False
            told_missing = self._tell_missing(told_missing)
            at_ns = self._run_timeline()
        if self.status in (LiveStatus.HISTORY, LiveStatus.RUNNING):
            self._set_status(LiveStatus.STOPPED)
        self._algorithm.time_keeper.set_utc_ns(max(self.last_ns or start_ns, self._algorithm.lab_utc_ns))

    def _read_on(self, at_ns: int) -> int:
        """Read the bars that have come, if any have; return up to where they are settled."""
        settled_ns = self._source.settled_ns
        if self._has_new_bars:
            extend_feed(self._feed, at_ns, settled_ns)
            if not self._source.is_replay:
                # What is added bar by bar would nest the decimals of those before, deeper and deeper.
                for each in self._feed.subscriptions:
                    each.columns.decimals.clear()
        return settled_ns

    def _follow(self, *, is_first: bool) -> None:
        """Let the feed wait for what is subscribed to alone, and refuse what it does not have."""
        followed = [each for each in self._feed.subscriptions if each.removed_ns is None]
        wanted = [(each.symbol, each.resolution, each.tick_type) for each in followed]
        self._source.follow(wanted)
        shown = [one for one, each in zip(wanted, followed, strict=True) if not each.is_internal]
        # Of a coin there may be trades and no quotes.
        has_any = {one[0] for one in shown if not self._source.refused(one)}
        refusals = [self._source.refused(one) for one in shown if one[0] not in has_any]
        if refusals and is_first:
            raise NotFedError(refusals[0])
        for text in refusals:
            if text not in self._told_refusals:
                self._told_refusals.add(text)
                self._algorithm.error(text)

    def _set_status(self, status: LiveStatus) -> None:
        self.status = status
        if status == LiveStatus.RUNNING and self._resumed:
            # The bars of a warm-up are of the past, in which these orders were not there.
            self._parts.brokerage.resume(self._resumed)
            self._resumed = []
        self._reporter.status(status)

    def _tell_missing(self, told: int) -> int:
        """Say in the log of which subscriptions there are no bars: the run goes on without them."""
        missing = self._algorithm.lab_no_data
        for symbol, resolution, tick_type in missing[told:]:
            if not any(s.symbol == symbol and len(s.columns) for s in self._feed.subscriptions):
                kind = f"{str(resolution).lower()} {str(tick_type).lower()}"
                self._algorithm.debug(f"The feed has no {kind} bars of {symbol.value}; it stays without a price.")
        return len(missing)

    def _run_timeline(self) -> int | None:
        full_step, feed, times = self._full_step, self._feed, self._feed.timeline.times.data
        for step, utc_ns in enumerate(times):
            if utc_ns >= self._limit_ns:
                break
            if not self._wait(utc_ns):
                return None
            if feed.has_changes:
                return self._algorithm.lab_utc_ns
            if full_step.select(utc_ns):
                return utc_ns
            if not full_step.take(utc_ns, step):
                return None
            full_step.busy_ns()
            self.last_ns = utc_ns
            if self.status == LiveStatus.HISTORY and not self._algorithm.is_warming_up:
                self._set_status(LiveStatus.RUNNING)
            if not self._go_on_liquidating():
                return None
            self._reporter.tell()
            if self._parts.universes.has_changes:
                return utc_ns  # the step may have added or removed securities
        if self._limit_ns >= ALWAYS_NS or not self._wait(self._limit_ns, for_bars=True):
            return None
        self._has_new_bars = not feed.has_changes
        return self._algorithm.lab_utc_ns

    # Waiting.

    def _wait(self, until_ns: int, *, for_bars: bool = False) -> bool:
        """Wait for an instant, or until bars after it have come; say False when the run is to end.

        Meanwhile scheduled events happen when they are due, and commands are carried out. It ends sooner when a
        security was added or removed.
        """
        schedule, feed, pace, source = self._algorithm.schedule, self._feed, self._pace, self._source
        while True:
            lacks_bars = for_bars and source.settled_ns <= until_ns
            if pace.now_ns() < until_ns:
                self._listen(None, until_ns)
            else:
                self._listen(_LISTEN_EVERY_S if lacks_bars else 0.0, until_ns)
            if self._is_stopped:
                return False
            lacks_bars = for_bars and source.settled_ns <= until_ns
            if feed.has_changes or (pace.now_ns() >= until_ns and not lacks_bars):
                return True
            now_ns = pace.now_ns()
            if schedule.next_ns <= now_ns:
                self._full_step.look(min(now_ns + 1, until_ns), _NEVER)
                if not self._go_on_liquidating() or not self._goes_on():
                    return False
            self._reporter.tell()

    def _goes_on(self) -> bool:
        return bool(self._algorithm.status == AlgorithmStatus.RUNNING)

    def _listen(self, timeout_s: float | None, until_ns: int) -> None:
        """Hear commands: for as long as there is nothing else to do, or, if there is, now and then."""
        now = wall.monotonic()
        if timeout_s is None:
            due_ns = min(until_ns, self._algorithm.schedule.next_ns)
            timeout_s = min(self._pace.seconds_until(due_ns), _LONGEST_WAIT_S)
        elif not timeout_s and now < self._next_listening:
            return
        self._next_listening = now + _LISTEN_EVERY_S
        self._waiting += self._link.receive(timeout_s)
        self._source.receive()
        if any(message.get("kind") == "stop" for message in self._waiting):
            self._is_stopped = True
            self._set_status(LiveStatus.STOPPED)
        # While the algorithm is warming up it may not order; what is asked of it waits.
        while self._waiting and not self._is_stopped and not self._algorithm.is_warming_up:
            self._hear(self._waiting.pop(0), until_ns)

    def _hear(self, message: Message, until_ns: int) -> None:
        kind = message.get("kind")
        now_ns = min(self._pace.now_ns(), until_ns - 1) if self._pace.is_paced else self._algorithm.lab_utc_ns
        if now_ns > self._algorithm.lab_utc_ns:
            self._algorithm.time_keeper.set_utc_ns(now_ns)
        if kind == "liquidate":
            self._liquidate()
        elif kind == "command":
            self._carry_out(message.get("id"), message.get("body") or {})
        self._full_step.busy_ns()
        self._reporter.tell(at_once=True)

    def _carry_out(self, command_id: object, body: dict[str, Any]) -> None:
        """Run a command of the author's; one that raises is told of, and the run goes on."""
        self._parts.phase.name = "on_command"
        try:
            done = self._algorithm.lab_run_command(body)
        except Exception as problem:  # whatever an author's code raises
            self._algorithm.error(f"A command failed: {explain(problem)}\n{own_trace(problem)}".rstrip())
            self._reporter.answer(command_id, done=False, text=explain(problem))
        else:
            self._reporter.answer(command_id, done=done is not False)
        self._parts.transactions.process_synchronous_events()

    # Liquidating.

    def _liquidate(self) -> None:
        if not self._is_liquidating:
            self._is_liquidating = True
            self._algorithm.settings.liquidate_enabled = True
            self._algorithm.debug("Liquidating: all positions are closed, then the run stops.")
        self._go_on_liquidating()

    def _go_on_liquidating(self) -> bool:
        """Sell what is held, again and again until the account is flat; say False when it is."""
        if not self._is_liquidating:
            return True
        algorithm = self._algorithm
        self._parts.phase.name = "liquidating"
        waiting = {order.symbol for order in self._parts.transactions.open.values() if order.tag == "Liquidated"}
        for security in list(algorithm.securities.values()):
            if security.symbol not in waiting:
                algorithm.liquidate(security.symbol)
        self._parts.transactions.process_synchronous_events()
        held = [s for s in algorithm.securities.values() if s.holdings.invested]
        if not held:
            self._is_stopped = True
            self._set_status(LiveStatus.LIQUIDATED)
            return False
        if not waiting:
            closed = ", ".join(s.symbol.value for s in held)
            algorithm.debug(f"Liquidating: {closed} waits for its market to open, or for a price.")
        return True
