"""The application identifiers as data: what each holds, what it must come with and what it must not.

State: GS1 General Specifications and Barcode Syntax Dictionary of July 2026. A new AI is a new row. A row is

- the components of the value: characters (``N`` digits, ``X`` AI 82, ``Y`` AI 39, ``Z`` AI 64), length or lengths,
  ``?`` for an optional one, then the Syntax Tests that the component must pass;
- the AIs of which one must be there too, ``+`` between those that must be there together;
- the AIs that must not be there, ``n`` for any digit, ``~`` for the others of its own kind (same first three digits);
- the AIs, each with its data title, one a line or with ``|`` between them.
"""

from __future__ import annotations

# fmt: off
ROWS = (
    ("N18:csum:gcppos2", "", "", "00 SSCC"),
    ("N14:csum:gcppos2", "", "255 37", "01 GTIN"),
    ("N14:csum:gcppos2", "37", "01 03", "02 CONTENT"),
    ("N14:csum:gcppos2", "", "01 02 37 235", "03 MTO GTIN"),
    ("X1-20", "01 02 03 8006 8026", "", "10 BATCH/LOT"),
    ("N6:yymmd0", "01 02 03 8006 8026", "", "11 PROD DATE | 13 PACK DATE | 15 BEST BEFORE or BEST BY | 16 SELL BY"),
    ("N6:yymmd0", "8020", "", "12 DUE DATE"),
    ("N6:yymmd0", "01 02 03 255 8006 8026", "", "17 USE BY or EXPIRY"),
    ("N2", "01 02 03 8006 8026", "", "20 VARIANT"),
    ("X1-20", "01 03 8006", "235", "21 SERIAL"),
    ("X1-20", "01", "", """
        22 CPV | 710 NHRN PZN | 711 NHRN CIP | 712 NHRN CN | 713 NHRN DRN | 714 NHRN AIM | 715 NHRN NDC | 716 NHRN AIC
        717 NHRN SRN
    """),
    ("X1-28", "01", "", "235 TPX"),
    ("X1-30", "01 02 03 8006 8026", "", "240 ADDITIONAL ID | 241 CUST. PART No."),
    ("N1-6", "01 02 8006 8026", "", "242 MTO VARIANT"),
    ("X1-20", "01 03", "", "243 PCN"),
    ("X1-30", "01+21 03+21 8006+21", "", "250 SECONDARY SERIAL"),
    ("X1-30", "01 03 8006", "", "251 REF. TO SOURCE"),
    ("N13:csum:gcppos1 X1-17?", "", "", "253 GDTI"),
    ("X1-20", "414", "", "254 GLN EXTENSION COMPONENT"),
    ("N13:csum:gcppos1 N1-12?", "", "01 02 415 8006 8020 8026", "255 GCN"),
    ("N1-8", "01 02", "", "30 VAR. COUNT"),
    ("N6", "01 02", "~", """
        3100-3105 NET WEIGHT (kg) | 3110-3115 LENGTH (m) | 3120-3125 WIDTH (m) | 3130-3135 HEIGHT (m)
        3140-3145 AREA (m²) | 3150-3155 NET VOLUME (l) | 3160-3165 NET VOLUME (m³) | 3200-3205 NET WEIGHT (lb)
        3210-3215 LENGTH (in) | 3220-3225 LENGTH (ft) | 3230-3235 LENGTH (yd) | 3240-3245 WIDTH (in)
        3250-3255 WIDTH (ft) | 3260-3265 WIDTH (yd) | 3270-3275 HEIGHT (in) | 3280-3285 HEIGHT (ft)
        3290-3295 HEIGHT (yd) | 3500-3505 AREA (in²) | 3510-3515 AREA (ft²) | 3520-3525 AREA (yd²)
        3560-3565 NET WEIGHT (tr oz) | 3570-3575 NET VOLUME (oz) | 3600-3605 NET VOLUME (qt (US))
        3610-3615 NET VOLUME (gal.) | 3640-3645 NET VOLUME (in³) | 3650-3655 NET VOLUME (ft³)
        3660-3665 NET VOLUME (yd³)
    """),
    ("N6", "00 01", "~", """
        3300-3305 GROSS WEIGHT (kg) | 3310-3315 LENGTH (m), log | 3320-3325 WIDTH (m), log | 3330-3335 HEIGHT (m), log
        3340-3345 AREA (m²), log | 3350-3355 VOLUME (l), log | 3360-3365 VOLUME (m³), log
        3400-3405 GROSS WEIGHT (lb) | 3410-3415 LENGTH (in), log | 3420-3425 LENGTH (ft), log
        3430-3435 LENGTH (yd), log | 3440-3445 WIDTH (in), log | 3450-3455 WIDTH (ft), log | 3460-3465 WIDTH (yd), log
        3470-3475 HEIGHT (in), log | 3480-3485 HEIGHT (ft), log | 3490-3495 HEIGHT (yd), log
        3530-3535 AREA (in²), log | 3540-3545 AREA (ft²), log | 3550-3555 AREA (yd²), log
        3620-3625 VOLUME (qt (US)), log | 3630-3635 VOLUME (gal (US)), log | 3670-3675 VOLUME (in³), log
        3680-3685 VOLUME (ft³), log | 3690-3695 VOLUME (yd³), log
    """),
    ("N6", "01", "~", "3370-3375 KG PER m²"),
    ("N1-8", "00+02 00+8026", "", "37 COUNT"),
    ("N1-15", "255 8020", "~ 391n 394n 8111", "3900-3909 AMOUNT"),
    ("N3:iso4217 N1-15", "8020", "~", "3910-3919 AMOUNT"),
    ("N1-15", "01+30 01+31nn 01+32nn 01+35nn 01+36nn", "~ 393n", "3920-3929 PRICE"),
    ("N3:iso4217 N1-15", "30 31nn 32nn 35nn 36nn", "~", "3930-3939 PRICE"),
    ("N4", "255", "~ 8111", "3940-3943 PRCNT OFF"),
    ("N6", "30 31nn 32nn 35nn 36nn", "392n 393n ~ 8005", "3950-3955 PRICE/UoM"),
    ("X1-30", "", "", "400 ORDER NUMBER | 90 INTERNAL"),
    ("X1-30:gcppos1", "", "", "401 GINC | 7023 GIAI - ASSEMBLY | 8004 GIAI"),
    ("N17:csum:gcppos1", "", "", "402 GSIN"),
    ("X1-30", "00", "", "403 ROUTE | 4308 SHIP TO PHONE | 4319 RTN TO PHONE"),
    ("N13:csum:gcppos1", "", "", """
        410 SHIP TO LOC | 411 BILL TO | 412 PURCHASE FROM | 413 SHIP FOR LOC | 414 LOC No. | 416 PROD/SERV LOC
        417 PARTY
    """),
    ("N13:csum:gcppos1", "8020", "", "415 PAY TO"),
    ("X1-20", "", "421", "420 SHIP TO POST"),
    ("N3:iso3166 X1-9", "", "4307", "421 SHIP TO POST"),
    ("N3:iso3166", "01 02 03 8006 8026", "426", "422 ORIGIN"),
    ("N3:iso3166 N3?:iso3166 N3?:iso3166 N3?:iso3166 N3?:iso3166", "01 02 03", "426", """
        423 COUNTRY - INITIAL PROCESS | 425 COUNTRY - DISASSEMBLY
    """),
    ("N3:iso3166", "01 02 03", "426", "424 COUNTRY - PROCESS"),
    ("N3:iso3166", "01 02 03", "", "426 COUNTRY - FULL PROCESS"),
    ("X1-3", "01+422 02+422 03+422", "", "427 ORIGIN SUBDIVISION"),
    ("X1-35:pcenc", "00", "", """
        4300 SHIP TO COMP | 4301 SHIP TO NAME | 4310 RTN TO COMP | 4311 RTN TO NAME | 4320 SRV DESCRIPTION
    """),
    ("X1-70:pcenc", "00", "", """
        4302 SHIP TO ADD1 | 4304 SHIP TO SUB | 4305 SHIP TO LOC | 4306 SHIP TO REG | 4312 RTN TO ADD1
        4314 RTN TO SUB | 4315 RTN TO LOC | 4316 RTN TO REG
    """),
    ("X1-70:pcenc", "4302", "", "4303 SHIP TO ADD2"),
    ("X2:iso3166alpha2", "00", "", "4307 SHIP TO COUNTRY | 4317 RTN TO COUNTRY"),
    ("N10:latitude N10:longitude", "00", "", "4309 SHIP TO GEO"),
    ("X1-70:pcenc", "4312", "", "4313 RTN TO ADD2"),
    ("X1-20", "00", "", "4318 RTN TO POST"),
    ("N1:yesno", "00", "", "4321 DANGEROUS GOODS | 4322 AUTH TO LEAVE | 4323 SIG REQUIRED"),
    ("N6:yymmd0 N4:hhmi", "00", "", "4324 NOT BEF DEL DT | 4325 NOT AFT DEL DT"),
    ("N6:yymmdd", "00", "", "4326 REL DATE"),
    ("N6 X1?:hyphen", "00", "4331", "4330 MAX TEMP F."),
    ("N6 X1?:hyphen", "00", "4330", "4331 MAX TEMP C."),
    ("N6 X1?:hyphen", "00", "4333", "4332 MIN TEMP F."),
    ("N6 X1?:hyphen", "00", "4332", "4333 MIN TEMP C."),
    ("N13", "01 02 8006 8026", "", "7001 NSN"),
    ("X1-30", "01 02", "", "7002 MEAT CUT"),
    ("N6:yymmdd N4:hhmi", "01 02 03", "", "7003 EXPIRY TIME"),
    ("N1-4", "01+10 03+10", "", "7004 ACTIVE POTENCY"),
    ("X1-12", "01 02", "", "7005 CATCH AREA"),
    ("N6:yymmdd", "01 02", "", "7006 FIRST FREEZE DATE"),
    ("N6:yymmdd N6?:yymmdd", "01 02", "", "7007 HARVEST DATE"),
    ("X1-3", "01 02", "", "7008 AQUATIC SPECIES"),
    ("X1-10", "01 02", "", "7009 FISHING GEAR TYPE"),
    ("X1-2", "01 02 03", "", "7010 PROD METHOD"),
    ("N6:yymmdd N4?:hhmi", "01 02 03", "", "7011 TEST BY DATE"),
    ("X1-20", "01+416 03+416 8006+416", "", "7020 REFURB LOT"),
    ("X1-20", "01 03 8006", "", "7021 FUNC STAT | 8012 VERSION"),
    ("X1-20", "01+7021 03+7021 8006+7021", "", "7022 REV STAT"),
    ("N3:iso3166999 X1-27", "01 02", "", """
        7030 PROCESSOR # 0 | 7031 PROCESSOR # 1 | 7032 PROCESSOR # 2 | 7033 PROCESSOR # 3 | 7034 PROCESSOR # 4
        7035 PROCESSOR # 5 | 7036 PROCESSOR # 6 | 7037 PROCESSOR # 7 | 7038 PROCESSOR # 8 | 7039 PROCESSOR # 9
    """),
    ("N1 X1 X1 X1:importeridx", "", "", "7040 UIC+EXT"),
    ("X1-4:packagetype", "00", "", "7041 UFRGT UNIT TYPE"),
    ("X2 X1-28", "01 8004", "", """
        7230 CERT # 1 | 7231 CERT # 2 | 7232 CERT # 3 | 7233 CERT # 4 | 7234 CERT # 5 | 7235 CERT # 6 | 7236 CERT # 7
        7237 CERT # 8 | 7238 CERT # 9 | 7239 CERT # 10
    """),
    ("X1-20", "01 8006", "03", "7240 PROTOCOL"),
    ("N2:mediatype", "8017 8018", "", "7241 AIDC MEDIA TYPE"),
    ("X1-25", "8017 8018", "", "7242 VCN"),
    ("N8:yyyymmdd", "8018", "7251", "7250 DOB"),
    ("N8:yyyymmdd N4:hhmi", "8018", "7250", "7251 DOB TIME"),
    ("N1:iso5218", "8018", "", "7252 BIO SEX"),
    ("X1-40:pcenc", "8017 8018", "7256 7259", "7253 FAMILY NAME | 7254 GIVEN NAME"),
    ("X1-10", "8017 8018", "7256 7259", "7255 SUFFIX"),
    ("X1-90:pcenc", "8017 8018", "", "7256 FULL NAME"),
    ("X1-70:pcenc", "8018", "", "7257 PERSON ADDR"),
    ("X3:posinseqslash", "8018+7259", "", "7258 BIRTH SEQUENCE"),
    ("X1-40:pcenc", "8018", "7256", "7259 BABY"),
    ("N4:nonzero N5:nonzero N3:nonzero N1:winding N1", "01", "", "8001 DIMENSIONS"),
    ("X1-20", "", "", "8002 CMT No."),
    ("N1:zero N13:csum:gcppos1 X1-16?", "", "", "8003 GRAI"),
    ("N6", "01 02", "", "8005 PRICE PER UNIT"),
    ("N14:csum:gcppos2 N4:pieceoftotal", "", "01 03 37", "8006 ITIP"),
    ("X1-34:iban", "415", "", "8007 IBAN"),
    ("N6:yymmdd N2:hh N2?:mi N2?:ss", "01 02 03", "", "8008 PROD TIME"),
    ("X1-50", "00 01 03", "", "8009 OPTSEN"),
    ("Y1-30:gcppos1", "", "", "8010 CPID"),
    ("N1-12:nozeroprefix", "8010", "", "8011 CPID SERIAL"),
    ("X1-25:csumalpha:gcppos1", "", "", "8013 GMN"),
    ("X1-25:csumalpha:gcppos1:hasnondigit", "01", "", "8014 MUDI"),
    ("N18:csum:gcppos1", "", "8018", "8017 GSRN - PROVIDER"),
    ("N18:csum:gcppos1", "", "8017", "8018 GSRN - RECIPIENT"),
    ("N1-10", "8017 8018", "", "8019 SRIN"),
    ("X1-25", "415", "", "8020 REF No."),
    ("N14:csum:gcppos2 N4:pieceoftotal", "37", "02 03 8006", "8026 ITIP CONTENT"),
    ("Z1-90", "00 01+21 03+21 253 255 8003 8004 8006+21 8010+8011 8017 8018", "", "8030 DIGSIG"),
    ("N15", "01+21", "", "8040 IMEI"),
    ("N15", "01+21+8040", "", "8041 IMEI2"),
    ("N32", "01+21+8040", "", "8042 ESIM"),
    ("N18 N1-2?", "01+21+8040", "", "8043 PSIM"),
    ("X1-70:couponcode", "", "", "8110"),
    ("N4", "255", "", "8111 POINTS"),
    ("X1-70:couponposoffer", "", "", "8112"),
    ("X1-70", "01", "", "8200 PRODUCT URL"),
    ("X1-90", "", "", "91-99 INTERNAL"),
)
# fmt: on

