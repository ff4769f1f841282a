"use strict";
// Everything that comes from the table reaches the page as text nodes; no markup is ever built from it.
const DATA = JSON.parse(document.getElementById("data").textContent);
const $ = (id) => document.getElementById(id);
const ITEM = 88;
const CONFIRM = 1, OVERTURN = 0, UNSURE = -1;
const SAID = new Map([[CONFIRM, ["confirm", "确认"]], [OVERTURN, ["overturn", "推翻"]], [UNSURE, ["unsure", "存疑"]]]);
const HIDDEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}\u115f\u1160\u3164\uffa0\u2800]/u;
const LONG = 20000, AROUND = 400;
const STORE = "xuncha-decisions-" + DATA.id, NAME = "xuncha-reviewer";

// A row of DATA.rows, by name. Flags: [label, score, suppressed, entries, decided], where
// decided is [verdict, who, at] or 0.
// Evidence: [field, label, reason, start, end, rule, placed, entry, words].
const ROWS = DATA.rows.map(([key, number, merchant, category, day, source, need, title, texts, flags, evidence, same], index) =>
  ({ key, number, merchant, category, day, source, need, title, texts, flags, evidence, same, index,
    open: flags.filter((flag) => flag[2] === 0), found: "" }));
const SAME = new Map();
for (const row of ROWS) { if (!SAME.has(row.same)) SAME.set(row.same, []); SAME.get(row.same).push(row); }

const decisions = new Map();
let view = [], at = 0, chosen = null, persisted = true, pending = 0;

function element(name, attributes, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes || {})) {
    if (key === "class") made.className = value; else if (key in made && typeof value === "function") made[key] = value;
    else made.setAttribute(key, value);
  }
  made.append(...children);
  return made;
}

// Offsets are code points of the original text; JavaScript counts UTF-16 units.
const points = (text) => (/[\ud800-\udbff]/.test(text) ? Array.from(text) : null);
const cut = (text, list, start, end) => (list ? list.slice(start, end).join("") : text.slice(start, end));
const size = (text, list) => (list ? list.length : text.length);

// Text where no element can stand, such as an option, with what is hidden made visible.
const token = (char) => "‹U+" + char.codePointAt(0).toString(16).toUpperCase().padStart(4, "0") + "›";
const visible = (text) => (HIDDEN.test(text) ? Array.from(text, (char) => (HIDDEN.test(char) ? token(char) : char)).join("") : text);

for (const label of DATA.labels) label.name = visible(label.name);

function put(parent, text, lines) {
  let plain = "";
  const flush = () => { if (plain) parent.append(plain); plain = ""; };
  if (!HIDDEN.test(text)) { parent.append(text); return; }
  for (const char of text) {
    if (char === "\n") { plain += lines ? "↵\n" : "↵"; continue; }
    if (!HIDDEN.test(char)) { plain += char; continue; }
    flush();
    parent.append(element("span", { class: "ctl" }, token(char)));
  }
  flush();
}

function marked(parent, text, pieces, from, to, lines) {
  const list = points(text), end = Math.min(to, size(text, list));
  const placed = pieces.filter((piece) => piece[6]);
  const edges = [...new Set([from, end, ...placed.flatMap((piece) => [piece[3], piece[4]])])]
    .filter((edge) => edge >= from && edge <= end).sort((a, b) => a - b);
  for (let i = 0; i + 1 < edges.length; i++) {
    const covering = placed.filter((piece) => piece[3] <= edges[i] && edges[i + 1] <= piece[4]);
    const words = cut(text, list, edges[i], edges[i + 1]);
    if (!covering.length) { put(parent, words, lines); continue; }
    const worst = covering.find((piece) => piece[7] < 0) || covering[0];
    const title = covering.map((piece) => `${DATA.labels[piece[1]].name}·${reasonName(piece[2])}`).join("；");
    const mark = element("mark", { class: worst[7] < 0 ? "l" + (worst[1] % 4) : "allowed", title });
    put(mark, words, lines);
    parent.append(mark);
  }
}

