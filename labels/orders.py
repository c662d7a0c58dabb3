"""From what a producer enters to a batch: every field checked, every refusal with the field's name and what to do."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator
from datetime import date
from typing import Final

from suyuan.base.clock import FIRST_YEAR, LAST_YEAR
from suyuan.base.errors import Forbidden, InvalidIdentifier, InvalidInput
from suyuan.base.identity import Actor
from suyuan.gs1.application_identifiers import check_value
from suyuan.gs1.characters import AI82
from suyuan.gs1.check_digit import is_valid
from suyuan.gs1.epc_uri import is_company_prefix
from suyuan.gs1.names import canonical, site_of
from suyuan.labels.allocation import MOST_LABELS
from suyuan.labels.batches import Batch, BatchOrder, Level, LevelPlan, PalletOrder
from suyuan.labels.serials import reference_count
from suyuan.labels.usual_design import check_design
from suyuan.trace.lookup import read_name
from suyuan.trace.view import View

_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
#: What a lot number may not have.
_ODD: Final = re.compile(f"[^{AI82}]")
#: Lengths of a GTIN that isn't written with 14 digits.
_SHORT: Final = frozenset({8, 12, 13})
_NO_SITE: Final = "the administrator adds it to the master data with the firm as its party"
#: Most units that one unit of the next level holds.
_MOST_HELD: Final = 10_000
#: Most characters of an id that a client chooses.
LONGEST_REQUEST: Final = 100
_MOST_EXTENSION: Final = 9


def checked_batch(view: View, actor: Actor, order: BatchOrder) -> Batch:
    """The batch that an order means. Raises `InvalidInput` (`InvalidIdentifier` for keys) with the field as place."""
    if not actor.party:
        raise Forbidden("this key belongs to no firm", remedy="add a key with --party and the firm's GLN")
    gtin = _gtin(order.gtin, "/gtin")
    _check_product(view, actor, gtin, "/gtin")
    _check_lot(order.lot)
    quantity = _amount(order.quantity, "/quantity", MOST_LABELS)
    made, expires, best = _dates(order)
    check_design(order.design)
    return Batch(
        id=f"B{secrets.token_hex(6)}", index=0, party=actor.party, gtin=gtin, lot=order.lot,
        production_date=made, expiration_date=expires, best_before_date=best,
        site=_site(view, actor, order.site), levels=list(_levels(view, actor, order, gtin, quantity)),
        serials=order.serials, design=order.design, opened="", opened_by=actor.key_id,
    )  # fmt: skip


def new_request(request: str) -> str:
    """A request id that a client chose; a fresh one where it chose none."""
    if len(request) > LONGEST_REQUEST or not request.isprintable():
        raise InvalidInput(
            f"request id {request[:40]!a} is not of at most {LONGEST_REQUEST} printable characters", place="/request"
        )
    return request or secrets.token_hex(16)


def _gtin(text: str, place: str) -> str:
    """A GTIN of 14 digits. One that is written shorter is refused with the 14 digits to enter."""
    if len(text) in _SHORT and text.isascii() and text.isdigit() and is_valid(text):
        raise InvalidIdentifier(
            f"{text} is a GTIN-{len(text)}, 14 digits are needed here", place=place, remedy=f"enter {text:0>14}"
        )
    try:
        check_value("01", text)
    except InvalidIdentifier as error:
        raise InvalidIdentifier(error.detail, place=place, remedy="copy the 14 digits from master data") from None
    return text


def _check_product(view: View, actor: Actor, gtin: str, place: str) -> None:
    name = f"https://id.gs1.org/01/{gtin}"
    product = view.products.get(name)
    if product is None:
        raise InvalidInput(
            f"there is no product {gtin} in the master data", place=place,
            remedy="the administrator adds it with PUT /api/v1/masterdata",
        )  # fmt: skip
    if product.party != actor.party:
        raise InvalidInput(
            f"product {gtin} is not of this firm", place=place,
            remedy=f"the administrator names {actor.party} as the product's party in the master data",
        )  # fmt: skip


def _check_lot(lot: str) -> None:
    try:
        check_value("10", lot)
    except InvalidIdentifier as error:
        odd = _ODD.search(lot)
        raise InvalidIdentifier(
            f"{error.detail}; {odd[0]!a} is no character of a lot number" if odd else error.detail,
            place="/lot",
            remedy="use 1 to 20 of: letters A-Z a-z, digits, !\"%&'()*+,-./:;<=>?_",
        ) from None


def _amount(value: int, place: str, most: int) -> int:
    if not 1 <= value <= most:
        remedy = "split the run over several lots" if value > 0 else "enter how many, at least 1"
        raise InvalidInput(f"{value} is outside 1 to {most:,}", place=place, remedy=remedy)
    return value


def _dates(order: BatchOrder) -> tuple[str, str, str]:
    made = _day(order.production_date, "/production_date")
    ends = []
    for place, value in (
        ("/expiration_date", order.expiration_date),
        ("/best_before_date", order.best_before_date),
    ):
        if value and _day(value, place) < made:
            raise InvalidInput(f"{value} is before the production date {made}", place=place, remedy="correct either")
        ends.append(value)
    return made, ends[0], ends[1]


def _day(text: str, place: str) -> str:
    try:
        found = date.fromisoformat(text) if _DAY.fullmatch(text) else None
    except ValueError:
        found = None
    if found is None or not FIRST_YEAR <= found.year <= LAST_YEAR:
        raise InvalidInput(
            f"{text[:40]!a} is no day of the years {FIRST_YEAR} to {LAST_YEAR}", place=place,
            remedy="write it as 2026-11-21",
        )  # fmt: skip
    return text


def _site(view: View, actor: Actor, given: str) -> str:
    """Canonical name of the site: the one given, or the only one that the firm runs."""
    own = sorted(key for key, site in view.sites.items() if site.party == actor.party)
    if not given:
        if len(own) == 1:
            return own[0]
        raise InvalidInput(
            f"the firm runs {len(own)} sites in the master data", place="/site",
            remedy="name the GLN of the one where the labels are applied" if own else _NO_SITE,
        )  # fmt: skip
    try:
        name = read_name(f"(414){given}" if given.isascii() and given.isdigit() else given)
    except InvalidIdentifier as error:
        raise InvalidIdentifier(error.detail, place="/site") from None
    site = site_of(name.class_key)
    if site is None or canonical((site, "")) not in own:
        raise InvalidInput(
            f"{given[:80]!a} is no site of this firm", place="/site",
            remedy=_NO_SITE,
        )  # fmt: skip
    return canonical(name)


def _levels(view: View, actor: Actor, order: BatchOrder, gtin: str, quantity: int) -> Iterator[LevelPlan]:
    yield LevelPlan(Level.ITEM, gtin, quantity)
    below = quantity
    if order.case is not None:
        case = _gtin(order.case.gtin, "/case/gtin")
        if case == gtin:
            raise InvalidInput("the case has the GTIN of the item", place="/case/gtin", remedy="a case has its own")
        _check_product(view, actor, case, "/case/gtin")
        holds = _amount(order.case.holds, "/case/holds", _MOST_HELD)
        below = -(-quantity // holds)
        yield LevelPlan(Level.CASE, case, below, holds)
    if order.pallet is not None:
        holds = _amount(order.pallet.holds, "/pallet/holds", _MOST_HELD)
        _check_sscc(view, actor, order.pallet, gtin)
        yield LevelPlan(
            Level.PALLET, "", -(-below // holds), holds, order.pallet.company_prefix, order.pallet.extension,
            order.pallet.first_reference,
        )  # fmt: skip


def _check_sscc(view: View, actor: Actor, pallet: PalletOrder, gtin: str) -> None:
    prefix = pallet.company_prefix
    if not is_company_prefix(prefix):
        raise InvalidInput(
            f"company prefix {prefix[:40]!a} is not 6 to 12 digits", place="/pallet/company_prefix",
            remedy="it is on the certificate of your GS1 member organisation",
        )  # fmt: skip
    own = {gtin[1:], *(key.rpartition("/")[2] for key in (actor.party, *_sites(view, actor)))}
    if not any(digits.startswith(prefix) for digits in own):
        raise InvalidInput(
            f"no GLN and no product of this firm begins with company prefix {prefix}",
            place="/pallet/company_prefix", remedy="use the prefix of the firm's own GLNs",
        )  # fmt: skip
    if not 0 <= pallet.extension <= _MOST_EXTENSION:
        raise InvalidInput(f"extension digit {pallet.extension} is not 0 to 9", place="/pallet/extension")
    if not 0 <= pallet.first_reference < reference_count(prefix):
        raise InvalidInput(
            f"serial reference {pallet.first_reference} is outside 0 to {reference_count(prefix) - 1:,}",
            place="/pallet/first_reference",
        )


def _sites(view: View, actor: Actor) -> list[str]:
    return [key for key, site in view.sites.items() if site.party == actor.party]
