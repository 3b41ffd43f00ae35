// What is shown. Everything that changes it goes through `change`, which tells all who listen.

const state = {
  month: 0,
  colour: "id",
  layers: { image: true, footprints: true, clouds: true, truth: false },
  hiddenVerdicts: new Set(),
  view: { x: 0, y: 0, zoom: 1 },
  selected: [],
  hover: null,
  playing: false,
  tab: "score",
};
const listeners = [];

/** Call `listener(changed, state)` after each change; `changed` is a set of names. */
function onChange(listener) {
  listeners.push(listener);
}

function change(parts) {
  const changed = new Set(
    Object.keys(parts).filter((name) => !Object.is(state[name], parts[name])),
  );
  Object.assign(state, parts);
  if (changed.size) for (const listener of listeners) listener(changed, state);
}

const isSelected = (side, building) =>
  state.selected.some((one) => one.side === side && one.building === building);

/** Select one building, or with `add` take it to the others or away from them. */
function select(side, building, { add = false } = {}) {
  const one = { side, building };
  if (!add) change({ selected: [one] });
  else if (isSelected(side, building)) {
    change({ selected: state.selected.filter((o) => o.side !== side || o.building !== building) });
  } else change({ selected: [...state.selected, one] });
}

function stepMonth(model, by) {
  const count = model.header.months.length;
  change({ month: Math.max(0, Math.min(count - 1, state.month + by)) });
}
