// The one Trusted Types policy by default: whatever a library wants to put into a page as HTML passes here.
// Our server escapes everything already; this is the second lock. What is not on the list is left out.
(() => {
  "use strict";
  if (!window.trustedTypes) return;

  const ELEMENTS = new Set(
    ("html head title body template main header footer section article nav div span p a b strong small em bdi code br " +
      "ul ol li dl dt dd h1 h2 h3 table thead tbody tr th td time form fieldset legend label input select option " +
      "textarea button details summary output img svg path rect circle use").split(" "),
  );
  const ADDRESSES = new Set(["href", "src", "action", "formaction", "xlink:href"]);
  const FORBIDDEN = new Set(["style", "srcdoc", "srcset", "ping", "is"]);

  // Parsing happens in an inert document: nothing in it loads or runs.
  const parsing = trustedTypes.createPolicy("fieldsync-parsing", { createHTML: (text) => text });

  const isOurs = (address) => {
    try {
      return new URL(address, location.href).origin === location.origin;
    } catch {
      return false;
    }
  };

  const mayStay = (element, name, value) => {
    if (name.startsWith("on") || name.startsWith("hx-on") || name.startsWith("data-hx-on") || FORBIDDEN.has(name)) {
      return false;
    }
    return !ADDRESSES.has(name) || isOurs(value);
  };

  const clean = (root) => {
    for (const element of [...root.querySelectorAll("*")]) {
      if (!ELEMENTS.has(element.localName)) {
        element.remove();
        continue;
      }
      for (const { name, value } of [...element.attributes]) {
        if (!mayStay(element, name.toLowerCase(), value)) element.removeAttribute(name);
      }
      if (element.localName === "template") clean(element.content);
    }
  };

  trustedTypes.createPolicy("default", {
    createHTML: (text) => {
      const page = new DOMParser().parseFromString(parsing.createHTML(text), "text/html");
      clean(page);
      return page.documentElement.outerHTML;
    },
    createScript: () => null,
    createScriptURL: () => null,
  });
})();