#: Primary keys of a Digital Link: the sequences of qualifiers that may follow, each in its order, each one optional.
QUALIFIER_SEQUENCES: dict[str, tuple[tuple[str, ...], ...]] = {
    "00": (),
    "01": (("22", "10", "21"), ("235",)),
    "253": (),
    "255": (),
    "401": (),
    "402": (),
    "414": (("254",), ("7040",)),
    "415": (("8020",),),
    "417": (("7040",),),
    "8003": (),
    "8004": (("7040",),),
    "8006": (("22", "10", "21"),),
    "8010": (("8011",),),
    "8013": (),
    "8017": (("8019",),),
    "8018": (("8019",),),
}

#: What may not be in the query of a Digital Link: qualifiers have their place in the path, the others none.
NOT_IN_QUERY = frozenset({
    "03", "21", "22", "235", "254", "7040", "7041", "8011", "8014", "8019", "8020", "8040", "8041", "8042", "8043",
    "8200",
})  # fmt: skip

#: Length of AI and value together by the AI's first two digits, where it is pre-defined and needs no separator. The
#: list is closed: General Specifications figure 7.8.5-2. 04 and 18 to 19 are in it without being assigned.
PREDEFINED_LENGTH = (
    {"00": 20, "04": 18, "20": 4, "41": 16}
    | dict.fromkeys(("01", "02", "03"), 16)
    | {f"{first}": 8 for first in range(11, 20)}
    | {f"{first}": 10 for first in range(31, 37)}
)
