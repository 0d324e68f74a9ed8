"""Suite files: Great Expectations' own YAML, with a boundary and the finding that each failing row gets.

What does not fit is refused by name, with the nearest name that would do.
"""

from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from string import Formatter
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from expectations.frames import Boundary
from tasks.errors import RecipeError
from tasks.language_codes import primary_language
from tasks.recipe import suggest
from tasks.records import Severity

SETTING = "$setting"
TOLD = ("value", "score", "threshold", "signs", "language", "expected")
"""What a reason may quote in braces."""


class Rows(StrEnum):
    """Which rows an expectation looks at: none (the columns alone), those to train on, or all."""

    NONE = "none"
    TRAIN = "train"
    ALL = "all"


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class Meta(_Part):
    """What becomes of rows that fail; Great Expectations carries it along and does not read it."""

    check: str = Field(default="", pattern=r"^([a-z][a-z0-9_]*)?$")
    """Name of the finding, which the recipe's `policy` may use; the type without `expect_` when left out."""
    rows: Rows = Rows.ALL
    languages: tuple[str, ...] = ()
    """Looks only at rows in these languages; at all when left out. `JA` and `ja-JP` are `ja`."""
    severity: Severity = Severity.WARNING
    """Of the finding of each failing row; a critical one puts the row into quarantine."""
    reason: str = ""
    """Sentence of the finding."""

    @field_validator("languages")
    @classmethod
    def _primary_codes(cls, languages: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(dict.fromkeys(primary_language(tag) for tag in languages))

    @field_validator("reason")
    @classmethod
    def _quotes_what_is_told(cls, reason: str) -> str:
        quoted = [name for _, name, _, _ in Formatter().parse(reason) if name is not None]
        unknown = [name for name in quoted if name not in TOLD]
        if unknown:
            raise ValueError(f"reason quotes {{{unknown[0]}}}; it may quote {{{'}, {'.join(TOLD)}}}")
        return reason


class Entry(_Part):
    """One expectation, as Great Expectations writes it."""

    type: str
    kwargs: dict[str, Any] = {}
    severity: Severity = Severity.WARNING
    """Of a failure of the whole, more rows failing than `mostly` allows: a critical one stops the line."""
    meta: Meta = Meta()

    @property
    def check(self) -> str:
        """Name of its findings."""
        return self.meta.check or self.type.removeprefix("expect_")


class Suite(_Part):
    """The content of a suite file: its digest is part of the key under which results are kept."""

    name: str = Field(default="", pattern=r"^[A-Za-z0-9_-]*$")
    """Shown in the report; the file's name when left out."""
    boundary: Boundary
    expectations: tuple[Entry, ...] = Field(min_length=1)


class Expectation(BaseModel):
    """An entry of a suite with its settings filled in."""

    model_config = ConfigDict(frozen=True)

    type: str
    kwargs: dict[str, Any]
    severity: Severity
    check: str
    reason: str
    rows: Rows
    languages: tuple[str, ...]
    row_severity: Severity

    @property
    def rows_key(self) -> str:
        """The set of rows that it looks at, as a name."""
        return "-".join((self.rows.value, *self.languages))


def read_suite(path: Path) -> Suite:
    """Reads a suite file; whether Great Expectations knows what it asks for is `known.refuse_unknown`'s matter.

    Raises:
        RecipeError: the file cannot be read or does not fit; names the place and the nearest name.
    """
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise RecipeError(f"cannot read suite {path}: {error.strerror}") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise RecipeError(f"suite {path} is not YAML in UTF-8: {error}") from error
    if not isinstance(content, dict):
        raise RecipeError(f"suite {path} must be a mapping, got {type(content).__name__}")
    try:
        suite = Suite.model_validate(content)
    except ValidationError as error:
        lines = [_explain(item) for item in error.errors() if not _is_consequence(item, content)]
        raise RecipeError(f"suite {path} cannot be used:\n" + "\n".join(lines)) from error
    return suite if suite.name else suite.model_copy(update={"name": path.stem})


def fill_suite(suite: Suite, settings: Mapping[str, Any]) -> list[Expectation]:
    """The expectations of `suite`.

    Args:
        settings: what `{$setting: NAME}` stands for.

    Raises:
        RecipeError: the suite asks for settings that are not there; names each.
    """
    problems = [
        f"  {place_of(position, entry)}: {problem}"
        for position, entry in enumerate(suite.expectations)
        for problem in unknown_settings(entry.kwargs, settings)
    ]
    if problems:
        raise RecipeError(f"suite {suite.name} cannot be used:\n" + "\n".join(problems))
    return [fill_entry(entry, settings) for entry in suite.expectations]


def fill_entry(entry: Entry, settings: Mapping[str, Any]) -> Expectation:
    """`entry` with its settings filled in, all of which are there."""
    return Expectation(
        type=entry.type,
        kwargs=_filled(entry.kwargs, settings),
        severity=entry.severity,
        check=entry.check,
        reason=entry.meta.reason,
        rows=entry.meta.rows,
        languages=entry.meta.languages,
        row_severity=entry.meta.severity,
    )


def unknown_settings(value: Any, settings: Mapping[str, Any]) -> list[str]:
    """What to say of each `{$setting: NAME}` in `value` whose name stands for nothing."""
    if isinstance(value, list):
        return [problem for item in value for problem in unknown_settings(item, settings)]
    if not isinstance(value, dict):
        return []
    if value.keys() != {SETTING}:
        return [problem for item in value.values() for problem in unknown_settings(item, settings)]
    name = value[SETTING]
    return [] if name in settings else [f"no setting {name!r}; {suggest(str(name), sorted(settings))}"]


def place_of(position: int, entry: Entry) -> str:
    """Where in its file an entry stands."""
    return f"expectations.{position} ({entry.type})"


def _filled(value: Any, settings: Mapping[str, Any]) -> Any:
    if isinstance(value, list):
        return [_filled(item, settings) for item in value]
    if not isinstance(value, dict):
        return value
    if value.keys() != {SETTING}:
        return {key: _filled(item, settings) for key, item in value.items()}
    return settings[value[SETTING]]


def _is_consequence(error: Any, content: Mapping[str, Any]) -> bool:
    """Whether pydantic only counts that no expectation is left, since none of those that are there fits."""
    return error["type"] == "too_short" and bool(content.get("expectations"))


def _explain(error: Any) -> str:
    """One line for one pydantic error: path, value received, what would be accepted."""
    *parents, last = error["loc"]
    where = ".".join(str(part) for part in error["loc"])
    if error["type"] == "extra_forbidden":
        named = [part for part in parents if isinstance(part, str)]
        model = Meta if "meta" in named else Entry if "expectations" in named else Suite
        return f"  {where}: unknown key; {suggest(str(last), list(model.model_fields))}"
    if error["type"] == "missing":
        return f"  {where}: is required"
    if error["type"] == "enum":
        choices = {"boundary": Boundary, "rows": Rows}.get(str(last), Severity)
        return f"  {where}: no {last} {error['input']!r}; {suggest(str(error['input']), [str(c) for c in choices])}"
    return f"  {where}: {error['msg'].removeprefix('Value error, ')} (got {error['input']!r})"
