"""The form for new labels: from what was typed to an order, and from a refusal back to the field it is about."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple

from suyuan.app.staff.catalogue import Choice, Place
from suyuan.app.staff.number_ranges import read_number
from suyuan.app.staff.refusals import own_words, words_of
from suyuan.app.staff.visitor import Form
from suyuan.base.errors import Conflict, InvalidInput, SuyuanError
from suyuan.consumer_api.words import N_
from suyuan.labels.batches import BatchOrder, CaseOrder, PalletOrder, SerialStyle


class Field(NamedTuple):
    """A field of the form."""

    place: str  #: what a refusal of the service calls it
    words: str  #: message id: what is wanted there


#: The fields by name.
FIELDS: Mapping[str, Field] = {
    "lot": Field("/lot", N_("Write 1 to 20 letters A to Z, digits and signs, and no space.")),
    "quantity": Field("/quantity", N_("Write a whole number from 1 to 1,000,000.")),
    "production_date": Field("/production_date", N_("Choose the day on which it was made.")),
    "best_before_date": Field("/best_before_date", N_("Choose a day that is not before the day it was made.")),
    "expiration_date": Field("/expiration_date", N_("Choose a day that is not before the day it was made.")),
    "site": Field("/site", N_("Choose the place where the labels go on the food.")),
    "case_gtin": Field("/case/gtin", N_("Write the 14 digits of the case; the case must be a product of your firm.")),
    "case_holds": Field("/case/holds", N_("Write how many packs go into a case.")),
    "pallet_company_prefix": Field(
        "/pallet/company_prefix", N_("Write the 6 to 12 digits with which your firm's GLNs begin.")
    ),
    "pallet_holds": Field("/pallet/holds", N_("Write how many go onto a pallet.")),
    "design": Field("/design", N_("Choose a design.")),
    "serials": Field("/serials", N_("Choose a kind of serial numbers.")),
    "request": Field("/request", N_("These labels have been made already: look at your labels.")),
}
#: Said of a lot that was opened before.
OPEN_ALREADY = N_("This lot of the product is open already: choose it in the list and take more labels there.")
_NAMES = {field.place: name for name, field in FIELDS.items()}
#: Where a refusal stands that is about no field.
WHOLE = ""


class Refusal(NamedTuple):
    """Why an order was refused."""

    words: str  #: message id; empty where only the service's own words fit
    detail: str  #: the service's words, in English


def blank(product: Choice, sites: list[Place], design: str) -> dict[str, str]:
    """The form as it opens: most mornings only the quantity is missing."""
    today = datetime.now(UTC).astimezone().date()
    return dict.fromkeys(FIELDS, "") | {
        "lot": f"L{today:%Y%m%d}",
        "production_date": today.isoformat(),
        "best_before_date": _ends(today, product.shelf_life_days),
        "site": sites[0].id if len(sites) == 1 else "",
        "design": design,
        "serials": SerialStyle.NUMERIC.value,
        "request": secrets.token_hex(16),
    }


def typed(form: Form) -> dict[str, str]:
    """What was typed, to be shown again."""
    return {name: form[name] for name in FIELDS}


def read_order(gtin: str, form: Mapping[str, str]) -> BatchOrder:
    """The order that was typed; `InvalidInput` where a number or a choice is none."""
    case = pallet = None
    if form["case_gtin"] or form["case_holds"]:
        case = CaseOrder(form["case_gtin"], read_number(form["case_holds"], FIELDS["case_holds"].place))
    if form["pallet_company_prefix"] or form["pallet_holds"]:
        holds = read_number(form["pallet_holds"], FIELDS["pallet_holds"].place)
        pallet = PalletOrder(form["pallet_company_prefix"], holds)
    return BatchOrder(
        gtin=gtin, lot=form["lot"], quantity=read_number(form["quantity"], FIELDS["quantity"].place),
        production_date=form["production_date"], expiration_date=form["expiration_date"],
        best_before_date=form["best_before_date"], site=form["site"], case=case, pallet=pallet,
        serials=_style(form["serials"]), design=form["design"], request=form["request"],
    )  # fmt: skip


def errors_of(error: SuyuanError) -> dict[str, Refusal]:
    """The refusal under the name of its field; under `WHOLE` where it is about none."""
    name = _NAMES.get(f"/{(error.place or '').lstrip('/')}", WHOLE)
    words = FIELDS[name].words if name else words_of(error)
    if name == "lot" and isinstance(error, Conflict):
        words = OPEN_ALREADY
    return {name: Refusal(words, own_words(error))}


def _style(text: str) -> SerialStyle:
    try:
        return SerialStyle(text)
    except ValueError:
        raise InvalidInput(f"{text[:20]!a} is no kind of serial number", place=FIELDS["serials"].place) from None


def _ends(made: date, days: int | None) -> str:
    try:
        return (made + timedelta(days=days)).isoformat() if days else ""
    except OverflowError:
        return ""
