// The months: a bar for what came up in each, its clouds, and the slider over them.

function makeTimeline(model) {
  const { header, tracks } = model;
  const count = header.months.length;
  const slider = byId("slider");
  const host = byId("months");
  host.style.setProperty("--count", count);
  slider.max = String(count - 1);
  slider.addEventListener("input", () => change({ month: Number(slider.value) }));

  const isScored = header.score !== null;
  const kinds = isScored
    ? ["new", "wrong", "late"].map((key) => VERDICTS[VERDICT_OF[key]])
    : [{ key: "first", colour: "var(--accent)" }];
  const news = newInMonths();
  const highest = Math.max(1, ...news.map((month) => month.reduce((sum, part) => sum + part, 0)));
  const bars = news.map((parts, month) =>
    element(
      "div",
      { class: "bar" },
      ...parts.map((part, kind) =>
        element("i", {
          class: `part ${kinds[kind].key}`,
          style: { height: `${(part / highest) * 100}%`, background: kinds[kind].colour },
        }),
      ),
      cloudMark(month),
    ),
  );
  replaceContent(byId("bars"), ...bars);
  replaceContent(byId("ticks"), ...ticks());

  /** By month, how many of each kind of bar. */
  function newInMonths() {
    const found = header.months.map(() => kinds.map(() => 0));
    if (isScored) {
      for (const [month, counts] of header.score.months.entries()) {
        if (counts) found[month] = [counts[4], counts[5], counts[6]];
      }
      return found;
    }
    for (let one = 0; one < tracks.ids.length; one += 1) {
      const first = firstMonth(model, one);
      if (first > header.trackMonths[0]) found[first][0] += 1;
    }
    return found;
  }

  function cloudMark(month) {
    const share = model.hidden.get(month)?.share ?? 0;
    // The ring of pixels at the edge that some areas lack is no cloud.
    return share > 0.01 ? element("i", { class: "cloud", style: { opacity: String(0.35 + 0.65 * share) } }) : null;
  }

  function ticks() {
    const every = Math.max(1, Math.ceil(count / 12));
    return header.months.map((label, month) => {
      const text = monthText(label);
      const [name, year] = text.split(" ").slice(-2);
      const isLabelled = month % every === 0;
      const isYear = year && (month === 0 || monthText(header.months[month - 1]).slice(-4) !== year);
      return element("span", {}, isLabelled || isYear ? element("b", { text: isLabelled ? name : "" }) : null,
        isYear ? element("em", { text: year }) : null);
    });
  }

  function note(month) {
    const here = tracks.monthStart[month + 1] - tracks.monthStart[month];
    const parts = [counted(here, "building")];
    const fresh = news[month];
    if (isScored && header.score.months[month]) {
      const [right, wrong, missed] = fresh;
      if (month > 0) parts.push(`new: ${right} found, ${wrong} wrong, ${missed} missed`);
    } else if (!isScored && month > 0) parts.push(`${formatCount(fresh[0])} new`);
    const share = model.hidden.get(month)?.share ?? 0;
    if (share > 0.001) parts.push(`${share < 0.01 ? "<1" : Math.round(share * 100)} % hidden`);
    return parts.join(" · ");
  }

  let timer = 0;
  function play(isPlaying) {
    clearInterval(timer);
    if (!isPlaying) return;
    timer = setInterval(() => change({ month: (state.month + 1) % count }), 600);
  }
  byId("play").addEventListener("click", () => change({ playing: !state.playing }));

  onChange((changed) => {
    if (changed.has("month")) {
      slider.value = String(state.month);
      const text = monthText(header.months[state.month]);
      slider.setAttribute("aria-valuetext", text);
      byId("month").textContent = text;
      byId("month-note").textContent = note(state.month);
      bars.forEach((bar, month) => bar.classList.toggle("on", month === state.month));
      if (!state.playing) say(`${text}: ${note(state.month)}`);
    }
    if (changed.has("playing")) {
      play(state.playing);
      byId("play").setAttribute("aria-pressed", String(state.playing));
      byId("play").setAttribute("aria-label", state.playing ? "Pause" : "Play");
    }
  });

  return { note };
}
