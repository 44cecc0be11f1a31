"""The Temporal schedule that opens the duties of every period.

Assumes that a period is opened once, however many runs ask for it. So no run is skipped on purpose, and a run that an
outage delayed is made up for.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from temporalio.client import (
    Client,
    Schedule,
    ScheduleActionStartWorkflow,
    ScheduleAlreadyRunningError,
    ScheduleCalendarSpec,
    ScheduleIntervalSpec,
    ScheduleOverlapPolicy,
    SchedulePolicy,
    ScheduleRange,
    ScheduleSpec,
    ScheduleUpdate,
    ScheduleUpdateInput,
)
from temporalio.service import RPCError

from domain.duty.periods import Every, Monthly, Rhythm
from messages import names
from runtime.temporal import TemporalAway, answering, is_unknown

_CATCH_UP: Final = timedelta(days=62)
"""How long Temporal may be away: a run that could not start meanwhile is made up for. Set on purpose: the server's own
default is a year, and once was a minute."""
_OVERLAP: Final = ScheduleOverlapPolicy.BUFFER_ALL
"""Runs wait for each other, and none is dropped."""
_ZONE: Final = "Asia/Shanghai"


@dataclass(frozen=True, kw_only=True, slots=True)
class ScheduleStanding:
    """How a schedule stands: the runs that it made, and those that it lost; any lost run is an alarm."""

    made: int
    missed: int
    skipped: int
    is_paused: bool

    @property
    def lost(self) -> int:
        """How many runs never came."""
        return self.missed + self.skipped


async def ensure_meetings(client: Client, rhythm: Rhythm, *, task_queue: str = names.TASK_QUEUE) -> None:
    """Make sure that the schedule of the meetings is there, as this version wants it, and that this period is open.

    Raises:
        TemporalAway: it refused or did not answer.
    """
    wanted = _meetings(rhythm, task_queue)
    with answering():
        try:
            await client.create_schedule(
                names.MEETINGS_SCHEDULE,
                wanted,
                trigger_immediately=True,
            )
        except ScheduleAlreadyRunningError:
            schedule = client.get_schedule_handle(names.MEETINGS_SCHEDULE)
            await schedule.update(lambda known: _changed(known, wanted))
            # A pause may have covered the beginning of this period. A period is opened once, however often it is asked.
            await schedule.trigger()


def _changed(known: ScheduleUpdateInput, wanted: Schedule) -> ScheduleUpdate:
    """Update what a schedule does and when, and keep its state: an operator may have paused it."""
    wanted.state = known.description.schedule.state
    return ScheduleUpdate(schedule=wanted)


def _meetings(rhythm: Rhythm, task_queue: str) -> Schedule:
    return Schedule(
        action=ScheduleActionStartWorkflow(
            names.OPEN_DUTIES,
            id=names.MEETINGS_SCHEDULE,
            task_queue=task_queue,
            static_summary="opens each community's courtyard meeting · 院坝寻单",
        ),
        spec=_when(rhythm),
        policy=SchedulePolicy(overlap=_OVERLAP, catchup_window=_CATCH_UP),
    )


def _when(rhythm: Rhythm) -> ScheduleSpec:
    match rhythm:
        case Monthly():
            first = ScheduleCalendarSpec(
                day_of_month=[ScheduleRange(1)], comment="the first instant of a month, at the office"
            )
            return ScheduleSpec(calendars=[first], time_zone_name=_ZONE)
        case Every(length):
            return ScheduleSpec(intervals=[ScheduleIntervalSpec(every=length)])


async def standing_of_meetings(client: Client) -> ScheduleStanding | None:
    """Say how the schedule of the meetings stands; `None` if there is none.

    Raises:
        TemporalAway: it refused or did not answer.
    """
    try:
        described = await client.get_schedule_handle(names.MEETINGS_SCHEDULE).describe()
    except RPCError as error:
        if is_unknown(error):
            return None
        raise TemporalAway(f"Temporal refused or did not answer ({error.message})") from error
    info = described.info
    return ScheduleStanding(
        made=info.num_actions,
        missed=info.num_actions_missed_catchup_window,
        skipped=info.num_actions_skipped_overlap,
        is_paused=described.schedule.state.paused,
    )
