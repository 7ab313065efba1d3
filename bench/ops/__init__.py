"""Operators, one at a time: stock, torch's own oneDNN and Stoker in turns (docs/benchmarks.md)."""
