"""Kinds of customers."""
