// The page put together.

async function start() {
  const model = await readModel();
  const { header } = model;
  const canvas = byId("map");
  let isDue = false;
  const redraw = () => {
    if (isDue) return;
    isDue = true;
    requestAnimationFrame(() => {
      isDue = false;
      drawNow();
    });
  };

  const spans = makeSpans(model);
  const colours = makeColours(model);
  const images = makeImages(model, redraw);
  const clouds = makeClouds(model, spans);
  const painted = { ...makePainted(model, spans, colours), factor: spans.factor };

  const view = makeView(model, canvas, { pointed, left: () => pointed(null), clicked, dragged });
  const drawing = makeDrawing(model, canvas, view, { images, clouds, painted, colours });
  const building = makeBuilding(model, { clouds, spans, goTo });
  makeTimeline(model);
  makeLegend(model, colours);
  makeLayers(model, images);
  makeTabs(model);
  makeScore(model);
  const { chosen } = makeLists(model, { nameOf: building.nameOf, goTo });
  makeExport(model, { inView: drawing.inView, course: building.course, nameOf: building.nameOf });
  const link = makeLink(model, view);
  makeKeys(model, view, { changes: chosen, goTo });
  const showTheme = makeTheme(() => {
    drawing.restyle();
    redraw();
  });

  function drawNow() {
    drawing.draw();
  }

  function pickAt(point) {
    const reach = Math.min(4, 5 / state.view.zoom);
    const withTruth = state.colour === "truth" || state.layers.truth;
    return pick(model, state.month, point, reach, { withTruth });
  }

  function pointed(point, at) {
    const found = point && pickAt(point);
    const same = found && state.hover && found.row === state.hover.row && found.side === state.hover.side;
    if (!same && (found || state.hover)) change({ hover: found });
    hint(found, at);
  }

  function hint(found, at) {
    const box = byId("hint");
    canvas.style.cursor = found ? "pointer" : "grab";
    box.hidden = !found;
    if (!found) return;
    const side = model.sides[found.side];
    const verdict = header.score ? verdictOf(side, found.row) : null;
    const when = found.side === "tracks" ? builtText(model, found.building) : null;
    replaceContent(box,
      element("b", { text: building.nameOf(found) }),
      verdict ? element("span", {}, markIcon(verdict), verdict.name) : null,
      element("span", { text: `${formatCount(Math.round(rowArea(model, side, found.row)))} ${areaUnit(model)}${when ? ` · ${when}` : ""}` }));
    const wide = box.offsetWidth;
    const right = at.x + 16 + wide > view.size.width;
    box.style.left = `${Math.max(4, right ? at.x - wide - 12 : at.x + 16)}px`;
    box.style.top = `${Math.max(4, Math.min(view.size.height - box.offsetHeight - 6, at.y + 14))}px`;
  }

  function clicked(point, { add }) {
    const found = pickAt(point);
    if (found) select(found.side, found.building, { add });
    else if (!add) change({ selected: [] });
    // Fingers do not hover.
    hint(found, view.toScreen(point.x, point.y));
  }

  function dragged(from, to, { done = false } = {}) {
    drawing.marquee(done ? null : { a: from, b: to });
    if (!done) {
      redraw();
      return;
    }
    const a = view.toImage(Math.min(from.x, to.x), Math.min(from.y, to.y));
    const b = view.toImage(Math.max(from.x, to.x), Math.max(from.y, to.y));
    const { shapes, tracks } = model;
    const chosen = [];
    for (let at = tracks.monthStart[state.month]; at < tracks.monthStart[state.month + 1]; at += 1) {
      const row = tracks.byMonth[at];
      const shape = tracks.shape[row];
      const x = (shapes.left[shape] + shapes.right[shape]) / 2;
      const y = (shapes.top[shape] + shapes.bottom[shape]) / 2;
      if (x >= a.x && x <= b.x && y >= a.y && y <= b.y) chosen.push({ side: "tracks", building: tracks.building[row] });
    }
    change({ selected: chosen });
    redraw();
  }

  /** Select a building and look at it, in a month or in this one. */
  function goTo({ side, building: one }, month = state.month) {
    const table = model.sides[side];
    const row = nearestRow(table, one, month);
    change({ month, selected: [{ side, building: one }], playing: false });
    if (row < 0) return;
    const shape = table.shape[row];
    view.set({
      x: (model.shapes.left[shape] + model.shapes.right[shape]) / 2,
      y: (model.shapes.top[shape] + model.shapes.bottom[shape]) / 2,
      zoom: Math.max(state.view.zoom, 8),
    });
  }

  function ruler() {
    const { ground } = header;
    const metres = ground ? Math.sqrt(pixelArea(ground, state.view.y)) : 1;
    const wanted = (110 / state.view.zoom) * metres;
    const power = 10 ** Math.floor(Math.log10(wanted));
    const length = [5, 2, 1].map((step) => step * power).find((step) => step <= wanted);
    const unit = ground ? (length >= 1000 ? `${length / 1000} km` : `${length} m`) : `${length} px`;
    replaceContent(byId("ruler"), element("i", { style: { width: `${(length / metres) * state.view.zoom}px` } }), element("span", { text: unit }));
  }

  onChange((changed) => {
    if (changed.has("view")) ruler();
    if (changed.has("view") || changed.has("month")) byId("hint").hidden = true;
    redraw();
  });
  new ResizeObserver(() => {
    // Asked here and not when drawing, which would make the browser lay out the page each time.
    if (view.resize()) drawNow();
  }).observe(canvas);

  const [first, last] = [header.months[0], header.months[header.months.length - 1]];
  byId("subtitle").textContent = [
    first === last ? monthText(first) : `${monthText(first)} to ${monthText(last)}`,
    counted(header.months.length, "month"),
    counted(header.tracks.ids.length, "building"),
  ].join(" · ");
  const coarse = spans.factor > 1
    ? [`From afar footprints are shown at 1/${spans.factor} of the resolution.`]
    : [];
  byId("notes").textContent = [...header.notes, ...coarse].join(" ");

  // Everything that listens hears of the first state, too.
  Object.assign(state, { month: -1, colour: "", tab: "", layers: null });
  const layers = { image: true, footprints: true, clouds: true, truth: false };
  view.resize();
  change({ month: Math.max(0, header.months.length - 1), colour: header.score ? "truth" : "id", tab: "score", layers });
  if (!link.restore(location.hash)) view.fit();
  showTheme();
  drawNow();
  document.documentElement.dataset.ready = "yes";
  prepareSpans(model, spans);
  images.decodeAll().then(() => (document.documentElement.dataset.images = "decoded"));

  // For scripts: what is shown, and the time that drawing takes.
  window.sn7fast = Object.freeze({
    months: Object.freeze([...header.months]),
    state: () => ({ ...state, selected: state.selected.map((one) => ({ ...one, id: model.sides[one.side].ids[one.building] })) }),
    show: (parts) => change(parts),
    drawNow,
    toScreen: (x, y) => view.toScreen(x, y),
  });
}

start().catch((error) => {
  console.error(error);
  byId("broken").textContent = `This page cannot be shown: ${error.message}. It needs a browser of 2023 or later.`;
  byId("broken").hidden = false;
});