const reasonName = (reason) => visible((DATA.reasons[reason] || { name: reason || "未给出依据" }).name);
const merchantName = (row) => { const one = DATA.merchants[row.merchant]; return one ? one[1] || one[0] : ""; };
const score = (row) => Math.max(...(row.open.length ? row.open : row.flags).map((flag) => flag[1]));
const isHidden = (row) => row.open.length === 0;

function stateOf(row) {
  const found = decisions.get(row.key);
  if (!found) return null;
  const said = [...new Set(row.open.map((flag) => found.verdicts[flag[0]]))];
  return said.length === 1 ? said[0] : said.includes(CONFIRM) ? CONFIRM : said.includes(UNSURE) ? UNSURE : OVERTURN;
}

// ---- filter and sort

function searched(row) {
  if (!row.found) {
    const one = DATA.merchants[row.merchant] || [];
    row.found = [row.key, row.title, ...one, ...row.texts.map((text) => text[1]), ...row.evidence.map((e) => reasonName(e[2]))]
      .join("\n").normalize("NFKC").toLowerCase();
  }
  return row.found;
}

function filtered() {
  const words = $("q").value.normalize("NFKC").toLowerCase().split(/\s+/).filter(Boolean);
  const label = $("f-label").value, reason = $("f-reason").value, category = $("f-category").value;
  const merchant = $("f-merchant").value.trim().toLowerCase(), from = $("f-from").value, to = $("f-to").value;
  const state = $("f-state").value;
  const wanted = { confirm: CONFIRM, overturn: OVERTURN, unsure: UNSURE };
  return ROWS.filter((row) => {
    if ((state === "hidden") !== isHidden(row)) return false;
    const flags = state === "hidden" ? row.flags : row.open;
    if (label && !flags.some((flag) => DATA.labels[flag[0]].id === label)) return false;
    if (reason && !row.evidence.some((piece) => piece[2] === reason)) return false;
    if (category && DATA.categories[row.category] !== category) return false;
    if (merchant && !(DATA.merchants[row.merchant] || []).some((name) => visible(name).toLowerCase().includes(merchant))) return false;
    if ((from && !(row.day >= from)) || (to && !(row.day && row.day <= to))) return false;
    if (state === "todo" && decisions.has(row.key)) return false;
    if (state === "done" && !decisions.has(row.key)) return false;
    if (state in wanted && stateOf(row) !== wanted[state]) return false;
    return words.every((word) => searched(row).includes(word));
  });
}

function apply() {
  view = filtered();
  const order = $("f-sort").value;
  if (order === "score") view.sort((a, b) => score(b) - score(a));
  else if (order === "low") view.sort((a, b) => score(a) - score(b));
  else if (order === "table") view.sort((a, b) => a.number - b.number);
  const kept = chosen ? view.indexOf(chosen) : -1;
  $("shown").textContent = `显示 ${view.length.toLocaleString()} / ${ROWS.length.toLocaleString()} 条`;
  $("list").scrollTop = 0;
  select(Math.max(0, kept));
}

// ---- the list: only what is in sight exists

function draw() {
  const list = $("list"), spacer = $("spacer");
  spacer.style.height = view.length * ITEM + "px";
  const first = Math.max(0, Math.floor(list.scrollTop / ITEM) - 4);
  const last = Math.min(view.length, Math.ceil((list.scrollTop + list.clientHeight) / ITEM) + 4);
  const made = [];
  for (let i = first; i < last; i++) made.push(item(view[i], i));
  if (!view.length) made.push(element("p", { class: "empty" }, "没有符合条件的记录"));
  spacer.replaceChildren(...made);
}

