"""What an emulated reader says that it can do (LLRP 1.0.1, clause 9)."""

from __future__ import annotations

from suyuan.readers.llrp_wire import Parameter, parameter

ANTENNAS = 4
#: More ROSpecs than this are refused, as by real readers.
ROSPEC_LIMIT = 16
#: 920.625 to 924.375 MHz in steps of 250 kHz, in kHz: China's UHF RFID band.
_CHANNELS = tuple(range(920_625, 924_376, 250))


#: AccessSpecs and OpSpecs in each that a reader takes which has tags to write.
ACCESS_SPEC_LIMIT, OP_SPEC_LIMIT = 8, 8


def capabilities(*, writes: bool = False) -> tuple[Parameter, ...]:
    """General, LLRP, regulatory and air protocol capabilities: the order in which RequestedData numbers them."""
    general = parameter(
        "GeneralDeviceCapabilities",
        parameter("ReceiveSensitivityTableEntry", Index=1),
        parameter("GPIOCapabilities"),
        *(parameter("PerAntennaAirProtocol", AntennaID=number + 1, ProtocolID=b"\1") for number in range(ANTENNAS)),
        MaxNumberOfAntennaSupported=ANTENNAS,
        HasUTCClockCapability=1,
        ReaderFirmwareVersion="suyuan-emulator",
    )
    llrp = parameter(
        "LLRPCapabilities",
        SupportsEventAndReportHolding=1,
        MaxNumPriorityLevelsSupported=1,
        MaxNumROSpecs=ROSPEC_LIMIT,
        MaxNumSpecsPerROSpec=1,
        MaxNumInventoryParameterSpecsPerAISpec=1,
        MaxNumAccessSpecs=ACCESS_SPEC_LIMIT if writes else 0,
        MaxNumOpSpecsPerAccessSpec=OP_SPEC_LIMIT if writes else 0,
    )
    air = parameter("C1G2LLRPCapabilities", MaxNumSelectFiltersPerQuery=1)
    return general, llrp, _regulatory(), air


def _regulatory() -> Parameter:
    """China (156), 16 hopping channels, 10 to 33 dBm in steps of 1, one dense-reader mode."""
    powers = [
        parameter("TransmitPowerLevelTableEntry", Index=step + 1, TransmitPowerValue=1000 + 100 * step)
        for step in range(24)
    ]
    hopping = parameter(
        "FrequencyInformation", parameter("FrequencyHopTable", HopTableID=1, Frequency=_CHANNELS), Hopping=1
    )
    mode = parameter(
        "C1G2UHFRFModeTableEntry",
        ModeIdentifier=1,
        DRValue=1,
        MValue=2,
        SpectralMaskIndicator=3,
        BDRValue=250_000,
        PIEValue=2000,
        MinTariValue=12_500,
        MaxTariValue=25_000,
        StepTariValue=6250,
    )
    band = parameter("UHFBandCapabilities", *powers, hopping, parameter("C1G2UHFRFModeTable", mode))
    return parameter("RegulatoryCapabilities", band, CountryCode=156)
