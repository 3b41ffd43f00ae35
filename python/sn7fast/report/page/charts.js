// Small charts of one value by month.

/**
 * A line through values from 0 to 1, null where there is none, with the current month marked.
 * Gaps are left open; a value between two gaps is a dot.
 */
function lineChart(values, { colour, label, months }) {
  const [wide, high, edge] = [148, 46, 4];
  const x = (month) => edge + (month / Math.max(1, values.length - 1)) * (wide - 2 * edge);
  const y = (value) => high - edge - value * (high - 2 * edge);
  const svg = element("svg:svg", { viewBox: `0 0 ${wide} ${high}`, class: "chart", role: "img", "aria-label": label });
  for (const level of [0, 0.5, 1]) {
    svg.append(element("svg:line", { x1: 0, x2: wide, y1: y(level), y2: y(level), class: "level" }));
  }
  let path = "";
  values.forEach((value, month) => {
    if (value === null) return;
    path += `${month > 0 && values[month - 1] !== null ? "L" : "M"}${x(month).toFixed(1)} ${y(value).toFixed(1)}`;
  });
  svg.append(element("svg:path", { d: path, stroke: colour, class: "line" }));
  values.forEach((value, month) => {
    if (value === null) return;
    const alone = (values[month - 1] ?? null) === null && (values[month + 1] ?? null) === null;
    if (alone) svg.append(element("svg:circle", { cx: x(month), cy: y(value), r: 1.8, fill: colour }));
  });
  const rule = element("svg:line", { y1: 0, y2: high, class: "here" });
  const dot = element("svg:circle", { r: 3.2, fill: colour, class: "dot" });
  svg.append(rule, dot);
  svg.addEventListener("click", (event) => {
    const box = svg.getBoundingClientRect();
    const share = ((event.clientX - box.left) / box.width) * wide;
    const month = Math.round(((share - edge) / (wide - 2 * edge)) * (values.length - 1));
    change({ month: Math.max(0, Math.min(months.length - 1, month)) });
  });

  function mark(month) {
    const value = values[month];
    rule.setAttribute("x1", x(month));
    rule.setAttribute("x2", x(month));
    dot.setAttribute("cx", x(month));
    dot.setAttribute("cy", value === null ? -10 : y(value));
  }
  return { svg, mark };
}