function item(row, index) {
  const made = element("div", { class: "item", role: "option", id: "item-" + index, "aria-selected": String(row === chosen),
    "aria-setsize": String(view.length), "aria-posinset": String(index + 1), onclick: () => { select(index); $("list").focus(); } });
  made.style.transform = `translateY(${index * ITEM}px)`;
  const top = element("div", { class: "top" });
  for (const flag of row.open.length ? row.open : row.flags) {
    top.append(element("span", { class: isHidden(row) ? "chip" : "chip l" + (flag[0] % 4) }, `${DATA.labels[flag[0]].name} ${flag[1].toFixed(2)}`));
  }
  const who = element("span", { class: "who" });
  put(who, merchantName(row) || row.key, false);
  top.append(who);
  const same = SAME.get(row.same).length;
  if (same > 1) top.append(element("span", { class: "chip" }, `同文 ${same}`));
  const said = stateOf(row);
  if (isHidden(row)) top.append(element("span", { class: "state unsure" }, "已豁免"));
  else if (said !== null) top.append(element("span", { class: "state " + SAID.get(said)[0] }, SAID.get(said)[1]));
  const words = element("div", { class: "words" });
  excerpt(words, row);
  made.append(top, words);
  return made;
}

function excerpt(parent, row) {
  const first = row.evidence.find((piece) => piece[6]);
  const [field, text] = row.texts.find((one) => first && one[0] === first[0]) || row.texts[0] || [-1, ""];
  const from = first ? Math.max(0, first[3] - 14) : 0;
  if (from > 0) parent.append("…");
  marked(parent, text, row.evidence.filter((piece) => piece[0] === field), from, from + 90, false);
}

function select(index) {
  at = Math.max(0, Math.min(index, view.length - 1));
  chosen = view[at] || null;
  const list = $("list"), top = at * ITEM;
  if (top < list.scrollTop) list.scrollTop = top;
  else if (top + ITEM > list.scrollTop + list.clientHeight) list.scrollTop = top + ITEM - list.clientHeight;
  if (chosen) list.setAttribute("aria-activedescendant", "item-" + at); else list.removeAttribute("aria-activedescendant");
  draw();
  detail();
}

// ---- the chosen row

function detail(whole) {
  const box = $("detail");
  box.scrollTop = 0;
  if (!chosen) { box.replaceChildren(element("p", { class: "empty" }, "没有选中的记录")); return; }
  const row = chosen, inner = element("div", { class: "inner" });
  const title = element("h3");
  put(title, row.title || row.key, false);
  inner.append(title, facts(row));
  for (const [field, text] of row.texts) inner.append(fieldBox(row, field, text, whole));
  for (const flag of row.flags) inner.append(finding(row, flag));
  box.replaceChildren(inner, ...(isHidden(row) ? [] : [decide(row)]));
}

function facts(row) {
  const one = DATA.merchants[row.merchant] || ["", ""];
  const merchant = one[1] && one[1] !== one[0] ? `${one[1]}（${one[0]}）` : one[0];
  const made = element("p", { class: "facts" });
  const said = [["编号", row.key], ["商家", merchant], ["类目", DATA.categories[row.category]], ["日期", row.day],
    ["来源", DATA.sources[row.source]], ["原表第", row.number.toLocaleString() + " 行"], ["复核需要度", row.need.toFixed(2)]];
  for (const [name, value] of said) {
    if (!value) continue;
    const span = element("span", {}, name + " ");
    put(span, value, false);
    made.append(span);
  }
  return made;
}

function fieldBox(row, field, text, whole) {
  const made = element("div", { class: "field" });
  if (row.texts.length > 1) { const name = element("div", { class: "name" }); put(name, DATA.fields[field], false); made.append(name); }
  const words = element("div", { class: "text" });
  const pieces = row.evidence.filter((piece) => piece[0] === field), total = size(text, points(text));
  made.append(words);
  if (total <= LONG || whole) { marked(words, text, pieces, 0, total, true); return made; }
  const first = pieces.find((piece) => piece[6]), from = first ? Math.max(0, first[3] - AROUND) : 0;
  if (from) words.append("…");
  marked(words, text, pieces, from, from + 2 * AROUND, true);
  words.append("…");
  made.append(element("button", { class: "link", type: "button", onclick: () => detail(true) }, `显示全文（${total.toLocaleString()} 字）`));
  return made;
}

