"""Names by presidio (MIT, an extra): `privacy: {recognizer: presidio, models: {en: NAME}}` in a recipe."""

from collections.abc import Iterator

from tasks.errors import SeimaiError
from tasks.privacy.spans import Kind, Span


class PresidioRecognizer:
    """A `Recognizer` that takes persons from presidio's model of one language.

    Args:
        language: two letters.
        model: an installed spaCy model of that language.
        least: smallest score that counts.

    Raises:
        SeimaiError: presidio-analyzer or the model is not installed.
    """

    def __init__(self, language: str, model: str, least: float = 0.5) -> None:
        try:
            import spacy
            from presidio_analyzer import AnalyzerEngine
            from presidio_analyzer.nlp_engine import SpacyNlpEngine
        except ImportError as error:
            raise SeimaiError(
                f"privacy.recognizer 'presidio' needs the package presidio-analyzer: {error}"
            ) from error
        engine = SpacyNlpEngine(models=[{"lang_code": language, "model_name": model}])
        try:
            engine.nlp = {language: spacy.load(model)}
        except OSError as error:
            raise SeimaiError(f"privacy.models.{language}: {model} is no installed spaCy model") from error
        self._analyzer = AnalyzerEngine(nlp_engine=engine, supported_languages=[language])
        self._language = language
        self._least = least

    def find(self, text: str) -> Iterator[Span]:
        """Persons in `text`."""
        found = self._analyzer.analyze(text, self._language, entities=["PERSON"], score_threshold=self._least)
        for item in found:
            yield Span(item.start, item.end, Kind.PERSON, item.score)
