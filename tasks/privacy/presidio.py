"""Names by presidio (MIT, an extra): `find_personal_data(samples, PresidioRecognizer("en"))`."""

from collections.abc import Iterator

from tasks.privacy.spans import Kind, Span


class PresidioRecognizer:
    """A `Recognizer` that takes persons from presidio's model of one language.

    Args:
        language: two letters; presidio must have a model for it.
        least: smallest score that counts.
    """

    def __init__(self, language: str, least: float = 0.5) -> None:
        from presidio_analyzer import AnalyzerEngine

        self._analyzer = AnalyzerEngine(supported_languages=[language])
        self._language = language
        self._least = least

    def find(self, text: str) -> Iterator[Span]:
        """Persons in `text`."""
        found = self._analyzer.analyze(text, self._language, entities=["PERSON"], score_threshold=self._least)
        for item in found:
            yield Span(item.start, item.end, Kind.PERSON, item.score)
