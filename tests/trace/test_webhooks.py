"""Where reports may go, and how they are signed."""

from __future__ import annotations

import asyncio
import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from suyuan.base.errors import InvalidSetting, InvalidSubscription
from suyuan.trace.webhooks import Message, Reach, Webhooks, reach_of, signature

INSIDE = [
    "127.0.0.1", "127.8.9.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0",
    "255.255.255.255", "224.0.0.1", "::1", "::", "fe80::1", "fd00::1", "ff02::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1",
    "64:ff9b::7f00:1", "2002:7f00:1::", "fe80::1%eth0",
]  # fmt: skip


@pytest.mark.parametrize("address", INSIDE)
def test_addresses_inside_a_network_are_closed(address: str) -> None:
    assert not Reach().allows(address)


@pytest.mark.parametrize("address", ["9.9.9.9", "2620:fe::fe", "::ffff:9.9.9.9", "64:ff9b::909:909"])
def test_public_addresses_are_open(address: str) -> None:
    assert Reach().allows(address)


def test_a_network_that_the_operator_names_is_open_and_its_neighbours_stay_closed() -> None:
    reach = reach_of("10.1.0.0/16, fd00:1::/32", own_machine=False)
    assert [reach.allows(each) for each in ("10.1.255.1", "10.2.0.1", "fd00:1::5", "fd00:2::5", "127.0.0.1")] == [
        True, False, True, False, False,
    ]  # fmt: skip


def test_a_server_for_its_own_machine_reaches_that_machine() -> None:
    reach = reach_of("", own_machine=True)
    assert reach.allows("127.0.0.1")
    assert reach.allows("::1")
    assert not reach.allows("10.0.0.1")


def test_a_network_that_cannot_be_read_is_refused_by_the_settings_name() -> None:
    for wrong in ("10.0.0.1/8", "localhost", "10.0.0.0/33"):
        with pytest.raises(InvalidSetting) as refused:
            reach_of(wrong, own_machine=False)
        assert refused.value.place == "webhook_networks"


@pytest.mark.parametrize("dest", [
    "http://10.0.0.1/", "https://[fd00::1]:8443/x", "http://127.0.0.1", "http://127.1/", "http://2130706433/",
    "http://0177.0.0.1/", "http://127.0.0.1./", "http://\uff11\uff12\uff17.0.0.1/", "http://[::1%25lo]/",
])  # fmt: skip
def test_an_address_as_a_number_is_refused_before_anything_is_stored(dest: str) -> None:
    with pytest.raises(InvalidSubscription) as refused:
        Reach().check(dest)
    assert refused.value.place == "dest"


@pytest.mark.parametrize(
    "answer", [b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nhalf", b"HTTP/1.1 204 No Content\r\n\r\n"]
)
async def test_a_status_of_success_acknowledges_whatever_becomes_of_the_rest(answer: bytes) -> None:
    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"{}")
        writer.write(answer)
        writer.close()

    webhooks = Webhooks(reach_of("", own_machine=True))
    async with await asyncio.start_server(take, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        outcome = await webhooks.send(
            Message(
                owner="", dest=f"http://127.0.0.1:{port}/", subscription_id="s", query_name="q", sequence=1,
                media_type="application/ld+json", body=b"{}", token="",
            )
        )  # fmt: skip
    await webhooks.close()
    assert outcome.delivered


@given(address=st.integers(0, 2**32 - 1))
def test_an_address_is_as_open_written_in_six_bytes_as_in_four(address: int) -> None:
    four = ipaddress.IPv4Address(address)
    assert Reach().allows(f"::ffff:{four}") == Reach().allows(str(four))


@given(text=st.text(max_size=40))
def test_what_is_no_address_is_closed(text: str) -> None:
    try:
        ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        assert not Reach().allows(text)


def test_the_signature_is_that_of_rfc_4231() -> None:
    assert signature("Jefe", b"what do ya want for nothing?") == (
        "sha256=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
    )
