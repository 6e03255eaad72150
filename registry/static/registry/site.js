// Small comforts. Every page works without this file.
(() => {
  "use strict";
  const units = [[60, "second"], [60, "minute"], [24, "hour"], [30, "day"], [12, "month"], [Infinity, "year"]];

  // In the page's language; a number and a unit, such as "3 minutes" or "3分钟".
  function spoken(unit, whole) {
    const language = document.documentElement.lang || "en";
    const unitDisplay = language.startsWith("zh") ? "short" : "long";
    return new Intl.NumberFormat(language, { style: "unit", unit, unitDisplay }).format(whole);
  }

  function inWords(seconds) {
    let amount = Math.max(seconds, 0);
    for (const [size, name] of units) {
      if (amount < size) {
        return spoken(name, Math.floor(amount));
      }
      amount /= size;
    }
    return "";
  }

  function refreshTimes() {
    for (const time of document.querySelectorAll("time[data-words]")) {
      const words = inWords((Date.now() - Date.parse(time.dateTime)) / 1000);
      time.textContent = time.dataset.words.replace("{}", words);
    }
  }

  // A log that was read to its end stays at its end; one scrolled back stays where it was.
  const places = new Map();
  const atEnd = (log) => log.scrollHeight - log.scrollTop - log.clientHeight < 24;

  function remember() {
    places.clear();
    for (const log of document.querySelectorAll("pre.log[id]")) {
      places.set(log.id, atEnd(log) ? null : log.scrollTop);
    }
    for (const part of document.querySelectorAll("details[id]")) {
      places.set(part.id, part.open);
    }
  }

  function restore() {
    for (const part of document.querySelectorAll("details[id]")) {
      if (places.has(part.id)) part.open = places.get(part.id);
    }
    for (const log of document.querySelectorAll("pre.log[id]")) {
      const place = places.get(log.id);
      log.scrollTop = place === undefined || place === null ? log.scrollHeight : place;
    }
    refreshTimes();
  }

  function offerCopies() {
    for (const block of document.querySelectorAll("pre.copy")) {
      const button = document.createElement("button");
      button.type = "button";
      button.className = "copy-button quiet";
      const { copy = "Copy", copied = "Copied" } = document.body.dataset;
      button.textContent = copy;
      button.addEventListener("click", async () => {
        await navigator.clipboard.writeText(block.querySelector("code").textContent.trim());
        button.textContent = copied;
        setTimeout(() => { button.textContent = copy; }, 1500);
      });
      block.after(button);
    }
  }

  // A choice that takes effect at once; without scripts the button beside it does the same.
  function submitChoices() {
    for (const choice of document.querySelectorAll("select[data-submit]")) {
      const button = choice.form.querySelector("button");
      if (button) button.hidden = true;
      choice.addEventListener("change", () => choice.form.requestSubmit());
    }
  }

  function closeMenus(event) {
    for (const menu of document.querySelectorAll("details.menu[open]")) {
      if (!menu.contains(event.target)) menu.open = false;
    }
  }

  document.addEventListener("click", closeMenus);
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    for (const menu of document.querySelectorAll("details.menu[open]")) {
      menu.open = false;
      menu.querySelector("summary").focus();
    }
  });
  document.addEventListener("htmx:beforeSwap", remember);
  document.addEventListener("htmx:afterSwap", restore);
  document.addEventListener("DOMContentLoaded", () => {
    if (navigator.clipboard) offerCopies();
    restore();
    submitChoices();
    setInterval(refreshTimes, 1000);
  });
})();
