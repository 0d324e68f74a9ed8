"""Alembic migrations of the ledger; `Ledger` runs them when it opens a database."""