function finding(row, flag) {
  const [label, value, state, entries, decided] = flag;
  const made = element("div", { class: "finding" });
  made.append(element("span", { class: state ? "chip" : "chip l" + (label % 4) }, DATA.labels[label].name), ` 得分 ${value.toFixed(3)}`);
  if (state === 1) {
    for (const index of entries) {
      const entry = DATA.entries[index], line = element("p", {}, "已豁免：");
      put(line, `${entry.id}（${entry.owner}，至 ${entry.expires}）${entry.reason}${entry.proof ? "；证明材料：" + entry.proof : ""}`, false);
      made.append(line);
    }
  }
  if (decided) { const line = element("p", {}, `读入的判定：${SAID.get(decided[0])[1]}，`); put(line, `${decided[1]} ${decided[2]}`, false); made.append(line); }
  const list = element("ul");
  for (const piece of row.evidence.filter((one) => one[1] === label)) {
    const line = element("li");
    line.append("「"); put(line, piece[8] || cutOf(row, piece), false); line.append(`」 ${reasonName(piece[2])} · `);
    const rule = element("span", { class: "rule" }); put(rule, DATA.rules[piece[5]], false); line.append(rule);
    if (!piece[6]) line.append("（原文中找不到这个位置）");
    if (piece[7] >= 0) { line.append("（准许："); put(line, DATA.entries[piece[7]].id, false); line.append("）"); }
    list.append(line);
  }
  if (!list.childElementCount) list.append(element("li", {}, "模型没有给出具体依据，按全文判定"));
  made.append(list);
  return made;
}

function cutOf(row, piece) {
  const text = (row.texts.find((one) => one[0] === piece[0]) || [0, ""])[1];
  return cut(text, points(text), piece[3], piece[4]);
}

function decide(row) {
  const made = element("div", { class: "decide", role: "group", "aria-label": "判定" });
  const found = decisions.get(row.key);
  for (const flag of row.open) {
    const line = element("div", { class: "row" });
    line.append(element("span", {}, row.open.length > 1 ? DATA.labels[flag[0]].name : "判定"));
    [[CONFIRM, "确认违规", "1"], [OVERTURN, "推翻", "2"], [UNSURE, "存疑", "3"]].forEach(([value, words, key]) => {
      const pressed = Boolean(found) && found.verdicts[flag[0]] === value;
      line.append(element("button", { type: "button", class: SAID.get(value)[0], "aria-pressed": String(pressed),
        onclick: () => judge(row, value, flag[0]) }, words + " ", element("kbd", {}, key)));
    });
    made.append(line);
  }
  return made;
}

// ---- decisions

function judge(row, value, label) {
  const now = new Date().toISOString().replace(/\.\d+Z$/, "Z");
  const rows = $("fan").checked ? SAME.get(row.same) : [row];
  for (const one of rows) {
    if (isHidden(one)) continue;
    if (value === null) { decisions.delete(one.key); continue; }
    const old = decisions.get(one.key);
    const verdicts = {};
    for (const flag of one.open) {
      const before = old ? old.verdicts[flag[0]] : UNSURE;
      verdicts[flag[0]] = label === undefined || label === flag[0] ? value : before;
    }
    decisions.set(one.key, { verdicts, at: now });
  }
  pending += 1;
  keep();
  progress();
  const several = label !== undefined && row.open.length > 1;
  if (value !== null && !several) next(); else { draw(); detail(); }
}

function next() {
  let index = at + 1;
  while (index < view.length && (decisions.has(view[index].key) || isHidden(view[index]))) index++;
  select(index < view.length ? index : at);
}

function progress() {
  const counts = { confirm: 0, overturn: 0, unsure: 0 };
  let done = 0;
  for (const row of ROWS) { const said = stateOf(row); if (said !== null) { done++; counts[SAID.get(said)[0]]++; } }
  const open = ROWS.filter((row) => !isHidden(row)).length;
  $("progress").textContent = `已判定 ${done.toLocaleString()} / ${open.toLocaleString()}（确认 ${counts.confirm}，推翻 ${counts.overturn}，存疑 ${counts.unsure}）`;
}

