"""What goes on the tag of a label, and on the label around it where a printer writes both."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

import msgspec

from suyuan.base.errors import InvalidInput
from suyuan.base.identity import Actor
from suyuan.gs1.company_prefix import NONE, CompanyPrefixes
from suyuan.labels.batch_contents import BatchContents
from suyuan.labels.batches import Label
from suyuan.labels.catalogue import batch_of
from suyuan.labels.design import builtin
from suyuan.labels.tag_job_run import Ticket
from suyuan.labels.tag_jobs import TagJob
from suyuan.labels.usual_design import USUAL
from suyuan.labels.zpl import Lock, Rfid, ZplLabels
from suyuan.trace.ledger import Ledger

#: A tag that failed may hold the EPC all the same: a printer never tries a second label with it.
_ONE_LABEL: Final = 1


class Printing(msgspec.Struct, frozen=True):
    """How a printer prints: dots an inch, and the password it locks tags with (8 hexadecimal digits)."""

    dpi: int = 203
    password: str = ""


class TicketOffice:
    """Makes `tag_job_run.Tickets` of the batches in a ledger; ``printers`` by the name of their writer."""

    def __init__(
        self, ledger: Ledger, public_url: str, printers: dict[str, Printing], prefixes: CompanyPrefixes = NONE
    ) -> None:
        self._ledger = ledger
        self._public_url = public_url
        self._printers = printers
        self._prefixes = prefixes
        self._labels = lru_cache(maxsize=16)(_labels)

    def ticket(self, actor: Actor, job: TagJob, label: Label) -> Ticket:
        """The ticket of a label. Raises `InvalidInput` where it fits no tag, or does not fit the design."""
        with self._ledger.view() as view:
            contents = BatchContents(view, batch_of(view, actor, job.batch), self._public_url, self._prefixes)
            content = contents.of(label)
        if content.epc_hex is None:
            raise InvalidInput(
                f"label {label.number} ({label.epc[:80]}) fits no tag", place="/numbers",
                remedy="allocate serial numbers of 12 digits, or print it without a tag",
            )  # fmt: skip
        printing = self._printers.get(job.writer)
        if printing is None:
            return Ticket(content.epc_hex)
        design = job.design or USUAL[job.level]
        return Ticket(content.epc_hex, self._labels(design, printing, job.lock).label(content))


def _labels(design: str, printing: Printing, lock: bool) -> ZplLabels:
    password = printing.password or None
    rfid = Rfid(labels_to_try=_ONE_LABEL, lock=Lock.LOCKED if lock else Lock.NONE, password=password if lock else None)
    return ZplLabels(builtin(design), printing.dpi, rfid)
