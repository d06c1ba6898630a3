// The page of a record with script: keys for decisions, and a reason before what takes one. It works without.
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
    if (button) reason.required = false;
    if (button && asks(button)) event.preventDefault();
  });
  reason?.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && pending) pending.click();
  });

  // One key, one deed: only while no field and no button has the focus, and only until somebody switches them off.
  const KEPT = "fieldsync-keys";
  const help = bar.querySelector(".keys");
  const wanted = help.querySelector("input");
  help.hidden = false;
  wanted.checked = localStorage.getItem(KEPT) !== "off";
  wanted.addEventListener("change", () => localStorage.setItem(KEPT, wanted.checked ? "on" : "off"));
  const show = () => bar.classList.toggle("without-keys", !wanted.checked);
  wanted.addEventListener("change", show);
  show();

  const isFree = () => document.activeElement === document.body || document.activeElement === document.getElementById("content");
  document.addEventListener("keydown", (event) => {
    const busy = event.ctrlKey || event.metaKey || event.altKey || event.shiftKey || event.repeat || event.isComposing;
    if (busy || !wanted.checked || !isFree()) return;
    const target = bar.querySelector(`[data-key="${CSS.escape(event.key.toLowerCase())}"]:not(:disabled)`);
    if (!target) return;
    event.preventDefault();
    target.click();
  });
})();
