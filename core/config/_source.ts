import type { Document, LineCounter } from "yaml";

/** The file that nodes belong to. */
export interface NodeSource {
  /** Path as shown in errors. */
  readonly path: string;
  /** Resolves the aliases. */
  readonly document: Document;
  /** Finds the line of a node. */
  readonly lines: LineCounter;
}
