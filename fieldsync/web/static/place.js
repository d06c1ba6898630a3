// Where an answer lies: a small map below its coordinates, made when it comes into view. Without it those stand alone.
(() => {
  "use strict";
  if (!window.mapGround) return;
  const NEAR = { tiles: 14, outlines: 12 };

  const read = (text) => text.split(" ").filter(Boolean).map((each) => each.split(",").map(Number));

  const show = (holder) => {
    const spots = read(holder.dataset.spots);
    const others = read(holder.dataset.others ?? "");
    // A page is scrolled through it by wheel and by one finger; buttons, keys and two fingers move it.
    const ground = mapGround(holder, { scrollWheelZoom: false, dragging: !L.Browser.mobile });
    const { map, words, draw, within, outline, icon, element } = ground;
    map.fitBounds(L.latLngBounds([...spots, ...others]), { padding: [24, 24], maxZoom: words.tiles ? NEAR.tiles : NEAR.outlines });
    const [first] = spots;
    const last = spots.at(-1);
    const mark = (spot, kind) =>
      L.marker(spot, { icon: icon(kind, element("span"), [44, 44]), interactive: false, keyboard: false }).addTo(map);
    if (holder.dataset.others !== undefined) {
      for (const each of spots) mark(each, "one");
      for (const each of others) mark(each, "one other");
    } else if (spots.length > 1) {
      const isClosed = first[0] === last[0] && first[1] === last[1];
      const shape = isClosed ? L.polygon : L.polyline;
      shape(spots, { className: `map-shape${isClosed ? " closed" : ""}`, interactive: false }).addTo(map);
    } else {
      if (Number(words.accuracy) > 0) {
        L.circle(first, { radius: Number(words.accuracy), className: "map-shape closed", interactive: false }).addTo(map);
      }
      mark(first, "one");
    }
    const follow = () => {
      draw();
      within(words.outlines).then(outline, () => {}); // the point is what matters; it is here
    };
    map.on("moveend", follow);
    follow();
  };

  const seen = new IntersectionObserver((entries) => {
    for (const entry of entries.filter((each) => each.isIntersecting)) {
      seen.unobserve(entry.target);
      show(entry.target);
    }
  });
  for (const holder of document.querySelectorAll(".small-map")) {
    holder.hidden = false;
    seen.observe(holder);
  }
})();
