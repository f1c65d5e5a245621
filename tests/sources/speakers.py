"""The servers: each tells the figures of `figures` in the format of one source."""

from __future__ import annotations

import base64
from datetime import UTC, date, datetime, timedelta

import numpy as np
from tests.sources.figures import (
    DIVIDEND,
    DIVIDEND_DAY,
    LISTED,
    NEW_YORK,
    NOW,
    SPLIT_DAY,
    Bar,
    coin_bars,
    midnight,
    share_days,
    share_minutes,
)
from tests.sources.wire import Answer, Asked, Wire, answer


def _day(at: float) -> date:
    return datetime.fromtimestamp(at, NEW_YORK).date()


class Yahoo(Wire):
    """Charts: adjusted by splits, in single precision, days stamped with the opening."""

    crumb = "abc/DEF.1"

    def aside(self, asked: Asked) -> Answer | None:
        if asked.path == "/":
            return Answer(404, b"", {"Set-Cookie": "A3=made-up; Path=/"})
        if asked.path == "/v1/test/getcrumb":
            assert "A3=made-up" in asked.headers["cookie"]
            return Answer(200, self.crumb.encode(), {"Content-Type": "text/plain"})
        return None

    def bars(self, asked: Asked) -> Answer:
        assert asked.params["crumb"] == self.crumb
        if asked.path == "/v1/finance/search":
            return answer(
                {
                    "quotes": [
                        {"symbol": "AAA", "quoteType": "EQUITY", "longname": "Triple A Inc.", "exchDisp": "NASDAQ"},
                        {"symbol": "AAA.L", "quoteType": "EQUITY", "longname": "Elsewhere Ltd."},
                        {"symbol": "BBB-C", "quoteType": "EQUITY", "shortname": "Class C"},
                        {"symbol": "EURUSD=X", "quoteType": "CURRENCY", "shortname": "EUR/USD"},
                        {"symbol": "^GSPC", "quoteType": "INDEX", "shortname": "S&P 500"},
                        {"symbol": "AAA220121C1", "quoteType": "OPTION"},
                    ]
                }
            )
        symbol = asked.path.rpartition("/")[2]
        if symbol == "NOPE":
            error = {"code": "Not Found", "description": "No data found, symbol may be delisted"}
            return answer({"chart": {"result": None, "error": error}}, 404)
        if symbol == "GHOST":
            phantom = {"meta": {"symbol": "GHOST", "currency": None}, "indicators": {"quote": [{}]}}
            return answer({"chart": {"result": [phantom], "error": None}})
        last = date(2020, 6, 30) if symbol == "GONE" else NOW.date()
        start, end = (float(asked.params.get(name, 0)) for name in ("period1", "period2"))
        if "range" in asked.params:
            start, end = 0.0, NOW.timestamp()
        interval = asked.params["interval"]
        if interval == "1m":
            if end - start > 8 * 86_400 or start < (NOW - timedelta(days=30)).timestamp():
                text = "1m data not available for startDate and endDate."
                return answer({"chart": {"result": None, "error": {"code": "Unprocessable", "description": text}}}, 422)
            rows = share_minutes(_day(start), _day(end))
        else:
            rows = [bar._replace(at=bar.at + 9 * 3600 + 1800) for bar in share_days(LISTED, last)]
        rows = [bar for bar in rows if start <= bar.at < end]
        if not rows and symbol == "GONE":
            text = "Data doesn't exist for startDate = 1, endDate = 2"
            return answer({"chart": {"result": None, "error": {"code": "Bad Request", "description": text}}}, 400)
        return answer({"chart": {"result": [self._chart(symbol, rows, start, end)], "error": None}})

    def _chart(self, symbol: str, rows: list[Bar], start: float, end: float) -> dict[str, object]:
        halves = [2 if _day(bar.at) < SPLIT_DAY else 1 for bar in rows]
        quote = {
            name: [float(np.float32(getattr(bar, name) / half)) for bar, half in zip(rows, halves, strict=True)]
            for name in ("open", "high", "low", "close")
        }
        quote["volume"] = [int(bar.volume * half) for bar, half in zip(rows, halves, strict=True)]
        meta = {
            "symbol": symbol,
            "currency": "USD",
            "instrumentType": "EQUITY",
            "exchangeName": "NMS",
            "longName": "Triple A Inc.",
            "exchangeTimezoneName": "Europe/Berlin" if symbol == "DAX.DE" else "America/New_York",
            "firstTradeDate": midnight(LISTED) + 34_200,
            "regularMarketTime": int(NOW.timestamp()),
            "regularMarketPrice": 60.0,
        }
        stamps = [bar.at for bar in rows]
        events: dict[str, object] = {}
        split, paid = midnight(SPLIT_DAY) + 34_200, midnight(DIVIDEND_DAY) + 34_200
        if start <= split < end:
            events["splits"] = {str(split): {"date": split, "numerator": 2, "denominator": 1, "splitRatio": "2:1"}}
        if start <= paid < end:
            events["dividends"] = {str(paid): {"date": paid, "amount": DIVIDEND / 2}}
        chart: dict[str, object] = {"meta": meta, "indicators": {"quote": [quote]}, "events": events}
        return chart | ({"timestamp": stamps} if stamps else {})


