"""Pages for people who work with goods: log in with an API key, then order, print and confirm labels."""
