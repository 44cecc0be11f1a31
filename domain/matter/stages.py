"""The stages with which a matter of any kind ends; each kind has its own stages before them.

Our decision, ADR-0031.
"""

from typing import Final

CLOSED: Final = "closed"
"""The work has ended, and may be taken up again."""
ARCHIVED: Final = "archived"
"""The workflow has ended too, so nothing more can come."""
OVER: Final = (CLOSED, ARCHIVED)
"""The stages in which the work on a matter has ended."""
