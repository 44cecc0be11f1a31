"""Process plumbing: settings, connections, child processes, logging and metrics belong here.

Words of the office and its rules never do.
"""
