"""What trading costs, read from text."""

from __future__ import annotations

from typing import Any

from tradinglab.rules.schema import (
    AlphaStreamsSlippage,
    BrokerFees,
    ConstantSlippage,
    DefaultFees,
    FixedFees,
    MarketImpactSlippage,
    ModelFees,
    NoFees,
    NoSlippage,
    PercentFees,
    VolumeSlippage,
)
from tradinglab.rules.tariffs import MODELS, REFUSED
from tradinglab.rules.text.cursor import Cursor
from tradinglab.rules.text.tokens import END, LINE

Fields = dict[str, Any]
_FEES = ("default", "none", "interactive_brokers")


def read_fees(cursor: Cursor) -> Fields:
    """Return the fees that are said."""
    word = cursor.accept(*_FEES)
    if word:
        return {"fees": {"default": DefaultFees, "none": NoFees}.get(word, BrokerFees)()}
    if cursor.is_word(*REFUSED):
        cursor.fail_at(cursor.token, f"{REFUSED[cursor.token.text.lower()]}; choose other fees, or give a percentage")
    if cursor.is_word(*MODELS) and cursor.ahead(1).kind in (LINE, END):
        return {"fees": ModelFees.model_validate({"kind": cursor.take().text.lower()})}
    if cursor.token.kind == "word" and cursor.token.text not in cursor.parameters:
        cursor.fail("an amount, a percentage or a broker's name", (*MODELS, *_FEES, *cursor.parameters))
    number = cursor.quantity()
    if cursor.is_sign("%"):
        cursor.take()
        return {"fees": PercentFees(percent=number)}
    cursor.expect("per")
    cursor.expect("order")
    return {"fees": FixedFees(amount=number)}


def read_slippage(cursor: Cursor) -> Fields:
    """Return the slippage that is said."""
    if cursor.accept("none"):
        return {"slippage": NoSlippage()}
    if cursor.accept("alpha_streams"):
        return {"slippage": AlphaStreamsSlippage()}
    if cursor.accept("market_impact"):
        return {"slippage": MarketImpactSlippage()}
    if not cursor.accept("volume"):
        return {"slippage": ConstantSlippage(percent=cursor.percent())}
    given: Fields = {}
    for word in ("limit", "impact"):
        if cursor.accept(word):
            given[word] = cursor.quantity()
    return {"slippage": VolumeSlippage(**given)}
