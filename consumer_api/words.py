"""The words of the pages: what a shopper calls a business step or a kind of place; and the catalogues that
translate them.

Templates and this module hold English message ids; ``locale/<language>/LC_MESSAGES/messages.po`` holds what is
shown. The catalogues are compiled in memory when the pages are made, so that no ``.mo`` file can be older than its
``.po``. After a change of texts::

    pybabel extract -F consumer_api/locale/babel.cfg -k N_ -o messages.pot consumer_api
    pybabel update -i messages.pot -d consumer_api/locale --no-fuzzy-matching
"""

from __future__ import annotations

import io
from pathlib import Path
from typing import NamedTuple

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import Translations

#: Languages of the pages, the default first.
LANGUAGES = ("zh", "en")
#: Each language's own name, for the switch.
LANGUAGE_NAMES = {"zh": "中文", "en": "English"}
_FOLDER = Path(__file__).parent / "locale"


def N_(message: str) -> str:  # noqa: N802 - gettext's own name for "translate later"
    """Mark a message for extraction; the template translates it."""
    return message


class Sort(NamedTuple):
    """A kind of place in a shopper's words."""

    words: str  #: message id
    icon: str  #: symbol in the page's sprite


#: CBV 2.0 section 7.1, every standard business step: message ids.
STEPS: dict[str, str] = {
    "accepting": N_("Accepted"),
    "arriving": N_("Arrived"),
    "assembling": N_("Put together"),
    "collecting": N_("Collected"),
    "commissioning": N_("Given its own code"),
    "consigning": N_("Handed over for delivery"),
    "creating_class_instance": N_("New lot made"),
    "cycle_counting": N_("Counted in stock"),
    "decommissioning": N_("Code taken out of use"),
    "departing": N_("Departed"),
    "destroying": N_("Destroyed"),
    "disassembling": N_("Taken apart"),
    "dispensing": N_("Handed out"),
    "encoding": N_("Tag written"),
    "entering_exiting": N_("Passed a gate"),
    "holding": N_("Held back"),
    "inspecting": N_("Inspected"),
    "installing": N_("Installed"),
    "killing": N_("Tag switched off"),
    "loading": N_("Loaded"),
    "other": N_("Recorded"),
    "packing": N_("Packed"),
    "picking": N_("Picked for an order"),
    "receiving": N_("Received"),
    "removing": N_("Taken out"),
    "repackaging": N_("Packed anew"),
    "repairing": N_("Repaired"),
    "replacing": N_("Replaced"),
    "reserving": N_("Code reserved"),
    "retail_selling": N_("On sale in the shop"),
    "sampling": N_("Sample taken for a test"),
    "sensor_reporting": N_("Conditions measured"),
    "shipping": N_("Sent on"),
    "staging_outbound": N_("Made ready to leave"),
    "stock_taking": N_("Stock checked"),
    "stocking": N_("Put on the shelf"),
    "storing": N_("Stored"),
    "transporting": N_("On the way"),
    "unloading": N_("Unloaded"),
    "unpacking": N_("Unpacked"),
    "void_shipping": N_("Delivery cancelled"),
}
#: A step of somebody's own vocabulary, or none at all.
UNNAMED_STEP = STEPS["other"]
#: ``retail_sold`` is a disposition, but to a shopper it is what happened.
SOLD = N_("Sold")

#: Kinds of sites and parties in master data (free text there; these are the ones that have words).
SORTS: dict[str, Sort] = {
    "farm": Sort(N_("Farm"), "leaf"),
    "cooperative": Sort(N_("Cooperative"), "leaf"),
    "slaughterhouse": Sort(N_("Slaughterhouse"), "works"),
    "plant": Sort(N_("Processing plant"), "works"),
    "cutting plant": Sort(N_("Cutting plant"), "works"),
    "winery": Sort(N_("Winery"), "works"),
    "dairy": Sort(N_("Dairy"), "works"),
    "laboratory": Sort(N_("Laboratory"), "check"),
    "cold store": Sort(N_("Cold store"), "cold"),
    "warehouse": Sort(N_("Warehouse"), "house"),
    "port": Sort(N_("Port"), "truck"),
    "carrier": Sort(N_("Haulage firm"), "truck"),
    "market": Sort(N_("Market"), "shop"),
    "shop": Sort(N_("Shop"), "shop"),
    "canteen": Sort(N_("Canteen"), "house"),
    "restaurant": Sort(N_("Restaurant"), "house"),
    "authority": Sort(N_("Authority"), "check"),
}


def sort_of(kind: str) -> Sort | None:
    """The words for a kind of site or party, however it is spelled (``cold_store``); None for another kind."""
    return SORTS.get(kind.strip().lower().replace("_", " ").replace("-", " "))


def step_of(step: str | None, disposition: str | None) -> str:
    """The message id of a business step; being sold counts more than the step it happened in."""
    if disposition == "retail_sold":
        return SOLD
    return STEPS.get(step or "", UNNAMED_STEP)


def load_translations(language: str, folder: Path = _FOLDER) -> Translations:
    """The compiled catalogue of one of `LANGUAGES`; *folder* holds the catalogues of other pages than the shopper's."""
    with (folder / language / "LC_MESSAGES" / "messages.po").open("rb") as file:
        catalogue = read_po(file, locale=language)
    compiled = io.BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    return Translations(compiled)
