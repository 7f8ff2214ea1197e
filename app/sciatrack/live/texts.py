"""The words of the page in all languages, put together from the catalogue of exercises and the text files."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from importlib import resources

from sciatrack_analytics.checkins import NERVE_SYMPTOMS, NO_PAIN_SITE, RED_FLAGS, SITES
from sciatrack_analytics.safety_texts import LANGUAGES, safety_texts
from sciatrack_signal.exercises import Exercise

__all__ = ["LANGUAGES", "page_texts"]
Texts = dict[str, dict[str, str]]


def page_texts(exercises: Mapping[str, Exercise]) -> Texts:
    """Key -> language -> text. Exercises of a study's own file have the words of that file in every language."""
    texts = {key: dict(words) for key, words in (*safety_texts().items(), *_read().items())}
    for key, source in _questions():
        texts[key] = dict(safety_texts()[source])
    for exercise in exercises.values():
        for key, english in _words(exercise).items():
            texts[key] = {**texts.get(key, {}), "en": english}
    return texts


def _questions() -> list[tuple[str, str]]:
    """Keys of the page's form, and the safety text that each of them is."""
    form = [
        ("ask.leg_nrs", "question.leg_nrs"), ("ask.back_nrs", "question.back_nrs"), ("ask.send", "question.send"),
        ("ask.distal_site", "question.distal_site"), ("ask.red_flags", "question.red_flags"),
        ("ask.other_symptoms", "question.other_symptoms"), ("ask.none_of_these", "question.none_of_these"),
        ("ask.new_or_worse", "question.known.yes"), ("ask.consulted", "question.consulted"),
        ("ask.consulted.yes", "question.yes"), ("ask.consulted.no", "question.no"), ("ask.private", "question.why"),
    ]  # fmt: skip
    form += [(f"ask.distal_site.{site}", f"site.{site}") for site in (NO_PAIN_SITE, *SITES)]
    form += [(f"ask.red_flags.{sign}", f"sign.{sign}") for sign in RED_FLAGS]
    return form + [(f"ask.other_symptoms.{sign}", f"sign.{sign}") for sign in NERVE_SYMPTOMS]


def _words(exercise: Exercise) -> Mapping[str, str]:
    key = f"exercise.{exercise.id}"
    return {
        key: exercise.name, f"{key}.start": exercise.start_position, f"{key}.steps": "\n".join(exercise.steps)
    }  # fmt: skip


def _read() -> Texts:
    text = (resources.files("sciatrack.live") / "texts.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)
