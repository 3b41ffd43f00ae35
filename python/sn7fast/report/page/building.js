// The card of what is selected: one building with all that is known of it, or several in short.

function makeBuilding(model, { clouds, spans, goTo }) {
  const host = byId("selected");
  const { header } = model;
  const costOf = new Map(model.costs.map((cost) => [`${cost.side} ${cost.building}`, cost]));

  const nameOf = ({ side, building }) =>
    `${side === "truth" ? "Truth" : "Building"} ${model.sides[side].ids[building]}`;

  /** Share of a building that is hidden in a month; its shape is that of the nearest month. */
  function hiddenShare(side, building, month) {
    const bits = clouds.bits(month);
    const row = nearestRow(side, building, month);
    return bits && row >= 0 ? spans.share(bits, side.shape[row]) : 0;
  }

  /** What there is to say of each month. */
  function course({ side: name, building }) {
    const side = model.sides[name];
    return header.months.map((label, month) => {
      const row = rowIn(side, building, month);
      return {
        month,
        row,
        text: monthText(label),
        hidden: hiddenShare(side, building, month),
        verdict: row >= 0 && header.score ? verdictOf(side, row) : null,
        iou: row >= 0 && header.score ? side.iou[row] : NaN,
        area: row >= 0 ? rowArea(model, side, row) : NaN,
      };
    });
  }

  function strip(months) {
    const cells = months.map((one) => {
      const words = [one.text, one.row >= 0 ? "seen" : "not seen"];
      if (one.hidden >= 0.5) words.push("under cloud");
      if (one.verdict) words.push(one.verdict.name.toLowerCase());
      if (!Number.isNaN(one.iou)) words.push(`IoU ${one.iou.toFixed(2)}`);
      const colour = one.verdict ? one.verdict.colour : "var(--accent)";
      return element("button", {
        type: "button",
        class: `cell${one.row >= 0 ? " seen" : ""}${one.hidden >= 0.5 ? " cloudy" : ""}${one.month === state.month ? " here" : ""} ${one.verdict?.key ?? ""}`,
        title: words.join(", "), "aria-label": words.join(", "),
        onclick: () => change({ month: one.month }),
      },
      element("i", { class: "seen", style: one.row >= 0 ? { background: colour } : {} }),
      header.score
        ? element("i", { class: "iou" }, element("i", { style: { height: `${(Number.isNaN(one.iou) ? 0 : one.iou) * 100}%` } }))
        : null);
    });
    const first = monthText(header.months[0]);
    const last = monthText(header.months[header.months.length - 1]);
    return element("div", { class: "strip" },
      element("div", { class: "cells", style: { "--count": String(months.length) } }, ...cells),
      element("p", { class: "ends" }, element("span", { text: first }),
        element("span", { class: "key", text: header.score ? "above: seen, below: IoU" : "seen" }),
        element("span", { text: last })));
  }

  function costText(one) {
    if (!header.score) return null;
    if (!header.score.hasChange) return ["Costs", "nothing; the score is 0 as nothing is built"];
    const cost = costOf.get(`${one.side} ${one.building}`);
    const parts = (found) => header.score.kinds
      .map((kind, at) => ({ kind, cost: found.kinds[at] }))
      .filter((part) => part.cost > 0)
      .sort((a, b) => b.cost - a.cost)
      .map((part) => `${part.kind} ${formatCost(part.cost)}`)
      .join(", ");
    if (cost) return ["Costs", `${formatCost(cost.total)} of SCOT: ${parts(cost)}`];
    if (one.side === "truth") return ["Costs", "nothing: right in all months"];
    const partner = firstPartner(one.building);
    if (partner < 0) return ["Costs", "nothing"];
    const charged = costOf.get(`truth ${partner}`);
    const name = `truth ${model.truth.ids[partner]}`;
    return charged
      ? ["Costs", `${formatCost(charged.total)} of SCOT, charged to ${name}, with which it is matched first: ${parts(charged)}`]
      : ["Costs", `nothing: ${name}, with which it is matched first, is right in all months`];
  }

  function firstPartner(building) {
    const { tracks, truth } = model;
    for (let row = tracks.startOf[building]; row < tracks.startOf[building + 1]; row += 1) {
      if (tracks.partner[row] >= 0) return truth.building[tracks.partner[row]];
    }
    return -1;
  }

  /** Buttons to those it is matched with, in order of months. */
  function partners({ side: name, building }) {
    const side = model.sides[name];
    const other = name === "truth" ? model.tracks : model.truth;
    const found = new Set();
    for (let row = side.startOf[building]; row < side.startOf[building + 1]; row += 1) {
      if (side.partner[row] >= 0) found.add(other.building[side.partner[row]]);
    }
    return [...found].slice(0, 6).map((one) =>
      element("button", {
        type: "button", class: "link", text: nameOf({ side: other.name, building: one }),
        onclick: () => select(other.name, one),
      }));
  }

  function facts(one, months) {
    const side = model.sides[one.side];
    const areas = months.filter(({ row }) => row >= 0).map(({ area }) => area).sort((a, b) => a - b);
    const median = (areas[(areas.length - 1) >> 1] + areas[areas.length >> 1]) / 2;
    const now = months[state.month];
    const unit = areaUnit(model);
    const seen = areas.length;
    const cloudy = months.filter(({ hidden }) => hidden >= 0.5).length;
    const first = side.month[side.startOf[one.building]];
    const rows = [
      ["Built", one.side === "tracks" ? builtText(model, one.building)
        : first === 0 ? "there in the first month" : `${monthText(header.months[first])}, by the labels`],
      one.side === "tracks" ? ["End", lastText(model, one.building)] : null,
      ["Area", `${formatCount(Math.round(median))} ${unit}${now.row >= 0 && Math.round(now.area) !== Math.round(median) ? `, this month ${formatCount(Math.round(now.area))} ${unit}` : ""}`],
      ["Seen", `in ${seen} of ${months.length} months${cloudy ? `, ${cloudy} under cloud` : ""}`],
      now.verdict ? ["This month", `${now.verdict.name.toLowerCase()}${Number.isNaN(now.iou) ? "" : `, IoU ${now.iou.toFixed(3)}`}`] : null,
      costText(one),
    ];
    const list = rows.filter(Boolean).flatMap(([name, value]) => [
      element("dt", { text: name }), element("dd", { text: value }),
    ]);
    const matched = header.score ? partners(one) : [];
    if (matched.length) list.push(element("dt", { text: "Matched" }), element("dd", {}, ...matched));
    return element("dl", { class: "facts" }, ...list);
  }

  function table(months) {
    const unit = areaUnit(model);
    const heads = ["Month", `Area, ${unit}`, ...(header.score ? ["Verdict", "IoU"] : []), "Hidden"];
    return element("details", {},
      element("summary", { text: "Month by month" }),
      element("div", { class: "wide" }, element("table", {},
        element("thead", {}, element("tr", {}, ...heads.map((text) => element("th", { scope: "col", text })))),
        element("tbody", {}, ...months.map((one) => element("tr", {},
          element("th", { scope: "row", text: one.text }),
          element("td", { text: one.row >= 0 ? one.area.toFixed(0) : "–" }),
          ...(header.score ? [
            element("td", { text: one.verdict ? one.verdict.name : "–" }),
            element("td", { text: Number.isNaN(one.iou) ? "–" : one.iou.toFixed(3) }),
          ] : []),
          element("td", { text: one.hidden > 0 ? `${Math.round(one.hidden * 100)} %` : "" })))))));
  }

  function single(one) {
    const months = course(one);
    const now = months[state.month];
    return [
      element("div", { class: "headline" },
        element("h2", { text: nameOf(one) }),
        now.verdict ? element("span", { class: "badge" }, markIcon(now.verdict), now.verdict.name) : null,
        element("button", { type: "button", class: "quiet", text: "Go there", onclick: () => goTo(one) }),
        closeButton()),
      strip(months),
      facts(one, months),
      table(months),
    ];
  }

  function several(all) {
    const shown = all.slice(0, 30);
    return [
      element("div", { class: "headline" }, element("h2", { text: `${formatCount(all.length)} selected` }), closeButton()),
      element("p", { class: "many" }, ...shown.map((one) =>
        element("button", { type: "button", class: "link", text: nameOf(one), onclick: () => select(one.side, one.building) })),
      all.length > shown.length ? ` and ${formatCount(all.length - shown.length)} more` : ""),
    ];
  }

  const closeButton = () => element("button", {
    type: "button", class: "quiet close", "aria-label": "Clear the selection", title: "Clear the selection (Esc)",
    text: "×", onclick: () => change({ selected: [] }),
  });

  function show(isNew) {
    const { selected } = state;
    const isOpen = Boolean(host.querySelector("details[open]"));
    host.hidden = selected.length === 0;
    if (selected.length === 1) replaceContent(host, ...single(selected[0]));
    else if (selected.length) replaceContent(host, ...several(selected));
    if (isOpen && !isNew) host.querySelector("details")?.setAttribute("open", "");
    if (isNew && selected.length) {
      // On a narrow screen that would take the map out of sight.
      if (window.matchMedia("(min-width: 861px)").matches) host.scrollIntoView({ block: "nearest" });
      say(selected.length === 1 ? `${nameOf(selected[0])} selected` : `${selected.length} buildings selected`);
    }
  }
  onChange((changed) => {
    if (changed.has("selected")) show(true);
    else if (changed.has("month") && state.selected.length) show(false);
  });

  return { nameOf, hiddenShare, course };
}
