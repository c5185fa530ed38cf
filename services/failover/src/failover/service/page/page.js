// Asks for the status every two seconds and shows it; text only ever becomes text, never markup.
const PERIOD_MS = 2000;
const PATIENCE_MS = 4000;
const SHOWN_SECONDS = 900;
const PAIRS_SHOWN = 50;
const DECISIONS_SHOWN = 15;
const WIDTH = 480, HEIGHT = 160, LEFT = 44, BOTTOM = 20, TOP = 8;
const SVG = "http://www.w3.org/2000/svg";

const labels = JSON.parse(document.getElementById("labels").textContent);
let samples = [];
let isPaused = false;

const byId = (id) => document.getElementById(id);
const known = (numbers) => numbers.filter((number) => number !== null && number !== undefined);
const worst = (numbers) => (known(numbers).length ? Math.max(...known(numbers)) : null);
const sum = (numbers) => (known(numbers).length ? known(numbers).reduce((total, number) => total + number, 0) : null);
const shown = (number, unit, digits = 0) => (number === null ? "–" : `${number.toFixed(digits)} ${unit}`.trim());

function row(...cells) {
  const line = document.createElement("tr");
  for (const [number, cell] of cells.entries()) {
    const [text, kind] = Array.isArray(cell) ? cell : [cell, ""];
    const box = document.createElement(number === 0 ? "th" : "td");
    if (number === 0) box.scope = "row";
    box.textContent = text;
    if (kind) box.className = kind;
    line.append(box);
  }
  return line;
}

function stateOf(pair, name) {
  const database = pair.sites[name].database;
  if (pair.away === name) return [pair.parked ? labels.suspended : labels.away, "warn"];
  if (database === null) return [labels.silent, "bad"];
  if (database.is_read_only) return [labels["read-only"], "bad"];
  if (database.waiting_commits > 0) return [labels.waits, "warn"];
  return [labels["in-service"], "good"];
}

const RANK = ["bad", "warn", "good"];

function siteRow(status, name) {
  const here = status.pairs.filter((pair) => name in pair.sites);
  const sites = here.map((pair) => pair.sites[name]);
  const databases = sites.map((site) => site.database).filter((database) => database !== null);
  const sides = here.flatMap((pair) => Object.entries(pair.serving)
    .filter(([, owner]) => owner === name).map(([side]) => `${pair.id}:${side}`));
  const states = here.map((pair) => stateOf(pair, name));
  const [state] = states.sort((one, other) => RANK.indexOf(one[1]) - RANK.indexOf(other[1]));
  const lag = worst(databases.map((database) => database.lag_seconds * 1000));
  return row(
    titled(status, name),
    sides.length > 8 ? String(sides.length) : sides.join(", ") || "–",
    state ?? "–",
    shown(lag, "ms", 1),
    shown(worst(databases.map((database) => database.behind_transactions)), ""),
    shown(sum(sites.map((site) => site.portals)), ""),
    shown(worst(sites.map((site) => site.age_seconds)), "s", 1),
  );
}

function titled(status, name) {
  return status.leader?.site === name ? `${name} (${labels.leads})` : name;
}

const siteNames = (status) => [...new Set(status.pairs.flatMap((pair) => Object.keys(pair.sites)))].sort();
const isCalm = (pair) => pair.mode === "SYNC" && pair.move === null && pair.problems.length === 0;

function showSites(status) {
  const rows = siteNames(status).map((name) => siteRow(status, name));
  const age = shown(status.witness.age_seconds, "s", 1);
  rows.push(row(titled(status, "witness"), "", "", "", "", "", age));
  byId("sites").replaceChildren(...rows);
}

function showPairs(status) {
  const pairs = [...status.pairs].sort((one, other) => isCalm(one) - isCalm(other) || one.id - other.id);
  const rows = pairs.slice(0, PAIRS_SHOWN).map((pair) => row(
    String(pair.id),
    [pair.mode, pair.mode === "SYNC" ? "good" : "warn"],
    String(pair.term),
    Object.entries(pair.serving).sort().map(([side, owner]) => `${side} → ${owner}`).join(", "),
    `${pair.nodes.live} / ${pair.nodes.behind}`,
    pair.duty,
  ));
  if (pairs.length > PAIRS_SHOWN) rows.push(row(`${pairs.length - PAIRS_SHOWN} ${labels.more}`));
  byId("pairs").replaceChildren(...rows);
}

function showProblems(status) {
  const rows = status.pairs.flatMap((pair) => pair.problems.map((problem) => row(
    [problem.urgency, problem.urgency], String(pair.id), problem.code, problem.description,
  )));
  const body = byId("problems");
  const fresh = rows.length ? rows : [row([labels.none, "good"], "", "", "")];
  // a reader of screens is told only what is new
  if (fresh.map((line) => line.textContent).join() !== [...body.children].map((line) => line.textContent).join()) {
    body.replaceChildren(...fresh);
  }
}

