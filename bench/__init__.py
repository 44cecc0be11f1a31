"""Programs that measure, and print ratios against a bare library call in the same run.

Never imported by the service, never a timed test.
"""
