/** Checks that run in a page; none of them can use anything from outside itself. */

/**
 * What can be operated and has no name, or is hard to hit.
 *
 * @returns {string[]}
 */
export function nameProblems() {
  /** @type {string[]} */
  const problems = [];
  /** @param {string | null} ids */
  const textOf = (ids) =>
    (ids ?? "").split(/\s+/).map((id) => document.getElementById(id)?.textContent ?? "").join(" ");
  /** @param {Element} item */
  const nameOf = (item) => {
    const labels = "labels" in item ? /** @type {HTMLInputElement} */ (item).labels ?? [] : [];
    return [
      textOf(item.getAttribute("aria-labelledby")),
      item.getAttribute("aria-label"),
      ...[...labels].map(({ textContent }) => textContent),
      item.getAttribute("alt"),
      /^(input|select|textarea)$/i.test(item.tagName) ? "" : item.textContent,
      item.getAttribute("title"),
    ].find((text) => (text ?? "").trim() !== "");
  };
  const interactive = "a[href], button, input, select, textarea, dialog[open], table, nav, " +
    "[role=listbox], [role=tablist], [role=tabpanel], [role=menu], [role=search], [tabindex='0']";
  for (const item of document.querySelectorAll(interactive)) {
    if (!item.checkVisibility({ visibilityProperty: true })) continue;
    const isTable = item instanceof HTMLTableElement;
    const name = isTable ? item.caption?.textContent : nameOf(item);
    if ((name ?? "").trim() === "") problems.push(`no name: ${item.outerHTML.slice(0, 120)}`);
    const { width, height } = item.getBoundingClientRect();
    const isTarget = item.matches(
      "button, select, .sidebar-item, input:not([type=radio],[type=checkbox])",
    );
    const isInline = item.matches(".link");
    if (isTarget && !isInline && (width < 24 || height < 24)) {
      problems.push(`target of ${width} x ${height}: ${item.outerHTML.slice(0, 120)}`);
    }
  }
  for (const image of document.querySelectorAll("img, svg")) {
    const isDecoration = image.getAttribute("alt") === "" || image.ariaHidden === "true";
    if (!isDecoration && !image.getAttribute("alt")) problems.push(`no alt: ${image.outerHTML}`);
  }
  return problems;
}

/**
 * References to nothing, wrong roles, headings out of order.
 *
 * @returns {string[]}
 */
export function structureProblems() {
  /** @type {string[]} */
  const problems = [];
  /** @param {Element} item */
  const isShown = (item) => item.checkVisibility({ visibilityProperty: true });
  if (document.documentElement.lang === "") problems.push("no language");
  if (document.title.trim() === "") problems.push("no title");
  const ids = [...document.querySelectorAll("[id]")].map(({ id }) => id);
  ids.forEach((id, i) => {
    if (ids.indexOf(id) < i) problems.push(`twice: #${id}`);
  });
  for (const name of ["aria-controls", "aria-labelledby", "aria-describedby", "list", "for"]) {
    for (const item of document.querySelectorAll(`[${name}]`)) {
      for (const id of (item.getAttribute(name) ?? "").split(/\s+/)) {
        if (!ids.includes(id)) problems.push(`${name} of nothing: ${id}`);
      }
    }
  }
  /** @type {Readonly<Record<string, string>>} */
  const children = {
    listbox: "option",
    tablist: "tab",
    menu: "menuitemradio",
  };
  for (const [parent, child] of Object.entries(children)) {
    for (const list of document.querySelectorAll(`[role=${parent}]`)) {
      const strangers = [...list.children].filter(({ role }) => role !== child);
      if (strangers.length > 0) problems.push(`in a ${parent}: ${strangers[0]?.outerHTML}`);
    }
  }
  const selected = document.querySelectorAll("[role=tab][aria-selected=true]");
  if (selected.length !== 1) problems.push(`${selected.length} tabs are selected`);
  const hasModal = document.querySelector("dialog[open]") !== null;
  const headings = [...document.querySelectorAll("h1, h2, h3")].filter((heading) =>
    isShown(heading) && heading.closest("dialog") === null
  );
  const levels = headings.map(({ tagName }) => Number(tagName[1]));
  if (!hasModal && levels.filter((level) => level === 1).length !== 1) problems.push("not one h1");
  levels.forEach((level, i) => {
    if (i > 0 && level > (levels[i - 1] ?? 0) + 1) {
      problems.push(`heading skips: ${headings[i]?.textContent}`);
    }
  });
  for (const cell of document.querySelectorAll("th")) {
    if (cell.scope === "") problems.push(`th without scope: ${cell.textContent}`);
  }
  return problems;
}

