"""The record as files: CSV and JSON Lines to work with, evidence to verify without this server.

Every file says at its end that it is complete. An export is an event, written before its first
byte: what can't be recorded is not handed out.
"""
