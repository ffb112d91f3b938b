"use strict";

// What a test reads: the page tells what it drew, and what went wrong, in data attributes of <html>.
const state = document.documentElement.dataset;
Object.assign(state, { points: 0, panels: 0, errors: "" });
window.addEventListener("error", (event) => (state.errors += `${event.message} (${event.lineno})\n`));

const find = (id) => document.getElementById(id);
const bare = (id, yes) => find(id).classList.toggle("bare", yes);

function short(value) {
  const size = Math.abs(value);
  if (size >= 1e6) return `${+(value / 1e6).toPrecision(4)}M`;
  if (size >= 1e4) return `${+(value / 1e3).toPrecision(4)}k`;
  return size && size < 1e-3 ? value.toExponential(2).replace(/\.?0+e/, "e") : String(+value.toPrecision(4));
}

// ---------------------------------------------------------------- samples

function samples() {
  const grids = [...document.querySelectorAll("#samples img")];
  const slider = find("grid");
  bare("samples", !grids.length);
  if (!grids.length) return;
  find("samples").querySelector(".empty").hidden = true;
  find("samples").querySelector(".controls").hidden = grids.length < 2;
  slider.max = grids.length - 1;
  let timer = 0;

  function show(index) {
    const shown = Math.max(0, Math.min(grids.length - 1, index));
    grids.forEach((grid, each) => (grid.hidden = each !== shown));
    slider.value = shown;
    state.step = grids[shown].dataset.step;
    find("shown").textContent = `step ${Number(state.step).toLocaleString("en")}`;
  }
  function move(index) {
    show(index);
    history.replaceState(null, "", `#step=${state.step}`);
  }
  function play(on) {
    clearInterval(timer);
    timer = on ? setInterval(() => (+slider.value < grids.length - 1 ? move(+slider.value + 1) : play(false)), 450) : 0;
    find("play").textContent = on ? "Pause" : "Play";
  }
  function follow() {
    const asked = /^#step=(\d+)$/.exec(location.hash);
    const distances = grids.map((grid) => Math.abs(grid.dataset.step - (asked ? asked[1] : Infinity)));
    show(asked ? distances.indexOf(Math.min(...distances)) : grids.length - 1);
  }
  slider.addEventListener("input", () => { play(false); move(+slider.value); });
  find("play").addEventListener("click", () => {
    if (!timer && +slider.value === grids.length - 1) move(0);
    play(!timer);
  });
  document.addEventListener("keydown", (event) => {
    const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!by || event.target === find("smoothing") || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    play(false);
    move(+slider.value + by);
  });
  window.addEventListener("hashchange", follow);
  follow();
}

// ---------------------------------------------------------------- curves

const MARGIN = { top: 8, right: 10, bottom: 24, left: 50 };

function svg(name, attributes, parent, text = "") {
  const element = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.textContent = text;
  parent.append(element);
  return element;
}

function html(name, className, parent, text = "") {
  const element = document.createElement(name);
  element.className = className;
  element.textContent = text;
  parent.append(element);
  return element;
}

// An exponential moving average, corrected for its start.
function smoothed(values, weight) {
  let mean = 0;
  return values.map((value, index) => {
    mean = weight * mean + (1 - weight) * value;
    return mean / (1 - weight ** (index + 1));
  });
}

// Round numbers between two, about so many.
function ticks(low, high, count) {
  const rough = (high - low) / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].find((each) => each * power >= rough) * power;
  const found = [];
  for (let index = Math.ceil(low / step); index * step <= high * (1 + 1e-9); index++) found.push(index * step);
  return found;
}

function range(values) {
  let low = Infinity, high = -Infinity;
  for (const value of values) { low = Math.min(low, value); high = Math.max(high, value); }
  if (low > 0 && low < 0.6 * high) low = 0;
  const flat = high - low <= 1e-6 * Math.max(Math.abs(low), Math.abs(high));
  const room = flat ? Math.abs(high) * 0.1 || 1 : (high - low) * 0.05;
  return [low === 0 ? 0 : low - room, high + room];
}

function nearest(steps, step) {
  let low = 0, high = steps.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (steps[middle] < step) low = middle + 1; else high = middle;
  }
  return low > 0 && step - steps[low - 1] < steps[low] - step ? low - 1 : low;
}

class Panel {
  constructor(panel, limits, hover) {
    this.series = panel.series;
    this.smooth = panel.smooth;
    this.limits = limits;
    const box = html("div", "panel", document.querySelector(".panels"));
    const title = html("h3", "", box, panel.title);
    this.at = html("span", "", title);
    const legend = html("div", "legend", box);
    this.svg = svg("svg", { role: "img", "aria-label": panel.title }, box);
    let colours = 0;
    const colourOf = new Map();
    for (const series of this.series) {
      if (!colourOf.has(series.name)) colourOf.set(series.name, colours++ % 8);
      series.colour = `--colour: var(--c${colourOf.get(series.name)})`;
      this.entry(series, legend);
    }
    const move = (event) => {
      const box = this.svg.getBoundingClientRect();
      const share = (event.clientX - box.left - MARGIN.left) / (box.width - MARGIN.left - MARGIN.right);
      hover(limits[0] + Math.max(0, Math.min(1, share)) * (limits[1] - limits[0]));
    };
    this.svg.addEventListener("pointermove", move);
    this.svg.addEventListener("pointerdown", move);
    this.svg.addEventListener("pointerleave", () => hover(null));
  }

  entry(series, legend) {
    const button = html("button", series.baseline ? "baseline" : "", legend);
    button.type = "button";
    button.title = "Show or hide";
    button.style.cssText = series.colour;
    button.setAttribute("aria-pressed", "true");
    html("i", "", button);
    html("span", "", button, series.baseline ? `${series.name}, ${series.baseline}` : series.name);
    series.readout = html("b", "", button);
    button.addEventListener("click", () => {
      series.off = !series.off;
      button.setAttribute("aria-pressed", String(!series.off));
      this.draw(this.weight);
    });
  }

