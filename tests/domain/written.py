"""Tables of tasks as lines of text: what a row says, so that an accident in one is seen."""

from collections.abc import Iterable

from domain.matter.tasks import Field, Task


def field(each: Field) -> str:
    """Write a field with its type and codes.

    `!` is required, `>` lies in the future and `<` in the past, `^` goes to the resident.
    """
    marks = ("!" if each.required else "?") + (">" if each.future else "") + ("<" if each.past else "")
    marks += "^" if each.goes_to_resident else ""
    codes = f"({' '.join(each.codes)})" if each.codes else ""
    return f"{each.name}{marks}{each.type}{codes}"


def tasks(rows: Iterable[Task]) -> str:
    """Write the tasks of a kind of matter, an outcome a line."""
    lines = []
    for task in rows:
        lines.append(f"{task.kind} at {task.stage}{', reminds' if task.reminds else ''}")
        for outcome in task.outcomes:
            words = [outcome.name, "closes" if outcome.closes else "stays"]
            words += [f"silence {outcome.silence}"] if outcome.silence else []
            words += ["back"] if outcome.leads_back else []
            lines.append("  " + " ".join([*words, *map(field, outcome.fields)]))
    return "\n".join(lines) + "\n"
