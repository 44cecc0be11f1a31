"""The stages that every kind of matter ends with; what lies before them is the kind's own.

Our decision, ADR-0031.
"""

from typing import Final

CLOSED: Final = "closed"
"""The work has ended, and may be taken up again."""
ARCHIVED: Final = "archived"
"""Nothing can come any more: the workflow has ended too."""
OVER: Final = (CLOSED, ARCHIVED)
"""Where the work on a matter has ended."""
