"""Readings of films out and in, in the formats of the field."""
