/**
 * Building blocks of the page. Whatever comes from the hub gets in as text, never as HTML.
 *
 * @module
 */

/**
 * The element with an id that `index.html` gives it.
 *
 * @template {Element} T
 * @param {string} id
 * @param {new () => T} kind
 * @returns {T}
 * @throws {TypeError} if there is none of this kind, which is a mistake in the page
 */
export function byId(id, kind) {
  const found = document.getElementById(id);
  if (found instanceof kind) return found;
  throw new TypeError(`Cannot find #${id} as ${kind.name}`);
}

/**
 * @typedef {object} Attributes
 * @property {string} [text] content
 * @property {Readonly<Record<string, string>>} [set] attributes by name
 * @property {string} [className]
 */

/**
 * Makes an element.
 *
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag
 * @param {Attributes} [attributes]
 * @param {readonly (Node | string)[]} [children]
 * @returns {HTMLElementTagNameMap[K]}
 */
export function element(tag, { text, set = {}, className } = {}, children = []) {
  const made = document.createElement(tag);
  if (className !== undefined) made.className = className;
  for (const [name, value] of Object.entries(set)) made.setAttribute(name, value);
  if (text !== undefined) made.textContent = text;
  made.append(...children);
  return made;
}

/**
 * Sets the text of an element if it has another one: what somebody has selected stays so.
 *
 * @param {Element} target
 * @param {string} text
 */
export function setText(target, text) {
  if (target.textContent !== text) target.textContent = text;
}

/**
 * Shows the card `#NAME-card` of a list, or `#NAME-empty` in its place.
 *
 * @param {string} name
 * @param {{ isEmpty: boolean, text: string }} options what is said when it is empty
 */
export function showCard(name, { isEmpty, text }) {
  byId(`${name}-card`, HTMLElement).hidden = isEmpty;
  const empty = byId(`${name}-empty`, HTMLElement);
  empty.hidden = !isEmpty;
  setText(empty, text);
}

/**
 * Shows one of the states that the design language knows.
 *
 * @param {Element} badge a `.status` with a dot and a text
 * @param {{ kind: "online" | "degraded" | "error" | "offline", label: string }} state
 */
export function setStatus(badge, { kind, label }) {
  const className = `status status-${kind}`;
  if (!badge.classList.contains(`status-${kind}`)) {
    badge.className = badge.classList.contains("live") ? `${className} live` : className;
  }
  const text = badge.lastElementChild;
  if (text !== null) setText(text, label);
}

/** @returns {HTMLSpanElement} a badge for {@linkcode setStatus} */
export function statusBadge() {
  return element("span", { className: "status status-offline" }, [
    element("span", { className: "status-dot", set: { "aria-hidden": "true" } }),
    element("span"),
  ]);
}

/**
 * Sets the time that an element shows, local and in full on hover in UTC.
 *
 * @param {HTMLTimeElement} target
 * @param {{ iso: string, local: string }} time
 */
export function setTime(target, { iso, local }) {
  if (target.dateTime !== iso) {
    target.dateTime = iso;
    target.title = iso;
  }
  setText(target, local);
}

/**
 * Says something to whoever hears the page instead of seeing it.
 *
 * @param {string} text
 */
export function announce(text) {
  byId("announcer", HTMLElement).textContent = text;
}

/**
 * A text with a button that copies it.
 *
 * @param {string} text
 * @param {{ label: string, wraps?: boolean }} options what the button is called for those who do not
 *   see what it stands beside
 * @returns {HTMLDivElement}
 */
export function copyable(text, { label, wraps = false }) {
  // A line breaks between words, not after the hyphen of a flag.
  const words = text.split(" ").flatMap((word, i) => [
    ...(i === 0 ? [] : [" "]),
    element("span", { className: "word", text: word }),
  ]);
  const code = element("code", { className: "code-block", set: { tabindex: "0" } }, words);
  const button = element("button", {
    className: "btn btn-sm",
    text: "Copy",
    set: { type: "button", "aria-label": label },
  });
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(text);
      button.textContent = "Copied";
      announce("Copied");
    } catch {
      // No clipboard without TLS: the text is selected, so that a key press copies it.
      getSelection()?.selectAllChildren(code);
      button.textContent = "Selected";
      announce("Selected");
    }
  });
  button.addEventListener("blur", () => button.textContent = "Copy");
  return element("div", { className: wraps ? "copyable wrap" : "copyable" }, [code, button]);
}
