// Months for people.

const MONTH_NAMES = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** "2019_07" as "Jul 2019", "2019_07_15" as "15 Jul 2019"; anything else as it is. */
function monthText(label) {
  const parts = /^(\d{4})_(\d{2})(?:_(\d{2}))?$/.exec(label);
  const name = parts && MONTH_NAMES[Number(parts[2]) - 1];
  if (!name) return label;
  return `${parts[3] ? `${Number(parts[3])} ` : ""}${name} ${parts[1]}`;
}

/** When a building of the tracks was built: a sentence. */
function builtText(model, building) {
  const { header, tracks } = model;
  const text = (month) => monthText(header.months[month]);
  const start = header.trackMonths[0];
  const first = tracks.month[tracks.startOf[building]];
  const dates = header.dates;
  if (!dates || dates.first[building] < 0) {
    return first === start ? `seen since the first month, ${text(first)}` : `first seen ${text(first)}`;
  }
  const { first: built, low, high, confidence } = Object.fromEntries(
    Object.entries(dates).map(([name, values]) => [name, values[building]]),
  );
  const sure = `${Math.round(confidence * 100)} %`;
  if (built === start && high === start) return `stands since ${text(start)} or earlier (${sure} sure)`;
  if (low === high) return `${text(built)} (${sure} sure)`;
  const from = low === start ? `${text(low)} or earlier` : text(low);
  return `${text(built)} (${sure} sure), 80 % interval ${from} to ${text(high)}`;
}

/** When a building was seen last. */
function lastText(model, building) {
  const { header, tracks } = model;
  const last = tracks.month[tracks.startOf[building + 1] - 1];
  const end = header.trackMonths[header.trackMonths.length - 1];
  return last === end ? "still there in the last month" : `last seen ${monthText(header.months[last])}`;
}
