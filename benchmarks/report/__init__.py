"""``python -m benchmarks report``: the table of docs/scaling.md, measured beside its peers.

A section of the report is a function ``(quick: bool) -> Section`` in the module of its topic, named
in ``benchmarks.report.sections``. Its figures are one value a run, most often made by
``interleaved``.
"""
