"""Measurements that print a table; no test asserts them."""
