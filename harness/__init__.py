"""Summaries and briefs of news events, scored claim by claim against their sources."""

import os

__version__ = "0.1.0"

# Threads that spin while they wait are of use on idle cores only: beside other processes a job of two minutes took
# ten. It has to be said before torch is loaded.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

# Weights that a checkpoint has and a model does not need are no news to whoever waits for a table.
os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
