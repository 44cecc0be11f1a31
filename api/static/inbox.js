/* Says when the list could not be renewed, so that no reader takes an old list for the present one. */
"use strict";

const stale = document.getElementById("tasks-stale");
document.addEventListener("htmx:after:request", ({ detail }) => { stale.hidden = detail.ctx.response.status < 400; });
document.addEventListener("htmx:error", () => { stale.hidden = false; });
