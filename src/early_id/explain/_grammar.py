"""How each language writes one, none, a change and a date; its phrases are in `phrases.yaml` of the panel."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType

from early_id.exceptions import ConfigError, did_you_mean
from early_id.panel import LANGUAGES


@dataclass(frozen=True)
class Grammar:
    """What a language needs besides its phrases.

    Attributes
    ----------
    months : tuple of 12 str
    date : str
        With {day}, {month} and {year}.
    changed, rose, fell : str
        The end of a phrase before a change, and what takes its place when the change went up or down.
    singular : mapping of plural to singular
        What is counted in the phrases, as it stands behind the number.
    none : mapping of plural to words
        How "no" of it is said.
    between : str
        Pattern of words that may stand between the number and what is counted.
    only : str
        Pattern of "only" before a number.
    before_none : str
        Pattern of the word that may stand in front of "none" inside a sentence.
    plainly : tuple of (pattern, replacement)
        How people say that something never happened, or happened always.
    """

    months: tuple[str, ...]
    date: str
    changed: str
    rose: str
    fell: str
    singular: Mapping[str, str]
    none: Mapping[str, str]
    between: str
    only: str
    before_none: str
    plainly: tuple[tuple[str, str], ...]

    @cached_property
    def _counted(self) -> str:
        longest_first = sorted(self.singular, key=len, reverse=True)
        return rf"({self.between})({'|'.join(longest_first)})\b"

    @cached_property
    def _after_one(self) -> re.Pattern[str]:
        return re.compile(rf"^(\s+){self._counted}")

    @cached_property
    def _none(self) -> re.Pattern[str]:
        return re.compile(rf"(^|{self.before_none})(?:{self.only})?0 {self._counted}", re.IGNORECASE)

    @cached_property
    def _plainly(self) -> tuple[tuple[re.Pattern[str], str], ...]:
        return tuple((re.compile(pattern, re.IGNORECASE), plain) for pattern, plain in self.plainly)

    def after_one(self, literal: str) -> str:
        """Put what follows the number 1 in the singular."""
        return self._after_one.sub(lambda found: f"{found[1]}{found[2]}{self.singular[found[3]]}", literal)

    def moved(self, text: str, written: str) -> str | None:
        """Say which way a change went, "fell by 3.0" and not "changed by -3.0"; None where the text tells of none."""
        if not text.endswith(self.changed):
            return None
        stem = text.removesuffix(self.changed)
        return f"{stem}{self.fell}{written[1:]}" if written.startswith("-") else f"{stem}{self.rose}{written}"

    def tidy(self, text: str) -> str:
        """Say nothing of "only 0", "all but 0 of" and "0 times", which nobody would."""
        for pattern, plain in self._plainly:
            text = pattern.sub(plain, text)
        text = self._none.sub(lambda found: f"{found[1]}{self._no(found[2], found[3])}", text)
        return text[:1].upper() + text[1:]

    def _no(self, between: str, plural: str) -> str:
        return self.none[plural] if plural in self.none else f"no {between}{self.singular[plural]}"

    def write_date(self, year: int, month: int, day: int) -> str:
        """Write a day, the same way in every locale."""
        return self.date.format(day=day, month=self.months[month - 1], year=year)


# "1.0" and "0.5" are not the words "1" and "0".
_ENGLISH = Grammar(
    months=("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
    date="{day} {month} {year}",
    changed="changed by ",
    rose="rose by ",
    fell="fell by ",
    singular=MappingProxyType(
        {
            "absences": "absence",
            "assignments": "assignment",
            "changes": "change",
            "courses": "course",
            "days": "day",
            "incidents": "incident",
            "marks": "mark",
            "months": "month",
            "pieces": "piece",
            "points": "point",
            "schools": "school",
            "suspensions": "suspension",
            "tardies": "tardy",
            "times": "time",
            "weeks": "week",
        }
    ),
    none=MappingProxyType({}),
    # The word before what is counted (school, core, partial, ...) does not matter.
    between=r"(?:[a-z-]+\s+){0,2}?",
    only="only ",
    before_none=r"\bin ",
    plainly=(
        (r"\ball but 0 of (?:the )?1\b(?!\.)", "1 of 1"),
        (r"\ball but 0 of (?:the )?(?=\d)", "all "),
        (r"\blate (?:only )?0 times\b", "never late"),
        (r"\blast absent 0 school days ago\b", "absent on the latest school day"),
        (r"\babsent (?:only )?0 school days\b", "absent on no school day"),
        (r"\babsent (?:only )?0 of\b", "absent on none of"),
        (r"\b1 school day in a row\b", "1 school day"),
        (r"\b(?:every one|each) of the last 1 school day\b", "the latest school day"),
        (r"\bthe last 1 school day\b", "the latest school day"),
        (r"(?<= )-([\d.]+ points?) against the mean\b", r"\1 below the mean"),
        (r"(?<= )([\d.]+ points?) against the mean\b", r"\1 above the mean"),
    ),
)
# The decimal point and the space before % are those of Spanish in the United States and Mexico.
_SPANISH = Grammar(
    months=(
        "enero", "febrero", "marzo", "abril", "mayo", "junio", "julio", "agosto", "septiembre", "octubre", "noviembre",
        "diciembre",
    ),
    date="{day} de {month} de {year}",
    changed="cambiaron ",
    rose="subieron ",
    fell="bajaron ",
    singular=MappingProxyType(
        {
            "calificaciones finales": "calificación final",
            "días": "día",
            "días de clases seguidos": "día de clases",
            "escuelas": "escuela",
            "faltas": "falta",
            "incidentes registrados": "incidente registrado",
            "materias básicas": "materia básica",
            "puntos": "punto",
            "tareas": "tarea",
            "tareas entregadas": "tarea entregada",
            "veces": "vez",
        }
    ),
    none=MappingProxyType(
        {
            "calificaciones finales": "ninguna calificación final",
            "días": "ningún día",
            "días de clases seguidos": "ningún día de clases",
            "escuelas": "ninguna escuela",
            "faltas": "ninguna falta",
            "incidentes registrados": "ningún incidente registrado",
            "materias básicas": "ninguna materia básica",
            "puntos": "ningún punto",
            "tareas": "ninguna tarea",
            "tareas entregadas": "ninguna tarea entregada",
            "veces": "ninguna vez",
        }
    ),
    between="",
    only="solo ",
    before_none=r"\ben ",
    plainly=(
        (r"\bentregó todas menos 0 de 1\b(?!\.)", "entregó 1 de 1"),
        (r"\bentregó a tiempo todas menos 0 de 1\b(?!\.)", "entregó a tiempo 1 de 1"),
        (r"\btodas menos 0 de (?=\d)", "todas las "),
        (r"\bllegó tarde (?:solo )?0 veces\b", "nunca llegó tarde"),
        (r"\bfaltó (?:solo )?0 días\b", "no faltó ningún día"),
        (r"\bfaltó (?:solo )?0 de los últimos 1 día\b", "no faltó el último día"),
        (r"\bfaltó (?:solo )?1 de los últimos 1 día\b", "faltó el último día"),
        (r"\bfaltó (?:solo )?0 de\b", "no faltó ninguno de"),
        (r"\bentregó 0 de\b", "no entregó ninguna de"),
        (r"\ba cada uno de los últimos 1 día\b", "al último día"),
        (r"\blos últimos 1 día\b", "el último día"),
        (r"\ba -([\d.]+ puntos?) del promedio\b", r"\1 por debajo del promedio"),
        (r"\ba ([\d.]+ puntos?) del promedio\b", r"\1 por encima del promedio"),
    ),
)  # fmt: skip
_GRAMMARS: Mapping[str, Grammar] = MappingProxyType(dict(zip(LANGUAGES, (_ENGLISH, _SPANISH), strict=True)))


def grammar_of(language: str) -> Grammar:
    """Give the grammar of a language.

    >>> grammar_of("es").write_date(2025, 8, 14)
    '14 de agosto de 2025'
    """
    if language not in _GRAMMARS:
        msg = f"Expected a language of the phrases, got {language!r}; {did_you_mean(language, LANGUAGES)}"
        raise ConfigError(msg)
    return _GRAMMARS[language]
