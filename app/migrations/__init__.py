"""Alembic's home: it stands under `app` because its environment must see every table."""
