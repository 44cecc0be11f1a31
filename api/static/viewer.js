/* Shows the description of the API. "Authorize" asks for a token, which only this page keeps. */
"use strict";

const place = document.getElementById("viewer");
SwaggerUIBundle({
  domNode: place,
  url: place.dataset.description,
  deepLinking: true,
  docExpansion: "list",
  validatorUrl: null,
});
