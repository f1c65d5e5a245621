"""What pydantic has against a value, in the words of rules."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

#: By the kind of what is wrong; in braces, what pydantic says besides.
_WORDS: Final[Mapping[str, str]] = {
    "missing": "this field is needed; add it",
    "union_tag_invalid": "{discriminator} may be {expected_tags}",
    "union_tag_not_found": "an object is expected whose 'kind' says what it is",
    "model_type": "an object with fields is expected",
    "model_attributes_type": "an object with fields is expected",
    "dict_type": "an object with fields is expected",
    "list_type": "a list is expected",
    "tuple_type": "a list is expected",
    "string_type": "a text is expected",
    "string_too_short": "a text of at least {min_length} characters is expected",
    "string_too_long": "a text of at most {max_length} characters is expected",
    "string_pattern_mismatch": "there are signs in it that may not be there, or it is not of the form that is expected",
    "too_short": "at least {min_length} are expected",
    "too_long": "at most {max_length} are expected",
    "bool_type": "true or false is expected",
    "bool_parsing": "true or false is expected",
    "float_type": "a number is expected",
    "float_parsing": "a number is expected",
    "finite_number": "a number that is not infinite is expected",
    "int_type": "a whole number is expected",
    "int_parsing": "a whole number is expected",
    "int_from_float": "a whole number is expected",
    "greater_than": "a number above {gt} is expected",
    "greater_than_equal": "a number of at least {ge} is expected",
    "less_than": "a number below {lt} is expected",
    "less_than_equal": "a number of at most {le} is expected",
    "literal_error": "{expected} is expected",
    "enum": "{expected} is expected",
    "date_type": "a day such as 2020-01-31 is expected",
    "date_parsing": "a day such as 2020-01-31 is expected",
    "date_from_datetime_parsing": "a day such as 2020-01-31 is expected",
    "date_from_datetime_inexact": "a day such as 2020-01-31 is expected",
    "time_type": "a time such as 09:31 is expected",
    "time_parsing": "a time such as 09:31 is expected",
}
_PLAIN: Final = ("Input should be ", "Value error, ")


def refusal_words(error: Mapping[str, Any]) -> str:
    """Return what is wrong, of an error of pydantic's with its context; without the value that there was."""
    words = _WORDS.get(error["type"])
    if words is not None:
        try:
            return words.format_map(error.get("ctx", {}))
        except KeyError:
            pass
    said: str = error["msg"]
    for beginning in _PLAIN:
        said = said.removeprefix(beginning)
    return f"{said} is expected" if error["msg"].startswith(_PLAIN[0]) else said
