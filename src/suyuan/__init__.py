"""Suyuan (溯源): food traceability from the farm to the shopper."""

__version__ = "0.1.0"
