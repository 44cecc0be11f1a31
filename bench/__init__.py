"""Programs that measure: ratios against a bare workflow or a bare look-up in the same run.

Never imported by the service, never part of the tests' verdict: machines are noisy.
"""
