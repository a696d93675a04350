"use strict";

// Shows the data of the page. Names in them may be hostile: they become text, never markup.

// How many rows of a group are shown at once.
const BATCH = 100;
// Up to so many findings, all groups are open from the start.
const FEW = 12;

const $ = id => document.getElementById(id);
const report = JSON.parse($("report").textContent);
const tables = JSON.parse($("tables").textContent);

// How the kinds of findings look; what follows from another finding is a kind of its own, whatever its severity.
const KINDS = {
  error: { glyph: "✖", word: "error", plural: "errors" },
  warning: { glyph: "▲", word: "warning", plural: "warnings" },
  follows: { glyph: "↳", word: "follows", plural: "follow from others" },
  note: { glyph: "●", word: "note", plural: "notes" },
};

// ---- Text and elements

const number = count => count.toLocaleString("en-GB");

// Characters that would act instead of being shown: controls, and what turns the direction of writing.
const ACTING = /[\p{Cc}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu;
const plain = text => text.replace(ACTING, acting => `\\u{${acting.codePointAt(0).toString(16)}}`);

function make(name, look, ...content) {
  const element = document.createElement(name);
  if (look) element.className = look;
  element.append(...content.filter(part => part !== null)
    .map(part => (typeof part === "string" ? plain(part) : part)));
  return element;
}

function glyph(text) {
  const element = make("span", "glyph", text);
  element.setAttribute("aria-hidden", "true");
  return element;
}

// A path or key that may break after its separators, with its last name marked.
function path(text, member) {
  const names = text.split(/(?<=[/\\])/);
  const last = names.pop();
  const line = make("p", "path", ...names.flatMap(name => [name, document.createElement("wbr")]));
  line.append(make("strong", "", last));
  if (member) line.append(make("span", "member", ` (${member})`));
  return line;
}

function terms(rows) {
  const list = make("dl");
  for (const [term, value] of rows) {
    if (value) list.append(make("dt", "", term), make("dd", "", value));
  }
  return list.childElementCount ? list : null;
}

const nameOf = subject => subject.path ?? subject.key;
const titleOf = id => tables.findings[id]?.title ?? id;
const partOf = id => tables.findings[id]?.part ?? "";

// ---- Long lists

// Shows rows in a place, batch by batch.
function showInBatches(place, list, rows, show) {
  const progress = make("span", "aside");
  const more = make("button", "more");
  const foot = make("p", "foot", progress, more);
  let shown = 0;
  const next = () => {
    list.append(...rows.slice(shown, shown + BATCH).map(show));
    shown = Math.min(shown + BATCH, rows.length);
    const left = rows.length - shown;
    progress.textContent = `${number(shown)} of ${number(rows.length)} shown`;
    more.textContent = `Show ${number(Math.min(BATCH, left))} more`;
    more.hidden = left === 0;
  };
  more.type = "button";
  more.addEventListener("click", next);
  foot.hidden = rows.length <= BATCH;
  place.append(list, foot);
  next();
}

// Rows under a title, which are shown when it is opened.
class Group {
  constructor({ kind, mark, word, title, tags }, about, card) {
    Object.assign(this, { about, card, rows: [], isFilled: false });
    this.count = make("b");
    const summary = make("summary", "", glyph(mark), make("span", "word", word), make("span", "title", title),
      make("span", "tags", tags), this.count);
    this.body = make("div", "body");
    this.element = make("details", `group ${kind}`, summary, this.body);
    this.element.addEventListener("toggle", () => this.fill());
  }

  hold(rows) {
    this.rows = rows;
    this.count.textContent = number(rows.length);
    this.element.hidden = rows.length === 0;
    this.isFilled = false;
    this.fill();
    return this;
  }

  fill() {
    if (!this.element.open || this.isFilled || this.rows.length === 0) return;
    this.isFilled = true;
    this.body.replaceChildren(...this.about(this.rows).filter(Boolean));
    showInBatches(this.body, make("ol", "cards"), this.rows,
      row => make("li", "card", ...this.card(row).filter(Boolean)));
  }
}

// Rows by a key, in the order of their first.
function grouped(rows, key) {
  const groups = new Map();
  for (const row of rows) {
    const of = key(row);
    if (groups.has(of)) groups.get(of).push(row);
    else groups.set(of, [row]);
  }
  return groups;
}

// ---- What a repair would do

const outlookKey = (id, subject, member) => [id, subject, member ?? ""].join("\0");
const outlook = new Map();
for (const row of report.repair?.mends ?? []) {
  outlook.set(outlookKey(row.finding, row.subject, row.member), `mends it, from ${row.from}`);
}
for (const row of report.repair?.not_mended ?? []) {
  outlook.set(outlookKey(row.finding, row.subject, row.member), `leaves it: ${row.why}`);
}

function showRepair({ mends, not_mended: left }) {
  const mended = [...grouped(mends, row => row.finding)].map(([id, rows]) => new Group(
    { kind: "sound", mark: "✔", word: "mended", title: titleOf(id), tags: id }, () => [],
    row => [path(row.subject, row.member), terms([["from", row.from]])]).hold(rows));
  const others = [...grouped(left, row => `${row.finding}\0${row.why}`).values()].map(rows => {
    const [{ finding, code, why }] = rows;
    const tags = [finding, code].filter(Boolean).join(" · ");
    return new Group({ kind: "error", mark: "✖", word: "left", title: titleOf(finding), tags },
      () => [make("p", "", why)], row => [path(row.subject, row.member)]).hold(rows);
  });
  const groups = [...mended, ...others].map(group => group.element);
  $("outlook").append(...(groups.length ? groups : [make("p", "", "Nothing is to be mended.")]));
  $("repair").hidden = false;
}

// ---- What a source would have to hold

function carrier({ packages = [] }) {
  const names = packages.map(({ name }) => name);
  return names.length ? names.join(" or ") : "An image of the same Windows";
}

function articles({ packages = [] }) {
  const known = packages.flatMap(({ kb, version }) => [kb, version && `version ${version}`]).filter(Boolean);
  return [...new Set(known)].join(" · ");
}

const WANTED = { package: "package", manifest: "manifest", catalog: "catalog", payload: "file", registry: "registry" };

function showWanted(wanted) {
  const carriers = [...grouped(wanted, carrier)].sort(([, one], [, two]) => two.length - one.length);
  showInBatches($("carriers"), make("div"), carriers, ([from, rows]) => new Group(
    { kind: "fetch", mark: "⇩", word: "from", title: from, tags: articles(rows[0]) }, () => [],
    row => [path(row.path), terms([["what", WANTED[row.kind] ?? row.kind], ["digest", row.digest]])],
  ).hold(rows).element);
  $("wanted").hidden = false;
}

// ---- Findings

function kindOf(finding) {
  return finding.caused_by ? "follows" : finding.severity;
}

// What a filter compares with, worked out once.
const rows = report.findings.map(finding => ({
  finding,
  severity: kindOf(finding),
  code: finding.update_error ?? "",
  id: finding.id,
  part: partOf(finding.id),
  section: finding.section ?? "",
  text: [nameOf(finding.subject), finding.subject.member, finding.detail, finding.id, finding.update_error,
    finding.finer_error, finding.fix].filter(Boolean).join("\n").toLowerCase(),
}));

function aboutFindings(rows) {
  const [{ finding }] = rows;
  const { condition, category } = tables.findings[finding.id];
  const code = tables.codes[finding.update_error];
  const sections = [...new Set(rows.map(row => row.section))].join(", ");
  return [
    make("p", "condition", condition),
    terms([
      ["mended from", finding.severity === "note" ? null : finding.fix],
      ["update error", code ? `${finding.update_error} ${code.name}: ${code.meaning}` : null],
      ["in CheckSUR.log", category ? [category, finding.log_hresult].filter(Boolean).join(" ") : null],
      ["section", sections],
    ]),
  ];
}

function offset(bytes) {
  return bytes === null ? null : `byte 0x${bytes.toString(16).toUpperCase()} (${number(bytes)})`;
}

// The line of the document, with the place in it marked.
function excerpt(of) {
  if (!of) return null;
  const letters = [...of.text];
  const [before, at, after] = [letters.slice(0, of.mark), letters.slice(of.mark, of.mark + 1), letters.slice(of.mark + 1)];
  return make("pre", "excerpt", before.join(""), make("mark", "", at.join("") || " "), after.join(""));
}

function cause(of) {
  const show = make("button", "pick", "show it");
  show.type = "button";
  show.addEventListener("click", () => choose({ id: of.id, text: nameOf(of.subject) }));
  return make("span", "", `${of.id} of ${nameOf(of.subject)} `, show);
}

function card({ finding }) {
  const { subject, evidence } = finding;
  const also = evidence.also.map(id => `${titleOf(id)} (${id})`).join("; ");
  const repair = outlook.get(outlookKey(finding.id, nameOf(subject), subject.member));
  return [path(nameOf(subject), subject.member), terms([
    ["reason", evidence.reason],
    ["expected", evidence.expected],
    ["found", evidence.actual],
    ["at", offset(evidence.offset)],
    ["line", evidence.excerpt && `${number(evidence.excerpt.line)}, column ${number(evidence.excerpt.column)}`],
    ["", excerpt(evidence.excerpt)],
    ["more exactly", finding.finer_error],
    ["also", also],
    ["follows from", finding.caused_by && cause(finding.caused_by)],
    ["a repair", repair],
  ])];
}

function showAccepted(accepted) {
  const reasons = grouped(accepted, row => `${row.finding.id}\0${row.accepted_because}`).values();
  $("known").append(...[...reasons].map(rows => {
    const [{ finding, accepted_because: why, until }] = rows;
    const about = () => [make("p", "", why), terms([["until", until]])].filter(Boolean);
    const head = { kind: "note", mark: "✓", word: "accepted", title: titleOf(finding.id), tags: finding.id };
    return new Group(head, about, row => card({ finding: row.finding })).hold(rows).element;
  }));
  $("accepted").hidden = false;
}

const groups = new Map();
const groupOf = row => `${row.severity}\0${row.id}`;
for (const kind of Object.keys(KINDS)) {
  const { glyph: mark, word } = KINDS[kind];
  for (const [key, [{ finding }]] of grouped(rows.filter(row => row.severity === kind), groupOf)) {
    const tags = [finding.id, finding.update_error].filter(Boolean).join(" · ");
    groups.set(key, new Group({ kind, mark, word, title: titleOf(finding.id), tags }, aboutFindings, card));
  }
}

// ---- Filters

const FILTERS = ["severity", "code", "id", "part", "section"];
const NONE = { code: "none", section: "none" };

function fillFilters() {
  for (const name of FILTERS) {
    const counts = grouped(rows, row => row[name]);
    const values = name === "severity" ? Object.keys(KINDS).filter(kind => counts.has(kind)) : [...counts.keys()].sort();
    $(name).append(new Option(`all (${number(rows.length)})`, "all"), ...values.map(value => {
      const label = name === "severity" ? KINDS[value].plural : value || NONE[name];
      return new Option(`${plain(label)} (${number(counts.get(value).length)})`, value);
    }));
    $(name).parentElement.hidden = values.length === 0;
  }
}

function apply() {
  const words = $("text").value.toLowerCase().split(/\s+/).filter(Boolean);
  const chosen = FILTERS.map(name => [name, $(name).value]).filter(([, value]) => value !== "all");
  const fits = row => chosen.every(([name, value]) => row[name] === value)
    && words.every(word => row.text.includes(word));
  const matched = grouped(rows.filter(fits), groupOf);
  let count = 0;
  for (const [key, group] of groups) {
    const held = matched.get(key) ?? [];
    group.hold(held);
    count += held.length;
  }
  const all = count === rows.length ? "" : ` of ${number(rows.length)}`;
  $("shown").textContent = rows.length === 0 ? "Nothing was found."
    : `${number(count)}${all} ${rows.length === 1 ? "finding" : "findings"} in ${number(matched.size)} ${matched.size === 1 ? "group" : "groups"}.`;
  for (const pick of document.querySelectorAll("[data-severity], [data-code], [data-part]")) {
    const wants = Object.entries(wantsOf(pick));
    pick.setAttribute("aria-pressed", String(wants.every(([name, value]) => $(name).value === value)));
  }
}

// What a button of the summary filters by. The update errors count errors by themselves only.
function wantsOf({ dataset: { severity, code, part } }) {
  return code ? { code, severity: "error" } : part ? { part } : { severity };
}

// Filters by this and by nothing else, and goes there.
function choose(wanted) {
  $("filters").reset();
  for (const [name, value] of Object.entries(wanted)) $(name).value = value;
  apply();
  $("findings-title").focus();
  $("findings").scrollIntoView();
}

function listen() {
  $("filters").addEventListener("input", apply);
  $("filters").addEventListener("submit", event => event.preventDefault());
  // The fields are emptied after the event.
  $("filters").addEventListener("reset", () => setTimeout(apply));
  for (const pick of document.querySelectorAll("[data-severity], [data-code], [data-part]")) {
    const is = wantsOf(pick).severity;
    pick.disabled = is !== undefined && !rows.some(row => row.severity === is);
    pick.addEventListener("click", () => choose(wantsOf(pick)));
  }
  // Paper has no buttons: what is closed is opened for it.
  const opened = new Set();
  addEventListener("beforeprint", () => {
    for (const closed of document.querySelectorAll("details:not([open])")) {
      opened.add(closed);
      closed.open = true;
    }
    for (const group of groups.values()) group.fill();
  });
  addEventListener("afterprint", () => {
    for (const details of opened) details.open = false;
    opened.clear();
  });
}

if (report.repair) showRepair(report.repair);
if (report.wanted.length) showWanted(report.wanted);
if (report.accepted) showAccepted(report.accepted);
$("groups").append(...[...groups.values()].map(group => group.element));
if (rows.length <= FEW) {
  for (const group of groups.values()) group.element.open = true;
}
fillFilters();
listen();
apply();
$("filters").hidden = rows.length === 0;
