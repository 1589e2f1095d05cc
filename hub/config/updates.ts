import type { UpdateConfig } from "./model.ts";

/** A change of what the configuration says of updates; what is absent stays. */
export interface UpdateChange {
  /** Channel to follow. */
  readonly channel?: string;
  /** Where a channel comes from; undefined base: nowhere in particular. */
  readonly source?: { readonly name: string; readonly base: string | undefined };
}

/** Where the hub keeps what it says of updates. */
export interface UpdateFile {
  /** As on disk. */
  readonly update: UpdateConfig;
  /** Writes a change. @throws ConfigError if it cannot; nothing has changed then */
  commitUpdate(change: UpdateChange): Promise<void>;
}
