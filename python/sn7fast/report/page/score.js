// The panel of scores: the numbers of the whole stack, their course through the months, and where
// the rest of the score went.

const ratio = (tp, fp, fn) => (tp + (fp + fn) / 2 > 0 ? tp / (tp + (fp + fn) / 2) : null);
const harmonic = (track, change) => (track && change ? 5 / (4 / track + 1 / change) : 0);
const shortScore = (value) => (value === null ? "–" : value.toFixed(3));

/** Values by month: SCOT of all months so far, the other three of the month alone. */
function scoreSeries(score) {
  const sums = [0, 0, 0, 0, 0, 0, 0];
  const scot = [];
  const track = [];
  const changes = [];
  for (const counts of score.months) {
    if (!counts) {
      for (const series of [scot, track, changes]) series.push(null);
      continue;
    }
    counts.forEach((count, at) => (sums[at] += count));
    const terms = ([tp, fp, fn, switched, right, wrong, missed]) => [
      ratio(tp - switched, fp + switched, fn + switched),
      ratio(right, wrong, missed),
    ];
    const [trackSoFar, changeSoFar] = terms(sums);
    scot.push(changeSoFar === null ? null : harmonic(trackSoFar, changeSoFar));
    const [trackNow, changeNow] = terms(counts);
    track.push(trackNow);
    changes.push(changeNow);
  }
  return { scot, track, change: changes, f1: score.f1Months };
}

function makeScore(model) {
  const host = byId("page-score");
  const { header } = model;
  if (!header.score) {
    overview(model, host);
    return;
  }
  const { score } = header;
  const series = scoreSeries(score);
  const tiles = [
    { key: "scot", name: "SCOT", value: score.scot, colour: "var(--ink)", note: "all months up to here" },
    { key: "track", name: "Track", value: score.track, colour: "var(--blue)", note: "this month" },
    { key: "change", name: "Change", value: score.change, colour: "var(--green)", note: "this month" },
    { key: "f1", name: "F1", value: score.f1, colour: "var(--purple)", note: "this month" },
  ].map((tile) => {
    const chart = lineChart(series[tile.key], {
      colour: tile.colour,
      label: `${tile.name} by month`,
      months: header.months,
    });
    const now = element("span", { class: "now-value" });
    const made = element("div", { class: `tile ${tile.key}` },
      element("h3", { text: tile.name }),
      element("strong", { text: tile.value.toFixed(3) }),
      chart.svg,
      element("p", {}, now, ` ${tile.note}`));
    return { made, chart, now, values: series[tile.key] };
  });
  const warning = score.hasChange
    ? null
    : element("p", { class: "warning", text: "Nothing is built in the truth after its first month, so change and SCOT are 0 whatever is found." });
  replaceContent(host,
    element("h2", { text: "Score of all months" }),
    element("div", { class: "tiles" }, ...tiles.map((tile) => tile.made)),
    warning,
    score.hasChange ? costBars(score) : null,
    monthTable(model, series));
  onChange((changed) => {
    if (!changed.has("month")) return;
    for (const { chart, now, values } of tiles) {
      chart.mark(state.month);
      now.textContent = shortScore(values[state.month]);
    }
  });
}

/** What 1 - SCOT is made of. */
function costBars(score) {
  const total = score.byKind.reduce((sum, cost) => sum + cost, 0);
  const rows = score.kinds
    .map((kind, at) => ({ kind, cost: score.byKind[at] }))
    .filter(({ cost }) => cost > 0)
    .sort((a, b) => b.cost - a.cost);
  const most = rows.length ? rows[0].cost : 1;
  return element("div", { class: "costs" },
    element("h2", { text: `What the other ${total.toFixed(3)} went to` }),
    element("dl", {},
      ...rows.flatMap(({ kind, cost }) => [
        element("dt", {}, element("b", { text: kind }), element("span", { text: ` ${KIND_TEXT[kind]}` })),
        element("dd", {},
          element("i", { class: "meter", style: { width: `${(cost / most) * 100}%` } }),
          element("span", { text: cost.toFixed(4) })),
      ])));
}

/** All numbers by month, for those who want them exactly or cannot see the charts. */
function monthTable(model, series) {
  const { header } = model;
  const heads = ["Month", "SCOT", "Track", "Change", "F1", "TP", "FP", "FN", "Switched"];
  const rows = header.months.map((label, month) => {
    const counts = header.score.months[month];
    const cells = [series.scot, series.track, series.change, series.f1].map((list) => shortScore(list[month]));
    const numbers = counts ? counts.slice(0, 4).map(formatCount) : ["–", "–", "–", "–"];
    return element("tr", {}, element("th", { scope: "row", text: monthText(label) }),
      ...[...cells, ...numbers].map((text) => element("td", { text })));
  });
  return element("details", {},
    element("summary", { text: "Numbers by month" }),
    element("div", { class: "wide" },
      element("table", {},
        element("thead", {}, element("tr", {}, ...heads.map((text) => element("th", { scope: "col", text })))),
        element("tbody", {}, ...rows))));
}

/** Without a truth: what there is. */
function overview(model, host) {
  const { header, tracks } = model;
  const start = header.trackMonths[0];
  const end = header.trackMonths[header.trackMonths.length - 1];
  const inMonth = (month) => tracks.monthStart[month + 1] - tracks.monthStart[month];
  const areas = header.months.map((_, month) => {
    let sum = 0;
    for (let at = tracks.monthStart[month]; at < tracks.monthStart[month + 1]; at += 1) {
      sum += rowArea(model, tracks, tracks.byMonth[at]);
    }
    return sum;
  });
  let built = 0;
  for (let one = 0; one < tracks.ids.length; one += 1) built += firstMonth(model, one) > start;
  const unit = model.header.ground ? "ha" : "px²";
  const size = (area) => formatCount(model.header.ground ? Math.round(area / 1e3) / 10 : Math.round(area));
  const facts = [
    ["Buildings in all", formatCount(tracks.ids.length)],
    [`In ${monthText(header.months[start])}`, formatCount(inMonth(start))],
    ...(end > start ? [
      [`In ${monthText(header.months[end])}`, formatCount(inMonth(end))],
      ["New after the first month", formatCount(built)],
    ] : []),
    ["Covered at the end", `${size(areas[end])} ${unit}`],
  ];
  replaceContent(host,
    element("h2", { text: "Overview" }),
    element("dl", { class: "facts" }, ...facts.flatMap(([name, value]) => [
      element("dt", { text: name }), element("dd", { text: value }),
    ])),
    element("p", { class: "quieter" }, "There are no labels to compare with; give them with ",
      element("span", { class: "unbroken", text: "--truth" }), " to see what is right and wrong."));
}
