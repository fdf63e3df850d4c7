"""Notifications: tells people and programs of the ends of runs, by rules of projects."""
