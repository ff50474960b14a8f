"""Tests: what is true of Envoi."""
