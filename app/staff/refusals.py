"""Why the service refused, as a page says it: a sentence in the page's language, and the service's own words beside it.

The service speaks English. Which sentence fits is told by the kind of the refusal and the place that it names.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from suyuan.base.errors import (
    Conflict,
    Forbidden,
    InvalidInput,
    NotFound,
    SuyuanError,
    TooLarge,
    Unauthenticated,
    Unavailable,
)
from suyuan.consumer_api.words import N_

#: Places that `app.staff` itself names.
FORM_TOKEN, JOBS, ADDRESS = "form_token", "jobs", "address"


class _Rule(NamedTuple):
    """A sentence for refusals of one kind, at places that match; an empty pattern matches all."""

    kind: type[SuyuanError]
    places: str
    words: str  #: message id


_RULES = [
    _Rule(Unavailable, "", N_("Nothing was changed. Try again in a few seconds.")),
    _Rule(
        Unauthenticated, "",
        N_("Enter the whole key again. If it still opens nothing, ask the administrator for a new one."),
    ),
    _Rule(Forbidden, FORM_TOKEN, N_("Open the page again and fill the form in once more.")),
    _Rule(
        Forbidden, "",
        N_("This key may not do this: ask the administrator for one of role producer, logistics or retailer."),
    ),
    _Rule(TooLarge, "", N_("That is too much at once: do it in parts.")),
    _Rule(
        Conflict, JOBS,
        N_("Before others are printed here, let the printer or tag reader finish, or cancel the rest."),
    ),
    _Rule(
        SuyuanError, "contents",
        N_("Write the numbers of what is inside one label: it is on the food, in nothing else, and all of it fits."),
    ),
    _Rule(Conflict, "parent", N_("What this was made of is held by a recall, or not enough of it is left.")),
    _Rule(NotFound, "first", N_("None of these labels waits for this: choose other numbers.")),
    _Rule(Conflict, "numbers", N_("Not all of these labels are where this can be done: look at their numbers.")),
    _Rule(
        InvalidInput, "first|last",
        N_("Write the first and the last number in digits, the smaller one first, at most 10,000 labels at a time."),
    ),
    _Rule(InvalidInput, "spoiled|numbers", N_("Write numbers that are among these labels, such as 3, 17-20.")),
    _Rule(InvalidInput, ADDRESS, N_("The address of this page is not right: begin again at your labels.")),
    _Rule(InvalidInput, "count", N_("Write how many labels in digits; a batch has at most 1,000,000.")),
    _Rule(InvalidInput, "reason", N_("Write in up to 200 signs what happened.")),
    _Rule(
        InvalidInput, r"(?:symbol|text)\[.*",
        N_("The label has no room for this name or code, or a sign can't be printed: choose a larger design."),
    ),
    _Rule(Conflict, "", N_("Something is different meanwhile: open the page again and go on from there.")),
    _Rule(NotFound, "", N_("This is not here, or it belongs to another firm.")),
]  # fmt: skip
#: A character as `ascii` writes it; a backslash that it wrote itself comes first.
_ESCAPED = re.compile(r"\\(?:\\|u([0-9a-f]{4})|U(000[0-9a-f]{5}|0010[0-9a-f]{4}))")


def words_of(error: SuyuanError) -> str:
    """The message id of the sentence that fits; empty where only the service's own words do."""
    place = (error.place or "").lstrip("/")
    fits = (rule.words for rule in _RULES if isinstance(error, rule.kind) and _at(rule.places, place))
    return next(fits, "")


def own_words(error: SuyuanError) -> str:
    """What the service says and advises, in English, with the characters that it was given."""
    cure = f" ({error.remedy})" if error.remedy else ""
    return _ESCAPED.sub(_character, f"{error.detail}{cure}")


def _at(places: str, place: str) -> bool:
    return not places or bool(re.fullmatch(places, place))


def _character(match: re.Match[str]) -> str:
    """The character, unless it could not be seen or would turn the text around."""
    digits = match[1] or match[2]
    found = chr(int(digits, 16)) if digits else ""
    return found if found.isprintable() and found else match[0]
