// The map of a page: marks for what the server says lies in view. Without it the list beside says the same.
(() => {
  "use strict";
  const holder = document.getElementById("map");
  if (!holder || !window.mapGround) return;

  const said = document.getElementById("map-said");
  document.getElementById("map-frame").hidden = false;

  const { map, words, element, draw, within, outline, icon } = mapGround(holder);
  const [west, south, east, north] = words.box.split(",").map(Number);
  map.fitBounds([[south, west], [north, east]], { padding: [32, 32], maxZoom: 15 });
  const marks = L.layerGroup().addTo(map);

  const popup = (told) => {
    const shown = element("div", "stack tight");
    shown.dir = words.direction;
    shown.append(element("strong", "", told.kind === "entity" ? words.entity : words.submission));
    for (const text of [told.label, told.place, told.code]) if (text) shown.append(element("bdi", "", text));
    if (told.address) {
      const way = element("a", "button", words.open);
      way.href = told.address;
      shown.append(way);
    }
    return shown;
  };

  const mark = (feature) => {
    const told = feature.properties;
    const at = [feature.geometry.coordinates[1], feature.geometry.coordinates[0]];
    const many = told.count !== undefined;
    const shape = element("span", "", many ? String(told.count).replace(/\B(?=(\d{3})+$)/g, "\u202f") : undefined);
    const looks = icon(`${many ? "many" : "one"} ${told.kind || ""}`, shape, many ? [52, 44] : [44, 44]);
    const made = L.marker(at, { icon: looks, title: told.label, riseOnHover: true });
    made.on("add", () => made.getElement().setAttribute("aria-label", [told.label, told.place].filter(Boolean).join(", ")));
    const closer = () => map.setView(at, Math.min(map.getZoom() + 2, map.getMaxZoom()));
    if (many) made.on("click", closer).on("keypress", (event) => event.originalEvent.key === "Enter" && closer());
    else made.bindPopup(() => popup(told), { closeButton: true });
    return made.addTo(marks);
  };

  let asked = 0;
  const show = async () => {
    const turn = ++asked;
    holder.ariaBusy = "true";
    draw();
    try {
      const [points, borders] = await Promise.all([within(words.points), within(words.outlines)]);
      if (turn !== asked) return; // the map has moved on
      marks.clearLayers();
      outline(borders);
      points.features.forEach(mark);
      const total = points.features.reduce((sum, each) => sum + (each.properties.count || 1), 0);
      said.textContent = total ? said.dataset.shown.replace("#", String(total)) : said.dataset.none;
    } catch {
      if (turn === asked) said.textContent = said.dataset.failed;
    }
    if (turn === asked) holder.ariaBusy = "false";
  };
  map.on("moveend", () => {
    if (!document.querySelector("#map .leaflet-popup")) show();
  });
  map.on("popupclose", show);
  map.on("popupopen", (event) => {
    const close = event.popup.getElement().querySelector(".leaflet-popup-close-button");
    if (close) close.setAttribute("aria-label", words.close);
    setTimeout(() => event.popup.getElement()?.querySelector("a.button")?.focus({ preventScroll: true }), 0);
  });
  show();
})();
