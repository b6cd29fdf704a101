"""Summaries and briefs of news events, scored claim by claim against their sources."""

__version__ = "0.1.0"
