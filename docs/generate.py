"""Write the pages that are made from the code; a task without its words here fails loudly."""  # noqa: INP001 - `docs` holds pages and is no package

import base64
import json
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Final

from typer import Context
from typer.cli import get_docs_for_click
from typer.core import TyperCommand, TyperGroup
from typer.main import get_group

from cli import app
from domain.calendar.workdays import USUAL_HOURS, OfficeTime, Wall, Workdays
from domain.duty.actions import DutyAction, duty_action_fields
from domain.duty.lifecycle import DUTY_TASKS, DutyTask
from domain.duty.periods import Every, Monthly
from domain.duty.policy import DUTY_BOOKS, DUTY_RULES, Before, DayOfMonth, DutyRule
from domain.duty.words import DutyEnding, DutyStage
from domain.matter.tasks import (
    MAX_ATTACHMENTS,
    MAX_ISSUES,
    MAX_NUMBER,
    MAX_PARTS,
    Field,
    FieldType,
    Task,
)
from domain.office.first_directory import FIRST
from domain.order import policy
from domain.order.actions import ACTIONS
from domain.order.lifecycle import TASKS, TaskKind
from domain.order.words import Stage
from messages.names import RECORD
from runtime.settings import Settings, known_settings

DOCS: Final = Path(__file__).parent
HISTORIES: Final = DOCS.parent / "tests" / "replay" / "histories"
_WHO: Final[Mapping[TaskKind, str]] = {
    TaskKind.FIRST_CONTACT: "the officer who took the order, or the duty roster of the channel (`duty_officer`)",
    TaskKind.CLASSIFY: "`street_desk` of the street; if the order is or may be urgent, a `duty_officer` too",
    TaskKind.DISPATCH: "as for `classify`",
    TaskKind.ACKNOWLEDGE: "as for `handle`",
    TaskKind.HANDLE: "`community_worker` of the community, `unit_handler` of any other unit, or its `unit_head`; the "
    "street's `liaison` for a bureau without accounts; the leader's role after `take_over`",
    TaskKind.ASSIST: "a helping unit's handlers",
    TaskKind.REVIEW: "`street_desk` for a unit's proposals, `street_leader` for the desk's, the `unit_head` for a "
    "district unit's, `district_desk` for those of a leader's office; never the proposer, nor the approver of the "
    "round before",
    TaskKind.EXPLAIN: "as for `handle`; for a rejection the `street_desk`",
    TaskKind.FOLLOW_UP: "`call_back_officer` of the street, never the person who gave the answer",
    TaskKind.SUPERVISE: "`street_leader`; at the district, and from the third time in a row, `district_desk`",
}
_WHO_OF_A_DUTY: Final[Mapping[DutyTask, str]] = {
    DutyTask.PLAN_MEETING: "`unit_handler` of the team's department, or its `unit_head`; without a team a "
    "`street_leader`",
    DutyTask.HOLD_MEETING: "as for `plan_meeting`",
    DutyTask.CLOSE_MEETING: "as for `plan_meeting`",
    DutyTask.REVIEW: "`street_leader`, never the person who asked",
    DutyTask.SUPERVISE: "`street_leader`; from the third time in a row `district_desk`",
}
_IN_THE_PERIOD: Final = (DutyStage.PLANNING, DutyStage.PLANNED, DutyStage.HELD)
_WAYS_OF_A_DUTY: Final[Sequence[tuple[str, str, str]]] = (
    ("[*]", DutyStage.PLANNING, "the period begins"),
    (DutyStage.PLANNING, DutyStage.PLANNED, "announce"),
    (DutyStage.PLANNED, DutyStage.PLANNED, "postpone"),
    (DutyStage.PLANNED, DutyStage.PLANNING, "cancel"),
    (DutyStage.PLANNED, DutyStage.HELD, "held"),
    (DutyStage.HELD, DutyStage.PLANNING, "not_held"),
    (DutyStage.HELD, DutyStage.ARCHIVED, f"close ({DutyEnding.KEPT})"),
    *((stage, DutyStage.ARCHIVED, f"approve ({DutyEnding.EXCUSED})") for stage in _IN_THE_PERIOD),
    *((stage, DutyStage.MISSED, "the period ends") for stage in _IN_THE_PERIOD),
    (DutyStage.MISSED, DutyStage.ARCHIVED, f"close, after free_entry approve ({DutyEnding.ENTERED_LATE})"),
    (DutyStage.MISSED, DutyStage.ARCHIVED, f"conclude, or last_entry passes ({DutyEnding.MISSED})"),
    (DutyStage.ARCHIVED, "[*]", ""),
)
"""The ways from stage to stage with their causes, drawn by hand after `workflows/duty/workflow.py`."""
_LIFECYCLE: Final = """From `domain/order/lifecycle.py`: the possible decisions. `workflows/order/` says what comes
next. In a signal typed by hand, a `comment` stands for a required text."""
_WAYS: Final = """From `tests/replay/histories`, which hold an order for every story: how orders went from stage to
stage. Events between two records, such as the reply, do not appear here."""
_DUTIES: Final = """From `domain/duty/lifecycle.py`: what the monthly courtyard meeting (院坝寻单) asks of a team.
`workflows/duty/` says what comes next, [ADR-0033](adr/0033-duties.md) why. The ways from stage to stage are drawn by
hand, not read from histories. A leader's silence counts as no."""
_OF_THE_OFFICE: Final = (
    "People act on a duty by its tasks. Only the office's own programs send these actions."
)
_LENGTHS: Final = """Events of Temporal from the start to the archive, in `tests/replay/histories`: the cost of an order
of each kind, and of a meeting."""
_POLICY: Final = """From `domain/order/policy.py`. Limits in days and hours run by the wall clock, those in working
days and office hours by [the calendar](adr/0016-calendar.md). A running order keeps the version that it began with;
new orders get the newest version of their book."""
_DUTY_BOOKS: Final = """From `domain/duty/policy.py`: the books of duties (职责). Where orders run by `seconds`,
duties run by `duties-seconds`, otherwise by `duties-standard`."""
_ROUTES: Final = (
    "From `domain/office/first_directory.py`: version 0, until the office loads its own with `dingdan routing load` "
    "([our decision](adr/0018-directory.md)). The nearest row counts: the category's own, or else its parent's, or "
    "else the default. A row for one community takes precedence over a row for all."
)
_SETTINGS: Final = "From `runtime/settings.py`. An unlisted `DINGDAN_…` variable is refused at the start."
_DECISIONS: Final = "One page each. A decision is superseded by a later one, never rewritten."
_DECISION: Final = re.compile(
    r"# (?P<title>\d{4} [^\n]+)\n\n"
    r"(?P<status>Accepted on (?P<on>\d{4}-\d{2}-\d{2})\.[^\n]*)\n\n"
    r"> (?P<line>[^\n]+\.)\n\n## Context\n"
)
"""The head of a decision: title, status with its date, and one line that others quote."""
_SEE: Final = "see [policy.md](policy.md)"