/**
 * Text that runs into its neighbour, and more than one button that wants to be the main one.
 *
 * @returns {string[]}
 */
export function layoutProblems() {
  /** @type {string[]} */
  const problems = [];
  const hasModal = document.querySelector("dialog[open]") !== null;
  for (const cell of document.querySelectorAll("td, th, .code-block, .btn, .item-line")) {
    const isCut = getComputedStyle(cell).overflowX === "auto";
    if (
      !isCut && cell.scrollWidth > cell.clientWidth + 1 && !cell.matches(":has(.visually-hidden)")
    ) {
      problems.push(`text runs out of its place: ${cell.textContent}`);
    }
  }
  const primaries = [...document.querySelectorAll(".btn-primary, .btn-destructive")];
  const scope = hasModal ? "dialog[open]" : "[role=tabpanel]:not([hidden])";
  const inScope = primaries.filter((button) =>
    button.closest(scope) !== null && button.checkVisibility({ visibilityProperty: true })
  );
  if (inScope.length > 1) problems.push(`${inScope.length} primary buttons at once`);
  return problems;
}

/**
 * Texts that are hard to read on what is behind them.
 *
 * @returns {string[]}
 */
export function contrastProblems() {
  /** @typedef {[number, number, number, number]} Color */
  /** @type {Set<string>} */
  const problems = new Set();
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  if (canvas === null) return ["no canvas to read colors with"];
  /** @param {string} text @returns {Color} */
  const parse = (text) => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = text;
    canvas.fillRect(0, 0, 1, 1);
    const [r = 0, g = 0, b = 0, a = 0] = canvas.getImageData(0, 0, 1, 1).data;
    return [r, g, b, a / 255];
  };
  /** @param {Color} top @param {Color} below @returns {Color} */
  const over = (top, below) => {
    /** @param {0 | 1 | 2} i */
    const mix = (i) => top[i] * top[3] + below[i] * (1 - top[3]);
    return [mix(0), mix(1), mix(2), 1];
  };
  /** @param {Element | null} item @returns {Color} */
  const backgroundOf = (item) => {
    if (item === null) return [255, 255, 255, 1];
    const own = parse(getComputedStyle(item).backgroundColor);
    return own[3] === 1 ? own : over(own, backgroundOf(item.parentElement));
  };
  /** @param {Color} color */
  const luminance = (color) => {
    const [r = 0, g = 0, b = 0] = color.map((value) => {
      const part = value / 255;
      return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const scope = document.querySelector("dialog[open]") ?? document.body;
  const walker = document.createTreeWalker(scope, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node !== null; node = walker.nextNode()) {
    const item = node.parentElement;
    const text = node.textContent?.trim() ?? "";
    if (item === null || text === "" || item.matches(":disabled, option, .skip")) continue;
    if (!item.checkVisibility({ visibilityProperty: true, opacityProperty: true })) continue;
    const style = getComputedStyle(item);
    const background = backgroundOf(item);
    const [a, b] = [luminance(over(parse(style.color), background)), luminance(background)];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    const size = parseFloat(style.fontSize);
    const isLarge = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
    if (ratio < (isLarge ? 3 : 4.5)) {
      problems.add(`contrast ${ratio.toFixed(2)}: ${item.className}: ${text.slice(0, 60)}`);
    }
  }
  return [...problems];
}
