"""``ai/tools/…``: those of QuantConnect's tools that need no model."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from tradinglab.algorithm.check import Severity
from tradinglab.server.accounts.models import Scope
from tradinglab.server.errors import InputError
from tradinglab.server.qcapi.asking import Ask, OrNone, Whole
from tradinglab.server.qcapi.assist.completion import completions
from tradinglab.server.qcapi.assist.error_table import advice_for
from tradinglab.server.qcapi.assist.pep8 import converted
from tradinglab.server.qcapi.assist.searching import Kind, search
from tradinglab.server.qcapi.compiles import finding_line
from tradinglab.server.qcapi.endpoints import Answer, Call, endpoint
from tradinglab.server.qcapi.models import Language
from tradinglab.server.qcapi.trials import strategy_trial
from tradinglab.server.strategies.checking import files_check
from tradinglab.server.strategies.files import check_files

_VERSION = 2.0
_MOST_COMPLETIONS = 50
#: What the check calls the findings that are told here.
_OF_SYNTAX = ("syntax_error", "too_complex")
_NO_CSHARP = "C# is stored here, but neither compiled nor run: this installation runs strategies in Python."
_WELL = "The strategy was set up without an error."


class FileGiven(Ask):
    """A file."""

    name: str
    content: str


class FilesAsk(Ask):
    """Files that are to be looked at."""

    language: Language = Language.PYTHON
    files: Annotated[list[FileGiven], Field(min_length=1, max_length=100)]


class CompleteAsk(Ask):
    """The beginning of a line."""

    language: Language = Language.PYTHON
    sentence: str
    response_size_limit: OrNone[Whole] = None


class ErrorGiven(Ask):
    """An error, as a run ended with it."""

    message: str
    stacktrace: str | None = None


class ErrorAsk(Ask):
    """An error that is to be explained."""

    language: Language = Language.PYTHON
    error: ErrorGiven


class Criterion(Ask):
    """What is searched, and where."""

    input: str
    type: Literal["Stubs", "Forum", "Docs", "Examples"]
    count: Annotated[int, Field(ge=0, le=50)]


class SearchAsk(Ask):
    """Several searches at once."""

    language: Language = Language.PYTHON
    criteria: Annotated[list[Criterion], Field(max_length=10)]


@endpoint("ai/tools/syntax-check", FilesAsk)
def syntax_check(call: Call, asked: FilesAsk) -> Answer:
    """Say where files are no Python."""
    if asked.language == Language.CSHARP:
        return _array([_NO_CSHARP], is_error=True)
    found = files_check(files=_files(asked)).findings
    # Whatever else is wrong is for a compile to say.
    errors = [finding_line(each) for each in found if each.severity == Severity.ERROR and each.code in _OF_SYNTAX]
    return _array(errors, is_error=bool(errors))


@endpoint("ai/tools/backtest-init", FilesAsk, scope=Scope.RUN)
def backtest_init(call: Call, asked: FilesAsk) -> Answer:
    """Call a strategy's ``initialize`` in the sandbox, and say what comes of it."""
    if asked.language == Language.CSHARP:
        return _text(_NO_CSHARP, is_error=True)
    problem = strategy_trial(user=call.user, files=_files(asked))
    return _text(problem or _WELL, is_error=bool(problem))


@endpoint("ai/tools/pep8-convert", FilesAsk)
def pep8_convert(call: Call, asked: FilesAsk) -> Answer:
    """Write the API's members in snake case."""
    payload = {name: converted(text) if name.endswith(".py") else text for name, text in _files(asked).items()}
    return {"state": "End", "version": _VERSION, "payload": payload, "payloadType": "StringDict"}


@endpoint("ai/tools/complete", CompleteAsk)
def complete(call: Call, asked: CompleteAsk) -> Answer:
    """Say how a name may go on."""
    most = min(max(asked.response_size_limit or 10, 1), _MOST_COMPLETIONS)
    return _array(completions(asked.sentence, is_csharp=asked.language == Language.CSHARP, most=most))


@endpoint("ai/tools/error-enhance", ErrorAsk)
def error_enhance(call: Call, asked: ErrorAsk) -> Answer:
    """Say what to do about an error."""
    return _text(advice_for(asked.error.message, asked.error.stacktrace or ""))


@endpoint("ai/tools/search", SearchAsk)
def search_all(call: Call, asked: SearchAsk) -> Answer:
    """Find passages in the API's descriptions and in strategies of ours."""
    found = [
        {"url": each.url, "score": each.score, "content": each.content, "type": int(each.kind)}
        for criterion in asked.criteria
        for each in search(criterion.input, kind=Kind[criterion.type.upper()], most=criterion.count)
    ]
    return {"state": "End", "version": _VERSION, "retrivals": found, "messageId": 0}


def _files(asked: FilesAsk) -> dict[str, str]:
    found = {each.name: each.content for each in asked.files}
    if len(found) < len(asked.files):
        raise InputError("files", len(asked.files), "files: two of them have one name.")
    check_files(found, is_draft=True)
    return found


def _array(payload: list[str], *, is_error: bool = False) -> dict[str, Any]:
    state = "Error" if is_error else "End"
    return {"state": state, "version": _VERSION, "payload": payload, "payloadType": "StringArray"}


def _text(payload: str, *, is_error: bool = False) -> dict[str, Any]:
    state = "Error" if is_error else "End"
    return {"state": state, "version": _VERSION, "payload": payload, "payloadType": "String"}
