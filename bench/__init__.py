"""Programs that measure the service, as ratios against a bare workflow or a bare look-up in the same run.

Never imported by the service, and never part of the tests' verdict: machines are noisy.
"""
