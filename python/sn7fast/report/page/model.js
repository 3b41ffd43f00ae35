// What the page knows, as typed arrays. The other side is sn7fast/report/content.py.

/** Outlines: shape -> rings -> points, in pixels; with bounds and area (px2) of each. */
function readShapes(header, column) {
  const nextRings = varintReader(column("shape_rings"));
  const nextHead = varintReader(column("shape_heads"));
  const nextStart = varintReader(column("shape_starts"));
  const nextStep = varintReader(column("shape_steps"));
  const count = header.shapes;
  const rings = varintCount(column("shape_heads"));
  const ringOf = new Uint32Array(count + 1);
  for (let shape = 0; shape < count; shape += 1) ringOf[shape + 1] = ringOf[shape] + nextRings();
  const heads = new Uint32Array(rings);
  const pointOf = new Uint32Array(rings + 1);
  const startsPolygon = new Uint8Array(rings);
  for (let ring = 0; ring < rings; ring += 1) {
    heads[ring] = nextHead();
    startsPolygon[ring] = (heads[ring] >> 2) & 1;
    pointOf[ring + 1] = pointOf[ring] + (heads[ring] >> 3);
  }
  const x = new Float32Array(pointOf[rings]);
  const y = new Float32Array(pointOf[rings]);
  const part = 1 / header.parts;
  let firstX = 0;
  let firstY = 0;
  for (let ring = 0; ring < rings; ring += 1) {
    firstX += unfolded(nextStart());
    firstY += unfolded(nextStart());
    let px = firstX;
    let py = firstY;
    const mode = heads[ring] & 3;
    for (let point = pointOf[ring], place = 0; point < pointOf[ring + 1]; point += 1, place += 1) {
      if (place > 0) {
        if (mode === 0) {
          px += unfolded(nextStep());
          py += unfolded(nextStep());
        } else if ((place % 2 === 1) === (mode === 1)) px += unfolded(nextStep());
        else py += unfolded(nextStep());
      }
      x[point] = px * part;
      y[point] = py * part;
    }
  }
  return { count, ringOf, pointOf, startsPolygon, x, y, ...measured(count, ringOf, pointOf, startsPolygon, x, y) };
}

function measured(count, ringOf, pointOf, startsPolygon, x, y) {
  const left = new Float32Array(count).fill(Infinity);
  const top = new Float32Array(count).fill(Infinity);
  const right = new Float32Array(count).fill(-Infinity);
  const bottom = new Float32Array(count).fill(-Infinity);
  const area = new Float32Array(count);
  for (let shape = 0; shape < count; shape += 1) {
    for (let ring = ringOf[shape]; ring < ringOf[shape + 1]; ring += 1) {
      let twice = 0;
      const end = pointOf[ring + 1];
      for (let point = pointOf[ring], before = end - 1; point < end; before = point, point += 1) {
        twice += (x[before] - x[point]) * (y[before] + y[point]);
        if (x[point] < left[shape]) left[shape] = x[point];
        if (x[point] > right[shape]) right[shape] = x[point];
        if (y[point] < top[shape]) top[shape] = y[point];
        if (y[point] > bottom[shape]) bottom[shape] = y[point];
      }
      area[shape] += (startsPolygon[ring] ? 0.5 : -0.5) * Math.abs(twice);
    }
  }
  return { left, top, right, bottom, area };
}

/** Rows of tracks or truth: those of a building one after the other, and lists of rows by month. */
function readSide(name, header, column, newShape) {
  const { ids, rows } = header[name];
  const months = header.months.length;
  const nextCount = varintReader(column(`${name}_counts`));
  const nextMonth = varintReader(column(`${name}_months`));
  const nextShape = varintReader(column(`${name}_shapes`));
  const startOf = new Uint32Array(ids.length + 1);
  const month = new Uint16Array(rows);
  const building = new Uint32Array(rows);
  const shape = new Uint32Array(rows);
  const monthStart = new Uint32Array(months + 1);
  for (let one = 0, row = 0; one < ids.length; one += 1) {
    startOf[one + 1] = startOf[one] + nextCount();
    for (; row < startOf[one + 1]; row += 1) {
      const isFirst = row === startOf[one];
      month[row] = (isFirst ? 0 : month[row - 1]) + nextMonth();
      building[row] = one;
      const code = nextShape();
      shape[row] = code === 0 ? shape[row - 1] : code === 1 ? newShape() : code - 2;
      monthStart[month[row] + 1] += 1;
    }
  }
  for (let at = 0; at < months; at += 1) monthStart[at + 1] += monthStart[at];
  const byMonth = new Uint32Array(rows);
  const filled = monthStart.slice();
  for (let row = 0; row < rows; row += 1) byMonth[filled[month[row]]++] = row;
  const flags = header.score ? column(`${name}_flags`) : new Uint8Array(rows);
  const partner = new Int32Array(rows).fill(-1);
  const iou = new Float32Array(rows).fill(NaN);
  return { name, ids, rows, startOf, month, building, shape, monthStart, byMonth, flags, partner, iou };
}

/** Partner (a row of the other side) and IoU of each pair, for both sides. */
function readPairs(tracks, truth, column) {
  const nextPartner = varintReader(column("tracks_partners"));
  const nextIou = varintReader(column("tracks_iou"));
  let building = 0;
  let iou = 0;
  for (let row = 0; row < tracks.rows; row += 1) {
    if (!(tracks.flags[row] & MATCHED)) continue;
    building += unfolded(nextPartner());
    iou += unfolded(nextIou());
    const other = rowIn(truth, building, tracks.month[row]);
    tracks.partner[row] = other;
    truth.partner[other] = row;
    tracks.iou[row] = truth.iou[other] = iou / 1000;
  }
}

/** The row of a building in a month, or -1. */
function rowIn(side, building, month) {
  for (let row = side.startOf[building]; row < side.startOf[building + 1]; row += 1) {
    if (side.month[row] === month) return row;
  }
  return -1;
}

/** What each building costs the score, the most costly first. */
function readCosts(header, column) {
  const nextBuilding = varintReader(column("cost_buildings"));
  const nextCost = varintReader(column("cost_kinds"));
  const costs = [];
  for (let left = varintCount(column("cost_buildings")); left > 0; left -= 1) {
    const code = nextBuilding();
    const kinds = header.score.kinds.map(() => nextCost() * 1e-9);
    const total = kinds.reduce((sum, cost) => sum + cost, 0);
    costs.push({ side: code % 2 ? "truth" : "tracks", building: Math.floor(code / 2), kinds, total });
  }
  return costs;
}

async function readModel() {
  const { header, column } = await unpackContent();
  const shapes = readShapes(header, column);
  let known = 0;
  const newShape = () => known++;
  const tracks = readSide("tracks", header, column, newShape);
  const truth = header.truth ? readSide("truth", header, column, newShape) : null;
  if (header.score) readPairs(tracks, truth, column);
  const costs = header.score ? readCosts(header, column) : [];
  const hidden = new Map(
    header.hidden.map(([month, share, rows, columns]) => [
      month,
      { share, rows, columns, runs: column(`hidden_${month}`) },
    ]),
  );
  const sides = truth ? { tracks, truth } : { tracks };
  return { header, shapes, sides, tracks, truth, costs, hidden };
}
