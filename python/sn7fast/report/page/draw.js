// One picture of the map: background, footprints, clouds, marks, what is selected.

// From this size of a painted pixel on footprints in view are drawn by their outlines instead.
const OUTLINE_PX = 5;
const MARK_LEAST_ZOOM = 0.2;

function makeDrawing(model, canvas, view, { images, clouds, painted, colours }) {
  const context = canvas.getContext("2d", { alpha: false });
  const { shapes } = model;
  const [rows, columns] = model.header.shape;
  const outlineZoom = OUTLINE_PX / painted.factor;
  let marquee = null;
  let style = readStyle();

  function readStyle() {
    const computed = getComputedStyle(document.documentElement);
    const value = (name) => computed.getPropertyValue(name).trim();
    return { ground: value("--map-ground"), sheet: value("--map-sheet"), edge: value("--map-edge") };
  }

  function draw() {
    const { ratio } = view.size;
    const { zoom } = state.view;
    const corner = view.toScreen(0, 0);
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.fillStyle = style.ground;
    context.fillRect(0, 0, view.size.width, view.size.height);
    context.fillStyle = style.sheet;
    context.fillRect(corner.x, corner.y, columns * zoom, rows * zoom);
    const picture = state.layers.image ? images.of(state.month) : null;
    if (picture) {
      const { factor } = images;
      stamp(picture, corner, zoom * factor);
      if (state.layers.footprints) {
        // A little darker, so that footprints stand out.
        context.fillStyle = "rgb(8 12 18 / 0.22)";
        context.fillRect(corner.x, corner.y, columns * zoom, rows * zoom);
      }
    }
    if (state.layers.footprints && zoom < outlineZoom) {
      stamp(painted.of(state), corner, zoom * painted.factor);
    }
    if (state.layers.footprints && zoom >= outlineZoom) outlines();
    if (state.layers.clouds) {
      const veil = clouds.of(state.month);
      if (veil) stamp(veil, corner, zoom * painted.factor);
    }
    if (state.layers.truth && model.truth) truthOutlines();
    if (state.layers.footprints && state.colour === "truth") marks();
    context.strokeStyle = style.edge;
    context.lineWidth = 1;
    context.strokeRect(corner.x - 0.5, corner.y - 0.5, columns * zoom + 1, rows * zoom + 1);
    chosen();
    if (marquee) drawMarquee();
  }

  function stamp(picture, corner, zoom) {
    // Pixels stay squares; only where several share one of the screen they are averaged.
    context.imageSmoothingEnabled = zoom * view.size.ratio < 1;
    context.drawImage(picture, corner.x, corner.y, picture.width * zoom, picture.height * zoom);
  }

  /** Rows of a side in this month whose bounds meet the view. */
  function* inView(side) {
    const a = view.toImage(0, 0);
    const b = view.toImage(view.size.width, view.size.height);
    for (let at = side.monthStart[state.month]; at < side.monthStart[state.month + 1]; at += 1) {
      const row = side.byMonth[at];
      const shape = side.shape[row];
      if (shapes.right[shape] >= a.x && shapes.left[shape] <= b.x &&
          shapes.bottom[shape] >= a.y && shapes.top[shape] <= b.y) yield row;
    }
  }

  function trace(path, shape) {
    const { zoom } = state.view;
    const corner = view.toScreen(0, 0);
    for (let ring = shapes.ringOf[shape]; ring < shapes.ringOf[shape + 1]; ring += 1) {
      for (let point = shapes.pointOf[ring]; point < shapes.pointOf[ring + 1]; point += 1) {
        const px = corner.x + shapes.x[point] * zoom;
        const py = corner.y + shapes.y[point] * zoom;
        if (point === shapes.pointOf[ring]) path.moveTo(px, py);
        else path.lineTo(px, py);
      }
      path.closePath();
    }
  }

  function outlines() {
    const { list, of } = colours[state.colour];
    const paths = new Map();
    const add = (place, shape) => {
      if (state.colour === "truth" && state.hiddenVerdicts.has(VERDICTS[place].key)) return;
      if (!paths.has(place)) paths.set(place, new Path2D());
      trace(paths.get(place), shape);
    };
    if (state.colour === "truth" && model.truth) {
      for (const row of inView(model.truth)) {
        const flags = model.truth.flags[row];
        if (flags & SCORED && !(flags & MATCHED)) add(TRUTH_VERDICT[flags], model.truth.shape[row]);
      }
    }
    for (const row of inView(model.tracks)) add(of(row), model.tracks.shape[row]);
    context.lineJoin = "round";
    for (const [place, path] of paths) {
      context.fillStyle = `${list[place]}59`;
      context.fill(path, "evenodd");
      context.strokeStyle = "rgb(0 0 0 / 0.55)";
      context.lineWidth = 3.2;
      context.stroke(path);
      context.strokeStyle = list[place];
      context.lineWidth = 1.8;
      context.stroke(path);
    }
  }

  function truthOutlines() {
    const path = new Path2D();
    for (const row of inView(model.truth)) trace(path, model.truth.shape[row]);
    context.strokeStyle = "#ffffff";
    context.lineWidth = state.view.zoom < 1.5 ? 0.4 : state.view.zoom < outlineZoom ? 0.8 : 1.4;
    context.setLineDash(state.view.zoom < outlineZoom ? [] : [5, 3]);
    context.stroke(path);
    context.setLineDash([]);
  }

  /** What is rare gets a mark of one size, which is seen from afar and told by its form. */
  function marks() {
    if (state.view.zoom < MARK_LEAST_ZOOM) return;
    const found = new Map();
    const collect = (side, table, onlyUnmatched) => {
      for (const row of inView(side)) {
        const place = table[side.flags[row]];
        const verdict = VERDICTS[place];
        if (!verdict.mark || state.hiddenVerdicts.has(verdict.key)) continue;
        if (onlyUnmatched && side.flags[row] & MATCHED) continue;
        if (!found.has(place)) found.set(place, []);
        const shape = side.shape[row];
        found.get(place).push(
          view.toScreen(
            (shapes.left[shape] + shapes.right[shape]) / 2,
            (shapes.top[shape] + shapes.bottom[shape]) / 2,
          ),
        );
      }
    };
    collect(model.tracks, TRACK_VERDICT, false);
    if (model.truth) collect(model.truth, TRUTH_VERDICT, true);
    const total = [...found.values()].reduce((sum, list) => sum + list.length, 0);
    const radius = total > 600 ? 3.5 : 5;
    for (const [place, points] of found) {
      const path = new Path2D();
      // Switches are the commonest and weigh least.
      const own = place === VERDICT_OF.switch ? radius * 0.7 : radius;
      for (const { x, y } of points) markPath(path, VERDICTS[place].mark, x, y, own);
      context.strokeStyle = "rgb(0 0 0 / 0.7)";
      context.lineWidth = 3.2;
      context.stroke(path);
      context.strokeStyle = VERDICTS[place].colour;
      context.lineWidth = 1.6;
      context.stroke(path);
    }
  }

  function chosen() {
    for (const one of state.selected) highlight(one, "#ffffff", 2.4, true);
    if (state.hover) highlight(state.hover, "#ffffff", 1.6, false);
  }

  function highlight({ side, building }, colour, width, isRinged) {
    const table = model.sides[side];
    let row = rowIn(table, building, state.month);
    const isHere = row >= 0;
    // A building that is not there this month is shown where it was or will be.
    if (!isHere) row = nearestRow(table, building, state.month);
    if (row < 0) return;
    const shape = table.shape[row];
    const path = new Path2D();
    trace(path, shape);
    context.setLineDash(isHere ? [] : [4, 4]);
    context.strokeStyle = "rgb(0 0 0 / 0.8)";
    context.lineWidth = width + 2.4;
    context.stroke(path);
    context.strokeStyle = colour;
    context.lineWidth = width;
    context.stroke(path);
    context.setLineDash([]);
    if (!isRinged || state.view.zoom >= outlineZoom) return;
    const centre = view.toScreen(
      (shapes.left[shape] + shapes.right[shape]) / 2,
      (shapes.top[shape] + shapes.bottom[shape]) / 2,
    );
    context.beginPath();
    context.arc(centre.x, centre.y, 15, 0, 2 * Math.PI);
    context.strokeStyle = "rgb(0 0 0 / 0.7)";
    context.lineWidth = 4;
    context.stroke();
    context.strokeStyle = colour;
    context.lineWidth = 2;
    context.stroke();
  }

  function drawMarquee() {
    const { a, b } = marquee;
    context.fillStyle = "rgb(255 255 255 / 0.14)";
    context.fillRect(a.x, a.y, b.x - a.x, b.y - a.y);
    context.strokeStyle = "#ffffff";
    context.lineWidth = 1;
    context.strokeRect(a.x, a.y, b.x - a.x, b.y - a.y);
  }

  return {
    draw,
    inView,
    marquee: (box) => (marquee = box),
    restyle: () => (style = readStyle()),
  };
}

/** The row of a building whose month is nearest, or -1 if it has none. */
function nearestRow(side, building, month) {
  let best = -1;
  for (let row = side.startOf[building]; row < side.startOf[building + 1]; row += 1) {
    if (best < 0 || Math.abs(side.month[row] - month) < Math.abs(side.month[best] - month)) best = row;
  }
  return best;
}

function markPath(path, mark, x, y, radius) {
  if (mark === "circle") {
    path.moveTo(x + radius, y);
    path.arc(x, y, radius, 0, 2 * Math.PI);
  } else if (mark === "cross") {
    const r = radius * 0.8;
    path.moveTo(x - r, y - r);
    path.lineTo(x + r, y + r);
    path.moveTo(x + r, y - r);
    path.lineTo(x - r, y + r);
  } else if (mark === "diamond") {
    path.moveTo(x, y - radius * 1.15);
    path.lineTo(x + radius * 1.15, y);
    path.lineTo(x, y + radius * 1.15);
    path.lineTo(x - radius * 1.15, y);
    path.closePath();
  } else {
    const r = radius * 0.85;
    path.rect(x - r, y - r, 2 * r, 2 * r);
  }
}
