"""A producer at the staff pages, over HTTP as a browser without scripts: a cookie jar, forms, and what they say."""

from __future__ import annotations

import html
import itertools
import re
import ssl
from typing import Any

import httpx
from tests.serving import Service

_PARTIES = itertools.count(1)
#: No server here speaks TLS: to read the authorities anew for each client would cost most of a test's time.
_NO_AUTHORITIES = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
_TOKEN = re.compile(r'name="form_token" value="([0-9a-f]{64})"')
_REQUEST = re.compile(r'name="request" value="([0-9a-f]{32})"')


def check_digit(digits: str) -> str:
    """The GS1 check digit of digits without one."""
    return str(-sum(int(digit) * (3, 1)[place % 2] for place, digit in enumerate(reversed(digits))) % 10)


def key(digits: str) -> str:
    """A GS1 key of 13 digits from 12."""
    return digits + check_digit(digits)


class Firm:
    """A firm of its own for each test module: products, sites and keys that no other test sees."""

    def __init__(self, service: Service, sites: int = 1) -> None:
        number = next(_PARTIES)
        self.service = service
        self.prefix = f"69{number:05d}"
        self.party = f"https://id.gs1.org/417/{key(self.prefix + '00000')}"
        self.pack = f"0{key(self.prefix + '10001')}"
        self.case = f"1{self.prefix}10001" + check_digit(f"1{self.prefix}10001")
        self.belly = f"0{key(self.prefix + '10002')}"
        self.sites = [f"https://id.gs1.org/414/{key(f'{self.prefix}{site:05d}')}" for site in range(1, sites + 1)]
        document: dict[str, Any] = {
            "parties": [{"id": self.party, "name": {"zh": "青山农场", "en": "Green Hill Farm"}, "kind": "farm"}],
            "sites": [{"id": site, "name": {"en": f"Room {site[-2:]}"}, "party": self.party} for site in self.sites],
            "products": [
                self._product(self.pack, "冷鲜猪肉 500 克", "Chilled pork, 500 g", 7),
                self._product(self.case, "冷鲜猪肉 箱", "Chilled pork, case", None),
                self._product(self.belly, "五花肉", "Pork belly <b>", 5),
            ],
        }
        answer = service.call("PUT", "/api/v1/masterdata", "administrator", json=document)
        assert answer.status_code == 200, answer.text
        made = service.new_key("producer", self.party, name="packing hall")
        self.key, self.key_id = str(made["key"]), str(made["id"])

    def _product(self, gtin: str, zh: str, en: str, days: int | None) -> dict[str, Any]:
        return {
            "id": f"https://id.gs1.org/01/{gtin}", "name": {"zh": zh, "en": en}, "party": self.party,
            "shelf_life_days": days,
        }  # fmt: skip


class Desk:
    """A browser of the simplest kind."""

    def __init__(self, service: Service, language: str = "en") -> None:
        headers = {"Accept-Language": language}
        self.client = httpx.Client(base_url=service.url, timeout=30, headers=headers, verify=_NO_AUTHORITIES)
        self.page = ""

    def get(self, path: str, **more: Any) -> httpx.Response:
        """Open a page."""
        return self._shown(self.client.get(path, **more))

    @property
    def session(self) -> str:
        """What its cookie holds."""
        return self.client.cookies["suyuan-staff"]

    def go_on(self, session: str) -> None:
        """Be the one who has logged in before."""
        self.client.cookies.set("suyuan-staff", session, path="/staff")

    def log_in(self, text: str) -> httpx.Response:
        """Send the login form."""
        return self._shown(self.client.post("/staff/login", data={"key": text}))

    def send(self, path: str, **fields: str) -> httpx.Response:
        """Send a form of the page that is open."""
        token, request = _TOKEN.search(self.page), _REQUEST.search(self.page)
        hidden = {"form_token": token[1] if token else "", "request": request[1] if request else ""}
        return self._shown(self.client.post(path, data={**hidden, **fields}))

    def follow(self, answer: httpx.Response) -> httpx.Response:
        """Go where a form leads to."""
        assert answer.status_code == 303, self.text
        return self.get(answer.headers["location"])

    @property
    def text(self) -> str:
        """What the page says, without its tags."""
        return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]*>", " ", self.page.partition("<main")[2])))

    def counts(self) -> list[int]:
        """Not printed, printed, on the food, spoiled."""
        return [int(number) for number in re.findall(r"<dd>(\d+)</dd>", self.page)[:4]]

    def _shown(self, answer: httpx.Response) -> httpx.Response:
        if answer.headers.get("content-type", "").startswith("text/html"):
            self.page = answer.text
        return answer
