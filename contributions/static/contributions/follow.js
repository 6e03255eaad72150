// Logs that grow: "Pause" keeps one still, "Follow" goes on; a very long one loses its beginning.
(() => {
  "use strict";
  const KEPT = 200000;
  const logOf = (button) => document.getElementById(button.dataset.follows);

  function show() {
    for (const button of document.querySelectorAll("button[data-follows]")) {
      const log = logOf(button);
      button.hidden = !log || !log.querySelector(".log-next");
      if (log) button.textContent = log.dataset.paused ? button.dataset.on : button.dataset.off;
    }
  }

  function press(event) {
    const button = event.target.closest("button[data-follows]");
    const log = button && logOf(button);
    if (!log) return;
    if (log.dataset.paused) {
      delete log.dataset.paused;
      log.scrollTop = log.scrollHeight;
    } else {
      log.dataset.paused = "yes";
    }
    show();
  }

  function shorten() {
    for (const log of document.querySelectorAll("pre.log[id]")) {
      while (log.textContent.length > KEPT && log.childNodes.length > 2) log.firstChild.remove();
    }
  }

  document.addEventListener("click", press);
  document.addEventListener("htmx:beforeRequest", (event) => {
    const log = event.target.closest("pre.log");
    if (log && log.dataset.paused) event.preventDefault();
  });
  document.addEventListener("htmx:afterSettle", () => { shorten(); show(); });
  document.addEventListener("htmx:afterSwap", show);
  // The last answer of a log that ended holds no element, so that no swap is told of.
  document.addEventListener("htmx:afterRequest", () => setTimeout(show, 60));
  document.addEventListener("DOMContentLoaded", show);
})();
