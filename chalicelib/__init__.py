"""Envoi: mass email that a company runs on its own AWS account."""