def _page(title: str, *blocks: str) -> str:
    note = "<!-- Generated by `make docs`: change the code, not this page. -->"
    return "\n\n".join([f"# {title}", note, *blocks]) + "\n"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def _codes(codes: Iterable[str]) -> str:
    return ", ".join(f"`{code}`" for code in codes)


def _fields(given: Sequence[Field]) -> str:
    return "<br>".join(_field(each) for each in given) or "none"


def _field(each: Field) -> str:
    kinds = {
        FieldType.TEXT: "text",
        FieldType.CODE: _codes(each.codes),
        FieldType.CATEGORY: _SEE,
        FieldType.UNIT: _SEE,
        FieldType.INSTANT: f"instant with an offset{_lies(each)}",
        FieldType.ATTACHMENTS: f"ids that `POST /attachments` returned, at most {MAX_ATTACHMENTS}",
        FieldType.ORDER: "the number of an order",
        FieldType.PARTS: f"list of at most {MAX_PARTS} objects with `text`, and `category` if it is known",
        FieldType.UNITS: f"list of units, {_SEE}",
        FieldType.ISSUES: f"list of at most {MAX_ISSUES} objects with `text`, and `category`, `answer`, `name` and "
        "`phone` if they are known",
        FieldType.NUMBER: f"whole number from 1 to {MAX_NUMBER}",
    }
    return f"`{each.name}` {each.label}{'' if each.required else ' (optional)'}: {kinds[each.type]}"


def _lies(each: Field) -> str:
    if each.future:
        return ", in the future"
    return ", in the past" if each.past else ""


def _ways() -> list[tuple[str, str]]:
    """Collect from the recorded histories the ways that orders took from stage to stage."""
    found: dict[tuple[str, str], None] = {("[*]", str(Stage.FIRST_CONTACT)): None}
    for path in sorted(HISTORIES.glob("*.json")):
        before = str(Stage.FIRST_CONTACT)
        for event in json.loads(path.read_text(encoding="utf-8"))["events"]:
            scheduled = event.get("activityTaskScheduledEventAttributes", {})
            if scheduled.get("activityType", {}).get("name") != RECORD:
                continue
            step = json.loads(base64.b64decode(scheduled["input"]["payloads"][0]["data"]))
            stage = step["facts"]["stage"]
            if stage != before:
                found.setdefault((before, stage))
            before = stage
    order = ["[*]", *Stage]
    return sorted(found, key=lambda way: (order.index(way[0]), order.index(way[1])))


