"""``crm.currency.*``: the currency that the portal counts in."""

from typing import Any

from babel import Locale
from babel.numbers import get_currency_name, get_currency_precision, get_currency_symbol

from kernel.messages import LOCALES
from portal.modules.crm import wiring
from portal.modules.crm.rest.userfield_rows import LANGUAGES
from portal.rest.method import Call, CallError, Listed, Method

_LANGUAGE_OF = {ours: theirs for theirs, ours in LANGUAGES.items()}


async def get_base(call: Call) -> str:
    """``crm.currency.base.get``."""
    return await _code(call)


async def list_currencies(call: Call) -> Listed:
    """``crm.currency.list``."""
    return Listed([_shown(await _code(call), call.context.locale)], 1)


async def get_currency(call: Call) -> dict[str, Any]:
    """``crm.currency.get``."""
    code = await _code(call)
    if (call.parameters.text("id") or "").strip().upper() != code:
        raise CallError(400, "", "Not found")
    languages = {_LANGUAGE_OF[locale]: _localised(code, locale) for locale in LOCALES}
    return {**_shown(code, call.context.locale), "LANG": languages}


async def _code(call: Call) -> str:
    return (await wiring.lists_of(call.context.reader)).customs.currency


def _shown(code: str, locale: str) -> dict[str, Any]:
    told = _localised(code, locale)
    plain = ("FULL_NAME", "FORMAT_STRING", "DEC_POINT", "THOUSANDS_SEP", "DECIMALS")
    return {
        "CURRENCY": code,
        "AMOUNT_CNT": "1",
        "AMOUNT": "1.0000",
        "SORT": "100",
        "BASE": "Y",
        "LID": _LANGUAGE_OF[locale],
        **{name: told[name] for name in plain},
        "DATE_UPDATE": None,
    }


def _localised(code: str, locale: str) -> dict[str, str]:
    symbols = Locale.parse(locale).number_symbols["latn"]
    symbol = get_currency_symbol(code, locale=locale)
    return {
        "FULL_NAME": get_currency_name(code, locale=locale),
        "FORMAT_STRING": f"{symbol}#" if locale == "en" else f"# {symbol}",
        "DEC_POINT": symbols["decimal"],
        "THOUSANDS_SEP": symbols["group"],
        "DECIMALS": str(get_currency_precision(code)),
        "THOUSANDS_VARIANT": _VARIANTS.get(symbols["group"], "S"),
        "HIDE_ZERO": "N",
    }


_VARIANTS = {",": "C", ".": "D", "\N{NO-BREAK SPACE}": "B"}
_DIFFERS = (
    "There is one currency, which the portal counts in. Leads may be in any of ISO 4217; there are "
    "no rates."
)
METHODS = (
    Method("crm.currency.base.get", ("crm",), get_base),
    Method("crm.currency.list", ("crm",), list_currencies, differs=_DIFFERS),
    Method("crm.currency.get", ("crm",), get_currency, differs=_DIFFERS),
)
