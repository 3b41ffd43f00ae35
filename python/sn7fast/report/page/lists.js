// Lists that jump: what changed when, and what cost the most.

const PAGE_ROWS = 60;

function makeTabs(model) {
  const tabs = [
    { key: "score", name: model.header.score ? "Score" : "Overview" },
    { key: "changes", name: "Changes" },
    ...(model.header.score ? [{ key: "errors", name: "Worst errors" }] : []),
  ];
  const buttons = tabs.map(({ key, name }) =>
    element("button", {
      type: "button", role: "tab", id: `tab-${key}`, "aria-controls": `page-${key}`, text: name,
      onclick: () => change({ tab: key }),
    }));
  byId("tabs").addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    event.stopPropagation();
    const next = (tabs.findIndex(({ key }) => key === state.tab) + step + tabs.length) % tabs.length;
    change({ tab: tabs[next].key });
    buttons[next].focus();
  });
  replaceContent(byId("tabs"), ...buttons);
  onChange((changed) => {
    if (!changed.has("tab")) return;
    tabs.forEach(({ key }, at) => {
      const isOn = key === state.tab;
      buttons[at].setAttribute("aria-selected", String(isOn));
      buttons[at].tabIndex = isOn ? 0 : -1;
      byId(`page-${key}`).hidden = !isOn;
    });
  });
}

/** Rows of a list, some at a time. */
function longList(rows, make) {
  const list = element("ol", { class: "rows" });
  const more = element("button", { type: "button", class: "quiet more" });
  let shown = 0;
  const show = () => {
    const next = rows.slice(shown, shown + PAGE_ROWS);
    list.append(...next.map(make));
    shown += next.length;
    more.hidden = shown >= rows.length;
    more.textContent = `Show more (${formatCount(rows.length - shown)} left)`;
  };
  more.addEventListener("click", show);
  show();
  return element("div", {}, rows.length ? list : element("p", { class: "quieter", text: "None." }), more);
}

/** Changes of all months: {month, side, building, key}. */
function changesOf(model) {
  const { header, tracks, truth } = model;
  const events = [];
  const start = header.trackMonths[0];
  const end = header.trackMonths[header.trackMonths.length - 1];
  const add = (side, row, key) =>
    events.push({ month: side.month[row], side: side.name, building: side.building[row], key });
  for (let row = 0; row < tracks.rows; row += 1) {
    const key = VERDICTS[TRACK_VERDICT[tracks.flags[row]]].key;
    if (header.score && (key === "new" || key === "wrong" || key === "switch")) add(tracks, row, key);
  }
  for (let row = 0; truth && row < truth.rows; row += 1) {
    if (VERDICTS[TRUTH_VERDICT[truth.flags[row]]].key === "late") add(truth, row, "late");
  }
  for (let one = 0; one < tracks.ids.length; one += 1) {
    const last = tracks.startOf[one + 1] - 1;
    const first = firstMonth(model, one);
    if (!header.score && first > start) {
      events.push({ month: first, side: "tracks", building: one, key: "first" });
    }
    if (tracks.month[last] < end) add(tracks, last, "last");
  }
  return events.sort((a, b) => a.month - b.month || (a.side < b.side ? -1 : a.side > b.side ? 1 : a.building - b.building));
}

function makeLists(model, { nameOf, goTo }) {
  const events = changesOf(model);
  const kinds = [
    ...(model.header.score
      ? ["new", "wrong", "late", "switch"].map((key) => VERDICTS[VERDICT_OF[key]])
      : [{ key: "first", name: "New" }]),
    { key: "last", name: "Seen for the last time" },
  ];
  const nameOfKind = new Map(kinds.map(({ key, name }) => [key, name]));
  const counts = new Map(kinds.map(({ key }) => [key, events.filter((event) => event.key === key).length]));
  const choice = element("select", { id: "change-kind", "aria-label": "Kind of change" },
    element("option", { value: "", text: `All changes (${formatCount(events.length)})` }),
    ...kinds.map(({ key, name }) => element("option", { value: key, text: `${name} (${formatCount(counts.get(key))})` })));
  const onlyNow = element("input", { type: "checkbox", id: "change-now" });
  const holder = element("div", {});

  /** Those that the filters let through. */
  const chosen = () => events.filter((event) =>
    (!choice.value || event.key === choice.value) && (!onlyNow.checked || event.month === state.month));

  function show() {
    replaceContent(holder, longList(chosen(), changeRow));
  }
  function changeRow(event) {
    const verdict = VERDICTS[VERDICT_OF[event.key]];
    return element("li", {}, element("button", { type: "button", onclick: () => goTo(event, event.month) },
      verdict ? markIcon(verdict) : element("i", { class: `dot ${event.key}` }),
      element("span", { class: "what", text: nameOf(event) }),
      element("span", { class: "kind", text: nameOfKind.get(event.key) }),
      element("span", { class: "number", text: monthText(model.header.months[event.month]) })));
  }
  choice.addEventListener("change", show);
  onlyNow.addEventListener("change", show);
  onChange((changed) => {
    if (changed.has("month") && onlyNow.checked) show();
  });
  replaceContent(byId("page-changes"),
    element("div", { class: "filters" }, choice, element("label", {}, onlyNow, " this month")), holder);
  show();
  if (model.header.score) makeErrors(model, { nameOf, goTo });
  return { chosen };
}

function makeErrors(model, { nameOf, goTo }) {
  const most = model.costs.length ? model.costs[0].total : 1;
  const { kinds } = model.header.score;

  function mainKind(cost) {
    return kinds[cost.kinds.indexOf(Math.max(...cost.kinds))];
  }
  function errorRow(cost) {
    return element("li", {}, element("button", {
      type: "button", title: KIND_TEXT[mainKind(cost)],
      onclick: () => goTo(cost, firstWrongMonth(model, cost)),
    },
    element("span", { class: "what", text: nameOf(cost) }),
    element("span", { class: "kind", text: mainKind(cost) }),
    element("span", { class: "track" }, element("i", { class: "meter", style: { width: `${(cost.total / most) * 100}%` } })),
    element("span", { class: "number", text: formatCost(cost.total) })));
  }
  replaceContent(byId("page-errors"),
    element("p", { class: "quieter", text: `What each building costs SCOT; ${counted(model.costs.length, "building")} cost something.` }),
    longList(model.costs, errorRow));
}

/** The first month in which something is wrong with a building. */
function firstWrongMonth(model, { side: name, building }) {
  const side = model.sides[name];
  const months = [];
  for (let row = side.startOf[building]; row < side.startOf[building + 1]; row += 1) {
    months.push(side.month[row]);
    const key = verdictOf(side, row).key;
    if (key !== "tp" && key !== "new" && key !== "none") return side.month[row];
  }
  return months[0];
}
