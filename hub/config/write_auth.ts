import { isDeepStrictEqual } from "node:util";
import type { ConfigPath } from "../../core/config/mod.ts";
import type { ConfigEditor } from "./hub_config_file.ts";
import type { AuthConfig, ConnectGrant, MachineAcl, TokenEntry } from "./model.ts";

/** What was, and what is to be. */
interface Step<T> {
  readonly before: T;
  readonly after: T;
}

/** How the items of a list are written. */
interface ItemWriter<T> {
  /** The item as a new one. */
  readonly whole: (item: T) => unknown;
  /** Changes the item at a place. */
  readonly change: (place: ConfigPath, step: Step<T>) => void;
}

function timeText(ms: number | undefined): string | undefined {
  return ms === undefined ? undefined : new Date(ms).toISOString();
}

/** The members of a token entry as the file has them; an absent one is undefined. */
function tokenMembers(entry: TokenEntry): [key: string, value: string | undefined][] {
  return [
    ["id", entry.id],
    ["token", entry.token],
    ["hubRole", entry.role === "user" ? undefined : entry.role],
    ["issuedAt", timeText(entry.issuedAtMs)],
    ["expiresAt", timeText(entry.expiresAtMs)],
    ["revokedAt", timeText(entry.revokedAtMs)],
  ];
}

function grantMembers({ token, services }: ConnectGrant): [key: string, value: unknown][] {
  return [["token", token], ["services", services.length === 0 ? undefined : [...services]]];
}

function present(members: [string, unknown][]): object {
  return Object.fromEntries(members.filter(([, value]) => value !== undefined));
}

/** Writes the edits that lead from one access part to another, and touches nothing else. */
class AuthWriter {
  readonly #editor: ConfigEditor;

  constructor(editor: ConfigEditor) {
    this.#editor = editor;
  }

  auth({ before, after }: Step<AuthConfig>): void {
    this.#list(["auth", "tokens"], { before: before.tokens, after: after.tokens }, {
      whole: (entry) => present(tokenMembers(entry)),
      change: (place, step) => this.#members(place, step, tokenMembers),
    });
    for (const name of new Set([...before.machines.keys(), ...after.machines.keys()])) {
      const step = { before: before.machines.get(name), after: after.machines.get(name) };
      if (step.before !== step.after) this.#machine(["auth", "machines", name], step);
    }
  }

  #machine(place: ConfigPath, { before, after }: Step<MachineAcl | undefined>): void {
    if (after === undefined) return this.#editor.delete(place);
    if (before?.registerToken !== after.registerToken) {
      this.#value([...place, "registerToken"], after.registerToken);
    }
    const connect = { before: before?.connect ?? [], after: after.connect };
    this.#list([...place, "connectTokens"], connect, {
      whole: (grant) => present(grantMembers(grant)),
      change: (at, step) => this.#members(at, step, grantMembers),
    });
    const manage = { before: before?.manageTokens ?? [], after: after.manageTokens };
    this.#list([...place, "manageTokens"], manage, {
      whole: (token) => token,
      change: (at, step) => this.#editor.set(at, step.after),
    });
  }

  /** Items are changed in place, removed anywhere, and added at the end. */
  #list<T>(place: ConfigPath, { before, after }: Step<readonly T[]>, item: ItemWriter<T>): void {
    const shorter = Math.min(before.length, after.length);
    let head = 0;
    while (head < shorter && before[head] === after[head]) head++;
    let tail = 0;
    while (tail < shorter - head && before.at(-1 - tail) === after.at(-1 - tail)) tail++;
    const oldEnd = before.length - tail;
    const newEnd = after.length - tail;
    for (let i = head; i < Math.min(oldEnd, newEnd); i++) {
      item.change([...place, i], { before: before[i]!, after: after[i]! });
    }
    if (after.length === 0 && before.length > 0) return this.#editor.delete(place);
    for (let i = oldEnd - 1; i >= newEnd; i--) this.#editor.delete([...place, i]);
    for (let i = oldEnd; i < newEnd; i++) this.#editor.add(place, item.whole(after[i]!));
  }

  #members<T>(
    place: ConfigPath,
    { before, after }: Step<T>,
    members: (item: T) => [key: string, value: unknown][],
  ): void {
    const old = new Map(members(before));
    for (const [key, value] of members(after)) {
      if (!isDeepStrictEqual(old.get(key), value)) this.#value([...place, key], value);
    }
  }

  #value(place: ConfigPath, value: unknown): void {
    if (value === undefined) this.#editor.delete(place);
    else this.#editor.set(place, value);
  }
}

/**
 * Writes the change of the access part of a configuration as edits of single entries, so that
 * comments, order and unknown keys stay. What the two have in common must be the same objects.
 */
export function writeAuth(editor: ConfigEditor, step: Step<AuthConfig>): void {
  new AuthWriter(editor).auth(step);
}
