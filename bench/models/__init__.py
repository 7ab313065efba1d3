"""Whole models: stock, torch's compiler and Stoker in turns (docs/benchmarks.md)."""