  draw(weight) {
    this.weight = this.smooth ? weight : 0;
    const shown = this.series.filter((series) => !series.off);
    for (const series of this.series) series.line = smoothed(series.y, this.weight);
    const [low, high] = range(shown.length ? shown.flatMap((series) => series.line) : [0, 1]);
    const width = this.svg.clientWidth || 460, height = this.svg.clientHeight || 220;
    const across = width - MARGIN.left - MARGIN.right, down = height - MARGIN.top - MARGIN.bottom;
    const [first, last] = this.limits;
    this.x = (step) => MARGIN.left + ((step - first) / (last - first)) * across;
    this.y = (value) => MARGIN.top + down - ((value - low) / (high - low)) * down;
    this.svg.replaceChildren();
    this.axes(low, high, width, height);
    const id = `clip${[...this.svg.parentNode.parentNode.children].indexOf(this.svg.parentNode)}`;
    const clip = svg("clipPath", { id }, this.svg);
    svg("rect", { x: MARGIN.left, y: MARGIN.top - 2, width: across + 4, height: down + 4 }, clip);
    const lines = svg("g", { "clip-path": `url(#${id})` }, this.svg);
    for (const series of shown) {
      if (this.weight) this.path(lines, series, series.y, "raw");
      this.path(lines, series, series.line, series.baseline ? "baseline" : "");
    }
    this.marks = svg("g", {}, this.svg);
    this.read(null);
  }

  axes(low, high, width, height) {
    for (const value of ticks(low, high, 5)) {
      const y = Math.round(this.y(value));
      svg("line", { class: "rule", x1: MARGIN.left, x2: width - MARGIN.right, y1: y, y2: y }, this.svg);
      svg("text", { x: MARGIN.left - 8, y: y + 4, "text-anchor": "end" }, this.svg, short(value));
    }
    svg("text", { x: MARGIN.left - 16, y: height - 6, "text-anchor": "end" }, this.svg, "step");
    for (const step of ticks(...this.limits, Math.max(2, Math.floor(width / 90)))) {
      const anchor = this.x(step) > width - 30 ? "end" : "middle";
      const x = anchor === "end" ? width - 2 : this.x(step);
      svg("text", { x, y: height - 6, "text-anchor": anchor }, this.svg, short(step));
    }
  }

  path(parent, series, values, className) {
    const points = values.map((value, index) => `${this.x(series.x[index]).toFixed(1)},${this.y(value).toFixed(1)}`);
    const d = points.length > 1 ? `M${points.join("L")}` : `M${points[0]}h0.01`;
    svg("path", { d, class: className, style: series.colour }, parent);
  }

  // Show the values at a step, or the last ones.
  read(step) {
    this.marks.replaceChildren();
    const shown = this.series.filter((series) => !series.off);
    for (const series of this.series) {
      const index = step === null ? series.x.length - 1 : nearest(series.x, step);
      series.readout.textContent = short(series.line[index]);
      series.read = index;
    }
    this.at.textContent = "";
    if (step === null || !shown.length) return;
    const longest = shown.reduce((most, series) => (series.x.length > most.x.length ? series : most));
    const at = longest.x[longest.read], x = Math.round(this.x(at));
    this.at.textContent = `step ${at.toLocaleString("en")}`;
    const bottom = this.svg.clientHeight - MARGIN.bottom;
    svg("line", { class: "cross", x1: x, x2: x, y1: MARGIN.top, y2: bottom }, this.marks);
    for (const series of shown) {
      const cx = this.x(series.x[series.read]), cy = this.y(series.line[series.read]);
      svg("circle", { cx, cy, r: 4, style: series.colour }, this.marks);
    }
  }
}

function curves() {
  const data = JSON.parse(find("data").textContent);
  const steps = data.flatMap((panel) => panel.series.flatMap((series) => [series.x[0], series.x.at(-1)]));
  bare("curves", !data.length);
  if (!data.length) return;
  find("curves").querySelector(".empty").hidden = true;
  const limits = [Math.min(0, ...steps), Math.max(1, ...steps)];
  const panels = data.map((panel) => new Panel(panel, limits, (step) => panels.forEach((each) => each.read(step))));
  const slider = find("smoothing");
  const longest = Math.max(...data.flatMap((panel) => panel.series.map((series) => series.x.length)));
  slider.value = longest > 60 ? 0.8 : longest > 15 ? 0.4 : 0;
  const draw = () => {
    find("weight").textContent = Number(slider.value).toFixed(2);
    panels.forEach((panel) => panel.draw(+slider.value));
  };
  slider.addEventListener("input", draw);
  new ResizeObserver(draw).observe(document.querySelector(".panels"));
  draw();
  state.panels = panels.length;
  state.points = data.flatMap((panel) => panel.series).reduce((sum, series) => sum + series.x.length, 0);
}

// ---------------------------------------------------------------- recipe

function recipe() {
  const text = document.querySelector("#recipe pre");
  const button = find("copy");
  button.addEventListener("click", async () => {
    getSelection().selectAllChildren(text);
    try { await navigator.clipboard.writeText(text.textContent); } catch { document.execCommand("copy"); }
    button.textContent = "Copied";
    setTimeout(() => (button.textContent = "Copy"), 1500);
  });
}

for (const part of [samples, curves, recipe]) {
  try { part(); } catch (error) { state.errors += `${error.stack}\n`; }
}
for (const id of ["scores", "environment", "recipe"]) {
  find(id).hidden = !find(id).querySelector("td, pre:not(:empty)");
}
