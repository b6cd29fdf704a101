"""Claim extractors: what turns a text into statements that can be checked one by one."""
