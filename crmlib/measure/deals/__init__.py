"""Deals, their stages and contacts, as one row per deal or stay."""
