"""The functions and models that generated source brings along, each only where it is used."""

from __future__ import annotations

#: In the order in which they stand in the file.
FUNCTIONS = {
    "known": '''
def known(indicator, line=None):
    """Return an indicator's value; NaN, for which no comparison holds, until it is ready."""
    if not indicator.is_ready:
        return math.nan
    return indicator.current.value if line is None else line.current.value
''',
    "ago": '''
def ago(past, bars):
    """Return the value of so many bars ago; NaN if there is none."""
    return past[-1 - bars] if len(past) > bars else math.nan
''',
    "highest": '''
def highest(past, bars):
    """Return the highest of the last values; NaN until there are enough."""
    last = list(past)[-bars:]
    return max(last) if len(last) == bars and not any(map(math.isnan, last)) else math.nan
''',
    "lowest": '''
def lowest(past, bars):
    """Return the lowest of the last values; NaN until there are enough."""
    last = list(past)[-bars:]
    return min(last) if len(last) == bars and not any(map(math.isnan, last)) else math.nan
''',
    "ratio": '''
def ratio(left, right):
    """Return a quotient; NaN where the divisor is zero."""
    return left / right if right != 0 else math.nan
''',
    "differ": '''
def differ(left, right):
    """Return whether two numbers differ; NaN does not differ from anything."""
    return left < right or left > right
''',
    "in_cents": '''
def in_cents(money):
    """Return money in whole cents, half of one rounded up: the noise of sums could tip a lot."""
    return math.floor(float(money) * 100 + 0.50001) / 100
''',
    "rounded": '''
def rounded(price):
    """Return a price without what is finer than a hundred-millionth: it is noise."""
    return math.floor(float(price) * 1e8 + 0.5) / 1e8
''',
    "volatility": '''
def volatility(closes, bars):
    """Return the deviation of the last returns, made yearly; NaN until there are enough."""
    last = list(closes)[-bars - 1:]
    if len(last) <= bars:
        return math.nan
    returns = [now / before - 1 for before, now in zip(last, last[1:])]
    total = 0.0
    for each in returns:
        total += each
    mean = total / bars
    squares = 0.0
    for each in returns:
        squares += (each - mean) * (each - mean)
    return math.sqrt(squares / bars) * math.sqrt(BARS_PER_YEAR)
''',
}

PERCENT_FEE = '''
class PercentFee(FeeModel):
    """A fraction of an order's value."""

    def __init__(self, fraction):
        super().__init__()
        self.fraction = fraction

    def get_order_fee(self, parameters):
        value = abs(parameters.order.get_value(parameters.security))
        return OrderFee(CashAmount(value * self.fraction, "USD"))
'''

NEXT_BAR_OPEN = '''
class NextBarOpen({base}):
    """Fills market orders at the open of the bar after the one at whose close they were sent."""

    def __init__(self):
        super().__init__()
        self.sent = {{}}

    def market_fill(self, asset, order):
        fill = super().market_fill(asset, order)
        bar = asset.get_last_data()
        if fill.status != OrderStatus.FILLED:
            return fill
        if self.sent.setdefault(order.id, bar.end_time) == bar.end_time:
            # The bar is still the one at whose close the order was sent: it goes on waiting.
            fill.status = order.status
            fill.fill_quantity = 0
            fill.fill_price = 0
            return fill
        slippage = asset.slippage_model.get_slippage_approximation(asset, order)
        is_buy = order.quantity > 0
        price = {price}
        fill.fill_price = price + slippage if is_buy else price - slippage
        return fill
'''
