// Colours of footprints: by identifier, by age, against the truth. Each as a number for the pixels
// of an image (alpha, blue, green, red) and as text for outlines.

const FILL_ALPHA = 0.82;

// After Okabe and Ito, without black.
const ID_COLOURS = ["#e69f00", "#56b4e9", "#009e73", "#f0e442", "#3f8fd2", "#d55e00", "#cc79a7"];
// Lightness rises with the month, so that the order shows without the hue.
const AGE_COLOURS = ["#5b6fd6", "#3f9bd1", "#2fb9a8", "#6fd06a", "#c8de3c", "#fde725"];
const AGE_BEFORE = "#b9c3ce";

function channels(colour) {
  return [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16));
}

function pixelOf(colour, alpha = FILL_ALPHA) {
  const [red, green, blue] = channels(colour);
  return ((Math.round(alpha * 255) << 24) | (blue << 16) | (green << 8) | red) >>> 0;
}

function mixed(one, other, share) {
  const [a, b] = [channels(one), channels(other)];
  const hex = (value) => Math.round(value).toString(16).padStart(2, "0");
  return `#${a.map((value, at) => hex(value + (b[at] - value) * share)).join("")}`;
}

/** Colour of a month in which something was built. */
function ageColour(month, first, last) {
  const place = ((month - first - 1) / Math.max(1, last - first - 1)) * (AGE_COLOURS.length - 1);
  const low = Math.max(0, Math.min(AGE_COLOURS.length - 2, Math.floor(place)));
  return mixed(AGE_COLOURS[low], AGE_COLOURS[low + 1], Math.max(0, Math.min(1, place - low)));
}

/** Month in which a building of the tracks came: by its date if it has one, else when first seen. */
function firstMonth(model, building) {
  const dated = model.header.dates ? model.header.dates.first[building] : -1;
  return dated >= 0 ? dated : model.tracks.month[model.tracks.startOf[building]];
}

/** Functions of the tracks' buildings or rows to positions in a list of colours, by mode. */
function makeColours(model) {
  const { tracks, header } = model;
  const start = header.trackMonths[0] ?? 0;
  const end = header.trackMonths[header.trackMonths.length - 1] ?? 0;
  const ageList = [AGE_BEFORE];
  for (let month = start + 1; month <= end; month += 1) ageList.push(ageColour(month, start, end));
  const byId = new Uint8Array(tracks.ids.length);
  const byAge = new Uint16Array(tracks.ids.length);
  for (let one = 0; one < tracks.ids.length; one += 1) {
    // Neighbours have neighbouring numbers; a stride that shares no factor keeps them apart.
    byId[one] = (one * 3) % ID_COLOURS.length;
    byAge[one] = Math.max(0, firstMonth(model, one) - start);
  }
  const verdictColours = VERDICTS.map((verdict) => verdict.colour);
  return {
    id: { list: ID_COLOURS, of: (row) => byId[tracks.building[row]] },
    age: { list: ageList, of: (row) => byAge[tracks.building[row]] },
    truth: { list: verdictColours, of: (row) => TRACK_VERDICT[tracks.flags[row]] },
  };
}
