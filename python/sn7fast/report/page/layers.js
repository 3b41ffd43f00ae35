// The layers of the map as pictures: images, clouds, and footprints painted pixel by pixel.

// Pictures that are kept decoded, four bytes a pixel.
const MOST_KEPT_BYTES = 400e6;

/** Images of the months, decoded ahead of time where they fit into memory. */
function makeImages(model, redraw) {
  const { months, factor } = model.header.images;
  const blobs = new Map(
    months.map((month) => [month, new Blob([takeBytes(`image-${month}`)])]),
  );
  const kept = new Map();
  let most = Infinity;

  async function decode(month) {
    if (kept.has(month) || !blobs.has(month)) return;
    kept.set(month, null);
    const bitmap = await createImageBitmap(blobs.get(month));
    kept.set(month, bitmap);
    most = Math.max(2, Math.floor(MOST_KEPT_BYTES / (bitmap.width * bitmap.height * 4)));
    for (const old of [...kept.keys()]) {
      if (kept.size <= most) break;
      if (old === state.month || old === month || !kept.get(old)) continue;
      kept.get(old).close();
      kept.delete(old);
    }
    if (month === state.month) redraw();
  }

  /** The picture of a month, or null while it is decoded or where there is none. */
  function of(month) {
    decode(month);
    return kept.get(month) ?? null;
  }

  async function decodeAll() {
    for (const month of months) {
      if (kept.size >= most) return;
      await decode(month);
    }
  }

  return { of, has: (month) => blobs.has(month), count: blobs.size, factor, decodeAll };
}

/** What is hidden, by pixels of the overlay and as a hatched picture. */
function makeClouds(model, spans) {
  const bitsOf = new Map();
  const pictures = new Map();

  function bits(month) {
    const found = model.hidden.get(month);
    if (!found) return null;
    if (!bitsOf.has(month)) {
      const all = new Uint8Array(spans.wide * spans.high);
      const next = varintReader(found.runs);
      let pixel = 0;
      let isHidden = false;
      for (let left = varintCount(found.runs); left > 0; left -= 1, isHidden = !isHidden) {
        const end = pixel + next();
        if (isHidden) mark(all, found.columns, pixel, end);
        pixel = end;
      }
      bitsOf.set(month, all);
    }
    return bitsOf.get(month);
  }

  function mark(all, columns, from, to) {
    const { factor, wide, high } = spans;
    for (let pixel = from; pixel < to; pixel += 1) {
      const x = Math.floor((pixel % columns) / factor);
      const y = Math.floor(Math.floor(pixel / columns) / factor);
      if (x < wide && y < high) all[y * wide + x] = 1;
    }
  }

  function of(month) {
    const hidden = bits(month);
    if (!hidden) return null;
    if (!pictures.has(month)) {
      const picture = blank(spans.wide, spans.high);
      const veil = pixelOf("#dfe5ec", 0.34);
      const line = pixelOf("#ffffff", 0.62);
      for (let pixel = 0; pixel < hidden.length; pixel += 1) {
        const stripe = (Math.floor(pixel / spans.wide) + (pixel % spans.wide)) % 9 < 2;
        if (hidden[pixel]) picture.pixels[pixel] = stripe ? line : veil;
      }
      picture.show();
      pictures.set(month, picture.canvas);
    }
    return pictures.get(month);
  }

  return { bits, of, share: (month) => model.hidden.get(month)?.share ?? 0 };
}

/** A canvas with its pixels as numbers. */
function blank(wide, high) {
  const canvas = element("canvas", { width: wide, height: high });
  const context = canvas.getContext("2d");
  const image = context.createImageData(wide, high);
  const pixels = new Uint32Array(image.data.buffer);
  return { canvas, pixels, show: () => context.putImageData(image, 0, 0) };
}

/** Footprints of a month, painted anew when what they show changes. */
function makePainted(model, spans, colours) {
  const picture = blank(spans.wide, spans.high);
  let shown = "";

  function of({ month, colour, hiddenVerdicts }) {
    const wanted = `${month} ${colour} ${[...hiddenVerdicts].join()}`;
    if (wanted === shown) return picture.canvas;
    shown = wanted;
    picture.pixels.fill(0);
    const { tracks, truth } = model;
    const chosen = colours[colour];
    const pixels = chosen.list.map((text) => pixelOf(text));
    const isShown = (place) => colour !== "truth" || !hiddenVerdicts.has(VERDICTS[place].key);
    if (colour === "truth" && truth) {
      // Below the tracks: what was missed.
      for (let at = truth.monthStart[month]; at < truth.monthStart[month + 1]; at += 1) {
        const row = truth.byMonth[at];
        if (truth.flags[row] & MATCHED) continue;
        const place = TRUTH_VERDICT[truth.flags[row]];
        if (isShown(place) && truth.flags[row] & SCORED) spans.fill(picture.pixels, truth.shape[row], pixels[place]);
      }
    }
    for (let at = tracks.monthStart[month]; at < tracks.monthStart[month + 1]; at += 1) {
      const row = tracks.byMonth[at];
      const place = chosen.of(row);
      if (isShown(place)) spans.fill(picture.pixels, tracks.shape[row], pixels[place]);
    }
    picture.show();
    return picture.canvas;
  }

  return { of };
}

/** Make the runs of all shapes while there is nothing else to do. */
function prepareSpans(model, spans) {
  let next = 0;
  const whenIdle = window.requestIdleCallback ?? ((work) => setTimeout(() => work({ timeRemaining: () => 6 }), 30));
  const work = (deadline) => {
    while (next < model.shapes.count && deadline.timeRemaining() > 1) {
      for (let some = 0; some < 50 && next < model.shapes.count; some += 1) spans.prepare(next++);
    }
    if (next < model.shapes.count) whenIdle(work);
  };
  whenIdle(work);
}
