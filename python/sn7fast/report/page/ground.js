// From pixels to the ground: areas in square metres, longitude and latitude.

/** Place of a value among ascending ones: position and share of the way to the next. */
function between(values, value) {
  let at = 0;
  while (at < values.length - 2 && value > values[at + 1]) at += 1;
  const step = values[at + 1] - values[at];
  return [at, step ? (value - values[at]) / step : 0];
}

/** Square metres of a pixel in a row of the image, or 1 without a place on the ground. */
function pixelArea(ground, y) {
  if (!ground) return 1;
  const [at, share] = between(ground.rows, y);
  return ground.m2[at] + share * (ground.m2[at + 1] - ground.m2[at]);
}

/** Area of a row's shape: square metres, or pixels without a place on the ground. */
function rowArea(model, side, row) {
  const shape = side.shape[row];
  const { top, bottom, area } = model.shapes;
  return area[shape] * pixelArea(model.header.ground, (top[shape] + bottom[shape]) / 2);
}

const areaUnit = (model) => (model.header.ground ? "m²" : "px²");

/** Longitude and latitude of a point of the image, between the points of a lattice. */
function lonLat(ground, x, y) {
  const [column, across] = between(ground.x, x);
  const [row, down] = between(ground.y, y);
  const at = (r, c) => ground.lonLat[r * ground.x.length + c];
  const mix = (one, other, share) => one.map((value, axis) => value + (other[axis] - value) * share);
  return mix(
    mix(at(row, column), at(row, column + 1), across),
    mix(at(row + 1, column), at(row + 1, column + 1), across),
    down,
  );
}
