"""A fictional office and its stories: what `dingdan up` and `dingdan demo` show.

Never imported by the service itself; everybody and everything in here is made up.
"""
