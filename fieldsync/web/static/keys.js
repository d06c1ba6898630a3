// Keys in the place of clicks, with the list that tells of them: one key, one deed, only while no field has the focus,
// and only until somebody switches them off. Without script there are none, and the list stays hidden.
(() => {
  "use strict";
  const KEPT = "fieldsync-keys";
  const help = document.querySelector(".keys");
  if (!help) return;
  const wanted = help.querySelector("input");
  const show = () => document.body.classList.toggle("without-keys", !wanted.checked);
  help.hidden = false;
  wanted.checked = localStorage.getItem(KEPT) !== "off";
  wanted.addEventListener("change", () => {
    localStorage.setItem(KEPT, wanted.checked ? "on" : "off");
    show();
  });
  show();

  // In a list that is walked through by keys, the line that has the focus is the one that they mean.
  const lines = [...document.querySelectorAll("[data-walk] tbody tr")];
  const line = () => document.activeElement.closest("[data-walk] tbody tr");
  const isFree = () => document.activeElement === document.body || document.activeElement === document.getElementById("content");
  const walk = (steps) => {
    const here = lines.indexOf(line());
    const next = lines[here < 0 ? 0 : here + steps];
    next?.querySelector(".what a")?.focus();
    return Boolean(next);
  };
  const IN_LIST = {
    j: () => walk(1),
    k: () => walk(-1),
    arrowdown: () => line() && walk(1),
    arrowup: () => line() && walk(-1),
    x: () => {
      const tick = line()?.querySelector(".pick input");
      tick?.click();
      return Boolean(tick);
    },
  };

  document.addEventListener("keydown", (event) => {
    const busy = event.ctrlKey || event.metaKey || event.altKey || event.shiftKey || event.isComposing;
    if (busy || !wanted.checked || !(isFree() || line())) return;
    const key = event.key.toLowerCase();
    if (lines.length && IN_LIST[key]) {
      if (IN_LIST[key]()) event.preventDefault();
      return;
    }
    const target = !event.repeat && isFree() && document.querySelector(`[data-key="${CSS.escape(key)}"]:not(:disabled)`);
    if (!target) return;
    event.preventDefault();
    target.click();
  });
})();
