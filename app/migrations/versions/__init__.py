"""One file a step, named NNNN_what.py; every step ends with `append_only.protect`."""
