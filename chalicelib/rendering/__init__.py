"""Jinja2: the templates of users, sandboxed, and the pages of ours."""