def _lengths() -> list[list[str]]:
    """Count the Temporal events of each recorded history, the shortest first."""
    histories = {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in HISTORIES.glob("*.json")}
    counted = sorted((len(history["events"]), name) for name, history in histories.items())
    return [[name.replace("_", " "), str(count)] for count, name in counted]


def _diagram(ways: Iterable[tuple[str, str, str]]) -> str:
    lines = [f"  {before} --> {after}{f': {by}' if by else ''}" for before, after, by in ways]
    return "\n".join(["```mermaid", "stateDiagram-v2", *lines, "```"])


def _task(task: Task, who: str, heading: str) -> list[str]:
    facts = f"Stage `{task.stage}`. Who: {who}. When nobody acts: {task.on_expiry}。"
    stays = {True: "", False: " (the task stays open)"}
    outcomes = [[f"`{o.name}`", o.label + stays[o.closes], _fields(o.fields)] for o in task.outcomes]
    return [
        f"{heading} `{task.kind}` {task.label}",
        facts,
        _table(["Outcome", "Chinese", "Fields"], outcomes),
    ]


def _lifecycle() -> str:
    ways = [*((before, after, "") for before, after in _ways()), (Stage.ARCHIVED, "[*]", "")]
    blocks = [_LIFECYCLE, _WAYS, _diagram(ways)]
    for task in TASKS.values():
        blocks += _task(task, _WHO[TaskKind(task.kind)], "##")
    rows: list[list[str]] = []
    for action in ACTIONS.values():
        stages = _codes(stage for stage in Stage if stage in action.stages)
        what = [f"`{action.name}` {action.label}", _fields(action.fields)]
        rows.append([*what, stages, _codes(sorted(action.roles))])
    head = ["Action", "Fields", "Stages", "Roles of staff"]
    blocks += ["## Actions on an order", _table(head, rows), *_duties()]
    blocks += ["## How long histories are", _LENGTHS, _table(["Recorded order", "Events"], _lengths())]
    return _page("Tasks and actions", *blocks)


def _duties() -> list[str]:
    blocks = ["## Duties", _DUTIES, _diagram(_WAYS_OF_A_DUTY)]
    for task in DUTY_TASKS.values():
        blocks += _task(task, _WHO_OF_A_DUTY[DutyTask(task.kind)], "###")
    actions = [[f"`{name}`", _fields(duty_action_fields(name))] for name in DutyAction]
    return [*blocks, "### Actions on a duty", _OF_THE_OFFICE, _table(["Action", "Fields"], actions)]


def _said(value: object) -> str:
    match value:
        case Workdays(days):
            return f"{days} working d"
        case OfficeTime(time):
            return f"{_said(time)} of office time"
        case Wall(time):
            return _said(time)
        case timedelta():
            lengths = {"d": timedelta(days=1), "h": timedelta(hours=1), "min": timedelta(minutes=1)}
            unit = next((unit for unit, length in lengths.items() if value and not value % length), "s")
            return f"{value // lengths.get(unit, timedelta(seconds=1))} {unit}"
        case _:
            return str(value)


def _policy() -> str:
    books = list(policy.BOOKS.values())
    rows = []
    for row in policy.ROWS:
        values = [getattr(book, row.name) for book in books]
        keys = list(values[0]) if isinstance(values[0], Mapping) else [""]
        for key in keys:
            said = [_said(value[key] if key else value) for value in values]
            rows.append([f"`{row.name}` {key}".strip(), row.meaning, *said])
    limits = _table(["Row", "Meaning", *(f"`{book.version}`" for book in books)], rows)
    reasons = _reasons(policy.ROWS)
    hours = "; ".join(f"{begin:%H:%M}–{end:%H:%M}" for begin, end in USUAL_HOURS.make_up)
    office = (
        f"The office is open Monday to Friday and on make-up workdays (调休上班日), {hours}, Asia/Shanghai, "
        "until it loads its own hours with `dingdan calendar hours`."
    )
    categories = [
        [f"`{c.code}`", c.label, str(c.usual_class), str(c.starts_at), str(c.evidence)]
        for c in FIRST.categories.values()
    ]
    known = _table(
        ["Category", "Chinese", "Usual class", "First tier", "Attachments a result needs"],
        categories,
    )
    rows = [[r.rule, r.tier, r.category or "default", r.unit or "the community's own"] for r in FIRST.routes]
    routes = _table(["Rule", "Tier", "Category", "Unit"], rows)
    blocks = [_POLICY, limits, office, "## Why", reasons, *_duty_books()]
    return _page("The policy book", *blocks, "## Categories and routes", _ROUTES, known, routes)