class AlphaVantage(Wire):
    """Texts for numbers, newest first, refusals with 200."""

    def bars(self, asked: Asked) -> Answer:
        params = asked.params
        assert params["datatype"] == "json"
        function, symbol = params["function"], params.get("symbol", "")
        if function == "SYMBOL_SEARCH":
            match = {
                "1. symbol": "AAA", "2. name": "Triple A Inc", "3. type": "Equity", "4. region": "United States",
                "7. timezone": "UTC-04", "8. currency": "USD", "9. matchScore": "1.0000",
            }  # fmt: skip
            other = match | {"1. symbol": "AAA.LON", "4. region": "United Kingdom"}
            return answer({"bestMatches": [match, other] if params["keywords"] != "NOPE" else []})
        if symbol == "NOPE":
            return self._unknown()
        if function in ("TIME_SERIES_DAILY", "TIME_SERIES_DAILY_ADJUSTED"):
            return self._daily(symbol, is_adjusted=function.endswith("ADJUSTED"), size=params["outputsize"])
        if function == "TIME_SERIES_INTRADAY":
            assert params["adjusted"] == "false"
            return self._month(symbol, params["month"])
        if function in ("FX_DAILY", "DIGITAL_CURRENCY_DAILY"):
            return self._coins(function, params)
        return self._unknown()

    def _unknown(self) -> Answer:
        return answer({"Error Message": "Invalid API call. Please retry or visit the documentation."})

    def _daily(self, symbol: str, *, is_adjusted: bool, size: str) -> Answer:
        rows = {}
        for bar in share_days():
            day = _day(bar.at)
            row = {
                "1. open": f"{bar.open:.4f}", "2. high": f"{bar.high:.4f}", "3. low": f"{bar.low:.4f}",
                "4. close": f"{bar.close:.4f}", ("6. volume" if is_adjusted else "5. volume"): f"{bar.volume:.0f}",
            }  # fmt: skip
            if is_adjusted:
                row |= {
                    "5. adjusted close": "1.0",
                    "7. dividend amount": f"{DIVIDEND if day == DIVIDEND_DAY else 0:.4f}",
                    "8. split coefficient": "2.0" if day == SPLIT_DAY else "1.0",
                }
            rows[str(day)] = row
        chosen = list(rows.items())[-100:] if size == "compact" else list(rows.items())
        meta = {"2. Symbol": symbol, "5. Time Zone": "US/Eastern"}
        return answer({"Meta Data": meta, "Time Series (Daily)": dict(reversed(chosen))})

    def _month(self, symbol: str, month: str) -> Answer:
        first = date.fromisoformat(f"{month}-01")
        last = (first + timedelta(days=32)).replace(day=1) - timedelta(days=1)
        bars = share_minutes(first, min(last, NOW.date()))
        if not bars:
            return self._unknown()
        rows = {
            f"{datetime.fromtimestamp(bar.at, NEW_YORK):%Y-%m-%d %H:%M:%S}": {
                "1. open": str(bar.open), "2. high": str(bar.high), "3. low": str(bar.low), "4. close": str(bar.close),
                "5. volume": f"{bar.volume:.0f}",
            }
            for bar in reversed(bars)
        }  # fmt: skip
        meta = {"2. Symbol": symbol, "4. Interval": "1min", "6. Time Zone": "US/Eastern"}
        return answer({"Meta Data": meta, "Time Series (1min)": rows})

    def _coins(self, function: str, params: dict[str, str]) -> Answer:
        bars = coin_bars(0, int(NOW.timestamp()), 86_400)
        days = [(f"{datetime.fromtimestamp(bar.at, UTC):%Y-%m-%d}", bar) for bar in reversed(bars)]
        if function == "FX_DAILY":
            meta = {"2. From Symbol": params["from_symbol"], "3. To Symbol": params["to_symbol"], "6. Time Zone": "UTC"}
            rows = {
                day: {
                    "1. open": f"{bar.open}",
                    "2. high": f"{bar.high}",
                    "3. low": f"{bar.low}",
                    "4. close": f"{bar.close}",
                }
                for day, bar in days
            }
            return answer({"Meta Data": meta, "Time Series FX (Daily)": rows})
        meta = {"2. Digital Currency Code": params["symbol"], "7. Time Zone": "UTC"}
        rows = {
            day: {
                "1a. open (USD)": f"{bar.open}", "1b. open (USD)": f"{bar.open}", "2a. high (USD)": f"{bar.high}",
                "3a. low (USD)": f"{bar.low}", "4a. close (USD)": f"{bar.close}", "5. volume": f"{bar.volume}",
                "6. market cap (USD)": "0",
            }
            for day, bar in days
        }  # fmt: skip
        return answer({"Meta Data": meta, "Time Series (Digital Currency Daily)": rows})


