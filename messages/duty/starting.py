"""The request to start a duty's workflow, as the outbox stores it."""

from domain.duty.words import DutyStage
from messages import names
from messages.duty.workflow import StartDuty
from messages.matter.outbox import StartMatter


def starting_duty(duty: StartDuty) -> StartMatter:
    """Return the request by which Temporal starts a duty."""
    given = duty.model_dump(mode="json")
    return StartMatter(
        workflow_type=names.DUTY,
        workflow_id=names.workflow_id_of(duty.duty_no),
        input=given,
        attributes={
            "Stage": DutyStage.PLANNING,
            "Tier": duty.first_task.tier,
            "Unit": duty.first_task.unit,
            "Community": duty.community,
            "Category": duty.duty_kind,
            "DueAt": given["first_task"]["due_at"] or given["ends"],
            "Escalations": 0,
            "Overdue": False,
        },
        summary=f"院坝寻单 {duty.period} · {duty.community}",
        details=f"[The duty's page]({duty.page}). What it waits for: Current Details.",
    )
