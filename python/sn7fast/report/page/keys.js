// Keys, their list, and light or dark.

const KEYS = [
  ["← →", "month before, month after"],
  ["Home End", "first month, last month"],
  ["Space", "play and pause"],
  ["+ − 0", "zoom in, out, show all"],
  ["Shift and arrows", "move the map"],
  ["N P", "next and previous change of the list"],
  ["1 2 3", "colours: truth, id, age"],
  ["I F C T", "image, footprints, clouds, truth outlines"],
  ["Esc", "clear the selection"],
  ["Click, Shift and click", "select, select one more"],
  ["Shift and drag", "select all in a box"],
  ["?", "this list"],
];
const LAYER_KEYS = { i: "image", f: "footprints", c: "clouds", t: "truth" };

function makeKeys(model, view, { changes, goTo }) {
  const dialog = byId("keys");
  replaceContent(dialog,
    element("h2", { text: "Keys" }),
    element("dl", {}, ...KEYS.flatMap(([keys, what]) => [
      element("dt", {}, ...keys.split(" ").map((key) =>
        ["and", "Click,", "click", "drag", "arrows"].includes(key) ? ` ${key} ` : element("kbd", { text: key }))),
      element("dd", { text: what }),
    ])),
    element("form", { method: "dialog" }, element("button", { type: "submit", text: "Close" })));
  const help = () => dialog.showModal();
  byId("help").addEventListener("click", help);
  dialog.querySelector("form").addEventListener("submit", (event) => {
    event.preventDefault();
    dialog.close();
  });

  /** To the next of the changes that are listed, or the one before. */
  function jump(by) {
    const events = changes();
    if (!events.length) return;
    const isAt = (event) => isSelected(event.side, event.building) && event.month === state.month;
    const at = events.findIndex(isAt);
    let next = at + by;
    if (at < 0) {
      const after = events.findIndex((event) => event.month >= state.month);
      next = by > 0 ? (after < 0 ? 0 : after) : (after < 0 ? events.length : after) - 1;
    }
    const event = events[(next + events.length) % events.length];
    goTo(event, event.month);
  }

  const pan = (dx, dy) => () => view.move(dx * 80, dy * 80);
  const plain = {
    ArrowLeft: () => stepMonth(model, -1),
    ArrowRight: () => stepMonth(model, 1),
    Home: () => change({ month: 0 }),
    End: () => change({ month: model.header.months.length - 1 }),
    " ": () => change({ playing: !state.playing }),
    "+": () => view.zoomBy(1.6), "=": () => view.zoomBy(1.6),
    "-": () => view.zoomBy(1 / 1.6), 0: view.fit,
    n: () => jump(1), p: () => jump(-1),
    Escape: () => change({ selected: [], hover: null }),
    "?": help,
  };
  const shifted = { ArrowLeft: pan(1, 0), ArrowRight: pan(-1, 0), ArrowUp: pan(0, 1), ArrowDown: pan(0, -1) };

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || dialog.open) return;
    const { tagName, type } = event.target;
    const isText = tagName === "SELECT" || tagName === "TEXTAREA" || (tagName === "INPUT" && type !== "range" && type !== "checkbox");
    // The slider and buttons have their own use of some keys.
    const own = (type === "range" && /^(Arrow|Home|End|Page)/.test(event.key) && !event.shiftKey) ||
      (event.key === " " && ["BUTTON", "INPUT", "SUMMARY"].includes(tagName) && type !== "range");
    if (isText || own) return;
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    const modes = MODES.map((mode) => mode.key);
    let act = event.shiftKey ? shifted[key] ?? (key === "?" || key === "+" ? plain[key] : undefined) : plain[key];
    if (!act && !event.shiftKey && /^[123]$/.test(key)) {
      const mode = modes[Number(key) - 1];
      if (mode !== "truth" || model.header.score) act = () => change({ colour: mode });
    }
    if (!act && !event.shiftKey && key in LAYER_KEYS) {
      const name = LAYER_KEYS[key];
      if (byId("layers").querySelector(`[data-layer="${name}"]`)) {
        act = () => change({ layers: { ...state.layers, [name]: !state.layers[name] } });
      }
    }
    if (!act) return;
    event.preventDefault();
    act();
  });
}

function makeTheme(restyled) {
  const root = document.documentElement;
  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  let chosen = null;
  const isDark = () => (chosen ? chosen === "dark" : dark.matches);
  const show = () => {
    root.dataset.theme = isDark() ? "dark" : "light";
    byId("theme").textContent = isDark() ? "Light" : "Dark";
    byId("theme").setAttribute("aria-label", isDark() ? "Use light colours" : "Use dark colours");
    restyled();
  };
  byId("theme").addEventListener("click", () => {
    chosen = isDark() ? "light" : "dark";
    show();
  });
  dark.addEventListener("change", show);
  return show;
}
