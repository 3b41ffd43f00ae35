// The selection as a file: rows of each building and month, as CSV or GeoJSON.

function makeExport(model, { inView, course, nameOf }) {
  const host = byId("export");
  const { header } = model;
  const text = element("p", { class: "quieter" });
  replaceContent(host,
    element("h2", { text: "Export" }),
    text,
    element("div", { class: "buttons" },
      element("button", { type: "button", id: "export-csv", text: "CSV", onclick: () => save("csv", "text/csv", csv()) }),
      element("button", { type: "button", id: "export-geojson", text: "GeoJSON", onclick: () => save("geojson", "application/geo+json", geojson()) })));

  /** What is exported: the selection, or without one the buildings in view. */
  function chosen() {
    if (state.selected.length) return state.selected;
    return [...inView(model.tracks)].map((row) => ({ side: "tracks", building: model.tracks.building[row] }));
  }

  function records() {
    const unit = header.ground ? "m2" : "px2";
    return chosen().flatMap((one) => {
      const dates = one.side === "tracks" && header.dates && header.dates.first[one.building] >= 0 ? header.dates : null;
      const label = (name) => (dates ? header.months[dates[name][one.building]] : null);
      return course(one).filter(({ row }) => row >= 0).map((month) => {
        const side = model.sides[one.side];
        const partner = side.partner[month.row];
        const other = one.side === "truth" ? model.tracks : model.truth;
        return {
          row: month.row,
          side,
          properties: {
            aoi: header.aoi,
            side: one.side === "truth" ? "truth" : "tracks",
            id: side.ids[one.building],
            month: header.months[month.month],
            [`area_${unit}`]: Math.round(month.area * 100) / 100,
            ...(header.dates ? {
              first_month: label("first"), first_month_lo: label("low"), first_month_hi: label("high"),
              confidence: dates ? dates.confidence[one.building] : null,
            } : {}),
            ...(header.score ? {
              verdict: month.verdict.key,
              partner: partner >= 0 ? other.ids[other.building[partner]] : null,
              iou: Number.isNaN(month.iou) ? null : Math.round(month.iou * 1000) / 1000,
            } : {}),
            hidden: Math.round(month.hidden * 100) / 100,
          },
        };
      });
    });
  }

  function csv() {
    const rows = records().map(({ properties }) => properties);
    const heads = rows.length ? Object.keys(rows[0]) : ["aoi", "side", "id", "month"];
    const cell = (value) => {
      if (value === null || value === undefined) return "";
      // A text that begins like a formula would be run by spreadsheets.
      const safe = typeof value === "string" && /^[=+\-@\t\r]/.test(value) && Number.isNaN(Number(value)) ? `'${value}` : String(value);
      return /[",\n\r]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
    };
    return [heads, ...rows.map((row) => heads.map((head) => row[head]))].map((row) => row.map(cell).join(",")).join("\r\n") + "\r\n";
  }

  function geojson() {
    const features = records().map(({ side, row, properties }) => ({
      type: "Feature",
      properties,
      geometry: geometryOf(side.shape[row]),
    }));
    return JSON.stringify({
      type: "FeatureCollection",
      name: header.ground ? header.aoi : `${header.aoi}, in pixels with y pointing down`,
      features,
    });
  }

  /** Outer rings run counter-clockwise on the globe, holes clockwise. */
  function geometryOf(shape) {
    const { shapes } = model;
    const polygons = [];
    for (let ring = shapes.ringOf[shape]; ring < shapes.ringOf[shape + 1]; ring += 1) {
      const points = [];
      for (let point = shapes.pointOf[ring]; point < shapes.pointOf[ring + 1]; point += 1) {
        points.push(header.ground
          ? lonLat(header.ground, shapes.x[point], shapes.y[point]).map((value) => Math.round(value * 1e8) / 1e8)
          : [shapes.x[point], shapes.y[point]]);
      }
      points.push(points[0]);
      let twice = 0;
      for (let at = 1; at < points.length; at += 1) {
        twice += points[at - 1][0] * points[at][1] - points[at][0] * points[at - 1][1];
      }
      const isOuter = shapes.startsPolygon[ring] === 1;
      if (header.ground && twice > 0 !== isOuter) points.reverse();
      if (isOuter) polygons.push([points]);
      else polygons[polygons.length - 1].push(points);
    }
    return polygons.length === 1
      ? { type: "Polygon", coordinates: polygons[0] }
      : { type: "MultiPolygon", coordinates: polygons };
  }

  function save(ending, type, content) {
    const url = URL.createObjectURL(new Blob([content], { type }));
    const name = `${header.aoi.replace(/[^\w.-]+/g, "_").slice(0, 80) || "buildings"}-buildings.${ending}`;
    const link = element("a", { href: url, download: name });
    document.body.append(link);
    link.click();
    link.remove();
    setTimeout(() => URL.revokeObjectURL(url), 30_000);
    say(`Saved ${name}`);
  }

  function show() {
    const { selected } = state;
    if (selected.length === 1) text.textContent = `${nameOf(selected[0])} in all its months.`;
    else if (selected.length) text.textContent = `${counted(selected.length, "selected building")} in all their months.`;
    else text.textContent = "Nothing is selected: all buildings in view, in all their months. Shift and drag selects many.";
  }
  show();
  onChange((changed) => changed.has("selected") && show());
  return { csv, geojson };
}
