"""What the office tells all its matters: holds, moves, a changed calendar; never to one alone."""
