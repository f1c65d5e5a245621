"""Whether brokerage and data providers are told all that they need, before anything is sent; no secret is repeated."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import Any, Final

from tradinglab.core.values import dataclass
from tradinglab.server.cloud.live.brokerages import (
    BROKERAGES,
    DATA_PROVIDERS,
    PAPER,
    Brokerage,
    DataProvider,
    Form,
    Setting,
)
from tradinglab.server.errors import InputError

_LONGEST_VALUE: Final = 4096
_MOST_ROWS: Final = 500
_LARGEST: Final = 10**12
_CURRENCY: Final = re.compile(r"[A-Z0-9]{2,10}")
_CASH: Final = {"currency", "amount"}
_NOTIFICATION: Final = ("events", "targets")
_HOLDING: Final = {"symbolId", "symbol", "quantity", "averagePrice"}
#: What no answer repeats.
HIDDEN: Final = "***"


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What QuantConnect deploys with, in its own words; *environment* is ``paper`` or ``live``."""

    brokerage: dict[str, Any]
    data_providers: dict[str, dict[str, Any]]
    environment: str
    notification: dict[str, Any]

    def __repr__(self) -> str:
        return f"Terms(brokerage={self.brokerage.get('id')!r}, data_providers={sorted(self.data_providers)})"


def terms_check(
    *, brokerage: Mapping[str, Any], data_providers: Mapping[str, Any], notification: Mapping[str, Any]
) -> Terms:
    """Return what is to be sent.

    Parameters
    ----------
    brokerage
        Its ``id`` and settings; for some ``cash`` and ``holdings``.
    data_providers
        The settings of each, by its name; QuantConnect's own if there is none. One that is the brokerage, and is given
        no settings, has the brokerage's.

    notification
        Whom QuantConnect tells of what; it may hold secrets, such as a bot's token.

    Raises
    ------
    InputError
        Names what is not known, missing, or none of the choices.
    """
    name = brokerage.get("id")
    if not isinstance(name, str) or name not in BROKERAGES:
        raise _unknown("brokerage.id", name, "brokerage", list(BROKERAGES))
    known = BROKERAGES[name]
    extras = {each for each, has in (("cash", known.has_cash), ("holdings", known.has_holdings)) if has}
    given = {key: value for key, value in brokerage.items() if key != "id" and key not in extras}
    form = _form(known, given, "brokerage")
    sent: dict[str, Any] = {"id": name, **_settings(form, given, "brokerage", known.title)}
    if "cash" in extras and ("cash" in brokerage or known.needs_cash):
        sent["cash"] = _cash(brokerage.get("cash"), known)
    if "holdings" in extras and "holdings" in brokerage:
        sent["holdings"] = _holdings(brokerage["holdings"])
    environment = _environment(known, form, sent)
    return Terms(
        brokerage=sent,
        data_providers=_data_providers(data_providers or {PAPER: {}}, sent, environment),
        environment=environment,
        notification=_notification(notification),
    )


def _notification(given: Mapping[str, Any]) -> dict[str, Any]:
    unknown = next((each for each in given if each not in _NOTIFICATION), None)
    if unknown is not None:
        raise _unknown("notification", unknown, "setting", list(_NOTIFICATION))
    for name in given:
        if not isinstance(given[name], list):
            raise InputError(f"notification.{name}", HIDDEN, "Write a list.")
    return dict(given)


def _data_providers(given: Mapping[str, Any], brokerage: Mapping[str, Any], environment: str) -> dict[str, Any]:
    sent: dict[str, dict[str, Any]] = {}
    for name, values in given.items():
        field = f"data_providers.{name}"
        if name not in DATA_PROVIDERS:
            raise _unknown("data_providers", name, "data provider", list(DATA_PROVIDERS))
        if not isinstance(values, Mapping):
            raise InputError(field, HIDDEN, f"Write the settings of '{name}' as an object.")
        provider = DATA_PROVIDERS[name]
        if name == "TradierBrokerage" == brokerage["id"] and environment == "paper":
            text = "Tradier gives no prices to its paper environment; choose another provider, such as QuantConnect's."
            raise InputError(field, name, text)
        if values.get("id", provider.id) != provider.id:
            raise InputError(f"{field}.id", str(values["id"])[:100], f"The id of '{name}' is '{provider.id}'.")
        values = {key: value for key, value in values.items() if key != "id"}
        own = BROKERAGES.get(name)
        if not values and name == brokerage["id"] and own is not None and own.forms == provider.forms:
            values = {key: value for key, value in brokerage.items() if key not in ("id", "cash", "holdings")}
        form = _form(provider, values, field)
        sent[name] = {"id": provider.id, **_settings(form, values, field, provider.title)}
    return sent


def _form(of: Brokerage | DataProvider, given: Mapping[str, Any], field: str) -> Form:
    """Return the settings that are to be given: those of the exchange that is chosen, where there are several."""
    if not of.chooser:
        return of.forms[0]
    choices = [choice for form in of.forms for choice in form.choice(of.chooser)]
    value = given.get(of.chooser)
    for form in of.forms:
        if value in form.choice(of.chooser):
            return form
    raise InputError(f"{field}.{of.chooser}", str(value)[:100], f"Choose one of {', '.join(choices)}.")


