"""The words of the Core Business Vocabulary 2.0, and their three writings.

``shipping`` (JSON-LD), ``urn:epcglobal:cbv:bizstep:shipping`` (EPCIS 1.x) and ``https://ref.gs1.org/cbv/BizStep-shipping``
(EPCIS 2.0) are one word; ``cbv:BizStep-shipping`` is the third one abbreviated. Inside Suyuan a word of the CBV is
always its bare word and a value of any other vocabulary its URI, so that equal words are equal strings.
CBV 2.0 section 7 (standard vocabularies), EPCIS 2.0 section 10 (JSON-LD binding).
"""

from __future__ import annotations

from enum import StrEnum

from suyuan.base.errors import InvalidDocument


class Action(StrEnum):
    """How an event relates to the life of what it lists (EPCIS 2.0, 7.3.2)."""

    ADD = "ADD"
    OBSERVE = "OBSERVE"
    DELETE = "DELETE"


class Vocabulary:
    """One standard vocabulary: its words and the stems of their full forms."""

    def __init__(
        self, name: str, words: str, *, uri: str, aliases: tuple[str, ...], urn: str = "", closed: bool = True
    ) -> None:
        """``uri`` is the stem of the present full form, ``aliases`` are the stems of the other writings.

        ``urn`` is that of the form that EPCIS 1.x has, where the vocabulary is as old. ``closed`` says that there are
        no other words under these stems.
        """
        self.name = name
        self.words = frozenset(words.split())
        self.uri = uri
        self._urn = urn or uri
        self._stems = (uri, *aliases)
        self._closed = closed
        #: The bare word of every writing.
        self.writings = {stem + word: word for stem in self._stems for word in self.words}
        self.writings.update({word: word for word in self.words})

    def short(self, value: str) -> str:
        """The bare word of any writing of a word of this vocabulary; another vocabulary's URI unchanged.

        Raises `InvalidDocument` for a bare word or a CBV URI that this vocabulary doesn't have: a business step is no
        disposition.
        """
        word = self.writings.get(value)
        if word is not None:
            return word
        if ":" not in value:
            raise InvalidDocument(
                f"{value[:60]!r} is not a word of the standard {self.name} vocabulary",
                remedy="use a word of CBV 2.0, or the full URI of a word of your own vocabulary",
            )
        if value.startswith(_CBV_STEMS) or (self._closed and value.startswith(self._stems)):
            raise InvalidDocument(
                f"the standard {self.name} vocabulary has no {value[:80]!r}",
                remedy="define words of your own under a URI of your own",
            )
        return value

    def has(self, value: str) -> bool:
        """Whether this is any writing of a word of this vocabulary."""
        return value in self.writings

    def full(self, short: str) -> str:
        """The full URI of a value as `short` gives it."""
        return self.uri + short if short in self.words else short

    def urn(self, short: str) -> str:
        """The URN of a value as `short` gives it; the full URI where the vocabulary has no URNs."""
        return self._urn + short if short in self.words else short


#: Measurement types are terms of the GS1 Web Vocabulary, which has many others.
GS1_VOCABULARY = "https://gs1.org/voc/"
_GS1_ALIASES = ("http://gs1.org/voc/", "https://www.gs1.org/voc/", "http://www.gs1.org/voc/", "gs1:")


def _cbv(name: str, urn: str, stem: str, words: str) -> Vocabulary:
    """A vocabulary of the CBV; ``ns.gs1.org`` was the draft's host and is in use."""
    hosts = ("http://ref.gs1.org/cbv/", "https://ns.gs1.org/cbv/", "http://ns.gs1.org/cbv/", "cbv:")
    old = f"urn:epcglobal:cbv:{urn}:"
    aliases = (old, *(f"{host}{stem}-" for host in hosts))
    uri = f"https://ref.gs1.org/cbv/{stem}-"
    return Vocabulary(name, words, uri=uri, aliases=aliases, urn=uri if stem == "Comp" else old)


BIZ_STEP = _cbv(
    "business step",
    "bizstep",
    "BizStep",
    """accepting arriving assembling collecting commissioning consigning creating_class_instance cycle_counting
    decommissioning departing destroying disassembling dispensing encoding entering_exiting holding inspecting
    installing killing loading other packing picking receiving removing repackaging repairing replacing reserving
    retail_selling sampling sensor_reporting shipping staging_outbound stock_taking stocking storing transporting
    unloading unpacking void_shipping""",
)
DISPOSITION = _cbv(
    "disposition",
    "disp",
    "Disp",
    """active available completeness_inferred completeness_verified conformant container_closed container_open damaged
    destroyed dispensed disposed encoded expired in_progress in_transit inactive mismatch_class mismatch_instance
    mismatch_quantity needs_replacement no_pedigree_match non_conformant non_sellable_other partially_dispensed
    recalled reserved retail_sold returned sellable_accessible sellable_not_accessible stolen unavailable unknown""",
)
BIZ_TRANSACTION_TYPE = _cbv(
    "business transaction type",
    "btt",
    "BTT",
    "bol cert desadv inv pedigree po poc prodorder recadv rma testprd testres upevt",
)
SOURCE_DEST_TYPE = _cbv("source and destination type", "sdt", "SDT", "owning_party possessing_party location")
ERROR_REASON = _cbv("error reason", "er", "ER", "did_not_occur incorrect_data")
COMPONENT = _cbv(
    "component",
    "comp",
    "Comp",
    """x y z axial_distance azimuth height spherical_radius polar_angle elevation_angle easting northing latitude
    longitude altitude""",
)
MEASUREMENT_TYPE = Vocabulary(
    "measurement type",
    """AbsoluteHumidity AbsorbedDose AbsorbedDoseRate Acceleration Altitude AmountOfSubstance
    AmountOfSubstancePerUnitVolume Angle AngularAcceleration AngularMomentum AngularVelocity Area Capacitance
    Conductance Conductivity Count Density Dimensionless DoseEquivalent DoseEquivalentRate DynamicViscosity
    ElectricCharge ElectricCurrent ElectricCurrentDensity ElectricFieldStrength Energy Exposure Force Frequency
    Illuminance Inductance Irradiance KinematicViscosity Length LinearMomentum Luminance LuminousFlux
    LuminousIntensity MagneticFlux MagneticFluxDensity MagneticVectorPotential Mass MassConcentration MassFlowRate
    MassPerAreaTime MemoryCapacity MolalityOfSolute MolarEnergy MolarMass MolarVolume Power Pressure RadiantFlux
    RadiantIntensity Radioactivity RelativeHumidity Resistance Resistivity SolidAngle SpecificVolume Speed
    SurfaceDensity SurfaceTension Temperature Time Torque Voltage Volume VolumeFlowRate VolumeFraction
    VolumetricFlux Wavenumber""",
    uri=GS1_VOCABULARY,
    aliases=_GS1_ALIASES,
    closed=False,
)
SENSOR_ALERT_TYPE = Vocabulary(
    "sensor alert type", "ALARM_CONDITION ERROR_CONDITION", uri=GS1_VOCABULARY, aliases=_GS1_ALIASES
)

#: Nobody else's words begin like this: what no vocabulary has is misspelt, or stands in another one's place.
_CBV_STEMS = (
    "urn:epcglobal:cbv:",
    "https://ns.gs1.org/cbv/",
    "http://ns.gs1.org/cbv/",
    *(
        f"{host}{known}-"
        for host in ("https://ref.gs1.org/cbv/", "http://ref.gs1.org/cbv/", "cbv:")
        for known in ("BizStep", "Disp", "BTT", "SDT", "ER", "Comp")
    ),
)
