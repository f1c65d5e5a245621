"""Checks of a run: each takes an examined run and returns what it finds.

To add one, write a function of that form in the module where it belongs, give its findings a code in ``findings.py``,
name it in the table of ``diagnosis.py`` and in ``docs/doctor.md``, and show it in ``tests/doctor`` with a run that has
it and one that has not.
"""
