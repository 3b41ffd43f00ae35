// Elements of the page. Text always goes in as text, never as markup.

const byId = (id) => document.getElementById(id);

/** An element with properties ("class", "text", "on" + event, attributes) and children. */
function element(name, properties = {}, ...children) {
  const made = name.startsWith("svg:")
    ? document.createElementNS("http://www.w3.org/2000/svg", name.slice(4))
    : document.createElement(name);
  for (const [key, value] of Object.entries(properties)) {
    if (value === undefined || value === null || value === false) continue;
    if (key === "text") made.textContent = value;
    else if (key === "style") for (const [k, v] of Object.entries(value)) made.style.setProperty(k, v);
    else if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
    else made.setAttribute(key, value === true ? "" : value);
  }
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}

const replaceContent = (parent, ...children) =>
  parent.replaceChildren(...children.filter((child) => child !== null && child !== undefined));

/** Tell those who do not see the screen. */
function say(text) {
  byId("said").textContent = text;
}

/** A cost; what is not 0 does not look like it. */
const formatCost = (cost) => (cost > 0 && cost < 0.00001 ? "<0.00001" : cost.toFixed(5));

const grouped = new Intl.NumberFormat("en");
const formatCount = (number) => grouped.format(number);
const counted = (number, noun) => `${formatCount(number)} ${noun}${number === 1 ? "" : "s"}`;
