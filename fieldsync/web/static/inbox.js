// Lists of which several lines are decided with script: ticking all, and how many are ticked. Without it the form works.
(() => {
  "use strict";
  const ticks = [...document.querySelectorAll(".pick input[name]")];
  const told = document.querySelector("[data-ticked]");
  const everything = [...document.querySelectorAll("[data-tick-all]")];
  if (!ticks.length || !told) return;

  const tell = () => {
    const count = ticks.filter((tick) => tick.checked).length;
    told.textContent = told.dataset.ticked.replace("{num}", count);
    for (const all of everything) {
      all.firstElementChild.checked = count === ticks.length;
      all.firstElementChild.indeterminate = count > 0 && count < ticks.length;
    }
  };
  for (const all of everything) {
    all.hidden = false;
    all.firstElementChild.addEventListener("change", (event) => {
      for (const tick of ticks) tick.checked = event.target.checked;
      tell();
    });
  }
  for (const tick of ticks) tick.addEventListener("change", tell);
  tell();
})();
