"""GS1 identifiers in all their writings: EPC URIs, tag encodings, Digital Link, element strings. Pure functions."""
