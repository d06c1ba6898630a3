// The map of a page: marks for what the server says lies in view. Without it the list beside says the same.
(() => {
  "use strict";
  const holder = document.getElementById("map");
  if (!holder || !window.L) return;

  const said = document.getElementById("map-said");
  const words = holder.dataset;
  const backwards = words.direction === "rtl";
  document.getElementById("map-frame").hidden = false;

  const [west, south, east, north] = words.box.split(",").map(Number);
  const map = L.map(holder, {
    zoomControl: false,
    attributionControl: Boolean(words.tiles && words.attribution),
    maxZoom: 19,
    minZoom: 3,
    maxBounds: [[-85, -180], [85, 180]],
    zoomAnimation: !matchMedia("(prefers-reduced-motion: reduce)").matches,
    fadeAnimation: false,
  });
  map.fitBounds([[south, west], [north, east]], { padding: [32, 32], maxZoom: 15 });
  L.control
    .zoom({ position: backwards ? "topright" : "topleft", zoomInTitle: words.zoomIn, zoomOutTitle: words.zoomOut })
    .addTo(map);
  L.control.scale({ imperial: false, position: backwards ? "bottomright" : "bottomleft" }).addTo(map);
  if (words.tiles) {
    if (map.attributionControl) map.attributionControl.setPrefix(false);
    const plain = document.createElement("span");
    plain.textContent = words.attribution || "";
    L.tileLayer(words.tiles, { maxZoom: 19, attribution: plain.innerHTML }).addTo(map);
  }

  const element = (tag, className, text) => {
    const made = document.createElement(tag);
    if (className) made.className = className;
    if (text !== undefined) made.textContent = text;
    return made;
  };

  // Without tiles, lines of the globe say where one looks.
  const lines = L.layerGroup().addTo(map);
  const STEPS = [10, 5, 2, 1, 0.5, 0.2, 0.1, 0.05, 0.02, 0.01, 0.005, 0.002, 0.001];
  const degrees = (value, step) =>
    `${value.toFixed(Math.max(0, -Math.floor(Math.log10(step)))).replace(".", ",").replace("-", "\u2212")}°`;
  const label = (at, text) =>
    L.marker(at, {
      interactive: false,
      keyboard: false,
      icon: L.divIcon({ className: "map-degree", html: element("span", "", text), iconSize: null }),
    }).addTo(lines);
  const draw = () => {
    lines.clearLayers();
    if (words.tiles) return;
    const view = map.getBounds();
    const span = view.getEast() - view.getWest();
    const step = STEPS.find((each) => span / each >= 3) || STEPS.at(-1);
    const style = { className: "map-line", interactive: false };
    for (let at = Math.ceil(view.getWest() / step) * step; at <= view.getEast(); at += step) {
      L.polyline([[view.getSouth(), at], [view.getNorth(), at]], style).addTo(lines);
      label([view.getSouth() + (view.getNorth() - view.getSouth()) * 0.07, at], degrees(at, step));
    }
    for (let at = Math.ceil(view.getSouth() / step) * step; at <= view.getNorth(); at += step) {
      L.polyline([[at, view.getWest()], [at, view.getEast()]], style).addTo(lines);
      label([at, view.getWest() + span * (backwards ? 0.85 : 0.01)], degrees(at, step));
    }
  };

  const outlines = L.layerGroup().addTo(map);
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
    const icon = L.divIcon({
      className: `map-mark ${many ? "many" : "one"} ${told.kind || ""}`,
      html: shape,
      iconSize: many ? [52, 44] : [44, 44],
    });
    const made = L.marker(at, { icon, title: told.label, riseOnHover: true });
    made.on("add", () => made.getElement().setAttribute("aria-label", [told.label, told.place].filter(Boolean).join(", ")));
    const closer = () => map.setView(at, Math.min(map.getZoom() + 2, map.getMaxZoom()));
    if (many) made.on("click", closer).on("keypress", (event) => event.originalEvent.key === "Enter" && closer());
    else made.bindPopup(() => popup(told), { closeButton: true });
    return made.addTo(marks);
  };

  let asked = 0;
  const within = (address) => {
    const view = map.getBounds();
    const wanted = new URL(address, location.href);
    const edges = { west: view.getWest(), south: view.getSouth(), east: view.getEast(), north: view.getNorth() };
    for (const [name, value] of Object.entries(edges)) wanted.searchParams.set(name, value.toFixed(6));
    wanted.searchParams.set("zoom", String(map.getZoom()));
    return fetch(wanted, { headers: { Accept: "application/geo+json" } }).then((answer) => {
      if (!answer.ok) throw new Error(String(answer.status));
      return answer.json();
    });
  };
  const show = async () => {
    const turn = ++asked;
    draw();
    try {
      const [points, borders] = await Promise.all([within(words.points), within(words.outlines)]);
      if (turn !== asked) return; // the map has moved on
      marks.clearLayers();
      outlines.clearLayers();
      for (const each of borders.features) {
        L.geoJSON(each, { style: { className: "map-outline" }, interactive: false }).addTo(outlines);
      }
      points.features.forEach(mark);
      const total = points.features.reduce((sum, each) => sum + (each.properties.count || 1), 0);
      said.textContent = total ? said.dataset.shown.replace("#", String(total)) : said.dataset.none;
    } catch {
      if (turn === asked) said.textContent = said.dataset.failed;
    }
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
