"""What the browser itself finds wrong with a page for people who see, point or read differently.

Names of fields, links and buttons; contrast of every text with what lies behind it (WCAG 2.2,
1.4.3); size of what is pressed (2.5.8); language; nothing wider than the window.
"""

from __future__ import annotations

_CHECK = r"""() => {
  const found = [];
  const words = (e) => (e.textContent || "").replace(/\s+/g, " ").trim().slice(0, 40);
  const name = (e) => `${e.tagName.toLowerCase()}${e.id ? "#" + e.id : ""}`
    + `${typeof e.className === "string" && e.className ? "." + e.className.split(" ")[0] : ""}`
    + ` “${words(e)}”`;
  const seen = (e) => e.checkVisibility({opacityProperty: true, visibilityProperty: true});

  if (!document.documentElement.lang) found.push("the page has no language");
  const wide = document.scrollingElement.scrollWidth;
  if (wide > window.innerWidth) found.push(`${wide} px in a window of ${window.innerWidth}`);
  if (document.querySelectorAll("h1").length !== 1) found.push("not one h1");
  if (!document.querySelector("main")) found.push("no main");

  const labelled = (e) => e.getAttribute("aria-label") || e.title || words(e)
    || (e.labels && [...e.labels].some(words)) || e.querySelector?.("img[alt], svg[aria-label]")
    || (e.getAttribute("aria-labelledby") || "").split(" ").some(
      (id) => id && document.getElementById(id))
    || (e.type === "submit" && e.value);
  for (const e of document.querySelectorAll("a[href], button, input, select, textarea, summary"))
    if (e.type !== "hidden" && seen(e) && !labelled(e)) found.push(`no name: ${name(e)}`);

  // Any colour a style sheet may say, as four numbers.
  const pen = document.createElement("canvas").getContext("2d", {willReadFrequently: true});
  const known = new Map();
  const colour = (text) => {
    if (!known.has(text)) {
      pen.clearRect(0, 0, 1, 1);
      pen.fillStyle = text;
      pen.fillRect(0, 0, 1, 1);
      const [r, g, b, a] = pen.getImageData(0, 0, 1, 1).data;
      known.set(text, [r, g, b, a / 255]);
    }
    return known.get(text);
  };
  const over = ([r, g, b, a], [R, G, B]) =>
    [r * a + R * (1 - a), g * a + G * (1 - a), b * a + B * (1 - a), 1];
  const luminance = ([r, g, b]) => {
    const [x, y, z] = [r, g, b].map((v) =>
      v / 255 <= 0.04045 ? v / 255 / 12.92 : ((v / 255 + 0.055) / 1.055) ** 2.4);
    return 0.2126 * x + 0.7152 * y + 0.0722 * z;
  };
  const contrast = (one, two) => {
    const [light, dark] = [luminance(one), luminance(two)].sort((a, b) => b - a);
    return (light + 0.05) / (dark + 0.05);
  };
  const behind = (e) => {
    const layers = [];
    for (let at = e; at; at = at.parentElement) {
      const style = getComputedStyle(at);
      if (style.backgroundImage !== "none") return null;
      const paint = colour(style.backgroundColor);
      if (paint[3] > 0) layers.push(paint);
      if (paint[3] === 1) break;
    }
    const paper = colour(getComputedStyle(document.documentElement).colorScheme.includes("dark")
      && matchMedia("(prefers-color-scheme: dark)").matches ? "#121212" : "white");
    return layers.reverse().reduce((below, paint) => over(paint, below), paper);
  };
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const judged = new Set();
  while (texts.nextNode()) {
    const e = texts.currentNode.parentElement;
    if (!texts.currentNode.data.trim() || judged.has(e)) continue;
    judged.add(e);
    const box = e.getBoundingClientRect();
    if (!seen(e) || box.width < 2 || box.height < 2 || e.closest("noscript")) continue;
    if (e.closest(":disabled, [aria-disabled=true], option, .skip")) continue;
    const style = getComputedStyle(e);
    const paper = behind(e);
    if (!paper) continue;
    let ink = colour(e.closest("svg") ? style.fill : style.color);
    let opacity = 1;
    for (let at = e; at; at = at.parentElement) opacity *= getComputedStyle(at).opacity;
    ink = over([ink[0], ink[1], ink[2], ink[3] * opacity], paper);
    const size = parseFloat(style.fontSize);
    const large = size >= 24 || (size >= 18.66 && style.fontWeight >= 700);
    const ratio = contrast(ink, paper);
    if (ratio < (large ? 3 : 4.5) - 0.01) found.push(`contrast ${ratio.toFixed(2)}: ${name(e)}`);
  }

  const field = "button, summary, select, textarea, input:not([type=hidden])";
  for (const e of document.querySelectorAll(`a[href], ${field}`)) {
    // Numbers of lines are as high as the lines.
    if (!seen(e) || e.disabled || e.closest(".skip, ol.lines, table.diff")) continue;
    const style = getComputedStyle(e);
    if (style.display === "inline" || style.position === "absolute") continue;
    // A label is pressed as well as its field.
    const places = [e, ...(e.labels || [])].map((place) => place.getBoundingClientRect());
    if (!places[0].width) continue;
    const [w, h] = ["width", "height"].map((side) => Math.max(...places.map((p) => p[side])));
    if (w < 23.5 || h < 23.5)
      found.push(`small: ${name(e)} ${w.toFixed(0)} × ${h.toFixed(0)}`);
  }
  return found;
}"""

_FOCUS = """() => {
  const e = document.activeElement;
  if (!e || e === document.body) return null;
  const style = getComputedStyle(e);
  const ring = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 1;
  const box = e.getBoundingClientRect();
  return {
    name: `${e.tagName.toLowerCase()} ${e.getAttribute("href") || e.name || e.textContent.trim()}`,
    visible: (ring || style.boxShadow !== "none") && box.width > 0,
    href: e.getAttribute("href"),
  };
}"""


def faults(page) -> list[str]:
    return sorted(set(page.evaluate(_CHECK)))


def tabbed(page, *, most: int = 400) -> list[dict]:
    """Everything that Tab reaches, in order, each with whether its focus is to be seen."""
    stops = []
    page.evaluate("document.activeElement.blur()")
    for _ in range(most):
        page.keyboard.press("Tab")
        stop = page.evaluate(_FOCUS)
        if stop is None:
            break
        stops.append(stop)
    return stops
