"""Timers that call services; they have no rules of their own."""