def _reasons(rules: Iterable[policy.Row | DutyRule]) -> str:
    return _table(["Row", "Why", "Source"], [[f"`{each.name}`", each.reason, each.source] for each in rules])


def _said_of_a_duty(value: object) -> str:
    match value:
        case Monthly():
            return "a calendar month"
        case Every(length):
            return _said(length)
        case DayOfMonth(day, at):
            return f"day {day}, {at:%H:%M}"
        case Before(limit):
            return f"{_said(limit)} before the end"
        case _:
            return _said(value)


def _duty_books() -> list[str]:
    books = list(DUTY_BOOKS.values())
    rows = [
        [f"`{rule.name}`", rule.meaning, *(_said_of_a_duty(getattr(book, rule.name)) for book in books)]
        for rule in DUTY_RULES
    ]
    limits = _table(["Row", "Meaning", *(f"`{book.version}`" for book in books)], rows)
    return ["## Duties", _DUTY_BOOKS, limits, "### Why", _reasons(DUTY_RULES)]


def _glossary() -> str:
    """Write the words of the tables into the glossary; the rest of the page is written by hand."""
    text = (DOCS / "glossary.md").read_text(encoding="utf-8")
    begin, end = "<!-- tables: begin -->\n", "<!-- tables: end -->"
    head, rest = text.split(begin)
    words: dict[tuple[str, str], list[str]] = {}
    for of_what, tasks in (("", TASKS), (" of a duty", DUTY_TASKS)):
        for task in tasks.values():
            words.setdefault((task.label, task.kind), []).append(f"task{of_what}")
            for outcome in task.outcomes:
                kind = f"outcome of `{task.kind}`{of_what}"
                words.setdefault((outcome.label, outcome.name), []).append(kind)
    for action in ACTIONS.values():
        words.setdefault((action.label, action.name), []).append("action")
    rows = [[label, f"`{code}`", ", ".join(kinds)] for (label, code), kinds in words.items()]
    return head + begin + _table(["Chinese", "Code word", "Kind"], rows) + "\n" + end + rest.split(end)[1]


def _settings() -> str:
    known = zip(known_settings().items(), Settings.model_fields.values(), strict=True)
    rows = [
        [f"`{name}`", "required" if field.is_required() else str(field.default or "none"), meaning]
        for (name, meaning), field in known
    ]
    return _page("Settings", _SETTINGS, _table(["Variable", "Default", "Meaning"], rows))


def _decisions() -> str:
    rows: list[list[str]] = []
    for page in sorted((DOCS / "adr").glob("[0-9]*.md")):
        head = _DECISION.match(page.read_text(encoding="utf-8"))
        if head is None:
            raise SystemExit(
                f"docs/adr/{page.name} must begin with: # 0000 Title, Accepted on YYYY-MM-DD., > One line."
            )
        status = "superseded" if "Superseded" in head["status"] else "accepted"
        rows.append([f"[{head['title']}]({page.name})", head["line"], head["on"], status])
    return _page("Decisions", _DECISIONS, _table(["Decision", "In one line", "Date", "Status"], rows))


def _commands() -> str:
    """Write the `--help` of every command on one page."""
    group = get_group(app)
    _whole_lines(group)
    written = get_docs_for_click(obj=group, ctx=Context(group, info_name="dingdan"), name="dingdan")
    return _page("The command `dingdan`", written.split("\n", 1)[1].strip())


def _whole_lines(command: TyperCommand | TyperGroup) -> None:
    """Show the whole first line of each command in lists, which otherwise cut it at 45 letters."""
    command.short_help = command.short_help or (command.help or "").partition("\n\n")[0]
    for each in getattr(command, "commands", {}).values():
        _whole_lines(each)


def main(arguments: Sequence[str]) -> int:
    """Write each page, or with `--check` name the stale ones; return 1 if `--check` finds any."""
    made = {"lifecycle.md": _lifecycle(), "policy.md": _policy(), "settings.md": _settings()}
    made |= {"adr/README.md": _decisions(), "glossary.md": _glossary(), "cli.md": _commands()}
    stale = [n for n in made if not (DOCS / n).exists() or (DOCS / n).read_text(encoding="utf-8") != made[n]]
    checking = "--check" in arguments
    for name in stale:
        if not checking:
            (DOCS / name).write_text(made[name], encoding="utf-8")
        sys.stdout.write(f"docs/{name} is stale; run: make docs\n" if checking else f"wrote docs/{name}\n")
    return 1 if stale and checking else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
