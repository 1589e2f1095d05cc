import type { Document } from "yaml";

/** A place in the file: the keys from the top. */
export type ConfigPath = readonly string[];

/** The changes that can be made to a configuration file. */
export interface ConfigEditor {
  /** Sets the value at `path`, making the mappings on the way. */
  set(path: ConfigPath, value: unknown): void;
  /** Appends to the list at `path`, making it and the mappings on the way. */
  add(path: ConfigPath, item: unknown): void;
}

/** Edits a YAML document in place; what is not named keeps its place and its comments. */
export function editorOf(doc: Document): ConfigEditor {
  const ensure = (path: ConfigPath, empty: unknown) => {
    // A key with nothing behind it reads as null, which cannot take children.
    if (!doc.getIn(path)) doc.setIn(path, doc.createNode(empty));
  };
  const ensureParents = (path: ConfigPath) => {
    for (let depth = 1; depth < path.length; depth++) ensure(path.slice(0, depth), {});
  };
  return {
    set(path, value) {
      ensureParents(path);
      doc.setIn(path, doc.createNode(value));
    },
    add(path, item) {
      ensureParents(path);
      ensure(path, []);
      doc.addIn(path, doc.createNode(item));
    },
  };
}
