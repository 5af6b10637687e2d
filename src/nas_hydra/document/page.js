"use strict";

// ---------------------------------------------------------------- tables

function sortBy(header) {
  const row = header.parentNode, column = [...row.children].indexOf(header);
  const down = header.getAttribute("aria-sort") === "ascending";
  for (const other of row.children) other.removeAttribute("aria-sort");
  header.setAttribute("aria-sort", down ? "descending" : "ascending");
  const body = header.closest("table").tBodies[0];
  const rows = [...body.rows].map(row => [row, keyOf(row.cells[column])]);
  rows.sort(([, one], [, other]) => compare(one, other, down ? -1 : 1));
  body.append(...rows.map(([row]) => row));
}

function keyOf(cell) {
  if ("value" in cell.dataset) return Number(cell.dataset.value);
  return cell.textContent.trim();
}

function compare(one, other, sign) {
  const empty = key => key === "" || Number.isNaN(key);
  if (empty(one) || empty(other)) return empty(one) - empty(other);
  if (typeof one === "number" && typeof other === "number") return sign * (one - other);
  return sign * String(one).localeCompare(String(other), undefined, {numeric: true});
}

for (const button of document.querySelectorAll("th button"))
  button.addEventListener("click", () => sortBy(button.parentNode));

// ---------------------------------------------------------------- plots

const CONFIG = {displaylogo: false, displayModeBar: false, responsive: true, showTips: false};

// "@name/opacity" under a key with "color" in it becomes the colour that page.css has for it today.
function colored(value, inside) {
  if (Array.isArray(value)) return value.map(part => colored(part, inside));
  if (value && typeof value === "object")
    return Object.fromEntries(Object.entries(value).map(
      ([key, part]) => [key, colored(part, inside || /color/.test(key))]));
  const match = inside && typeof value === "string" && value.match(/^@(\w+)\/([\d.]+)$/);
  return match ? rgba(css(match[1]), match[2]) : value;
}

function css(name) {
  return getComputedStyle(document.documentElement).getPropertyValue("--" + name).trim();
}

function rgba(hex, opacity) {
  const parts = [1, 3, 5].map(place => parseInt(hex.slice(place, place + 2), 16));
  return `rgba(${parts.join(",")},${opacity})`;
}

function themed(layout) {
  const axis = {
    gridcolor: css("line"), zerolinecolor: css("line"), linecolor: css("line"), automargin: true,
  };
  const themed = {
    paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)",
    dragmode: window.matchMedia("(pointer: fine)").matches ? "zoom" : false,  // a finger scrolls
    font: {color: css("ink"), family: getComputedStyle(document.body).fontFamily, size: 13},
    margin: {l: 10, r: 12, t: 12, b: 10},
    hoverlabel: {bgcolor: css("tint"), bordercolor: css("line"), font: {color: css("ink")}, align: "left"},
    ...colored(layout), showlegend: false,
  };
  for (const key of Object.keys(themed))
    if (/^[xy]axis/.test(key)) themed[key] = {...axis, ...themed[key]};
  return themed;
}

const drawn = new Set();

function draw(place) {
  if (place.offsetParent === null) return null;  // Plotly cannot measure what is hidden
  const {data, layout} = JSON.parse(place.querySelector("script").textContent);
  const shown = colored(data);
  if (!drawn.has(place) && !place.querySelector(".drawing")) {
    if (layout.showlegend !== false) place.append(legend(place, data));
    place.appendChild(document.createElement("div")).className = "drawing";
  }
  drawn.add(place);
  for (const trace of shown) trace.visible = !hidden(place).has(groupOf(trace));
  return Plotly.react(place.querySelector(".drawing"), shown, themed(layout), CONFIG);
}

// ---------------------------------------------------------------- legends
// Plotly's own takes the height of the plot, and cuts long names off on a phone.

const switchedOff = new WeakMap();

