"""The EPCIS 2.0 event model, its vocabulary, codecs and the CBV event hash. Pure functions."""
