// What the colours mean, with counts of this month; against the truth each can be turned off.

const MODES = [
  { key: "truth", name: "Truth", title: "Compare with the truth" },
  { key: "id", name: "Id", title: "A colour for each building" },
  { key: "age", name: "Age", title: "When it was built" },
];

function markIcon(verdict) {
  const svg = element("svg:svg", { viewBox: "0 0 16 16", class: "icon", "aria-hidden": "true" });
  svg.append(element("svg:rect", { x: 2, y: 2, width: 12, height: 12, rx: 2.5, fill: verdict.colour, class: "swatch" }));
  const marks = {
    circle: ["circle", { cx: 8, cy: 8, r: 3.4 }],
    cross: ["path", { d: "M5 5 L11 11 M11 5 L5 11" }],
    diamond: ["path", { d: "M8 4 L12 8 L8 12 L4 8 Z" }],
    square: ["rect", { x: 5, y: 5, width: 6, height: 6 }],
  };
  if (verdict.mark) {
    const [name, attributes] = marks[verdict.mark];
    svg.append(element(`svg:${name}`, { ...attributes, class: "glyph" }));
  }
  return svg;
}

function makeLegend(model, colours) {
  const host = byId("legend");
  const modes = MODES.filter(({ key }) => key !== "truth" || model.header.score);
  const buttons = modes.map(({ key, name, title }) =>
    element("button", {
      type: "button", role: "radio", title, text: name, "data-mode": key,
      onclick: () => change({ colour: key }),
    }));
  replaceContent(byId("colouring"), ...buttons);
  byId("colouring").addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    event.stopPropagation();
    const next = (modes.findIndex(({ key }) => key === state.colour) + step + modes.length) % modes.length;
    change({ colour: modes[next].key });
    buttons[next].focus();
  });

  function verdictCounts() {
    const counts = VERDICTS.map(() => 0);
    const { tracks, truth } = model;
    for (let at = tracks.monthStart[state.month]; at < tracks.monthStart[state.month + 1]; at += 1) {
      counts[TRACK_VERDICT[tracks.flags[tracks.byMonth[at]]]] += 1;
    }
    for (let at = truth.monthStart[state.month]; at < truth.monthStart[state.month + 1]; at += 1) {
      const flags = truth.flags[truth.byMonth[at]];
      if (!(flags & MATCHED)) counts[TRUTH_VERDICT[flags]] += 1;
    }
    return counts;
  }

  function truthLegend() {
    const counts = verdictCounts();
    return VERDICTS.map((verdict, at) => {
      if (verdict.key === "none" && !counts[at]) return null;
      const box = element("input", { type: "checkbox", "data-verdict": verdict.key });
      box.checked = !state.hiddenVerdicts.has(verdict.key);
      box.addEventListener("change", () => {
        const hidden = new Set(state.hiddenVerdicts);
        if (box.checked) hidden.delete(verdict.key);
        else hidden.add(verdict.key);
        change({ hiddenVerdicts: hidden });
      });
      return element("li", {},
        element("label", { title: verdict.note }, box, markIcon(verdict),
          element("span", { class: "what", text: verdict.name }),
          element("span", { class: "number", text: formatCount(counts[at]) })));
    });
  }

  function ageLegend() {
    const { header } = model;
    const start = header.trackMonths[0];
    const end = header.trackMonths[header.trackMonths.length - 1];
    const bar = element("div", { class: "ramp" },
      ...colours.age.list.slice(1).map((colour) => element("i", { style: { background: colour } })));
    const next = header.months[Math.min(end, start + 1)];
    return [
      element("p", { class: "row" }, element("i", { class: "dot", style: { background: AGE_BEFORE } }),
        `there in ${monthText(header.months[start])}, the first month`),
      end > start ? bar : null,
      end > start ? element("p", { class: "ends" }, element("span", { text: `built ${monthText(next)}` }),
        element("span", { text: monthText(header.months[end]) })) : null,
    ];
  }

  function show() {
    for (const button of buttons) {
      const isOn = button.dataset.mode === state.colour;
      button.setAttribute("aria-checked", String(isOn));
      button.tabIndex = isOn ? 0 : -1;
    }
    if (state.colour === "truth") {
      const focused = document.activeElement?.dataset?.verdict;
      replaceContent(host, element("h2", { text: `${monthText(model.header.months[state.month])} against the truth` }),
        element("ul", { class: "verdicts" }, ...truthLegend().filter(Boolean)));
      if (focused) host.querySelector(`[data-verdict="${focused}"]`)?.focus();
    } else if (state.colour === "age") {
      replaceContent(host, element("h2", { text: "When it was built" }), ...ageLegend());
    } else {
      replaceContent(host, element("h2", { text: "Identifiers" }),
        element("p", { class: "row" },
          ...ID_COLOURS.map((colour) => element("i", { class: "dot", style: { background: colour } }))),
        element("p", { class: "quieter", text: "A building keeps its colour through all months; colours repeat." }));
    }
  }
  onChange((changed) => {
    if (changed.has("colour") || (changed.has("month") && state.colour === "truth") || changed.has("hiddenVerdicts")) show();
  });
}

function makeLayers(model, images) {
  const chips = [
    { key: "image", name: "Image", shown: images.count > 0 },
    { key: "footprints", name: "Footprints", shown: true },
    { key: "clouds", name: "Clouds", shown: model.hidden.size > 0 },
    { key: "truth", name: "Truth outlines", shown: model.truth !== null },
  ].filter(({ shown }) => shown);
  const buttons = chips.map(({ key, name }) =>
    element("button", {
      type: "button", class: "chip", "data-layer": key, text: name,
      onclick: () => change({ layers: { ...state.layers, [key]: !state.layers[key] } }),
    }));
  replaceContent(byId("layers"), ...buttons);
  onChange((changed) => {
    if (!changed.has("layers")) return;
    for (const button of buttons) button.setAttribute("aria-pressed", String(state.layers[button.dataset.layer]));
  });
}
