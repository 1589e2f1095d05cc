/**
 * Elements of a list, one for each item, that live as long as their item does: what is unchanged is
 * not touched, so that focus, selection and scroll position stay.
 *
 * @template Item
 */
export class KeyedList {
  /** @type {HTMLElement} */
  #parent;
  /** @type {KeyedListOptions<Item>} */
  #options;
  /** @type {Map<string, Entry>} */
  #entries = new Map();

  /**
   * @param {HTMLElement} parent
   * @param {KeyedListOptions<Item>} options
   */
  constructor(parent, options) {
    this.#parent = parent;
    this.#options = options;
  }

  /**
   * Shows these items, in this order.
   *
   * @param {readonly Item[]} items each with a key of its own
   */
  render(items) {
    const { key, create } = this.#options;
    /** @type {Map<string, Entry>} */
    const entries = new Map();
    for (const item of items) {
      const entry = this.#entries.get(key(item)) ?? { ...create(item), shown: "" };
      const { update } = entry;
      const signature = JSON.stringify(item);
      if (entry.shown !== signature) update(item);
      entry.shown = signature;
      entries.set(key(item), entry);
    }
    for (const [name, { node }] of this.#entries) if (!entries.has(name)) node.remove();
    this.#entries = entries;
    this.#place();
  }

  /**
   * Hides all but those with these keys.
   *
   * @param {ReadonlySet<string>} keys
   */
  show(keys) {
    for (const [name, { node }] of this.#entries) {
      const isHidden = !keys.has(name);
      if (node.hidden !== isHidden) node.hidden = isHidden;
    }
  }

  /**
   * @param {string} name key of an item
   * @returns {HTMLElement | undefined}
   */
  nodeOf(name) {
    return this.#entries.get(name)?.node;
  }

  /** Puts every element where it belongs, moving none that is there already. */
  #place() {
    const nodes = [...this.#entries.values()].map(({ node }) => node);
    /** @type {ChildNode | null} */
    let next = null;
    for (const node of nodes.reverse()) {
      if (node.parentNode !== this.#parent || node.nextSibling !== next) {
        this.#parent.insertBefore(node, next);
      }
      next = node;
    }
  }
}

/**
 * @typedef {{ node: HTMLElement, update: (item: any) => void, shown: string }} Entry
 */

/**
 * @template Item
 * @typedef {object} KeyedListOptions
 * @property {(item: Item) => string} key what makes an item the same as one before
 * @property {(item: Item) => { node: HTMLElement, update: (item: Item) => void }} create makes the
 *   element of a new item; `update` fills it, at first and when the item has changed
 */
