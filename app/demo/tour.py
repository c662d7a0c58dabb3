"""What a visitor of the demonstration should look at, and whether it is there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final
from urllib.parse import urlsplit

from msgspec import Struct

from suyuan.app.demo.launch import Launched
from suyuan.app.demo.scenario import Scenario
from suyuan.app.demo.service import Service
from suyuan.gs1.names import canonical, name_of

_HTML: Final = "text/html"


class Stop(Struct, frozen=True):
    """One page: what it shows, in both languages, and its path on the server."""

    zh: str
    en: str
    path: str


def stops(scenario: Scenario, recalls: Sequence[Launched]) -> list[Stop]:
    """All pages of the tour, the most telling first of each kind."""
    clone = canonical(name_of(scenario.clone))
    return [
        *(Stop("召回商品", "affected by a recall", _path(page)) for page in scenario.pages.affected),
        *(Stop("安全商品", "safe", _path(page)) for page in scenario.pages.safe),
        Stop("被复制的标签", "a bottle whose tag was copied", _path(clone)),
        *(Stop("召回公告", "public notice of a recall", f"/recalls/{recall.id}") for recall in recalls),
        Stop("生产者的标签页面", "a producer's label pages", "/staff/login"),
        Stop("接口文档", "API documentation", "/docs"),
        Stop("日志检查点", "checkpoint of the log", "/log/checkpoint"),
    ]


def _path(link: str) -> str:
    return urlsplit(link).path


async def visit(service: Service, tour: Sequence[Stop]) -> list[str]:
    """Fetch each page as a browser would; their addresses. A page that isn't there is raised."""
    addresses = []
    for stop in tour:
        await service.ask("GET", stop.path, accept=f"{_HTML},*/*;q=0.8")
        addresses.append(service.url + stop.path)
    return addresses


def guide(
    url: str, tour: Sequence[Stop], recalls: Sequence[Launched], key_file: str, producer_key_file: str
) -> Iterator[str]:
    """The lines that tell a visitor where to go; secrets stay in their files."""
    yield ""
    yield f"Suyuan 溯源  {url}/"
    yield ""
    for stop in tour:
        yield f"  {stop.zh} · {stop.en}"
        yield f"    {url}{stop.path}"
    for recall in recalls:
        counts = f"{recall.affected} affected, {recall.carriers} carriers, {recall.holders} holders"
        yield f"  召回数据 · the recall as data: {counts}"
        yield f'    curl -H "Authorization: Bearer $(cat {key_file})" {url}/api/v1/recalls/{recall.id}'
    yield "  标签页面的密钥 · the key that opens the label pages"
    yield f"    cat {producer_key_file}"
    yield ""
