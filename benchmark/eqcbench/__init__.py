"""Measures layers that eqc compiled beside what else computes them."""