function keep() {
  try { localStorage.setItem(STORE, JSON.stringify([...decisions])); persisted = true; } catch { persisted = false; }
}

// The decisions that the report was made with; a later one in this browser replaces them.
function given() {
  for (const row of ROWS) {
    if (isHidden(row) || !row.open.every((flag) => flag[4])) continue;
    const verdicts = Object.fromEntries(row.open.map((flag) => [flag[0], flag[4][0]]));
    const who = [...new Set(row.open.map((flag) => flag[4][1]))].join("、");
    decisions.set(row.key, { verdicts, at: row.open.map((flag) => flag[4][2]).sort().pop(), who });
  }
}

function recall() {
  given();
  try {
    for (const [key, found] of JSON.parse(localStorage.getItem(STORE) || "[]")) {
      if (!decisions.has(key) || found.at >= decisions.get(key).at) decisions.set(key, found);
    }
    $("who").value = localStorage.getItem(NAME) || "";
  } catch { persisted = false; }
  const known = new Map(ROWS.map((row) => [row.key, row]));
  for (const [key, found] of decisions) {
    const row = known.get(key);
    if (!row || !row.open.every((flag) => SAID.has(found.verdicts[flag[0]]))) decisions.delete(key);
  }
}

// One labelled row for each text with evidence, as `labelled` in serve/report/review.py makes them.
function labelled(row, found, who) {
  const asked = new Map();
  for (const [label] of row.open) {
    const own = [...new Set(row.evidence.filter((piece) => piece[1] === label).map((piece) => piece[0]))];
    for (const field of own.length ? own : [-1]) { if (!asked.has(field)) asked.set(field, []); asked.get(field).push(label); }
  }
  const rows = [];
  for (const [field, labels] of asked) {
    const text = field < 0 ? row.texts.map((one) => one[1]).join("\n") : (row.texts.find((one) => one[0] === field) || ["", ""])[1];
    if (!text) continue;
    const verdicts = {}, ids = DATA.labels.map((label) => label.id);
    for (const label of labels) { const said = found.verdicts[label]; verdicts[ids[label]] = said === UNSURE ? null : said === CONFIRM; }
    const spans = row.evidence.filter((piece) => piece[0] === field && piece[6] && verdicts[ids[piece[1]]] === true)
      .map((piece) => ({ start: piece[3], end: piece[4], label: ids[piece[1]], reason: piece[2] }));
    const made = { id: row.texts.length > 1 && field >= 0 ? `${row.key}#${DATA.fields[field]}` : row.key, text, source: row.source, labels: verdicts };
    if (spans.length) made.spans = spans;
    Object.assign(made, { origin: DATA.origin, group: row.key });
    const merchant = DATA.merchants[row.merchant];
    if (merchant) made.merchant = merchant[0];
    rows.push(Object.assign(made, found.at ? { annotator: who, judged_at: found.at } : { annotator: who }));
  }
  return rows;
}

function say(words, good) { $("say").textContent = words; $("say").className = good ? "say good" : "say"; }

function download() {
  const who = $("who").value.trim();
  if (!who) { say("请先填写审核人，再下载。"); $("who").focus(); return; }
  if (!decisions.size) { say("还没有判定任何一条。"); return; }
  const lines = [];
  for (const row of [...ROWS].sort((a, b) => a.number - b.number)) {
    const found = decisions.get(row.key);
    if (found) for (const made of labelled(row, found, found.who || who)) lines.push(JSON.stringify(made) + "\n");
  }
  const link = element("a", { href: URL.createObjectURL(new Blob(lines, { type: "application/jsonl" })), download: DATA.download });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60000);
  pending = 0;
  say(`已下载 ${decisions.size.toLocaleString()} 条记录的判定，共 ${lines.length.toLocaleString()} 行。`, true);
}

