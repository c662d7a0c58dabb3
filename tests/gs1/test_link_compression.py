"""Compressed GS1 Digital Links, both ways."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from suyuan.base.errors import InvalidIdentifier
from suyuan.gs1 import digital_link
from suyuan.gs1.application_identifiers import check_value
from suyuan.gs1.characters import link_escape
from suyuan.gs1.link_bits import ALPHABET, BitReader, BitWriter, fits, is_pair
from suyuan.gs1.link_compression import SEQUENCES, compress, decompress, expand, is_candidate

LINK = "https://id.gs1.org/01/09506000134352/10/ABC/21/12345"
#: Made with GS1's own toolkit, as far as it is right: it loses digits above 2^53 and leading zeros of text.
PEERS = [
    (LINK, "https://id.gs1.org/ARFKk4XBoCCHV4QgowOQ", False),
    (LINK, "https://id.gs1.org/CxFKk4XBoIdXhCCjA5", True),
    ("https://id.gs1.org/01/09506000134352/10/ABC/21/12345?17=261231", None, True),
    ("https://id.gs1.org/00/616701139124722927", "https://id.gs1.org/AIjvZrKhuc7w", True),
    ("https://id.gs1.org/253/0694742278751AB-Da", "https://id.gs1.org/JTChwd3iX2UAH4No", True),
    ("https://id.gs1.org/402/89682958398926415", "https://id.gs1.org/QCn08WduMXJ4", True),
    ("https://id.gs1.org/8003/0944627737713064B2", "https://id.gs1.org/gAMRLsQD2NSIyWQ", True),
    ("https://ex.org/a/b/8004/956947114217111837731225825683", "https://ex.org/a/b/gAQewUEBmhZXaKtew3cZM", True),
    ("https://id.gs1.org/8017/779335321177802074", "https://id.gs1.org/gBetDBWHO3xVo", True),
    ("https://id.gs1.org/401/82357416299864984?linkType=all", "https://id.gs1.org/QBEZJL0R-WEcx4iWKeRPKl5g2pZQ", True),
    ("https://id.gs1.org/255/950600013435212345?3902=0123&a=0123", "https://id.gs1.org/wopUnC4NBRgcoA9-BaAQB7", True),
    (
        "https://ex.org/a/b/01/09506000134352/21/x?240=E585771&250=B6F049&7003=2702152045&7030=7951237918290&a=0123",
        "https://ex.org/a/b/DhFKk4XBoFCHyLaQsOJICPywruJKCNbeCS4GGNhQk5JEpeBaAQB7",
        True,
    ),
]


@pytest.mark.parametrize(("link", "expected", "optimised"), PEERS)
def test_links_are_compressed_as_other_programs_do_and_come_back(
    link: str, expected: str | None, optimised: bool
) -> None:
    short = compress(link, optimised=optimised)
    assert expected in {None, short}
    assert decompress(short) == link
    assert len(short) < len(link)


def test_the_key_can_stay_readable() -> None:
    short = compress("https://ex.org/shop/01/09506000134352/10/ABC?17=261231", keep_key=True)
    assert short.startswith("https://ex.org/shop/01/09506000134352/")
    assert decompress(short) == "https://ex.org/shop/01/09506000134352/10/ABC?17=261231"
    assert compress("https://ex.org/01/09506000134352", keep_key=True) == "https://ex.org/01/09506000134352"


def test_what_cannot_be_compressed_stays_in_the_query() -> None:
    link = (
        "https://ex.org/415/9506000134369/8020/R1?lang=zh-CN&a.b=7&x=%E5%8D%8E&plus=1+1&flag&linkType=all&8007=GB84"
        + "W" * 29
    )
    short = compress(link)
    assert short.endswith("?8007=GB84" + "W" * 29 + "&a.b=7&x=%E5%8D%8E&plus=1+1&flag")
    assert expand(short).attributes == (("8007", "GB84" + "W" * 29),)


def test_other_keys_come_back_from_inside_and_outside() -> None:
    found = expand(compress("https://ex.org/01/09506000134352?a=0123&b=x%20y&c=&a.b=7"))
    assert found.others == ("a=0123", "b=x%20y", "c=", "a.b=7")
    assert decompress(compress("https://ex.org/01/09506000134352?17=261231&a=1")).endswith("?17=261231&a=1")
    assert decompress(compress("https://ex.org/01/09506000134352?a=1")).endswith("/01/09506000134352?a=1")


@pytest.mark.parametrize(
    "ais",
    [("01", "10", "17", "21"), ("01", "10", "21", "17")],
    ids=["sorted, as GS1's toolkit writes it", "in the order of the standard's table"],
)
def test_sequence_1a_is_read_in_either_order_and_never_written(ais: tuple[str, ...]) -> None:
    values = {"01": "09506000134352", "10": "ABC", "17": "261231", "21": "12345"}
    writer = BitWriter()
    writer.put_ai("1A")
    for ai in ais:
        writer.put_value(ai, values[ai])
    assert decompress(f"https://id.gs1.org/{writer.text()}") == LINK + "?17=261231"
    assert "1A" not in SEQUENCES
    assert decompress(compress(LINK + "?17=261231")) == LINK + "?17=261231"


@pytest.mark.parametrize("optimised", [True, False])
def test_a_sequence_of_another_key_does_not_come_before_the_key(optimised: bool) -> None:
    link = "https://ex.org/00/811297008969172505?3202=133174&01=56143903911703"
    found = expand(compress(link, optimised=optimised))
    assert found.elements == (("00", "811297008969172505"),)
    assert sorted(found.attributes) == [("01", "56143903911703"), ("3202", "133174")]


def test_a_key_among_the_attributes_does_not_become_the_key() -> None:
    link = "https://ex.org/8003/00614141123452400?414=0614141123452"
    assert decompress(compress(link)) == link
    assert decompress(compress("https://ex.org/414/0614141123452?8003=00614141123452400")).startswith(
        "https://ex.org/414/0614141123452?8003="
    )


@pytest.mark.parametrize(
    ("uri", "says"),
    [
        ("", "not a compressed"),
        ("https://id.gs1.org/", "not a compressed"),
        ("ftp://id.gs1.org/ARFKk4XBoCCHV4QgowOQ", "not a compressed"),
        ("https://id.gs1.org/ARF", "not a compressed"),
        ("https://id.gs1.org/ARFKk4XBoCCHV4QgowO", "ends within a value"),
        ("https://id.gs1.org/ARFKk4XBoCCHV4QgowOQA", "ends within a value"),
        ("https://id.gs1.org/ARFKk4XBoCCHV4QgowOR", "behind its last value"),
        ("https://id.gs1.org/ARFKk4XBpCCHV4QgowOQ", "check digit"),
        ("https://id.gs1.org/5RFKk4XBoCCHV4QgowOQ", "neither an AI"),
        ("https://id.gs1.org/01/09506000134352/ARFKk4XBoCCHV4QgowOQ", "twice"),
        ("https://id.gs1.org/ARFKk4XBoCCHV4QgowOQ?21=7", "twice"),
        ("https://id.gs1.org/" + "A" * 2000, "characters"),
        ("https://id.gs1.org/01/x%zz/ARFKk4XBoCCHV4QgowOQ", "segment"),
    ],
)
def test_what_is_no_compressed_link_is_refused_with_the_reason(uri: str, says: str) -> None:
    with pytest.raises(InvalidIdentifier) as caught:
        decompress(uri)
    assert says in str(caught.value)


@pytest.mark.parametrize(
    ("bits", "says"),
    [
        ((("01", 8), (10**14, 47)), "number of 14 digits"),
        ((("00", 8), (95201234567891235, 60), ("10", 8), (0b101, 3), (1, 5), (0, 7)), "encoding 5"),
        ((("255", 12), (9506000134352, 44), (0, 4), (1, 1)), "no digits"),
        ((("F", 4), (1, 7), (52, 6), (0, 3), (1, 7), (7, 4)), "number"),
        ((("F", 4), (0, 7), (0, 3), (1, 7), (7, 4)), "empty"),
    ],
)
def test_bits_against_the_rules_are_refused(bits: tuple[tuple[str | int, int], ...], says: str) -> None:
    writer = BitWriter()
    for value, width in bits:
        writer.put(int(value, 16) if isinstance(value, str) else value, width)
    with pytest.raises(InvalidIdentifier) as caught:
        decompress(f"https://id.gs1.org/{writer.text()}")
    assert says in str(caught.value)


def test_a_coupon_number_without_serial_keeps_the_bit_of_the_formula() -> None:
    assert decompress(compress("https://id.gs1.org/255/9506000134352")) == "https://id.gs1.org/255/9506000134352"


def test_only_what_can_be_counted_fits() -> None:
    assert fits("01", "09506000134352")
    assert fits("253", "9506000134352")
    assert not fits("8007", "A" * 32)
    assert not fits("4999", "1")
    assert is_pair("lang", "zh")
    assert not is_pair("17", "x")
    assert not is_pair("a" * 128, "x")


def test_a_candidate_is_known_by_its_last_segment() -> None:
    assert is_candidate("https://id.gs1.org/ARFKk4XBoCCHV4QgowOQ?x=/&y#/z")
    assert not is_candidate("https://id.gs1.org/01/09506000134352/21/a.b")
    assert not is_candidate("https://id.gs1.org/")


def test_a_reader_takes_only_its_alphabet() -> None:
    with pytest.raises(InvalidIdentifier):
        BitReader("AB=")
    with pytest.raises(InvalidIdentifier):
        BitReader("")


_SERIALS = st.text("!\"%&'()*+,-./0123456789:;<=>?ABCDEFXYZ_abcdefxyz", min_size=1, max_size=20)
_KINDS = st.one_of(
    _SERIALS,
    st.text("0123456789", min_size=1, max_size=20),
    st.text("0123456789ABCDEF", min_size=1, max_size=20),
    st.text("0123456789abcdef", min_size=1, max_size=20),
    st.text(ALPHABET.replace("~", ""), min_size=1, max_size=20),
)
_ATTRIBUTES = st.dictionaries(
    st.sampled_from(["240", "250", "91", "8005", "30", "242", "11", "421", "7030", "7023", "7007"]),
    st.text("0123456789", min_size=6, max_size=6),
    max_size=4,
)
_OTHERS = st.dictionaries(
    st.text(ALPHABET, min_size=1, max_size=6).filter(lambda key: not key.isdigit()), _KINDS, max_size=2
)


@given(st.booleans(), st.booleans(), st.booleans(), _KINDS, _KINDS, _ATTRIBUTES, _OTHERS)
def test_any_link_comes_back(
    optimised: bool, keep_key: bool, with_lot: bool, serial: str, lot: str, more: dict[str, str], others: dict[str, str]
) -> None:
    elements = (("01", "09506000134352"), *((("10", lot),) if with_lot else ()), ("21", serial))
    attributes = []
    for ai, value in sorted(more.items()):
        try:
            check_value(ai, value)
        except InvalidIdentifier:
            continue
        attributes.append((ai, value))
    link = digital_link.build(elements, tuple(attributes), stem="https://a.example/b")
    tail = "&".join(f"{key}={link_escape(value)}" for key, value in others.items())
    if tail:
        link += ("&" if attributes else "?") + tail
    found = expand(compress(link, optimised=optimised, keep_key=keep_key))
    assert found.stem == "https://a.example/b"
    assert found.elements == elements
    assert sorted(found.attributes) == attributes
    assert list(found.others) == (tail.split("&") if tail else [])


@given(
    st.text(ALPHABET, min_size=4, max_size=80),
    st.sampled_from(["https://a.example/", "https://a.example/01/09506000134352/"]),
)
def test_any_segment_is_a_link_or_is_refused(text: str, stem: str) -> None:
    try:
        found = expand(stem + text)
    except InvalidIdentifier:
        return
    for ai, value in found.elements:
        check_value(ai, value)


@given(st.text(max_size=80) | st.text(max_size=60).map("https://id.gs1.org/{}".format))
def test_any_text_is_a_link_or_is_refused(text: str) -> None:
    try:
        decompress(text)
    except InvalidIdentifier:
        return