class Alpaca(Wire):
    """Pages of bars with a token for the next."""

    page = 250

    def bars(self, asked: Asked) -> Answer:
        if not asked.headers.get("apca-api-key-id") or not asked.headers.get("apca-api-secret-key"):
            return answer({"message": "forbidden."}, 403)
        params = asked.params
        if asked.path == "/v1/corporate-actions":
            return answer({"corporate_actions": self._events(params), "next_page_token": None})
        symbol = params["symbols"]
        if symbol == "BAD!":
            return answer({"message": "invalid symbol: BAD!"}, 400)
        if symbol == "NOPE":
            return answer({"bars": {}, "next_page_token": None})
        assert params["adjustment"] == "raw"
        start = datetime.fromisoformat(params["start"]).timestamp()
        end = datetime.fromisoformat(params["end"]).timestamp() if "end" in params else NOW.timestamp()
        last = date(2020, 6, 30) if symbol == "GONE" else NOW.date()
        rows = (
            share_days(LISTED, last)
            if params["timeframe"] == "1Day"
            else share_minutes(_day(start), min(last, _day(end)))
        )
        rows = [bar for bar in rows if start <= bar.at <= end]
        token = params.get("page_token")
        at = int(base64.b64decode(token)) if token else 0
        most = min(int(params["limit"]), self.page)
        chosen = rows[at : at + most]
        following = base64.b64encode(str(at + most).encode()).decode() if at + most < len(rows) else None
        found = [
            {
                "t": f"{datetime.fromtimestamp(bar.at, UTC):%Y-%m-%dT%H:%M:%SZ}", "o": bar.open, "h": bar.high,
                "l": bar.low, "c": bar.close, "v": int(bar.volume), "n": 7, "vw": bar.close,
            }
            for bar in chosen
        ]  # fmt: skip
        return answer({"bars": {symbol: found} if found else {}, "next_page_token": following})

    def _events(self, params: dict[str, str]) -> dict[str, object]:
        events: dict[str, object] = {}
        symbol = params["symbols"]
        if params["start"] <= str(SPLIT_DAY) <= params["end"]:
            events["forward_splits"] = [{"symbol": symbol, "new_rate": 2, "old_rate": 1, "ex_date": str(SPLIT_DAY)}]
        if params["start"] <= str(DIVIDEND_DAY) <= params["end"]:
            events["cash_dividends"] = [{"symbol": symbol, "rate": DIVIDEND, "ex_date": str(DIVIDEND_DAY)}]
        return events


