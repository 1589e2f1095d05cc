import { isDeepStrictEqual } from "node:util";
import type { AuthConfig, TokenEntry } from "../config/mod.ts";
import { Access } from "./access.ts";
import type { AccessState, Outcome } from "./state.ts";
import { type IdentityChanges, takenOver } from "./taken_over.ts";

/**
 * Operations written to disk together at most. While one write is under way, all that is asked for
 * waits for the next, so that a thousand changes need far fewer than a thousand writes.
 */
const MAX_BATCH = 256;

/** Operations that wait at a time; more are turned away. */
const MAX_WAITING = 4096;

/** Where the access part of the configuration is kept. */
export interface AuthFile {
  /** The part as it was on disk when that was last looked at; another object if it is another. */
  readonly auth: AuthConfig;
  /**
   * Takes it through steps, the first of which is what it is, also if others have written; all or
   * nothing. With one step nothing is written. `auth` is the last step then, the same object.
   */
  commit(change: (auth: AuthConfig) => readonly AuthConfig[]): Promise<void>;
  /** Looks what is on disk. @throws ConfigError if that cannot be used; `auth` is as before then */
  refresh(): Promise<void>;
}

/** Keeps it as long as the process runs. */
export class MemoryAuthFile implements AuthFile {
  /** What it is now. */
  auth: AuthConfig;

  /** Starts with what is given. */
  constructor(auth: AuthConfig) {
    this.auth = auth;
  }

  /** Takes the last step. */
  commit(change: (auth: AuthConfig) => readonly AuthConfig[]): Promise<void> {
    this.auth = change(this.auth).at(-1) ?? this.auth;
    return Promise.resolve();
  }

  /** Does nothing: nobody else can write. */
  refresh(): Promise<void> {
    return Promise.resolve();
  }
}

/** One of the pure functions that change an {@linkcode AccessState}. */
export type Operation<T> = (state: AccessState) => Outcome<T>;

/** An operation that could not be taken because too many wait. */
export class StoreBusyError extends Error {
  /** Names the class. */
  override readonly name: string = "StoreBusyError";
}

/** The state that others have left, and whom that concerns if they have changed anything. */
interface Others {
  readonly state: AccessState;
  readonly changes?: IdentityChanges;
}

interface Waiting {
  readonly apply: (state: AccessState) => Outcome<unknown>;
  readonly resolve: (outcome: Outcome<unknown>) => void;
  readonly reject: (error: unknown) => void;
}

/** Options of {@linkcode AccessStore}. */
export interface AccessStoreOptions {
  /** Called after each change that is in effect, before it is acknowledged. */
  readonly onChange: () => void;
  /** Called with what somebody else has changed in the file, when that is in effect. */
  readonly onTakenOver?: (changes: IdentityChanges) => void;
}

/**
 * Who may do what, and its changes: one after the other, and none of them visible, acknowledged or
 * in effect before it is on disk. What others write there is taken over, before each change at the
 * latest.
 */
export class AccessStore {
  readonly #file: AuthFile;
  readonly #options: AccessStoreOptions;
  readonly #waiting: Waiting[] = [];
  #state: AccessState;
  #access: Access;
  #isWriting = false;

  /** Starts with what is on disk. */
  constructor(file: AuthFile, options: AccessStoreOptions) {
    this.#file = file;
    this.#options = options;
    this.#state = { auth: file.auth, versions: new Map() };
    this.#access = new Access(file.auth);
  }

  /** The state in effect. */
  get state(): AccessState {
    return this.#state;
  }

  /** The reading of the state in effect. */
  get access(): Access {
    return this.#access;
  }

  /** The identities in effect, in the order of the file. */
  get identities(): readonly TokenEntry[] {
    return this.#state.auth.tokens;
  }

  /**
   * Does an operation and writes the result to disk; if it is refused nothing is written.
   *
   * @throws StoreBusyError if too many operations wait
   * @throws ConfigError if it cannot be written, or others have made the file unusable; nothing has
   * changed then
   */
  async change<T>(operation: Operation<T>): Promise<Outcome<T>> {
    if (this.#waiting.length >= MAX_WAITING) {
      throw new StoreBusyError(`Cannot take the change: ${MAX_WAITING} others wait to be written`);
    }
    const { promise, resolve, reject } = Promise.withResolvers<Outcome<unknown>>();
    this.#waiting.push({ apply: operation, resolve, reject });
    if (!this.#isWriting) this.#writeAll();
    return await promise as Outcome<T>;
  }

  /**
   * Takes over what others have written to disk.
   *
   * @throws ConfigError if that cannot be used; all is as before then
   */
  async refresh(): Promise<void> {
    await this.#file.refresh();
    this.#takeOver();
  }

  async #writeAll(): Promise<void> {
    this.#isWriting = true;
    while (this.#waiting.length > 0) await this.#writeBatch(this.#waiting.splice(0, MAX_BATCH));
    this.#isWriting = false;
  }

  async #writeBatch(batch: readonly Waiting[]): Promise<void> {
    const outcomes: Outcome<unknown>[] = [];
    let others: Others = { state: this.#state };
    let state = this.#state;
    try {
      await this.#file.commit((auth) => {
        others = this.#afterOthers(auth);
        state = others.state;
        const steps = [state.auth];
        for (const { apply } of batch) {
          const outcome = apply(state);
          outcomes.push(outcome);
          if (outcome.state.auth !== state.auth) steps.push(outcome.state.auth);
          state = outcome.state;
        }
        return steps;
      });
    } catch (error) {
      this.#takeOver();
      for (const { reject } of batch) reject(error);
      return;
    }
    this.#putIntoEffect(state, others.changes);
    batch.forEach(({ resolve }, i) => resolve(outcomes[i]!));
  }

  #afterOthers(auth: AuthConfig): Others {
    if (auth === this.#state.auth) return { state: this.#state };
    // Another part of the file has changed, and this one was read anew with it.
    const isSame = isDeepStrictEqual(auth, this.#state.auth);
    return isSame ? { state: { ...this.#state, auth } } : takenOver(this.#state, auth);
  }

  #takeOver(): void {
    const { state, changes } = this.#afterOthers(this.#file.auth);
    this.#putIntoEffect(state, changes);
  }

  #putIntoEffect(state: AccessState, changes: IdentityChanges | undefined): void {
    if (state.auth === this.#state.auth) return;
    this.#access = new Access(state.auth);
    this.#state = state;
    this.#options.onChange();
    if (changes !== undefined) this.#options.onTakenOver?.(changes);
  }
}