// ---- tabs, keys, start

function open(name) {
  for (const tab of document.querySelectorAll("[role=tab]")) {
    const on = tab.id === "tab-" + name;
    tab.setAttribute("aria-selected", String(on));
    tab.tabIndex = on ? 0 : -1;
    $("panel-" + tab.id.slice(4)).classList.toggle("on", on);
  }
  if (name === "review") { draw(); if (chosen) select(at); }
}

function tabs() {
  const all = [...document.querySelectorAll("[role=tab]")];
  for (const [index, tab] of all.entries()) {
    tab.onclick = () => { open(tab.id.slice(4)); history.replaceState(null, "", "#" + tab.id.slice(4)); };
    tab.onkeydown = (event) => {
      const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      if (!step) return;
      const to = all[(index + step + all.length) % all.length];
      to.focus();
      to.click();
      event.preventDefault();
    };
  }
  const asked = location.hash.slice(1);
  open(all.some((tab) => tab.id === "tab-" + asked) ? asked : "overview");
}

function onKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || !$("panel-review").classList.contains("on")) return;
  if (/^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName) || event.target.getAttribute("role") === "tab") return;
  const page = Math.max(1, Math.floor($("list").clientHeight / ITEM) - 1);
  const moves = { ArrowDown: 1, j: 1, ArrowUp: -1, k: -1, PageDown: page, PageUp: -page, Home: -at, End: view.length - 1 - at };
  const values = { 1: CONFIRM, 2: OVERTURN, 3: UNSURE, 0: null };
  if (event.key in moves) select(at + moves[event.key]);
  else if (event.key in values && chosen && !isHidden(chosen)) judge(chosen, values[event.key]);
  else if (event.key === "/") { $("q").focus(); $("q").select(); } else return;
  event.preventDefault();
}

function options(id, first, values) {
  $(id).append(new Option(first, ""), ...values.map(([value, words]) => new Option(visible(words), value)));
}

function start() {
  document.documentElement.classList.add("js");
  options("f-label", "全部", DATA.labels.map((label) => [label.id, label.name]));
  options("f-reason", "全部", Object.entries(DATA.reasons).map(([id, reason]) => [id, reason.name]));
  options("f-category", "全部", DATA.categories.map((name) => [name, name]));
  $("merchant-list").append(...DATA.merchants.slice(0, 1000).map(([id, name]) => element("option", { value: visible(name || id) })));
  recall();
  let wait = 0;
  for (const id of ["q", "f-merchant"]) $(id).oninput = () => { clearTimeout(wait); wait = setTimeout(apply, 120); };
  for (const id of ["f-label", "f-reason", "f-category", "f-from", "f-to", "f-state", "f-sort"]) $(id).onchange = apply;
  $("reset").onclick = () => {
    for (const id of ["q", "f-merchant", "f-from", "f-to", "f-label", "f-reason", "f-category"]) $(id).value = "";
    $("f-state").value = "all"; $("f-sort").value = "need"; apply();
  };
  $("who").onchange = () => { say(""); try { localStorage.setItem(NAME, $("who").value.trim()); } catch { /* kept in the page only */ } };
  $("download").onclick = download;
  $("list").onscroll = draw;
  addEventListener("resize", draw);
  document.addEventListener("keydown", onKey);
  addEventListener("beforeunload", (event) => { if (pending && !persisted) event.preventDefault(); });
  for (const button of document.querySelectorAll("[data-merchant]")) {
    button.onclick = () => { $("reset").onclick(); $("f-merchant").value = button.dataset.merchant; open("review"); apply(); };
  }
  const copy = $("copy");
  if (copy) copy.onclick = async () => {
    try { await navigator.clipboard.writeText($("draft").innerText); copy.textContent = "已复制"; }
    catch { getSelection().selectAllChildren($("draft")); copy.textContent = "已选中，请按复制键"; }
  };
  progress();
  apply();
  tabs();
}

start();
