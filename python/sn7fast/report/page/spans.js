// Shapes as runs of pixels, so that a month is painted without drawing a single outline.

// Beyond this an overlay is made of fewer, larger pixels.
const MOST_PIXELS = 4.5e6;

/** Runs of the pixels whose centres lie in a shape, made once for each shape. */
function makeSpans(model) {
  const { shapes, header } = model;
  const [rows, columns] = header.shape;
  let factor = 1;
  while ((rows * columns) / factor ** 2 > MOST_PIXELS) factor += 1;
  const high = Math.ceil(rows / factor);
  const wide = Math.ceil(columns / factor);
  const startOf = new Int32Array(shapes.count).fill(-1);
  const endOf = new Int32Array(shapes.count);
  let pool = new Int32Array(1 << 16);
  let used = 0;

  function push(from, to) {
    if (used + 2 > pool.length) {
      const larger = new Int32Array(pool.length * 2);
      larger.set(pool);
      pool = larger;
    }
    pool[used++] = from;
    pool[used++] = to;
  }

  function scan(shape) {
    startOf[shape] = used;
    const firstLine = Math.max(0, Math.ceil(shapes.top[shape] / factor - 0.5));
    const lastLine = Math.min(high - 1, Math.ceil(shapes.bottom[shape] / factor - 0.5) - 1);
    const lines = [];
    for (let line = firstLine; line <= lastLine; line += 1) lines.push([]);
    for (let ring = shapes.ringOf[shape]; ring < shapes.ringOf[shape + 1]; ring += 1) {
      const end = shapes.pointOf[ring + 1];
      for (let point = shapes.pointOf[ring], before = end - 1; point < end; before = point, point += 1) {
        const ax = shapes.x[before] / factor;
        const ay = shapes.y[before] / factor;
        const bx = shapes.x[point] / factor;
        const by = shapes.y[point] / factor;
        if (ay === by) continue;
        const from = Math.max(firstLine, Math.ceil(Math.min(ay, by) - 0.5));
        const to = Math.min(lastLine, Math.ceil(Math.max(ay, by) - 0.5) - 1);
        for (let line = from; line <= to; line += 1) {
          lines[line - firstLine].push(ax + ((line + 0.5 - ay) * (bx - ax)) / (by - ay));
        }
      }
    }
    lines.forEach((crossings, index) => {
      crossings.sort((a, b) => a - b);
      const offset = (firstLine + index) * wide;
      for (let at = 0; at + 1 < crossings.length; at += 2) {
        const from = Math.max(0, Math.ceil(crossings[at] - 0.5));
        const to = Math.min(wide, Math.ceil(crossings[at + 1] - 0.5));
        if (to > from) push(offset + from, offset + to);
      }
    });
    endOf[shape] = used;
  }

  /** Put a colour into the pixels of a shape. */
  function fill(pixels, shape, colour) {
    if (startOf[shape] < 0) scan(shape);
    for (let at = startOf[shape], end = endOf[shape]; at < end; at += 2) {
      for (let pixel = pool[at], to = pool[at + 1]; pixel < to; pixel += 1) pixels[pixel] = colour;
    }
  }

  /** Share of a shape's pixels for which `isSet` of an array of the AOI's pixels is not 0. */
  function share(bits, shape) {
    if (startOf[shape] < 0) scan(shape);
    let all = 0;
    let set = 0;
    for (let at = startOf[shape]; at < endOf[shape]; at += 2) {
      for (let pixel = pool[at]; pixel < pool[at + 1]; pixel += 1) {
        all += 1;
        set += bits[pixel];
      }
    }
    return all ? set / all : 0;
  }

  return { factor, high, wide, fill, share, prepare: (shape) => startOf[shape] < 0 && scan(shape) };
}
