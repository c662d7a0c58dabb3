"""Contents for labels of each design, and readers of what was drawn."""

from __future__ import annotations

import io
import re
from typing import Any, NamedTuple

import pypdfium2
import zxingcpp
from PIL import Image, ImageFilter

from suyuan.labels.content import LabelContent, content

PUBLIC_URL = "https://trace.example.com"
ITEM, SSCC, EPC = "09506000134352", "095060001343529997", "3034257BF7194E4000001A85"
TEXTS = {
    "product_zh": "有机菠菜", "product_en": "Organic spinach", "producer_zh": "山东寿光绿源蔬菜合作社",
    "producer_en": "Shouguang Green Spring Cooperative", "gtin": ITEM,
    "lot": "L0612-A", "production_date": "2026-11-21", "expiry": "2026-11-28", "net_weight": "1.250 kg", "sscc": SSCC,
    "number": "7", "count": "200", "quantity": "48", "parent": "(01)09506000134369(21)884422110033",
}  # fmt: skip


def item(number: int = 0, **fields: str) -> LabelContent:
    """An item's label with a serial of 12 digits; numbers differ in all of them."""
    serial = str(100_000_000_000 + number * 7_919_191_919 % 174_877_906_944)
    return content(
        f"(01){ITEM}(10)L0612-A(21){serial}(3103)001250(17)261128", PUBLIC_URL,
        TEXTS | {"serial": serial, "number": str(number)} | fields, EPC,
    )  # fmt: skip


def pallet() -> LabelContent:
    """A logistic unit's label."""
    return content(f"(00){SSCC}", PUBLIC_URL, TEXTS, "3174257BF4499602D2000000")


def sample(design: str) -> LabelContent:
    """What the design is for."""
    return pallet() if design == "logistic" else item()


class Read(NamedTuple):
    """A symbol as another program reads it. ``where`` is the middle, in pixels."""

    kind: str
    identifier: str
    text: str
    where: tuple[int, int]


def read(image: Image.Image) -> list[Read]:
    """All symbols of a picture, by zxing-cpp."""
    found: Any = zxingcpp.read_barcodes(image.convert("L"))
    return [
        Read(
            str(symbol.format), symbol.symbology_identifier, symbol.bytes.decode(),
            ((symbol.position.top_left.x + symbol.position.bottom_right.x) // 2,
             (symbol.position.top_left.y + symbol.position.bottom_right.y) // 2),
        )
        for symbol in found
    ]  # fmt: skip


def plain(content: LabelContent) -> str:
    """The element string of a label as a scanner transmits it."""
    parts = re.findall(r"\((\d{2,4})\)([^(]+)", content.element_string)
    variable = {"10", "21"}
    text = "".join(ai + value + ("\x1d" if ai in variable else "") for ai, value in parts)
    return text.removesuffix("\x1d")


def expected(design_kinds: list[str], content: LabelContent) -> set[tuple[str, str]]:
    """Symbology identifier and text of each symbol that the design has."""
    said = {
        "qr": ("]Q1", content.link),
        "gs1-datamatrix": ("]d2", plain(content)),
        "gs1-128": ("]C1", plain(content)),
    }
    return {said[kind] for kind in design_kinds}


def pages(pdf: bytes, dpi: int) -> list[Image.Image]:
    """The pages of a PDF as pictures, by pdfium."""
    document: Any = pypdfium2.PdfDocument(pdf)
    try:
        return [document[number].render(scale=dpi / 72).to_pil().convert("L") for number in range(len(document))]
    finally:
        document.close()


def opened(png: bytes) -> Image.Image:
    """A PNG as a grey picture."""
    return Image.open(io.BytesIO(png)).convert("L")


def blurred(image: Image.Image, radius: float) -> Image.Image:
    """Out of focus by so many pixels."""
    return image.filter(ImageFilter.GaussianBlur(radius))
