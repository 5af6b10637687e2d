"""The parts of ``benchmarks/search_efficiency.py``, from composing a strategy to the picture."""