def _settings(form: Form, given: Mapping[str, Any], field: str, title: str) -> dict[str, Any]:
    names = [each.name for each in form.settings]
    for name in given:
        if name not in names:
            near = get_close_matches(str(name), names, 1)
            hint = f" Did you mean '{near[0]}'?" if near else ""
            known = ", ".join(names) or "none"
            text = f"{title} has no such setting.{hint} Its settings are: {known}."
            raise InputError(f"{field}.{str(name)[:100]}", HIDDEN, text)
    return {
        each.name: _value(each, given[each.name], field)
        for each in form.settings
        if _is_given(each, given, field, title)
    }


def _is_given(setting: Setting, given: Mapping[str, Any], field: str, title: str) -> bool:
    if given.get(setting.name) not in (None, ""):
        return True
    if setting.is_required:
        what = f"one of {', '.join(setting.choices)}" if setting.choices else "it"
        raise InputError(f"{field}.{setting.name}", None, f"{title} needs '{setting.name}'; give {what}.")
    return False


def _value(setting: Setting, value: Any, field: str) -> str | int:
    where = f"{field}.{setting.name}"
    if setting.choices:
        if value not in setting.choices:
            raise InputError(where, str(value)[:100], f"Choose one of {', '.join(setting.choices)}.")
        return str(value)
    if setting.is_number:
        text = str(value).strip()
        if isinstance(value, bool) or not (text.isascii() and text.isdigit() and len(text) < 18):
            raise InputError(where, HIDDEN, "Write a whole number.")
        return int(text)
    if not isinstance(value, str) or not value.strip() or len(value) > _LONGEST_VALUE or "\0" in value:
        raise InputError(where, HIDDEN, f"Write a text of up to {_LONGEST_VALUE:,} characters.")
    return value.strip()


def _environment(brokerage: Brokerage, form: Form, sent: Mapping[str, Any]) -> str:
    if brokerage.id == PAPER:
        return "paper"
    is_paper = any(sent.get(each.name) in each.paper for each in form.settings if each.paper)
    return "paper" if is_paper else "live"


def _rows(field: str, value: Any, names: set[str]) -> Sequence[Mapping[str, Any]]:
    if not isinstance(value, list) or len(value) > _MOST_ROWS or not all(isinstance(each, Mapping) for each in value):
        known = ", ".join(sorted(names))
        raise InputError(field, str(value)[:100], f"Write a list of up to {_MOST_ROWS} objects with {known}.")
    for each in value:
        unknown = sorted(map(str, set(each) - names))
        if unknown:
            raise InputError(f"{field}.{unknown[0][:100]}", "", f"Known are {', '.join(sorted(names))}.")
    return value


def _cash(value: Any, brokerage: Brokerage) -> list[dict[str, Any]]:
    rows = _rows("brokerage.cash", value or [], _CASH)
    if not rows and brokerage.needs_cash:
        text = f'{brokerage.title} needs \'cash\'; write [{{"currency": "USD", "amount": 100000}}].'
        raise InputError("brokerage.cash", None, text)
    for each in rows:
        if not isinstance(each.get("currency"), str) or not _CURRENCY.fullmatch(each["currency"]):
            raise InputError("brokerage.cash.currency", str(each.get("currency"))[:20], "Write USD or BTC.")
    return [
        {"currency": each["currency"], "amount": _amount("brokerage.cash.amount", each.get("amount"))} for each in rows
    ]


def _holdings(value: Any) -> list[dict[str, Any]]:
    field, sent = "brokerage.holdings", []
    for each in _rows(field, value, _HOLDING):
        for name in ("symbolId", "symbol"):
            text = each.get(name)
            if not isinstance(text, str) or not 0 < len(text) <= 100:
                raise InputError(f"{field}.{name}", str(text)[:100], "Write it as 'SPY R735QTJ8XC9X' and 'SPY'.")
        price = _amount(f"{field}.averagePrice", each.get("averagePrice"))
        if price < 0:
            raise InputError(f"{field}.averagePrice", price, "A price is not below zero.")
        quantity = _amount(f"{field}.quantity", each.get("quantity"))
        names = {"symbolId": each["symbolId"], "symbol": each["symbol"]}
        sent.append({**names, "quantity": quantity, "averagePrice": price})
    return sent


def _amount(field: str, value: Any) -> float | int:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number or not math.isfinite(value) or abs(value) > _LARGEST:
        raise InputError(field, str(value)[:50], "Write a number, up to 10^12.")
    return value  # type: ignore[no-any-return]  # looked at above


def _unknown(field: str, name: object, what: str, known: list[str]) -> InputError:
    near = get_close_matches(str(name), known, 1)
    hint = f" Did you mean '{near[0]}'?" if near else ""
    return InputError(field, str(name)[:100], f"There is no such {what}.{hint} Known are {', '.join(known)}.")
