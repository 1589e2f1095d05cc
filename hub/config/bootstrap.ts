import type { Random } from "../../core/bytes/mod.ts";
import { newUuid } from "./uuid.ts";
import type { ConfigEditor, HubConfigFile } from "./hub_config_file.ts";
import { ANY_MACHINE, type HubConfig, type TokenEntry } from "./model.ts";
import { newToken } from "./new_token.ts";

/** What {@linkcode bootstrap} needs. */
export interface BootstrapOptions {
  /** Makes the tokens and the id. */
  readonly random: Random;
  /** Value of `TELA_OWNER_TOKEN`; only honoured while there are no tokens. */
  readonly ownerToken: string | undefined;
  /** Ports in effect, written into a file made anew. */
  readonly effective: Pick<HubConfig, "port" | "udpPort">;
}

/** What {@linkcode bootstrap} did. */
export interface BootstrapResult {
  /** True if the document changed and should be saved. */
  readonly changed: boolean;
  /** The owner token if it was made up here; it is to be shown once. */
  readonly newOwnerToken: string | undefined;
  /** Identities that had another's id, or none, and have one of their own now. */
  readonly renamed: readonly Renamed[];
}

/** An identity with a new id. */
export interface Renamed {
  /** Where it is in the list of tokens. */
  readonly at: number;
  /** What it was called, "" if it had no id. */
  readonly from: string;
  /** What it is called. */
  readonly to: string;
}

/** Identity whose token the console page uses. */
export const CONSOLE_VIEWER = "console-viewer";

/** Ids for identities that cannot be told apart, so that each of them can be revoked. */
function ownIds(tokens: readonly TokenEntry[]): Renamed[] {
  const taken = new Set(tokens.map(({ id }) => id));
  const seen = new Set([""]);
  return tokens.flatMap(({ id: from }, at) => {
    if (!seen.has(from)) {
      seen.add(from);
      return [];
    }
    let to = from || "unnamed";
    for (let n = 2; taken.has(to); n++) to = `${from || "unnamed"}-${n}`;
    taken.add(to);
    return [{ at, from, to }];
  });
}

/**
 * Makes a configuration fit to start with: an owner if there are no tokens, the console's identity
 * if there is none, an id of the hub, an id of its own for each identity: other hubs give several
 * agents one. Only edits the document; saving is the caller's.
 *
 * Spec: hub-api.md 2 (bootstrap), 5.3. Deviation: another viewer does not stand in for the console's
 * identity, whose token anybody can read.
 */
export function bootstrap(file: HubConfigFile, options: BootstrapOptions): BootstrapResult {
  const { auth, hubId } = file.config;
  const isFirst = auth.tokens.length === 0;
  const lacksViewer = !auth.tokens.some(({ id }) => id === CONSOLE_VIEWER);
  const ownerToken = options.ownerToken || newToken(options.random);
  const renamed = ownIds(auth.tokens);
  const changed = isFirst || lacksViewer || hubId === "" || renamed.length > 0;
  if (!changed) return { changed, newOwnerToken: undefined, renamed };
  file.edit((editor) => {
    if (hubId === "") editor.set(["hubId"], newUuid(options.random));
    if (!file.exists) writeFirstStart(editor, options.effective);
    for (const { at, to } of renamed) editor.set(["auth", "tokens", at, "id"], to);
    if (isFirst) addOwner(editor, ownerToken);
    if (lacksViewer) {
      editor.add(["auth", "tokens"], {
        id: CONSOLE_VIEWER,
        token: newToken(options.random),
        hubRole: "viewer",
      });
    }
  });
  const newOwnerToken = isFirst && !options.ownerToken ? ownerToken : undefined;
  return { changed, newOwnerToken, renamed };
}

/** Spec: hub-api.md 5.3 (first-start files contain the effective ports and `wwwDir`). */
function writeFirstStart(
  editor: ConfigEditor,
  { port, udpPort }: Pick<HubConfig, "port" | "udpPort">,
) {
  // In a file, 0 stands for the default and not for a port of the system's choice.
  if (port !== 0) editor.set(["port"], port);
  if (udpPort !== 0) editor.set(["udpPort"], udpPort);
  editor.set(["wwwDir"], "./www");
}

function addOwner(editor: ConfigEditor, token: string): void {
  editor.add(["auth", "tokens"], { id: "owner", token, hubRole: "owner" });
  editor.add(["auth", "machines", ANY_MACHINE, "connectTokens"], { token });
}
