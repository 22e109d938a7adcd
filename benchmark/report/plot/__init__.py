"""Figures of a results folder, at the sizes they are printed in; each a pure function of results.

A figure has two halves: data, plain records that need no matplotlib, and the drawing of them.
"""
