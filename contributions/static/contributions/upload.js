// Folders and large files of a draft: hashed here, sent in parts, resumed after a reload or a lost
// connection. Without this file the form on the page sends files one selection at a time.
(() => {
  "use strict";
  const TRIES = 6;
  const JUNK = /(^|\/)(\.DS_Store|Thumbs\.db|desktop\.ini|\.git(\/|$)|__MACOSX(\/|$))/;

  const place = document.getElementById("upload");
  if (!place || !window.Worker) return;
  const words = place.dataset;
  const address = words.address;
  const token = place.querySelector("[name=csrfmiddlewaretoken]").value;
  const at = (id) => document.getElementById(id);
  const worker = new Worker(words.worker);
  const waiting = new Map();
  const queue = [];
  let paused = false;
  let busy = false;
  let total = 0;
  let handled = 0;
  let lastId = 0;
  let wake = null;

  class Refused extends Error {}
  class Stopped extends Error {}
  let stopped = false;
  let request = null;

  // --- hashing ---------------------------------------------------------------------------------

  worker.addEventListener("message", ({ data }) => {
    const asked = waiting.get(data.id);
    if (!asked) return;
    if (data.done !== undefined) return asked.tell(data.done);
    waiting.delete(data.id);
    if (data.error) asked.fail(new Refused(data.error));
    else asked.give(data.digest);
  });

  function digest(file, tell) {
    return new Promise((give, fail) => {
      const id = ++lastId;
      waiting.set(id, { give, fail, tell });
      worker.postMessage({ id, file });
    });
  }

  // --- speaking to the site ----------------------------------------------------------------------

  const sleep = (ms) => new Promise((done) => setTimeout(done, ms));

  async function online() {
    while (!navigator.onLine && !stopped) {
      say("trouble", words.offline);
      await sleep(500);
    }
    at("trouble").hidden = true;
  }

  async function ready() {
    while (paused && !stopped) await new Promise((done) => { wake = done; });
    if (stopped) throw new Stopped();
  }

  // A lost connection or a busy server is tried again; a refusal is not.
  async function ask(method, url, body, type) {
    for (let attempt = 1; ; attempt++) {
      await ready();
      await online();
      request = new AbortController();
      let answer;
      try {
        const headers = { "X-CSRFToken": token, Accept: "application/json" };
        if (type) headers["Content-Type"] = type;
        answer = await fetch(url, { method, body, headers, signal: request.signal });
      } catch (error) {
        if (stopped) throw new Stopped();
        if (paused) { attempt = 0; continue; }
        if (attempt >= TRIES && navigator.onLine) throw new Refused(words.failed);
        say("trouble", words.offline);
        await sleep(Math.min(8000, 300 * 2 ** attempt));
        continue;
      }
      if (answer.status >= 500 && attempt < TRIES) {
        await sleep(300 * 2 ** attempt);
        continue;
      }
      const said = await answer.json().catch(() => ({}));
      if (!answer.ok) throw new Refused(said.error || `${words.failed} (${answer.status})`);
      return said;
    }
  }

  // --- rows ----------------------------------------------------------------------------------------

  function size(count) {
    const units = ["B", "kB", "MB", "GB", "TB"];
    let unit = 0;
    while (count >= 1000 && unit < 4) { count /= 1000; unit++; }
    return unit ? `${Number(count.toPrecision(3))} ${units[unit]}` : `${count} B`;
  }

  function say(id, text) {
    const element = at(id);
    element.textContent = text;
    element.hidden = !text;
  }

  function mark(cell, kind, text) {
    const said = document.createElement("span");
    said.className = `mark ${kind}`;
    said.textContent = text;
    cell.replaceChildren(said);
    return said;
  }

  function rowOf(path) {
    const there = [...at("rows").rows].find((row) => row.dataset.path === path);
    if (there) return there;
    const row = at("rows").insertRow();
    row.dataset.path = path;
    const name = document.createElement("th");
    name.scope = "row";
    name.className = "what";
    name.textContent = path;
    row.append(name);
    for (const kind of ["num", "state", ""]) row.insertCell().className = kind;
    at("listing").hidden = false;
    const none = at("none");
    if (none) none.hidden = true;
    return row;
  }

  function show(item, part, text) {
    const cell = item.row.querySelector(".state");
    let bar = cell.querySelector("progress");
    if (!bar) {
      mark(cell, "moving", text);
      bar = document.createElement("progress");
      bar.setAttribute("aria-label", item.path);
      cell.append(bar);
    }
    cell.firstChild.textContent = text;
    bar.max = item.file.size || 1;
    bar.value = part;
    const all = total || 1;
    at("total").value = (handled + part) / all;
    say("total-label", `${text}: ${item.path} · ${Math.floor(100 * (handled + part) / all)} %`);
  }

  function offerRemoval(item) {
    const cell = item.row.cells[3];
    if (!item.id || cell.querySelector("button")) return;
    const button = document.createElement("button");
    button.type = "button";
    button.className = "danger small";
    button.textContent = words.remove;
    button.setAttribute("aria-label", `${words.remove} ${item.path}`);
    button.addEventListener("click", async () => {
      item.removed = true;
      button.disabled = true;
      try {
        await ask("POST", `${address}/${item.id}/remove`);
        item.row.remove();
      } catch (error) {
        if (error instanceof Refused) mark(cell, "bad", error.message);
      }
    });
    cell.replaceChildren(button);
  }

  // --- the work ------------------------------------------------------------------------------------

  async function send(item) {
    item.row.cells[1].textContent = size(item.file.size);
    show(item, 0, words.hashing);
    const sha256 = await digest(item.file, (done) => show(item, done, words.hashing));
    if (item.removed) return;
    const body = JSON.stringify({ files: [{ path: item.path, size: item.file.size, sha256 }] });
    const said = await ask("POST", `${address}/announce`, body, "application/json");
    if (said.refused.length) throw new Refused(said.refused[0].error);
    const told = said.files[0];
    item.id = told.id;
    item.row.dataset.id = told.id;
    item.row.cells[0].textContent = told.target;
    offerRemoval(item);
    if (!told.done) await sendParts(item, told);
    if (item.removed) return;
    const state = item.row.querySelector(".state");
    mark(state, "good", told.done ? words.present : words.arrived);
    if (told.refusal) {
      const why = document.createElement("p");
      why.className = "worse small";
      why.textContent = told.refusal;
      item.row.cells[0].append(why);
    }
  }

  async function sendParts(item, told) {
    const there = new Set(told.arrived);
    let sent = 0;
    for (let number = 1; number <= told.parts; number++) {
      const start = (number - 1) * told.part_bytes;
      const piece = item.file.slice(start, Math.min(start + told.part_bytes, item.file.size));
      if (item.removed) return;
      if (!there.has(number)) {
        const url = `${address}/${item.id}/parts/${number}`;
        await ask("PUT", url, piece, "application/octet-stream");
      }
      sent += piece.size;
      show(item, sent, words.sending);
    }
    await ask("POST", `${address}/${item.id}/complete`);
  }

  async function work() {
    if (busy) return;
    busy = true;
    stopped = false;
    at("progress").hidden = false;
    let failed = 0;
    while (queue.length) {
      const item = queue.shift();
      try {
        await send(item);
      } catch (error) {
        if (error instanceof Stopped) break;
        failed++;
        mark(item.row.querySelector(".state"), "bad", error.message || words.failed);
      }
      handled += item.file.size;
    }
    busy = false;
    for (const item of queue.splice(0)) mark(item.row.querySelector(".state"), "care", words.again);
    at("total").value = stopped || failed ? at("total").value : 1;
    say("total-label", stopped || failed ? words.left : words.done);
    at("pause").hidden = at("stop").hidden = true;
    total = handled = 0;
  }

  function add(found) {
    for (const { path, file } of found) {
      if (JUNK.test(path)) continue;
      const item = { path, file, row: rowOf(path), id: null, removed: false };
      mark(item.row.querySelector(".state"), "still", words.waiting);
      item.row.cells[1].textContent = size(file.size);
      queue.push(item);
      total += file.size;
    }
    if (!queue.length) return;
    at("pause").hidden = at("stop").hidden = false;
    work();
  }

  // --- where files come from -------------------------------------------------------------------------

  // The name of the chosen folder itself is left out: what counts is what lies in it.
  const within = (file) => (file.webkitRelativePath || file.name).replace(/^[^/]+\/(?=.)/, "");

  function chosen(input) {
    add([...input.files].map((file) => ({ path: within(file), file })));
    input.value = "";
  }

  async function entries(entry, prefix) {
    if (entry.isFile) {
      const file = await new Promise((give, fail) => entry.file(give, fail));
      return [{ path: prefix + entry.name, file }];
    }
    const reader = entry.createReader();
    const found = [];
    for (;;) {
      // A reader gives at most 100 at a time.
      const some = await new Promise((give, fail) => reader.readEntries(give, fail));
      if (!some.length) return found;
      for (const inner of some) found.push(...await entries(inner, `${prefix}${entry.name}/`));
    }
  }

  async function dropped(event) {
    event.preventDefault();
    at("drop").classList.remove("over");
    const items = [...event.dataTransfer.items].map((item) => item.webkitGetAsEntry()).filter(Boolean);
    const found = (await Promise.all(items.map((item) => entries(item, "")))).flat();
    const single = items.length === 1 && items[0].isDirectory;
    add(found.map(({ path, file }) => ({
      path: single ? path.slice(items[0].name.length + 1) : path, file,
    })));
  }

  for (const input of [at("files"), at("folder-input")]) {
    input.addEventListener("change", () => chosen(input));
  }
  at("drop-words").hidden = at("folder-field").hidden = false;
  at("send-form").hidden = true;
  at("drop").addEventListener("dragover", (event) => {
    event.preventDefault();
    at("drop").classList.add("over");
  });
  at("drop").addEventListener("dragleave", () => at("drop").classList.remove("over"));
  at("drop").addEventListener("drop", dropped);
  at("pause").addEventListener("click", () => {
    paused = !paused;
    at("pause").textContent = paused ? words.resume : words.pause;
    if (paused && request) request.abort();
    if (paused) say("total-label", words.paused);
    if (!paused && wake) wake();
  });
  at("stop").addEventListener("click", () => {
    stopped = true;
    paused = false;
    at("pause").textContent = words.pause;
    if (request) request.abort();
    if (wake) wake();
  });
  window.addEventListener("beforeunload", (event) => { if (busy) event.preventDefault(); });
  // Rows of an earlier visit whose bytes are not all there.
  for (const cell of document.querySelectorAll("#rows .state .mark.care")) {
    cell.textContent += ` · ${words.again}`;
  }
})();
