"""Measure what the service costs: ratios against a bare workflow or a bare look-up in the same run.

Machines are noisy and shared: trust the ratios of one run, not the absolute figures of two. With --write, the
figures go into docs/performance.md, each with date, machine and command.
"""

import argparse
import compileall
import os
import sys
from collections.abc import Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from pathlib import Path

import workflows
from bench.figures import machine, publish, say
from bench.programs import PLACES, PROGRAMS, measure
from tests.support.machine.ending import end_in_order

_BESIDE = 3
"""Programs of tiny size that run at once."""


def main() -> int:
    """Read the arguments and measure."""
    parser = argparse.ArgumentParser(
        prog="python -m bench", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("program", nargs="*", help=f"which; all if none is named: {', '.join(PROGRAMS)}")
    parser.add_argument("--place", choices=PLACES, help="one place only")
    parser.add_argument(
        "--small", action="store_true", help="tiny sizes, each program at one place: to see that they run"
    )
    parser.add_argument("--write", action="store_true", help="write the figures into docs/performance.md")
    arguments = parser.parse_args()
    wrong = [each for each in arguments.program if each not in PROGRAMS]
    if wrong:
        parser.error(f"there is no program {wrong[0]!r}; known: {', '.join(PROGRAMS)}")
    end_in_order()
    # As in the image: a machine that writes no bytecode would compile the workflows for every order.
    compileall.compile_dir(Path(workflows.__file__).parent, quiet=1)
    say(f"machine: {machine()}, load {os.getloadavg()[0]:.1f}")
    programs = arguments.program or PROGRAMS
    places = [arguments.place] if arguments.place else list(PLACES)
    if arguments.small:
        _try_out(programs, places)
        return 0
    for program in programs:
        figures = measure(program, places)
        if arguments.write:
            # After each program, so that its figures survive if a later program is interrupted.
            publish(figures, command=f"python -m bench {program}")
    return 0


def _try_out(programs: Iterable[str], places: Sequence[str]) -> None:
    """Run programs beside each other: they mostly wait, and nobody judges their figures."""
    with ProcessPoolExecutor(
        _BESIDE, mp_context=get_context("spawn"), initializer=end_in_order, max_tasks_per_child=1
    ) as pool:
        # The longest stand last.
        running = [pool.submit(measure, each, places, small=True) for each in reversed([*programs])]
        try:
            for each in as_completed(running):
                each.result()
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


if __name__ == "__main__":
    sys.exit(main())
