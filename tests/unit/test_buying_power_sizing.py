"""The size of orders, against figures worked by hand and against LEAN's published runs."""

from __future__ import annotations

from decimal import Decimal

import pytest
from tests.securities_kit import Account

from tradinglab.algorithm.models.buying_power import (
    BuyingPowerModel,
    ConstantBuyingPowerModel,
    GetMaximumOrderQuantityForTargetBuyingPowerParameters,
    HasSufficientBuyingPowerForOrderParameters,
    InitialMargin,
    InitialMarginParameters,
    SecurityMarginModel,
    SizingError,
)
from tradinglab.algorithm.models.fees import FeeModel, InteractiveBrokersFeeModel
from tradinglab.algorithm.orders import CashAmount, LimitOrder, MarketOrder, OrderFee
from tradinglab.algorithm.portfolio_target import PortfolioTarget
from tradinglab.core.enums import OrderDirection, SecurityType


def order_for(account: Account, percent: float, ticker: str = "SPY") -> Decimal:
    target = PortfolioTarget.percent(account, ticker, percent, True)
    assert target is not None, account.errors
    return target.exact_quantity


# LEAN's runs of BasicTemplateAlgorithm and BasicTemplateDailyAlgorithm on SPY, October 2013: raw price times factor.
@pytest.mark.parametrize(
    ("raw", "shares"),
    [("167.4400", 688), ("165.4800", 697)],
    ids=["minute, 9:31 on the 7th", "daily, close of the 8th"],
)
def test_all_in_buys_what_lean_buys(raw: str, shares: int) -> None:
    account = Account()
    account.add("SPY", fee=InteractiveBrokersFeeModel(), price=Decimal(raw) * Decimal("0.8646266"))
    assert order_for(account, 1) == shares


@pytest.mark.parametrize(
    ("percent", "price", "shares"),
    [
        (1, 100, 997),  # 99,750 / 100, rounded down
        (-1, 100, -997),  # rounded towards zero
        (0.5, 100, 498),  # 49,875 / 100
        (2, 100, 1995),  # twice one's money, at leverage 2
        (1, "33.33", 2992),  # 99,750 / 33.33 = 2992.79
        (0.0025, 50, 4),  # 249.375 / 50 = 4.99
    ],
)
def test_target_is_taken_of_the_value_less_a_quarter_percent(percent: float, price: float, shares: int) -> None:
    account = Account()
    account.add("SPY", price=price)
    assert order_for(account, percent) == shares


def test_fee_is_taken_from_the_portfolio_first() -> None:
    """1000 shares would fit without a fee of 20; (100,000 - 20) * 0.9975 = 99,730.05 buys 999 at 99.75."""

    class Twenty(FeeModel):
        def get_order_fee(self, parameters):  # type: ignore[no-untyped-def]
            return OrderFee(CashAmount(20, "USD"))

    account = Account()
    account.add("SPY", fee=Twenty(), price="99.75")
    assert order_for(account, 1) == 999


def test_margin_that_grows_as_the_order_shrinks_is_an_error() -> None:
    class Backwards(BuyingPowerModel):
        def get_initial_margin_requirement(self, parameters: InitialMarginParameters) -> InitialMargin:
            quantity = parameters.exact_quantity
            return InitialMargin(quantity if quantity <= 1 else 10_000_000 - quantity)

    account = Account()
    spy = account.add("SPY", price=100)
    spy.set_buying_power_model(Backwards())
    with pytest.raises(SizingError, match="grows as the order gets smaller"):
        order_for(account, 1)


def test_target_of_a_held_position_is_the_difference() -> None:
    account = Account()
    spy = account.add("SPY", price=100)
    account.fill(spy, 300, 100)
    assert order_for(account, 0.5) == 498 - 300
    assert order_for(account, 0) == -300
    assert order_for(account, -0.5) == -498 - 300
    whole = PortfolioTarget.percent(account, spy.symbol, 0.5)
    assert whole is not None
    assert whole.quantity == 498.0


def test_change_of_less_than_a_thousandth_of_the_portfolio_is_not_worth_an_order() -> None:
    """A change of 95 dollars binds 47.50 of margin; 0.1 % of 100,000 is 100."""
    account = Account()
    spy = account.add("SPY", price=1)
    account.fill(spy, 99_655, 1)
    assert order_for(account, 1) == 0
    account.settings.minimum_order_margin_portfolio_percentage = 0
    assert order_for(account, 1) == 95


def test_lots_round_towards_a_smaller_position() -> None:
    account = Account()
    account.add("EURUSD", SecurityType.FOREX, price="1.25", quote="USD", lot=1000, leverage=50)
    assert order_for(account, 1, "EURUSD") == 79_000  # 99,750 / 1.25 = 79,800
    assert order_for(account, -1, "EURUSD") == -79_000


@pytest.mark.parametrize("percent", ["1e-11", "2000000000"])
def test_percent_beyond_the_settings_is_refused(percent: str) -> None:
    account = Account()
    account.add("SPY", price=100)
    assert PortfolioTarget.percent(account, "SPY", Decimal(percent)) is None
    assert "portfolio target percent" in account.errors[0]


def test_target_without_security_or_price_is_refused() -> None:
    account = Account()
    account.add("SPY")
    assert PortfolioTarget.percent(account, "IBM", 1) is None
    assert PortfolioTarget.percent(account, "SPY", 1) is None
    assert "IBM not found" in account.errors[0]
    assert "accurate price" in account.errors[1]