function showDecisions(status) {
  const entries = status.pairs.flatMap((pair) => pair.decisions.map((entry) => ({ pair: pair.id, ...entry })));
  const newest = entries.sort((one, other) => other.at - one.at).slice(0, DECISIONS_SHOWN);
  const rows = newest.map((entry) => row(
    clock(entry.at), String(entry.pair), entry.mode, String(entry.term), entry.by, entry.why,
  ));
  byId("decisions").replaceChildren(...rows);
}

const clock = (seconds) => new Date(seconds * 1000).toISOString().replace("T", " ").slice(0, 19);

function sample(status) {
  const sites = {};
  for (const name of siteNames(status)) {
    const here = status.pairs.filter((pair) => name in pair.sites);
    const databases = here.map((pair) => pair.sites[name].database).filter((database) => database !== null);
    sites[name] = {
      lag_ms: worst(databases.map((database) => database.lag_seconds * 1000)),
      portals: sum(here.map((pair) => pair.sites[name].portals)),
    };
  }
  return { at: status.wall, sites };
}

function shape(kind, attributes, text) {
  const node = document.createElementNS(SVG, kind);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  if (text !== undefined) node.textContent = text;
  return node;
}

// A break in the data is a break in the line
export function path(points, now, top) {
  let isDown = false;
  return points.map(([at, value]) => {
    if (value === null || value === undefined) { isDown = false; return ""; }
    const x = LEFT + (WIDTH - LEFT) * (1 - (now - at) / SHOWN_SECONDS);
    const y = TOP + (HEIGHT - BOTTOM - TOP) * (1 - value / top);
    const step = `${isDown ? "L" : "M"}${x.toFixed(1)} ${y.toFixed(1)}`;
    isDown = true;
    return step;
  }).join("");
}

function plot(id, title, field, unit) {
  if (!samples.length) return;
  const now = samples.at(-1).at;
  const names = Object.keys(samples.at(-1).sites).sort();
  const top = Math.max(1, ...samples.flatMap((one) => Object.values(one.sites).map((site) => site[field] ?? 0))) * 1.1;
  const drawing = shape("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img" });
  const words = names.map((name) => `${name} ${shown(samples.at(-1).sites[name][field] ?? null, unit, unit ? 1 : 0)}`);
  drawing.append(shape("title", {}, `${title}: ${words.join(", ")}`));
  drawing.append(shape("path", { class: "axis", fill: "none", d: `M${LEFT} ${TOP}V${HEIGHT - BOTTOM}H${WIDTH}` }));
  drawing.append(shape("text", { x: 0, y: TOP + 10 }, `${top.toFixed(top < 10 ? 1 : 0)} ${unit}`.trim()));
  drawing.append(shape("text", { x: 0, y: HEIGHT - BOTTOM }, `0 ${unit}`));
  for (const [number, name] of names.entries()) {
    const points = samples.map((one) => [one.at, one.sites[name]?.[field]]);
    drawing.append(shape("path", { class: `series-${number % 2}`, d: path(points, now, top) }));
  }
  const legend = document.createElement("p");
  legend.className = "legend";
  for (const [number, word] of words.entries()) {
    const key = document.createElement("span");
    key.className = `key-${number % 2}`;
    key.textContent = `${number % 2 ? "╌╌" : "──"} ${word}`;
    legend.append(key);
  }
  byId(id).replaceChildren(drawing, legend);
}

function keep(one) {
  samples.push(one);
  samples = samples.filter((other) => one.at - other.at <= SHOWN_SECONDS);
}

function show(status) {
  showProblems(status);
  showSites(status);
  showPairs(status);
  showDecisions(status);
  keep(sample(status));
  plot("lag", byId("lag-title").textContent, "lag_ms", "ms");
  plot("owner", byId("owner-title").textContent, "portals", "");
  byId("seen").textContent = `${labels["as-seen-by"]} ${status.site}, ${clock(status.wall)} UTC`;
  const missing = !status.etcd.has_majority ? labels["no-majority"] : status.leader ? "" : labels["no-leader"];
  alarm(missing);
}

function alarm(text) {
  const box = byId("alarm");
  if (box.textContent !== text) box.textContent = text;
  box.hidden = !text;
}

async function ask(path) {
  const answer = await fetch(path, { signal: AbortSignal.timeout(PATIENCE_MS), cache: "no-store" });
  if (!answer.ok) throw new Error(`${path}: ${answer.status}`);
  return answer.json();
}

async function refresh() {
  if (isPaused) return;
  try {
    show(await ask("/v1/status"));
  } catch {
    alarm(`${labels.unanswered} ${byId("seen").textContent}`);
  }
}

byId("pause").addEventListener("click", () => {
  isPaused = !isPaused;
  byId("pause").setAttribute("aria-pressed", String(isPaused));
  byId("pause").textContent = isPaused ? labels["go-on"] : labels.pause;
});

async function live() {
  try {
    samples = (await ask("/v1/history")).samples;
  } catch {
    samples = []; // the plots begin now
  }
  for (;;) {
    await refresh();
    await new Promise((resume) => setTimeout(resume, PERIOD_MS));
  }
}

live();
