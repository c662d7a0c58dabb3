"""Units of measure by what they measure: codes of UN/ECE Recommendation 20 and their factors to an SI unit.

A row is a code and its factor: numbers and names of `CONSTANTS`, multiplied and divided. Factors are the units'
definitions, so that they are exact where Recommendation 20 prints six digits of them; two of its misprints (P71 to P73,
H66) are thereby corrected. Temperatures also have an offset, see `OFFSETS`.
"""

from __future__ import annotations

#: Definitions that factors are made of: international foot, pound and their kin, gallons, calories, pi.
CONSTANTS: dict[str, str] = {
    "pi": "3.14159265358979323846264338327950288",
    "in": "0.0254",
    "ft": "0.3048",
    "yd": "0.9144",
    "mi": "1609.344",
    "sft": "1200/3937",
    "lb": "0.45359237",
    "oz": "0.028349523125",
    "gn": "9.80665",
    "gal": "0.003785411784",
    "gau": "0.00454609",
    "bu": "0.03523907016688",
    "Btu": "1055.05585262",
    "Bth": "1054.3502644888889",
    "cal": "4.1868",
    "Hg": "13595.1",
    "eV": "1.602176634e-19",
    "a": "31557600",
}

#: Dimension, its base unit, and what is measured in it.
UNITS: dict[str, tuple[str, str]] = {
    "AbsorbedDose": ("gray", "A95 1 C13 1e-3 C80 1e-2 A61 1e-4"),
    "AbsorbedDoseRate": (
        "gray per second",
        """A96 1 P54 1e-3 P55 1e-6 P56 1e-9 P57 1/60 P58 1e-3/60 P59 1e-6/60 P60 1e-9/60 P61 1/3600 P62 1e-3/3600
        P63 1e-6/3600 P64 1e-9/3600 A62 1e-4 WA 1""",
    ),
    "Acceleration": (
        "metre per second squared",
        "MSK 1 A76 1e-2 C11 1e-5 M38 1e3 M39 1e-2 M41 1e-3 A73 ft IV in K40 gn M40 yd M42 mi",
    ),
    "AmountOfSubstance": ("mole", "C34 1 B45 1e3 C18 1e-3 FH 1e-6 P44 1e3*lb"),
    "AmountOfSubstancePerUnitVolume": ("mole per cubic metre", "C36 1 C35 1e3 C38 1e3 B46 1e3 M33 1"),
    "Angle": (
        "radian",
        "C81 1 C25 1e-3 B97 1e-6 A91 pi/200 DD pi/180 D61 pi/10800 D62 pi/648000 M43 pi/3200 M44 2*pi",
    ),
    "AngularAcceleration": ("radian per second squared", "2B 1 M45 pi/180"),
    "AngularMomentum": ("kilogram metre squared per second", "B33 1 C53 1 B18 1"),
    "AngularVelocity": ("radian per second", "2A 1 E96 pi/180 M46 pi/30"),
    "Area": (
        "square metre",
        """MTK 1 KMK 1e6 H30 1e-12 DAA 1e3 CMK 1e-4 DMK 1e-2 H16 1e2 H18 1e4 MMK 1e-6 ARE 1e2 HAR 1e4 INK in*in
        FTK ft*ft YDK yd*yd MIK mi*mi M48 5280*sft*5280*sft ACR 43560*sft*sft M47 pi/4*in*in/1e6 A14 1e-28""",
    ),
    "Capacitance": ("farad", "FAR 1 H48 1e-18 C10 1e-3 4O 1e-6 C41 1e-9 4T 1e-12 N90 1e3"),
    "Conductance": ("siemens", "SIE 1 B53 1e3 C27 1e-3 B99 1e-6 N92 1e-12 NQ 1 NR 1e-6"),
    "Conductivity": (
        "siemens per metre",
        "D10 1 B54 1e3 B77 1e6 H43 1e2 H61 1e-1 G42 1e-4 G43 1e-6 G44 1e-7 G45 1e-9 L42 1e-12",
    ),
    "Count": (
        "one",
        """C62 1 EA 1 H87 1 NAR 1 NPT 1 HEA 1 IE 1 NIU 1 PR 2 P5 5 TP 10 DZN 12 DPC 12 SCO 20 TPR 20 DPR 24 CEN 100
        HC 100 GRO 144 GGR 1728 MIL 1e3 T3 1e3 MIO 1e6 MIU 1e6 MLD 1e9 BIL 1e12 TRL 1e18""",
    ),
    "Density": (
        "kilogram per cubic metre",
        """KMQ 1 23 1e3 D41 1e3 GJ 1e3 B35 1e3 GL 1 A93 1e-3 GP 1e-6 B72 1e3 B34 1e3 H29 1e-6 M1 1e-3 GQ 1e-9 F23 1
        G31 1e6 87 lb/ft/ft/ft GE lb/gal LA lb/in/in/in G32 oz/yd/yd/yd K41 lb/7000/gal K71 lb/gau K84 lb/yd/yd/yd
        L37 oz/gau L38 oz/gal L39 oz/in/in/in L65 lb*gn/ft/ft/ft/ft L92 2240*lb/yd/yd/yd L93 2000*lb/yd/yd/yd""",
    ),
    "Dimensionless": (
        "one",
        """Q26 1 P1 1e-2 VP 1e-2 59 1e-6 60 1e-2 61 1e-9 E40 1e-5 NX 1e-3 GK 1e-3 NA 1e-6 J33 1e-9 L32 1e-12 M29 1
        K62 1 L19 1e-3 J36 1e-6 H60 1 H64 1e-3 H65 1e-6 J87 1e-6 L21 1e-9 J91 1e-3 H91 1e-6 H92 1e-7 H93 1e-4
        H94 1e-5 Q29 1e-8 M91 1""",
    ),
    "DoseEquivalent": ("sievert", "D13 1 C28 1e-3 D91 1e-2 L31 1e-5"),
    "DoseEquivalentRate": (
        "sievert per second",
        """P65 1 P66 1e-3 P67 1e-6 P68 1e-9 P69 1e-2 P70 1/3600 P71 1e-3/3600 P72 1e-6/3600 P73 1e-9/3600 P74 1/60
        P75 1e-3/60 P76 1e-6/60 P77 1e-9/60""",
    ),
    "DynamicViscosity": (
        "pascal second",
        """C65 1 C24 1e-3 89 1e-1 C7 1e-3 J32 1e-7 N36 1 N37 1 N38 1/60 N40 1/3600 N39 1/86400 N41 1e-1 K67 lb/ft/3600
        K68 lb/ft N43 lb/ft/60 N44 lb/ft/86400 K91 lb*gn/ft/ft K92 lb*gn/in/in L64 lb*gn/ft/ft N34 lb/ft
        N42 lb*ft/in/in""",
    ),
    "ElectricCharge": (
        "coulomb",
        """COU 1 A8 1 AMH 3600 TAH 3.6e6 D77 1e6 D86 1e-3 B26 1e3 B86 1e-6 C40 1e-9 C71 1e-12 E09 3.6 N95 60
        N94 3.335640951981520e-10""",
    ),
    "ElectricCurrent": (
        "ampere",
        "AMP 1 B22 1e3 H38 1e6 4K 1e-3 B84 1e-6 C39 1e-9 C70 1e-12 N96 10 N97 10/4/pi",
    ),
    "ElectricCurrentDensity": ("ampere per square metre", "A41 1 A4 1e4 A7 1e6 B23 1e3 B66 1e6"),
    "ElectricFieldStrength": ("volt per metre", "D50 1 D47 1e2 D51 1e3 B55 1e3 B79 1e6 C30 1e-3 C3 1e-6 H23 1/in"),
    "Energy": (
        "joule, newton metre",
        """JOU 1 KJO 1e3 A68 1e18 C68 1e15 D30 1e12 GV 1e9 3B 1e6 C15 1e-3 A70 1e-15 A13 1e-18 WHR 3600 MWH 3.6e9
        KWH 3.6e6 GWH 3.6e12 D32 3.6e15 A53 eV B71 1e6*eV A85 1e9*eV B29 1e3*eV A57 1e-7 85 lb*gn*ft B38 gn
        N46 lb*ft*ft N47 lb*ft*in D70 cal D35 4.184 J75 4.19002 N69 4.1819 A1 4.18846 E14 1e3*cal K51 4190.02 K53 4184
        E11 1e9*cal BTU Btu J39 1055.87 N66 1059.67 N67 1054.8 N68 1054.68 N70 1e15*Btu N71 1e5*Btu N72 105480400 J55 1
        NU 1 B74 1e6 B48 1e3 D83 1e-3 B93 1e-6 DN 1e-1 J72 1e-2 F88 1e-2 F21 lb*gn*in J94 1e-7 L41 oz*gn*in
        M92 lb*gn*ft M95 lb*ft*ft M96 lb*ft*in M97 1e-5""",
    ),
    "Exposure": ("coulomb per kilogram", "CKG 1 C8 1e-3 2C 2.58e-4 2Y 2.58e-7 KR 2.58e-1"),
    "Force": (
        "newton",
        """NEW 1 B47 1e3 B73 1e6 B92 1e-6 C20 1e-3 DU 1e-5 C78 lb*gn B37 gn B51 gn L40 oz*gn L94 2000*lb*gn
        M75 1e3*lb*gn M76 lb*ft M77 1 M78 gn*1e-3""",
    ),
    "Frequency": (
        "hertz",
        """HTZ 1 KHZ 1e3 MHZ 1e6 A86 1e9 D29 1e12 C97 1 C94 1/60 H10 1/3600 E91 1/86400 H85 1/604800 H09 1/a H11 12/a
        RPM 1/60 RPS 1 BPM 1/60 OPM 1/60 FIT 1e-9/3600""",
    ),
    "Illuminance": ("lux", "LUX 1 B60 1 KLX 1e3 P25 1/ft/ft P26 1e4 P27 1/ft/ft"),
    "Inductance": ("henry", "81 1 C14 1e-3 B90 1e-6 C43 1e-9 C73 1e-12 P24 1e3"),
    "Irradiance": (
        "watt per square metre",
        """D54 1 C32 1e-3 D85 1e-6 C76 1e-12 N48 1e4 N49 1/in/in A64 1e-3 A65 1e-3 N50 Btu/ft/ft/3600 N51 Bth/ft/ft/3600
        N52 Bth/ft/ft/60 N53 Btu/ft/ft N54 Bth/ft/ft N55 Btu/in/in N56 41840/60 N57 41840""",
    ),
    "KinematicViscosity": (
        "square metre per second",
        "S4 1 C17 1e-6 4C 1e-6 91 1e-4 M81 1e-4 S3 ft*ft M79 ft*ft/3600 G08 in*in",
    ),
    "Length": (
        "metre",
        """MTR 1 A11 1e-10 A71 1e-15 C52 1e-12 C45 1e-9 4H 1e-6 A12 149597870700 DMT 1e-1 CMT 1e-2 MMT 1e-3 INH in FOT
        ft YRD yd SMI mi NMI 1852 A45 10 HMT 1e2 KMT 1e3 MAM 1e6 B57 9460730472580800 C63 3.085677581491367e16 AK 2*yd
        M50 220*yd M49 66*sft X1 22*yd M51 sft M52 5280*sft F49 16.5*ft 77 in*1e-3 M7 in*1e-6 H79 1e-3/3 H82 in/72""",
    ),
    "LinearMomentum": ("kilogram metre per second", "B31 1 C57 1 M98 1e-2 M99 1e-5 N10 lb*ft N11 lb*in"),
    "Luminance": ("candela per square metre", "A24 1 P28 1/in/in P29 1/pi/ft/ft P30 1e4/pi P31 1e4 P32 1/ft/ft"),
    "LuminousFlux": ("lumen", "LUM 1"),
    "LuminousIntensity": ("candela", "CDL 1 P33 1e3 P34 1e-3 P35 0.903 P36 1.019"),
    "MagneticFlux": ("weber", "WEB 1 C33 1e-3 P11 1e3 B65 1e-8"),
    "MagneticFluxDensity": ("tesla", "D33 1 C29 1e-3 D81 1e-6 C48 1e-9 P13 1e3 P12 1e-9 76 1e-4 78 1e-1"),
    "MagneticVectorPotential": ("weber per metre", "D59 1 B56 1e3 D60 1e3"),
    "Mass": (
        "kilogram",
        """KGM 1 GRM 1e-3 MGM 1e-6 MC 1e-9 CGM 1e-5 DG 1e-4 DJ 1e-2 HGM 1e-1 DTN 1e2 TNE 1e3 2U 1e3 KTN 1e6 ONZ oz OZ oz
        LBR lb STI 14*lb QTR 28*lb CWI 112*lb CWA 100*lb CNT 100*lb STN 2000*lb LTN 2240*lb GT 2240*lb GRN lb/7000
        APZ 480*lb/7000 LBT 5760*lb/7000 DWT 24*lb/7000 DRI oz/16 DRA 60*lb/7000 CTM 2e-4 F13 lb*gn/ft M86 0.5
        D43 1.66053906660e-27 58 1 E4 1 MND 1 KDW 1 GDW 1e-3 GIC 1e-3 GIP 1e-3 KIC 1 KIP 1 TIC 1e3 TIP 1e3 W2 1 WB lb
        DB lb""",
    ),
    "MassFlowRate": (
        "kilogram per second",
        """KGS 1 F31 1/60 E93 1/3600 F30 1/86400 F29 1e-3 F28 1e-3/60 F27 1e-3/3600 F26 1e-3/86400 F34 1e-6 F33 1e-6/60
        4M 1e-6/3600 F32 1e-6/86400 L81 1e3 L78 1e3/60 E18 1e3/3600 L71 1e3/86400 M88 12e3/a M89 1e3/a K81 lb K78 lb/60
        4U lb/3600 K66 lb/86400 M90 1e3*lb/3600 4W 2000*lb/3600 L88 2000*lb/86400 L85 2240*lb/86400 L36 oz L35 oz/60
        L34 oz/3600 L33 oz/86400 L68 lb*gn/ft L67 lb*gn/ft/60 L66 lb*gn/ft/3600 L63 lb*gn/ft/86400""",
    ),
    "MassPerAreaTime": ("kilogram per square metre second", "H56 1"),
    "MemoryCapacity": (
        "byte",
        """AD 1 Q12 1 A99 1/8 C37 1e3/8 D36 1e6/8 B68 1e9/8 E83 1e12/8 E78 1e15/8 2P 1e3 4L 1e6 E34 1e9 E35 1e12 E36
        1e15 C21 128 D11 131072 B30 134217728 E64 1024 E63 1048576 E62 1073741824 E61 1099511627776 E60
        1125899906842624 E59 1152921504606846976""",
    ),
    "MolalityOfSolute": ("mole per kilogram", "C19 1 D87 1e-3 H68 1 P47 1e3 P48 1e3"),
    "MolarEnergy": ("joule per mole", "B15 1 B44 1e3"),
    "MolarMass": ("kilogram per mole", "D74 1 A94 1e-3 F24 1e-3"),
    "MolarVolume": ("cubic metre per mole", "A40 1 A37 1e-3 A36 1e-6 B58 1e-3"),
    "Power": (
        "watt",
        """WTT 1 KWT 1e3 MAW 1e6 A90 1e9 D31 1e12 C31 1e-3 D80 1e-6 C49 1e-9 C75 1e-12 P14 1 P15 1/60 P16 1/3600
        P17 1/86400 P18 1e3 P19 1e3/60 P20 1e3/3600 P21 1e3/86400 D78 1e6 F80 746.043 A63 1e-7 A74 lb*gn*ft B39 gn
        HJ 75*gn A25 75*gn N12 75*gn BHP 550*lb*gn*ft K43 746 K15 lb*gn*ft/3600 K16 lb*gn*ft/60 K42 9809.5 2I Btu/3600
        J44 Btu/60 J45 Btu J47 Bth/3600 J51 Bth/60 J52 Bth E16 1e6*Btu/3600 E15 4184/3600 J81 4.184/60 J82 4.184
        K54 4184/60 K55 4184""",
    ),
    "Pressure": (
        "pascal",
        """PAL 1 H75 10 74 1e-3 A89 1e9 A97 1e2 B96 1e-6 KPA 1e3 MPA 1e6 BAR 1e5 MBR 1e2 B85 1e-1 HBA 1e7 KBA 1e8 C55 1
        C56 1e6 E01 1e4 KNM 1e3 D9 1e-1 B40 gn UA 101325/760 80 lb*gn/in/in PS lb*gn/in/in H78 10*gn HP gn N23 1e3*gn
        F79 in*Hg*gn F78 in*1e3*gn ATT 1e4*gn ATM 101325 J89 Hg*gn*1e-2 HN Hg*gn*1e-3 K24 ft*1e3*gn K25 ft*Hg*gn
        K31 10*gn E42 1e4*gn E41 1e6*gn K85 lb*gn/ft/ft 84 1e3*lb*gn/in/in N20 1e3*lb*gn/in/in N13 1333.22 N14 98.0638
        N15 2988.98 N16 3386.38 N17 3376.85 N18 249.082 N19 248.84 N21 lb/ft N26 lb*ft/in/in N22 oz*gn/in/in""",
    ),
    "RadiantIntensity": ("watt per steradian", "D57 1"),
    "Radioactivity": (
        "becquerel",
        "BQL 1 GBQ 1e9 2Q 1e3 4N 1e6 H08 1e-6 CUR 3.7e10 MCU 3.7e7 M5 3.7e4 2R 3.7e13",
    ),
    "Resistance": ("ohm", "OHM 1 A87 1e9 B75 1e6 H44 1e12 B49 1e3 E45 1e-3 B94 1e-6 P22 1e-9"),
    "Resistivity": (
        "ohm metre",
        "C61 1 A88 1e9 B76 1e6 B50 1e3 C60 1e-2 C23 1e-3 B95 1e-6 C46 1e-9 M24 1e3 H88 1e9 P23 pi/4*in*in/1e6/ft",
    ),
    "SolidAngle": ("steradian", "D27 1"),
    "SpecificVolume": (
        "cubic metre per kilogram",
        "A39 1 22 1e-1 H83 1e-3 KX 1e-6 N28 1e-3 N29 ft*ft*ft/lb N30 in*in*in/lb",
    ),
    "Speed": (
        "metre per second",
        """MTS 1 KMH 1/3.6 HM mi/3600 M57 mi/60 M58 mi KNT 1852/3600 M62 1e3 C16 1e-3 2M 1e-2 H49 1e-2/3600 2X 1/60
        M60 1/3600 H81 1e-3/60 H67 1e-3/3600 H66 1e-3/a K14 ft/3600 FR ft/60 FS ft M63 in/60 IU in M61 in/a
        M64 yd M65 yd/60 M66 yd/3600 P87 1 35 1e-2 M22 1e-2/60""",
    ),
    "SurfaceDensity": (
        "kilogram per square metre",
        "28 1 GM 1e-3 GO 1e-6 H63 1e-2 25 10 N24 1e3 D5 1e4 37 oz/ft/ft ON oz/yd/yd FP lb/ft/ft N25 lb/yd/yd",
    ),
    "SurfaceTension": (
        "newton per metre",
        "4P 1 C22 1e-3 DX 1e-3 M23 1e2 F47 1e3 N31 1e3 B13 1 M34 1 F17 lb*gn/ft F48 lb*gn/in N32 lb*ft/in N33 lb*gn/yd",
    ),
    "Temperature": ("kelvin", "KEL 1 CEL 1 FAH 5/9 A48 5/9"),
    "Time": (
        "second",
        """SEC 1 MIN 60 HUR 3600 DAY 86400 WEE 604800 DAD 864000 MON a/12 M36 2592000 QAN a/4 SAN a/2 ANN a L95 31536000
        M37 31104000 D42 31556925 L96 31558150 DEC 10*a B52 1e3 C26 1e-3 B98 1e-6 C47 1e-9 H70 1e-12 M56 1e-8""",
    ),
    "Voltage": ("volt", "VLT 1 2G 1 2H 1 N99 1e-12 2Z 1e-3 B78 1e6 D82 1e-6 KVT 1e3"),
    "Volume": (
        "cubic metre",
        """MTQ 1 MAL 1e3 LTR 1e-3 MMQ 1e-9 CMQ 1e-6 DMQ 1e-3 MLT 1e-6 HLT 1e-1 CLT 1e-5 DMA 1e3 H19 1e6 H20 1e9 DLT 1e-4
        4G 1e-9 Q32 1e-18 Q33 1e-15 Q34 1e-12 K6 1 A44 1e-2 FF 1e2 R9 1e3 HMQ 1e6 INQ in*in*in FTQ ft*ft*ft
        YDQ yd*yd*yd HH 100*ft*ft*ft FC 1e3*ft*ft*ft GLI gau GLL gal PT gal/8 PTL gal/8 PTI gau/8 QT gal/4 QTL gal/4
        QTI gau/4 PTD bu/64 L61 bu/64 QTD bu/32 L62 bu/32 GLD bu/8 G23 bu/4 BUA bu BUI 8*gau L43 2*gau OZI gau/160
        OZA gal/128 GIA gal/32 GII gau/32 G21 gal/16 G24 gal/256 G25 gal/768 BLL 42*gal J57 35*gau B4 36*gau
        BLD 0.115627123584 WG gal G26 1 L84 42*ft*ft*ft L86 40*ft*ft*ft M67 43560*sft*sft*sft M68 128*ft*ft*ft
        M69 mi*mi*mi M70 100*ft*ft*ft NM3 1 SM3 1 STL 1e-3 DMO 1""",
    ),
    "VolumeFlowRate": (
        "cubic metre per second",
        """MQS 1 G53 1/60 MQH 1/3600 G52 1/86400 TQD 1e3/86400 4X 1/3600 G51 1e-3 J93 1e-3 L2 1e-3/60 J92 1e-3/60
        E32 1e-3/3600 E92 1e-3/3600 LD 1e-3/86400 J90 1e-3/86400 2J 1e-6 40 1e-6 G49 1e-6/60 41 1e-6/60 G48 1e-6/3600
        G55 1e-6/3600 G47 1e-6/86400 G54 1e-6/86400 E17 ft*ft*ft 2L ft*ft*ft/60 2K ft*ft*ft/3600 K22 ft*ft*ft/86400
        G58 in*in*in G57 in*in*in/60 G56 in*in*in/3600 M16 yd*yd*yd M15 yd*yd*yd/60 M13 yd*yd*yd/3600
        M12 yd*yd*yd/86400 K30 gal G2 gal/60 G50 gal/3600 GB gal/86400 K28 gau G3 gau/60 K27 gau/3600 K26 gau/86400
        L11 gal/4 L10 gal/240 K99 gal/14400 K98 gal/345600 L60 gal/8 L59 gal/480 L58 gal/28800 L57 gal/691200
        K97 gau/4 K96 gau/240 K95 gau/14400 K94 gau/345600 L56 gau/8 L55 gau/480 L54 gau/28800 L53 gau/691200
        J63 42*gal 5A 42*gal/60 J62 42*gal/3600 B1 42*gal/86400 Q37 1/86400 Q38 1/3600 Q39 1/86400 Q40 1/3600""",
    ),
    "Wavenumber": ("reciprocal metre", "C92 1 E90 1e2 C85 1e10 Q24 1/in Q25 1"),
}