def test_required_free_buying_power_lowers_the_target() -> None:
    """(100,000 - 5 %) * 0.9975 = 94,762.50."""
    account = Account()
    spy = account.add("SPY", price=100)
    spy.set_buying_power_model(SecurityMarginModel(2, 0.05))
    assert order_for(account, 1) == 947


def test_margin_per_unit_does_not_depend_on_price() -> None:
    account = Account()
    spy = account.add("SPY", price=100)
    spy.set_buying_power_model(ConstantBuyingPowerModel(1000))
    assert order_for(account, 1) == 99
    spy.set_leverage(4)  # ignored
    assert order_for(account, 1) == 99


# Whether an order can be paid for.


def sufficient(account: Account, ticker: str, quantity: int) -> bool:
    security = account.securities[ticker]
    order = account.submit(MarketOrder(security.symbol, quantity, security.utc_ns))
    parameters = HasSufficientBuyingPowerForOrderParameters(account.portfolio, security, order)
    return security.buying_power_model.has_sufficient_buying_power_for_order(parameters).is_sufficient


def test_order_may_take_twice_ones_money_and_no_more() -> None:
    account = Account()
    account.add("SPY", price=100)
    assert sufficient(account, "SPY", 2000)
    assert not sufficient(account, "SPY", 2001)
    assert sufficient(account, "SPY", -2000)
    assert not sufficient(account, "SPY", -2001)


def test_order_against_a_position_may_close_it_and_open_the_other_side() -> None:
    account = Account()
    spy = account.add("SPY", price=100)
    account.fill(spy, 2000, 100)
    assert not sufficient(account, "SPY", 1)
    assert sufficient(account, "SPY", -4000)
    assert not sufficient(account, "SPY", -4001)


def test_order_that_only_reduces_always_passes() -> None:
    account = Account()
    spy = account.add("SPY", price=100)
    account.fill(spy, 2000, 100)
    account.price(spy, 40)  # equity is -20,000
    assert account.portfolio.total_portfolio_value == -20_000
    assert sufficient(account, "SPY", -2000)
    assert not sufficient(account, "SPY", -2001)


def test_refusal_names_margins() -> None:
    account = Account()
    spy = account.add("SPY", price=100)
    order = account.submit(LimitOrder(spy.symbol, 3000, 90, spy.utc_ns), 7)
    answer = account.portfolio.has_sufficient_buying_power_for_order([order])
    assert answer.reason == "Id: 7, Initial Margin: 150000, Free Margin: 100000"


def test_order_without_a_ticket_is_refused() -> None:
    account = Account()
    spy = account.add("SPY", price=100)
    answer = account.portfolio.has_sufficient_buying_power_for_order([MarketOrder(spy.symbol, 1, spy.utc_ns)])
    assert not answer.is_sufficient


def test_null_model_lets_everything_pass() -> None:
    account = Account()
    spy = account.add("SPY", price=100)
    spy.set_buying_power_model(BuyingPowerModel.NULL)
    assert sufficient(account, "SPY", 1_000_000)
    account.fill(spy, 1_000_000, 100)
    assert account.portfolio.total_margin_used == 0


@pytest.mark.parametrize("leverage", [0, "0.5", -1])
def test_leverage_below_one_is_refused(leverage: str) -> None:
    account = Account()
    with pytest.raises(ValueError, match="Leverage must be at least 1"):
        account.add("SPY", leverage=leverage)


def test_three_requirements_are_fractions() -> None:
    model = SecurityMarginModel(0.5, 0.25, 0.1)
    account = Account()
    spy = account.add("SPY", price=100)
    spy.set_buying_power_model(model)
    account.fill(spy, 100, 100)
    assert spy.leverage == 2
    assert account.portfolio.total_margin_used == 2500
    with pytest.raises(ValueError, match="fractions between 0 and 1"):
        SecurityMarginModel(2, 0.25, 0.1)


def test_buying_power_of_a_direction() -> None:
    """Of 100,000 half is bound; selling frees it and may take it again."""
    account = Account()
    spy = account.add("SPY", price=100)
    account.fill(spy, 1000, 100)
    assert account.portfolio.get_buying_power(spy.symbol, OrderDirection.BUY) == 50_000
    assert account.portfolio.get_buying_power("SPY", OrderDirection.SELL) == 150_000
    assert account.portfolio.get_margin_remaining(80_000) == 30_000


class Halves(BuyingPowerModel):
    """A strategy's own model, in Pascal case, with floats."""

    def GetMaximumOrderQuantityForTargetBuyingPower(self, parameters):  # type: ignore[no-untyped-def]
        result = super().get_maximum_order_quantity_for_target_buying_power(parameters)
        result.exact_quantity = Decimal(str(float(result.quantity) // 2))
        return result


def test_strategys_own_model_is_asked() -> None:
    account = Account()
    spy = account.add("SPY", price=100)
    spy.set_buying_power_model(Halves())
    parameters = GetMaximumOrderQuantityForTargetBuyingPowerParameters(account.portfolio, spy, 0.5, 0)
    assert spy.buying_power_model.get_maximum_order_quantity_for_target_buying_power(parameters).quantity == 250
    assert order_for(account, 1) == 498


def test_model_that_derives_from_nothing_is_adapted() -> None:
    class Own:
        def GetLeverage(self, security):  # type: ignore[no-untyped-def]
            return 4.0

    account = Account()
    spy = account.add("SPY", price=100)
    spy.set_margin_model(Own())
    assert spy.leverage == 4.0
