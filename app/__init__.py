"""The composition root: the FastAPI application, the command line, migrations and the demo."""
