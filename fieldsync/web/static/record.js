// The page of a record with script: a reason before what takes one. It works without; keys.js has the keys.
(() => {
  "use strict";
  const bar = document.getElementById("decide");
  if (!bar) return;
  const why = bar.querySelector("details.why");
  const reason = bar.querySelector("textarea");
  let pending = null;

  // What takes a reason asks for it first; Ctrl+Enter then does what was asked for.
  const asks = (button) => {
    if (!button.hasAttribute("data-reason") || reason.value.trim()) return false;
    pending = button;
    why.open = true;
    reason.required = true;
    reason.focus();
    return true;
  };
  bar.addEventListener("submit", (event) => {
    if (event.submitter && asks(event.submitter)) event.preventDefault();
  });
  bar.addEventListener("click", (event) => {
    const button = event.target.closest("button[data-key]");
    if (button && reason) reason.required = false;
    if (button && asks(button)) event.preventDefault();
  });
  reason?.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && pending) pending.click();
  });
})();
