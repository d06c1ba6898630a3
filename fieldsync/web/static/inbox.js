// The inbox with script: ticking all, and how many are ticked. Without it the same form works.
(() => {
  "use strict";
  const ticks = [...document.querySelectorAll(".pick input[name=row]")];
  const told = document.querySelector("[data-ticked]");
  const all = document.querySelector("[data-tick-all]");
  if (!ticks.length || !told || !all) return;

  const tell = () => {
    const count = ticks.filter((tick) => tick.checked).length;
    told.textContent = told.dataset.ticked.replace("{num}", count);
    all.firstElementChild.checked = count === ticks.length;
    all.firstElementChild.indeterminate = count > 0 && count < ticks.length;
  };
  all.hidden = false;
  all.firstElementChild.addEventListener("change", (event) => {
    for (const tick of ticks) tick.checked = event.target.checked;
    tell();
  });
  for (const tick of ticks) tick.addEventListener("change", tell);
  tell();
})();