class Binance(Wire):
    """Candles as arrays of texts, from a start on, whatever the end."""

    def aside(self, asked: Asked) -> Answer | None:
        if not asked.path.endswith("/exchangeInfo"):
            return None
        names = (("BTC", "USDT"), ("ETH", "USDT"), ("ETH", "BTC"))
        symbols = [
            {
                "symbol": base + quote, "status": "TRADING", "baseAsset": base, "baseAssetPrecision": 8,
                "quoteAsset": quote, "quotePrecision": 8, "orderTypes": ["LIMIT"], "isSpotTradingAllowed": True,
                "isMarginTradingAllowed": False, "filters": [], "permissions": ["SPOT"], "permissionSets": [["SPOT"]],
            }
            for base, quote in names
        ]  # fmt: skip
        return answer({"timezone": "UTC", "serverTime": 0, "rateLimits": [], "exchangeFilters": [], "symbols": symbols})

    def bars(self, asked: Asked) -> Answer:
        assert asked.path == "/api/v3/klines"
        length = {"1m": 60, "1h": 3_600, "1d": 86_400}[asked.params["interval"]]
        start = int(asked.params["startTime"]) // 1_000
        last = int(NOW.timestamp()) if asked.params["symbol"] != "ETHBTC" else midnight(date(2020, 6, 30), UTC)
        first = max(start, midnight(LISTED, UTC))
        most = int(asked.params["limit"])
        last = min(last, int(asked.params["endTime"]) // 1_000 + 1)
        rows = [
            [
                bar.at * 1_000, str(bar.open), str(bar.high), str(bar.low), str(bar.close), str(bar.volume),
                (bar.at + length) * 1_000 - 1, "0", 5, "0", "0", "0",
            ]
            for bar in coin_bars(first, min(last, first + (most + 1) * length), length)[:most]
        ]  # fmt: skip
        return answer(rows)


class Coinbase(Wire):
    """Candles newest first, with low and high before open and close."""

    def aside(self, asked: Asked) -> Answer | None:
        if asked.path != "/products":
            return None
        products = [
            {
                "id": f"{base}-USD", "base_currency": base, "quote_currency": "USD", "quote_increment": "0.01",
                "base_increment": "0.00000001", "display_name": f"{base}/USD", "min_market_funds": "1",
                "status": "online", "trading_disabled": False,
            }
            for base in ("BTC", "GONE")
        ]  # fmt: skip
        return answer(products)

    def bars(self, asked: Asked) -> Answer:
        length = int(asked.params["granularity"])
        start, end = (int(datetime.fromisoformat(asked.params[name]).timestamp()) for name in ("start", "end"))
        if (end - start) // length >= 300:
            return answer({"message": "granularity too small for the requested time range"}, 400)
        last = midnight(date(2020, 6, 30), UTC) if "GONE" in asked.path else int(NOW.timestamp())
        rows = [
            [bar.at, bar.low, bar.high, bar.open, bar.close, bar.volume]
            for bar in reversed(coin_bars(start, min(last, end + 1), length))
        ]
        return answer(rows)


class Bybit(Wire):
    """Candles newest first, in an envelope with a code."""

    def aside(self, asked: Asked) -> Answer | None:
        if asked.path != "/v5/market/instruments-info":
            return None
        pairs = [
            {
                "symbol": f"{base}USDT", "baseCoin": base, "quoteCoin": "USDT", "innovation": "0", "status": "Trading",
                "marginTrading": "both", "lotSizeFilter": {"basePrecision": "0.000001", "quotePrecision": "0.01",
                "minOrderQty": "0.01", "maxOrderQty": "71"}, "priceFilter": {"tickSize": "0.01"},
            }
            for base in ("BTC", "GONE")
        ]  # fmt: skip
        return answer({"retCode": 0, "retMsg": "OK", "result": {"category": "spot", "list": pairs}, "time": 1})

    def bars(self, asked: Asked) -> Answer:
        assert asked.params["category"] == "spot"
        length = {"1": 60, "60": 3_600, "D": 86_400}[asked.params["interval"]]
        start, end = (int(asked.params[name]) // 1_000 for name in ("start", "end"))
        last = midnight(date(2020, 6, 30), UTC) if asked.params["symbol"] == "GONEUSDT" else int(NOW.timestamp())
        rows = [
            [str(bar.at * 1_000), str(bar.open), str(bar.high), str(bar.low), str(bar.close), str(bar.volume), "0"]
            for bar in coin_bars(start, min(last, end + 1), length)
        ]
        newest = rows[-int(asked.params["limit"]) :][::-1]
        result = {"symbol": asked.params["symbol"], "category": "spot", "list": newest}
        return answer({"retCode": 0, "retMsg": "OK", "result": result, "time": 1})


class Bitfinex(Wire):
    """Candles as arrays, with the close before high and low."""

    def aside(self, asked: Asked) -> Answer | None:
        if not asked.path.startswith("/v2/conf/"):
            return None
        sizes = [None, None, None, "0.02", "5000.0", None, None, None, None, None, None, None]
        return answer([[["BTCUSD", sizes], ["GONE:USD", sizes]], [], [], []])

    def bars(self, asked: Asked) -> Answer:
        _, _, name, _ = asked.path.strip("/").split("/")
        _, frame, symbol = name.split(":", 2)
        length = {"1m": 60, "1h": 3_600, "1D": 86_400}[frame]
        start, end = (int(asked.params[each]) // 1_000 for each in ("start", "end"))
        last = midnight(date(2020, 6, 30), UTC) if "GONE" in symbol else int(NOW.timestamp())
        rows = [
            [bar.at * 1_000, bar.open, bar.close, bar.high, bar.low, bar.volume]
            for bar in coin_bars(start, min(last, end + 1), length)
        ]
        return answer(rows[: int(asked.params["limit"])])


class Kraken(Wire):
    """The last 720 candles, whatever is asked for."""

    def aside(self, asked: Asked) -> Answer | None:
        if asked.path != "/0/public/AssetPairs":
            return None
        pair = {
            "altname": "XBTUSD", "wsname": "XBT/USD", "aclass_base": "currency", "base": "XXBT", "quote": "ZUSD",
            "aclass_quote": "currency", "pair_decimals": 1, "lot_decimals": 8, "status": "online", "ordermin": "0.0001",
        }  # fmt: skip
        return answer({"error": [], "result": {"XXBTZUSD": pair}})

    def bars(self, asked: Asked) -> Answer:
        length = int(asked.params["interval"]) * 60
        now = int(NOW.timestamp())
        rows = [
            [bar.at, str(bar.open), str(bar.high), str(bar.low), str(bar.close), "0", str(bar.volume), 5]
            for bar in coin_bars(now - 800 * length, now, length)
        ]
        return answer({"error": [], "result": {"XXBTZUSD": rows[-720:], "last": now}})
