/* Fields that a browser must not remember for the next caller are empty when somebody goes back to their form: what was
   typed stands in them again, kept with this visit of this tab alone. */
"use strict";

const fields = document.querySelectorAll('form [autocomplete="off"]');
for (const field of fields) {
  field.value ||= history.state?.typed?.[field.name] ?? "";
  field.addEventListener("change", () => {
    const typed = { ...history.state?.typed, [field.name]: field.value };
    history.replaceState({ ...history.state, typed }, "");
  });
}
