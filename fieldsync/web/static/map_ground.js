// What maps have in common: tiles where a source is set, else lines of the globe; outlines of places; a scale.
(() => {
  "use strict";
  if (!window.L) return;
  const STEPS = [10, 5, 2, 1, 0.5, 0.2, 0.1, 0.05, 0.02, 0.01, 0.005, 0.002, 0.001];

  const element = (tag, className, text) => {
    const made = document.createElement(tag);
    if (className) made.className = className;
    if (text !== undefined) made.textContent = text;
    return made;
  };
  const degrees = (value, step) =>
    `${value.toFixed(Math.max(0, -Math.floor(Math.log10(step)))).replace(".", ",").replace("-", "\u2212")}°`;

  // A map in an element that says where tiles and outlines come from (templates/map_parts.html).
  window.mapGround = (holder, options = {}) => {
    const words = holder.dataset;
    const backwards = words.direction === "rtl";
    const map = L.map(holder, {
      zoomControl: false,
      attributionControl: Boolean(words.tiles && words.attribution),
      maxZoom: 19,
      minZoom: 3,
      maxBounds: [[-85, -180], [85, 180]],
      zoomAnimation: !matchMedia("(prefers-reduced-motion: reduce)").matches,
      fadeAnimation: false,
      ...options,
    });
    L.control
      .zoom({ position: backwards ? "topright" : "topleft", zoomInTitle: words.zoomIn, zoomOutTitle: words.zoomOut })
      .addTo(map);
    L.control.scale({ imperial: false, position: backwards ? "bottomright" : "bottomleft" }).addTo(map);
    if (words.tiles) {
      if (map.attributionControl) map.attributionControl.setPrefix(false);
      const plain = element("span", "", words.attribution || "");
      L.tileLayer(words.tiles, { maxZoom: 19, attribution: plain.innerHTML }).addTo(map);
    }

    // Without tiles, lines of the globe say where one looks.
    const lines = L.layerGroup().addTo(map);
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
        label([at, view.getWest() + span * (backwards ? 1 - 56 / map.getSize().x : 0.01)], degrees(at, step));
      }
    };

    // What the server has at an address for the present view, as GeoJSON.
    const within = async (address) => {
      const view = map.getBounds();
      const wanted = new URL(address, location.href);
      const edges = { west: view.getWest(), south: view.getSouth(), east: view.getEast(), north: view.getNorth() };
      for (const [name, value] of Object.entries(edges)) wanted.searchParams.set(name, value.toFixed(6));
      wanted.searchParams.set("zoom", String(map.getZoom()));
      const answer = await fetch(wanted, { headers: { Accept: "application/geo+json" } });
      if (!answer.ok) throw new Error(String(answer.status));
      return answer.json();
    };

    const outlines = L.layerGroup().addTo(map);
    const outline = (borders) => {
      outlines.clearLayers();
      for (const each of borders.features) {
        L.geoJSON(each, { style: { className: "map-outline" }, interactive: false }).addTo(outlines);
      }
    };
    const icon = (kind, shape, size) =>
      L.divIcon({ className: `map-mark ${kind}`, html: shape, iconSize: size });
    return { map, words, element, draw, within, outline, icon };
  };
})();
