"""The version of eqc: the one place that says it, which CMake and pip read."""

__version__ = "0.1.0"
