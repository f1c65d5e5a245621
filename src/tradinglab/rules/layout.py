"""How the kernel's numbers and arrays are laid out."""

from __future__ import annotations

from typing import NamedTuple

from tradinglab.data.columns import Floats, Ints

# What happens at a step, as bits of ``flags``.
BAR, ENTER_LONG, EXIT_LONG, ENTER_SHORT, EXIT_SHORT, WAITS = 1, 2, 4, 8, 16, 32
#: Of a whole step: the first of a week or month, at which a portfolio is put together anew.
STARTS = 64
#: A bar of quotes has closed, and none of trades.
TOLD = 128
SIGNALS = ENTER_LONG | EXIT_LONG | ENTER_SHORT | EXIT_SHORT
# How much is ordered.
UNITS, VALUE, PERCENT, VOLATILITY, RISK, KELLY = 0, 1, 2, 3, 4, 5
# How far away stops and targets are.
NONE, BY_PERCENT, BY_POINTS, BY_ATR = 0, 1, 2, 3
# What is charged.
FREE, SHARES, CURRENCIES, FIXED, PERCENT_FEE = 0, 1, 2, 3, 4
#: What models of brokers charge, at rates that are traits of a security: by the unit, by the value, by its size, a
#: fraction for makers and one for takers (in dollars; of what is received; of a purchase in dollars and of a sale in
#: units; in units of what a maker buys, else in dollars), and an amount outside of regular hours.
PER_UNIT, OF_VALUE, TIERED, QUOTED, RECEIVED, GIVEN, MADE, OUT_OF_HOURS = 5, 6, 7, 8, 9, 10, 11, 12
NO_SLIPPAGE, CONSTANT, VOLUME_SHARE = 0, 1, 2

#: What a quotient may fall short of a whole number of lots and still count as it.
LOT_TOLERANCE = 1e-6
#: Fees that are taken in units leave whole ten-thousandths of a lot; half of one is noise.
FEE_TOLERANCE = 5e-5
#: The price that stops are measured from is told in whole parts of it: what is finer is noise of binary fractions.
PRICE_GRAIN = 1e8
FULL = -1

# Columns of arrays.
CLOSE, BUY_OPEN, SELL_OPEN, BUY_CLOSE, SELL_CLOSE, VOLUME = range(6)
PRICES_WIDTH = 6
#: Where there are quotes besides trades: the last price of either kind; what is asked and bid; what slippage by volume
#: takes for the volume; and the steps at which the bars closed that buyers and sellers meet.
MARK, ASK, BID, BUY_SIZE, SELL_SIZE, BUY_AT, SELL_AT = range(6, 13)
QUOTED_WIDTH = 13
RATE, STOP, TARGET, TRAIL, RANK, SELL_LOW, SELL_HIGH, BUY_LOW, BUY_HIGH = range(9)
#: Of portfolios, in which no orders rest.
SHARE = 5
LOT, MULTIPLIER, FEE_KIND, IS_SHARE, TICK = 0, 1, 2, 3, 4
#: The rates of a fee model, at which price an order is charged, and what orders were charged that were sent
#: before a step.
TAKER, MAKER, VALUED, FIRST_UNTIL, FIRST_TAKER, FIRST_MAKER, THEN_UNTIL, THEN_TAKER, THEN_MAKER = range(5, 14)
#: Prices at which orders are charged: the quote that they meet; one with a limit at that; the last close of a trade.
AT_QUOTE, AT_LIMIT, AT_CLOSE = 0.0, 1.0, 2.0
HELD, WANTED, AVERAGE, BEST, ENTRY_FEE, BARS_HELD, SINCE_EXIT, DUE, SENT, NUMBER, LEFT, SCORE = range(12)
#: When the orders that rest in the market were placed, their prices, and their numbers (zero: there is none): stop,
#: trailing stop and target, the order in which they are filled.
PLACED, REST_PRICE, REST_NUMBER = 12, 13, 16
#: Where fees are taken in units: what there is of a security; and whether the target could trade when it was placed.
THERE, TAKES = 19, 20
STATE_WIDTH = 21
RESTING_STOP, RESTING_TRAIL, RESTING_TARGET = 0, 1, 2
#: ``TAKEN`` are the units that a fee was taken in, if it was; ``FEE`` is its worth, ``PAID`` what of it is money;
#: both are only there where fees take units.
STEP, SECURITY, SENT_AT, ORDER, QUANTITY, PRICE, FEE, TAKEN, PAID = range(9)
FILL_WIDTH, FILL_WIDTH_WITH_UNITS = 7, 9
#: Of the account: its money, and the trades that were closed with a profit and with a loss, and what they came to;
#: its highest worth, and how many steps it has been at the limit of its drawdown.
CASH, FILL_COUNT, WINS, LOSSES, WON, LOST, ORDER_COUNT, PEAK, HALTED = range(9)
ACCOUNT_WIDTH = 9


class Plan(NamedTuple):
    """Numbers that hold for a whole run; percentages are fractions here."""

    cash: float
    size_kind: int
    size: float
    size_most: float
    size_multiple: float
    kelly_trades: float
    kelly_start: float
    leverage: float
    buffer: float
    max_positions: int
    is_ranked: int
    cool_down: int
    time_stop: int
    stop_kind: int
    stop: float
    stop_rests: int
    target_kind: int
    target: float
    target_rests: int
    trail_kind: int
    trail: float
    trail_rests: int
    slippage_kind: int
    slippage: float
    slippage_impact: float
    is_next_open: int
    fee: float
    takes_units: int
    top: int
    share: float
    is_by_volatility: int
    is_weighed: int
    drawdown: float
    drawdown_wait: int
    #: The column of what positions are worth: ``CLOSE``, or ``MARK`` where there are quotes besides trades.
    mark: int = CLOSE


class Market(NamedTuple):
    """Prices, signals, and what is measured by them.

    Few arrays, because each costs compiled code something in every call.

    Attributes
    ----------
    flags
        ``[security, step]``.
    prices
        ``[security, step, CLOSE and so on]``, so that those of one step lie together; the close is the last one known.
    ranges
        ``[RATE and so on, security, step]``: what sizing divides by, what stops are multiples of, the rank, and how far
        a bar reaches for sellers and buyers.
    traits
        ``[security, LOT and so on]``.
    """

    flags: Ints
    prices: Floats
    ranges: Floats
    traits: Floats


class State(NamedTuple):
    """What is known while the walk goes on.

    Attributes
    ----------
    table
        ``[security, HELD and so on]``.
    account
        ``[CASH and so on]``.
    """

    table: Floats
    account: Floats
