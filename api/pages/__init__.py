"""What all pages share: rendering, assets, words, forms. What one page shows stays with its own routes.

Never here: rules, SQL, a text that a person reads (those stand in `texts.toml`).
"""
