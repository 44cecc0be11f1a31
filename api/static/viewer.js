/* Shows the description of the API. A token is asked for by "Authorize", and kept by this page alone. */
"use strict";

const place = document.getElementById("viewer");
SwaggerUIBundle({
  domNode: place,
  url: place.dataset.description,
  deepLinking: true,
  docExpansion: "list",
  validatorUrl: null,
});
