// The page of a record with script: keys for decisions, and a reason before what takes one. It works without.
(() => {
  "use strict";
  const bar = document.getElementById("decide");
  if (!bar) return;
  const why = bar.querySelector("details");
  const reason = bar.querySelector("textarea");

  // What takes a reason asks for it first; the page says so again where it is missing.
  bar.addEventListener("submit", (event) => {
    const button = event.submitter;
    if (button && button.hasAttribute("data-reason") && !reason.value.trim()) {
      event.preventDefault();
      why.open = true;
      reason.required = true;
      reason.focus();
    }
  });
  bar.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (button) reason.required = button.hasAttribute("data-reason");
  });
})();
