"""The values that everybody may use: sessions, events, grants, money, filters."""
