"""Slack's own reference, distilled: see README.md."""