function hidden(place) {
  if (!switchedOff.has(place)) switchedOff.set(place, new Set());
  return switchedOff.get(place);
}

function groupOf(trace) {
  return trace.legendgroup || trace.name;
}

function legend(place, data) {
  const list = document.createElement("div");
  list.className = "legend";
  for (const trace of data.filter(trace => trace.name && trace.showlegend !== false)) {
    const button = list.appendChild(document.createElement("button"));
    button.type = "button";
    button.setAttribute("aria-pressed", true);
    button.append(sample(trace), trace.name.replace(/&(lt|gt|amp);/g, (_, name) => ENTITIES[name]));
    button.addEventListener("click", () => {
      const off = hidden(place), group = groupOf(trace);
      if (!off.delete(group)) off.add(group);
      button.setAttribute("aria-pressed", !off.has(group));
      draw(place);
    });
  }
  return list;
}

const ENTITIES = {lt: "<", gt: ">", amp: "&"};
const SYMBOLS = {
  x: "M5 1l4 4 4-4 2 2-4 4 4 4-2 2-4-4-4 4-2-2 4-4-4-4z", diamond: "M9 0l6 6-6 6-6-6z",
  "triangle-down": "M3 1h12l-6 10z", "triangle-up": "M3 11h12l-6-10z", circle: "M4 6a5 5 0 1 0 10 0a5 5 0 1 0-10 0",
};

function sample(trace) {
  const markers = trace.mode === "markers", style = markers ? trace.marker : trace.line;
  const drawing = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  drawing.setAttribute("viewBox", "0 0 18 12");
  drawing.setAttribute("aria-hidden", true);
  const path = drawing.appendChild(document.createElementNS(drawing.namespaceURI, "path"));
  const [, name, opacity] = style.color.match(/^@(\w+)\/([\d.]+)$/);
  path.style[markers && style.symbol !== "circle-open" ? "fill" : "stroke"] = `var(--${name})`;
  path.style.opacity = opacity;
  if (!markers) path.style.strokeDasharray = {dash: "6 3", dot: "2 2"}[style.dash] || "";
  path.setAttribute("d", markers ? SYMBOLS[style.symbol] || SYMBOLS.circle : "M0 6h18");
  return drawing;
}

for (const button of document.querySelectorAll(".buttons button"))
  button.addEventListener("click", () => {
    const buttons = [...button.parentNode.children];
    const panels = [...button.closest(".switch").children].slice(1);
    buttons.forEach((other, place) => {
      other.setAttribute("aria-pressed", other === button);
      panels[place].hidden = other !== button;
    });
    for (const place of panels[buttons.indexOf(button)].querySelectorAll(".plot"))
      if (!drawn.has(place) && window.Plotly) draw(place);
  });

async function unpack() {
  const packed = document.getElementById("plotly").textContent;
  const bytes = Uint8Array.from(atob(packed), letter => letter.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  const script = document.createElement("script");
  script.textContent = await new Response(stream).text();
  document.head.append(script);
}

async function drawAll() {
  const places = [...document.querySelectorAll(".plot")];
  try {
    if (places.length) await unpack();
  } catch (error) {
    for (const place of places) {
      const note = place.appendChild(document.createElement("p"));
      note.className = "note";
      note.textContent = `This plot needs a browser of 2023 or later (${error.message}).`;
    }
    return;
  }
  for (const place of places) await draw(place);
  const scheme = window.matchMedia("(prefers-color-scheme: dark)");
  scheme.addEventListener("change", () => {
    for (const place of [...drawn]) draw(place) || drawn.delete(place);  // hidden: when it is shown
  });
  document.addEventListener("toggle", event => {  // of what is folded
    for (const place of event.target.querySelectorAll(".plot"))
      if (!drawn.has(place)) draw(place);
  }, true);
  document.documentElement.dataset.drawn = drawn.size;  // tells tests that all is there
}

drawAll();
