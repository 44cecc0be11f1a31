/* Fields that a browser must not remember for the next caller are empty when a clerk goes back to the form. This fills
   them again with what was typed, which is kept only for this visit of this tab. */
"use strict";

const fields = document.querySelectorAll('form [autocomplete="off"]');
for (const field of fields) {
  field.value ||= history.state?.typed?.[field.name] ?? "";
  field.addEventListener("change", () => {
    const typed = { ...history.state?.typed, [field.name]: field.value };
    history.replaceState({ ...history.state, typed }, "");
  });
}
