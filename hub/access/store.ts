import type { AuthConfig, TokenEntry } from "../config/mod.ts";
import { Access } from "./access.ts";
import type { AccessState, Outcome } from "./state.ts";

/**
 * Operations written to disk together at most. While one write is under way, all that is asked for
 * waits for the next, so that a thousand changes need far fewer than a thousand writes.
 */
const MAX_BATCH = 256;

/** Operations that wait at a time; more are turned away. */
const MAX_WAITING = 4096;

/** Where the access part of the configuration is kept. */
export interface AuthFile {
  /** The part as it is on disk when the store is made. */
  readonly auth: AuthConfig;
  /** Takes it through steps, the first of which is what it is; all or nothing. */
  commit(steps: readonly AuthConfig[]): Promise<void>;
}

/** One of the pure functions that change an {@linkcode AccessState}. */
export type Operation<T> = (state: AccessState) => Outcome<T>;

/** An operation that could not be taken because too many wait. */
export class StoreBusyError extends Error {
  /** Names the class. */
  override readonly name: string = "StoreBusyError";
}

interface Waiting {
  readonly apply: (state: AccessState) => Outcome<unknown>;
  readonly resolve: (outcome: Outcome<unknown>) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Who may do what, and its changes: one after the other, and none of them visible, acknowledged or
 * in effect before it is on disk.
 */
export class AccessStore {
  readonly #file: AuthFile;
  readonly #onChange: () => void;
  readonly #waiting: Waiting[] = [];
  #state: AccessState;
  #access: Access;
  #isWriting = false;

  /**
   * Starts with what is on disk.
   *
   * @param onChange called after each change that is in effect, before it is acknowledged
   */
  constructor(file: AuthFile, { onChange }: { readonly onChange: () => void }) {
    this.#file = file;
    this.#onChange = onChange;
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
   * @throws ConfigError if it cannot be written; nothing has changed then
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

  async #writeAll(): Promise<void> {
    this.#isWriting = true;
    while (this.#waiting.length > 0) await this.#writeBatch(this.#waiting.splice(0, MAX_BATCH));
    this.#isWriting = false;
  }

  async #writeBatch(batch: readonly Waiting[]): Promise<void> {
    let state = this.#state;
    const steps = [state.auth];
    const outcomes: Outcome<unknown>[] = [];
    try {
      for (const { apply } of batch) {
        const outcome = apply(state);
        outcomes.push(outcome);
        if (outcome.state.auth !== state.auth) steps.push(outcome.state.auth);
        state = outcome.state;
      }
      if (steps.length > 1) {
        await this.#file.commit(steps);
        this.#access = new Access(state.auth);
        this.#state = state;
        this.#onChange();
      }
    } catch (error) {
      for (const { reject } of batch) reject(error);
      return;
    }
    batch.forEach(({ resolve }, i) => resolve(outcomes[i]!));
  }
}
