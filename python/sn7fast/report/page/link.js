// The view as the part of the address after #, and back.

const MOST_LINKED = 200;

function makeLink(model, view) {
  const { months } = model.header;
  let written = "";

  function text() {
    const { x, y, zoom } = state.view;
    const parts = new URLSearchParams({
      month: months[state.month],
      x: x.toFixed(1), y: y.toFixed(1), zoom: zoom.toFixed(3),
      colour: state.colour,
      layers: Object.keys(state.layers).filter((name) => state.layers[name]).join(" "),
    });
    if (state.hiddenVerdicts.size) parts.set("without", [...state.hiddenVerdicts].join(" "));
    for (const side of ["tracks", "truth"]) {
      const ids = state.selected.filter((one) => one.side === side).slice(0, MOST_LINKED)
        .map((one) => model.sides[side].ids[one.building]);
      if (ids.length) parts.set(side, ids.join(" "));
    }
    return `#${parts}`;
  }

  /** Show what an address says; what it does not say, or wrongly, stays as it is. */
  function restore(hash) {
    const parts = new URLSearchParams(hash.replace(/^#/, ""));
    const next = {};
    const month = months.indexOf(parts.get("month"));
    if (month >= 0) next.month = month;
    const colour = parts.get("colour");
    if (MODES.some(({ key }) => key === colour) && (colour !== "truth" || model.header.score)) next.colour = colour;
    if (parts.has("layers")) {
      const on = parts.get("layers").split(" ");
      next.layers = Object.fromEntries(Object.keys(state.layers).map((name) => [name, on.includes(name)]));
    }
    if (parts.has("without")) {
      next.hiddenVerdicts = new Set(parts.get("without").split(" ").filter((key) => key in VERDICT_OF));
    }
    const selected = [];
    for (const [name, side] of Object.entries(model.sides)) {
      if (!parts.has(name)) continue;
      const place = new Map(side.ids.map((id, building) => [String(id), building]));
      for (const id of parts.get(name).split(" ")) {
        if (place.has(id)) selected.push({ side: name, building: place.get(id) });
      }
    }
    if (selected.length || hash.length > 1) next.selected = selected;
    change(next);
    const [x, y, zoom] = ["x", "y", "zoom"].map((name) => Number(parts.get(name) ?? NaN));
    if ([x, y, zoom].every(Number.isFinite) && zoom > 0) view.set({ x, y, zoom });
    return parts.has("zoom");
  }

  let timer = 0;
  onChange((changed) => {
    if (changed.size === 1 && changed.has("hover")) return;
    clearTimeout(timer);
    // Browsers allow only so many changes of the address a second.
    timer = setTimeout(() => {
      written = text();
      history.replaceState(null, "", written);
    }, 250);
  });
  window.addEventListener("hashchange", () => {
    if (location.hash !== written) restore(location.hash);
  });

  byId("share").addEventListener("click", async () => {
    clearTimeout(timer);
    written = text();
    history.replaceState(null, "", written);
    try {
      await navigator.clipboard.writeText(location.href);
      tell("Link copied");
    } catch {
      tell("The link is in the address bar");
    }
  });
  function tell(message) {
    say(message);
    byId("share").textContent = message;
    setTimeout(() => (byId("share").textContent = "Copy link"), 1800);
  }

  return { restore };
}
