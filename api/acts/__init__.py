"""What every door does: place, decide, act, see, track, take files in; never a route, and no page."""