#: What is added after the factor: kelvins at the zero of the unit.
OFFSETS: dict[str, str] = {"CEL": "273.15", "FAH": "459.67*5/9"}

#: Dimensions that a measurement type of the GS1 Web Vocabulary is given in; all others are a dimension of that name.
#: Relative density, proportions and concentrations are told in several ways, and so is how fast something turns.
DIMENSIONS: dict[str, tuple[str, ...]] = {
    "AbsoluteHumidity": ("Density", "Dimensionless"),
    "Altitude": ("Length",),
    "AmountOfSubstancePerUnitVolume": ("AmountOfSubstancePerUnitVolume", "MolalityOfSolute"),
    "AngularVelocity": ("AngularVelocity", "Frequency"),
    "Count": ("Count", "Dimensionless"),
    "Density": ("Density", "Dimensionless"),
    "Dimensionless": ("Dimensionless", "Count", "AmountOfSubstancePerUnitVolume", "MolalityOfSolute", "Density"),
    "Frequency": ("Frequency", "AngularVelocity"),
    "MassConcentration": ("Density", "Dimensionless"),
    "RadiantFlux": ("Power",),
    "RelativeHumidity": ("Dimensionless",),
    "Torque": ("Energy",),
    "VolumeFraction": ("Dimensionless",),
    "VolumetricFlux": ("Speed", "MassPerAreaTime"),
}
