// What pages do better with script; every one of them works without.
(() => {
  "use strict";
  document.documentElement.classList.add("scripted");
  const TOAST_MS = 8000;

  const closeMenus = (except) => {
    for (const menu of document.querySelectorAll("details.menu[open]")) {
      if (menu !== except) menu.open = false;
    }
  };
  document.addEventListener("click", (event) => closeMenus(event.target.closest("details.menu")));
  document.addEventListener("keydown", (event) => {
    const open = event.key === "Escape" && document.querySelector("details.menu[open]");
    if (open) {
      open.open = false;
      open.querySelector("summary").focus();
    }
  });

  // A toast goes by itself, but never while it is pointed at or focused.
  for (const toast of document.querySelectorAll(".toast")) {
    const close = toast.querySelector("[data-close]");
    let held = false;
    const leave = () => (held ? setTimeout(leave, TOAST_MS) : toast.remove());
    for (const on of ["mouseenter", "focusin"]) toast.addEventListener(on, () => (held = true));
    for (const off of ["mouseleave", "focusout"]) toast.addEventListener(off, () => (held = false));
    close.hidden = false;
    close.addEventListener("click", () => toast.remove());
    setTimeout(leave, TOAST_MS);
  }

  // After a refused form, reading starts at what is wrong.
  document.getElementById("errors")?.focus();

  // What a link carries stands after "#", so that no server log has it: it is handed over by the form, and forgotten.
  const opening = document.querySelector("form[data-from-address]");
  if (opening && location.hash.length > 1) {
    opening.elements.link.value = location.hash.slice(1);
    history.replaceState(null, "", location.pathname);
    opening.submit();
  }

  // Copying what is shown once.
  for (const button of document.querySelectorAll("[data-copy]")) {
    if (!navigator.clipboard) continue;
    button.hidden = false;
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent.trim());
      button.querySelector("[data-done]").hidden = false;
    });
  }

  // The time left of a code, in minutes and seconds; by the server's count, for a phone's clock may be off.
  const clocks = [...document.querySelectorAll("[data-left]")].map((clock) => ({
    clock,
    end: performance.now() + Number(clock.dataset.left) * 1000,
  }));
  const tick = () => {
    for (const { clock, end } of clocks) {
      const left = Math.max(0, Math.round((end - performance.now()) / 1000));
      clock.textContent = `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`;
    }
  };
  if (clocks.length) {
    tick();
    setInterval(tick, 1000);
  }

  // A form that follows by itself is not written over while somebody types on: her next change asks again. Nor while she
  // presses a button, for then its replacement would not know of the press: it asks again once she has let go.
  const written = (form) => new URLSearchParams(new FormData(form)).toString();
  const following = (event) => event.target.closest?.("form[hx-post]");
  let isPressed = false;
  let missed = null;
  document.addEventListener("htmx:before:request", (event) => {
    const form = following(event);
    if (form) form.askedWith = written(form);
  });
  document.addEventListener("htmx:before:swap", (event) => {
    const form = following(event);
    if (form?.askedWith === undefined) return;
    if (isPressed) missed = form;
    if (isPressed || form.askedWith !== written(form)) event.preventDefault();
  });
  document.addEventListener("pointerdown", () => (isPressed = true), true);
  const release = () => {
    isPressed = false;
    setTimeout(() => {
      missed?.dispatchEvent(new Event("change", { bubbles: true }));
      missed = null;
    }, 0); // after the click
  };
  for (const end of ["pointerup", "pointercancel"]) document.addEventListener(end, release, true);
  document.addEventListener("submit", () => (missed = null));

  // Without a network a page says so, and that nothing is lost by waiting.
  const offline = document.getElementById("offline");
  const tell = () => (offline.hidden = navigator.onLine);
  for (const turn of ["online", "offline"]) addEventListener(turn, tell);
  tell();
})();
