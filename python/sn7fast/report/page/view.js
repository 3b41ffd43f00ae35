// Where the map looks at: a point of the image in the middle, and screen pixels along one of its
// pixels. Pointers, wheel and two fingers move it.

const MOST_ZOOM = 64;
const CLICK_PX = 5;

function makeView(model, canvas, { pointed, left, clicked, dragged }) {
  const [rows, columns] = model.header.shape;
  const size = { width: 1, height: 1, ratio: 1 };
  const pointers = new Map();
  let start = null;
  let moved = false;

  const fitZoom = () => Math.min(size.width / columns, size.height / rows) * 0.97;
  const leastZoom = () => Math.min(fitZoom(), 1) * 0.6;

  function set({ x, y, zoom }) {
    // A footprint without a point has no place.
    if (![x, y, zoom].every(Number.isFinite)) return;
    const bounded = Math.max(leastZoom(), Math.min(MOST_ZOOM, zoom));
    change({
      view: {
        x: Math.max(0, Math.min(columns, x)),
        y: Math.max(0, Math.min(rows, y)),
        zoom: bounded,
      },
    });
  }

  const fit = () => set({ x: columns / 2, y: rows / 2, zoom: fitZoom() });
  const move = (dx, dy) => {
    const { x, y, zoom } = state.view;
    set({ x: x - dx / zoom, y: y - dy / zoom, zoom });
  };

  /** Zoom by a factor, with the point under (px, py) of the screen staying where it is. */
  function zoomBy(factor, px = size.width / 2, py = size.height / 2) {
    const { x, y, zoom } = state.view;
    const next = Math.max(leastZoom(), Math.min(MOST_ZOOM, zoom * factor));
    const at = toImage(px, py);
    set({
      x: at.x - (px - size.width / 2) / next,
      y: at.y - (py - size.height / 2) / next,
      zoom: next,
    });
  }

  function toImage(px, py) {
    const { x, y, zoom } = state.view;
    return { x: x + (px - size.width / 2) / zoom, y: y + (py - size.height / 2) / zoom };
  }

  const toScreen = (ix, iy) => ({
    x: (ix - state.view.x) * state.view.zoom + size.width / 2,
    y: (iy - state.view.y) * state.view.zoom + size.height / 2,
  });

  /** The canvas in pixels of the screen; true if its size is another than before. */
  function resize() {
    const box = canvas.getBoundingClientRect();
    const ratio = Math.min(window.devicePixelRatio || 1, 2);
    if (box.width === size.width && box.height === size.height && ratio === size.ratio) return false;
    Object.assign(size, { width: Math.max(1, box.width), height: Math.max(1, box.height), ratio });
    canvas.width = Math.round(size.width * ratio);
    canvas.height = Math.round(size.height * ratio);
    return true;
  }

  const place = (event) => {
    const box = canvas.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  };

  canvas.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    canvas.setPointerCapture(event.pointerId);
    pointers.set(event.pointerId, place(event));
    start = place(event);
    moved = pointers.size > 1;
  });

  canvas.addEventListener("pointermove", (event) => {
    const now = place(event);
    const before = pointers.get(event.pointerId);
    if (!before) {
      pointed(toImage(now.x, now.y), now);
      return;
    }
    if (Math.hypot(now.x - start.x, now.y - start.y) > CLICK_PX) moved = true;
    if (pointers.size === 2) {
      const [other] = [...pointers].filter(([id]) => id !== event.pointerId).map(([, at]) => at);
      const spread = (a, b) => Math.max(1, Math.hypot(a.x - b.x, a.y - b.y));
      move((now.x - before.x) / 2, (now.y - before.y) / 2);
      zoomBy(spread(now, other) / spread(before, other), (now.x + other.x) / 2, (now.y + other.y) / 2);
    } else if (moved && event.shiftKey) dragged(start, now);
    else if (moved) move(now.x - before.x, now.y - before.y);
    pointers.set(event.pointerId, now);
  });

  const end = (event) => {
    if (!pointers.delete(event.pointerId)) return;
    const now = place(event);
    if (event.type === "pointerup" && !moved) {
      clicked(toImage(now.x, now.y), { add: event.shiftKey || event.ctrlKey || event.metaKey });
    } else if (event.type === "pointerup" && event.shiftKey && moved) {
      dragged(start, now, { done: true });
    }
  };
  canvas.addEventListener("pointerup", end);
  canvas.addEventListener("pointercancel", end);
  canvas.addEventListener("pointerleave", (event) => {
    // A finger leaves whenever it is lifted; what it pointed at stays.
    if (event.pointerType === "mouse" && !pointers.size) left();
  });
  canvas.addEventListener("dblclick", (event) => {
    const at = place(event);
    zoomBy(2, at.x, at.y);
  });
  canvas.addEventListener(
    "wheel",
    (event) => {
      event.preventDefault();
      const at = place(event);
      const lines = event.deltaMode === 1 ? 18 : 1;
      zoomBy(Math.exp(-event.deltaY * lines * 0.0016), at.x, at.y);
    },
    { passive: false },
  );
  byId("zoom-in").addEventListener("click", () => zoomBy(1.6));
  byId("zoom-out").addEventListener("click", () => zoomBy(1 / 1.6));
  byId("zoom-fit").addEventListener("click", fit);

  return { size, set, fit, move, zoomBy, toImage, toScreen, resize };
}
