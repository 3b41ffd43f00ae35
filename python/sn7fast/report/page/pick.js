// Which building lies under a point.

/** True if a point lies in a shape, holes left out. */
function holds(shapes, shape, x, y) {
  if (x < shapes.left[shape] || x > shapes.right[shape]) return false;
  if (y < shapes.top[shape] || y > shapes.bottom[shape]) return false;
  let inside = false;
  for (let ring = shapes.ringOf[shape]; ring < shapes.ringOf[shape + 1]; ring += 1) {
    const end = shapes.pointOf[ring + 1];
    for (let point = shapes.pointOf[ring], before = end - 1; point < end; before = point, point += 1) {
      const [ay, by] = [shapes.y[before], shapes.y[point]];
      if (ay > y === by > y) continue;
      const crossing = shapes.x[before] + ((y - ay) * (shapes.x[point] - shapes.x[before])) / (by - ay);
      if (x < crossing) inside = !inside;
    }
  }
  return inside;
}

/** Squared distance of a point to the bounds of a shape. */
function boundsDistance2(shapes, shape, x, y) {
  const dx = Math.max(shapes.left[shape] - x, 0, x - shapes.right[shape]);
  const dy = Math.max(shapes.top[shape] - y, 0, y - shapes.bottom[shape]);
  return dx * dx + dy * dy;
}

/** Squared distance of a point to the outline of a shape. */
function outlineDistance2(shapes, shape, x, y) {
  let least = Infinity;
  for (let ring = shapes.ringOf[shape]; ring < shapes.ringOf[shape + 1]; ring += 1) {
    const end = shapes.pointOf[ring + 1];
    for (let point = shapes.pointOf[ring], before = end - 1; point < end; before = point, point += 1) {
      const [ax, ay] = [shapes.x[before], shapes.y[before]];
      const [ux, uy] = [shapes.x[point] - ax, shapes.y[point] - ay];
      const along = ((x - ax) * ux + (y - ay) * uy) / (ux * ux + uy * uy || 1);
      const share = Math.max(0, Math.min(1, along));
      least = Math.min(least, (x - ax - share * ux) ** 2 + (y - ay - share * uy) ** 2);
    }
  }
  return least;
}

/**
 * The building at a point in a month: the smallest whose shape holds it, tracks before truth, else
 * the nearest within `reach` pixels of the image; null if there is none.
 */
function pick(model, month, { x, y }, reach, { withTruth }) {
  const { shapes } = model;
  let nearest = null;
  let least = reach * reach;
  for (const side of withTruth && model.truth ? [model.tracks, model.truth] : [model.tracks]) {
    let found = null;
    for (let at = side.monthStart[month]; at < side.monthStart[month + 1]; at += 1) {
      const row = side.byMonth[at];
      const shape = side.shape[row];
      if (boundsDistance2(shapes, shape, x, y) >= least) continue;
      const one = { side: side.name, building: side.building[row], row };
      if (holds(shapes, shape, x, y)) {
        if (!found || shapes.area[shape] < shapes.area[side.shape[found.row]]) found = one;
        continue;
      }
      const away = outlineDistance2(shapes, shape, x, y);
      if (away < least) [nearest, least] = [one, away];
    }
    if (found) return found;
  }
  return nearest;
}
