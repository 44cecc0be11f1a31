"""What is remembered: tables, migrations, intake, decisions, projections, queries, outbox.

Never Temporal, never HTTP; functions take a connection and never commit.
"""
