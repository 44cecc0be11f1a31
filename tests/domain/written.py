"""Tables of tasks as lines of text, so that an accident in a row shows."""

from collections.abc import Iterable

from domain.matter.tasks import Field, Task


def field(each: Field) -> str:
    """Write a field with its type and codes.

    `!` marks a required field, `>` an instant in the future and `<` one in the past, `^` a text for the resident.
    """
    marks = ("!" if each.required else "?") + (">" if each.future else "") + ("<" if each.past else "")
    marks += "^" if each.goes_to_resident else ""
    codes = f"({' '.join(each.codes)})" if each.codes else ""
    return f"{each.name}{marks}{each.type}{codes}"


def tasks(rows: Iterable[Task]) -> str:
    """Write the tasks of a kind of matter, one outcome per line."""
    lines = []
    for task in rows:
        lines.append(f"{task.kind} at {task.stage}{', reminds' if task.reminds else ''}")
        for outcome in task.outcomes:
            words = [outcome.name, "closes" if outcome.closes else "stays"]
            words += [f"silence {outcome.silence}"] if outcome.silence else []
            words += ["back"] if outcome.leads_back else []
            lines.append("  " + " ".join([*words, *map(field, outcome.fields)]))
    return "\n".join(lines) + "\n"
