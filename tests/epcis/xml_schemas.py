"""The standard's XML schemas, which judge what is written here."""

from __future__ import annotations

from pathlib import Path

from lxml import etree


class Schemas:
    """EPCIS 2.0 and 1.2: documents and query documents."""

    def __init__(self, folder: Path) -> None:
        homes = {"2.0": folder / "XSD", "1.2": folder / "XSL" / "1.2" / "XSD"}
        self._schemas = {
            (version, root): etree.XMLSchema(
                etree.parse(home / f"EPCglobal-epcis{kind}-{version.replace('.', '_')}.xsd")
            )
            for version, home in homes.items()
            for root, kind in {
                "EPCISDocument": "",
                "EPCISQueryDocument": "-query",
                "EPCISMasterDataDocument": "-masterdata",
            }.items()
        }

    def fault(self, body: bytes, version: str) -> str | None:
        """What the schema finds wrong first; None where nothing is."""
        tree = etree.fromstring(body)
        schema = self._schemas[version, etree.QName(tree).localname]
        return None if schema.validate(tree) else str(schema.error_log[0])


def schemas_in(shared: Path) -> Schemas:
    return Schemas(shared / "epcis" / "gs1__EPCIS")
