"""What all pages share: rendering, assets, words, forms. The content of a single page stays with its own routes.

Never rules, SQL or texts that a person reads (those are in `texts.toml`).
"""
