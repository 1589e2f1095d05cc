import { decodeHex, encodeHex, type Random } from "../bytes/mod.ts";
import { ConfigError, fileFault, writeFileAtomic } from "../config/mod.ts";
import type { Log } from "../log/mod.ts";
import { AgentIdentity, generateSeed, SEED_BYTES } from "./agent_identity.ts";

/** First word of the file, so that a later form can be told apart. */
const FORM = "tela-agent-key-v1";

/** Far more than the file has. */
const MAX_FILE_BYTES = 4096;

/** What {@linkcode loadAgentIdentity} needs. */
export interface KeyFileOptions {
  /** Path of the key file. */
  path: string;
  /** Makes the key of a new installation. */
  random: Random;
  /** Told what went wrong with the file. */
  log: Log;
}

/** The identity in a file; undefined if there is no file, "damaged" if it holds no key. */
async function read(path: string): Promise<AgentIdentity | "damaged" | undefined> {
  try {
    const { size } = await Deno.stat(path);
    if (size > MAX_FILE_BYTES) return "damaged";
    const [form, hex = ""] = (await Deno.readTextFile(path)).trim().split(" ");
    const seed = decodeHex(hex);
    if (form !== FORM || seed?.length !== SEED_BYTES) return "damaged";
    return new AgentIdentity(seed);
  } catch (cause) {
    if (cause instanceof Deno.errors.NotFound) return undefined;
    const message = `Cannot read ${path}: ${fileFault(cause)}`;
    throw new ConfigError(message, { code: "unreadable", path, cause });
  }
}

/**
 * Puts a new key in place unless another process was faster, and gives the one that is there then: two
 * agents that start together for the first time are to have one identity.
 */
async function create(path: string, random: Random): Promise<AgentIdentity | "damaged"> {
  const seed = generateSeed(random);
  const draft = `${path}.${crypto.randomUUID()}.new`;
  await writeFileAtomic(draft, `${FORM} ${encodeHex(seed)}\n`, { mode: 0o600 });
  try {
    await Deno.link(draft, path);
  } catch (cause) {
    if (!(cause instanceof Deno.errors.AlreadyExists)) {
      const message = `Cannot write ${path}: ${fileFault(cause)}`;
      throw new ConfigError(message, { code: "unwritable", path, cause });
    }
  } finally {
    await Deno.remove(draft);
  }
  return await read(path) ?? new AgentIdentity(seed);
}

/** Moves a file that holds no key out of the way: it may be all that is left of one. */
async function setAside(path: string): Promise<string> {
  const aside = `${path}.corrupt`;
  try {
    await Deno.rename(path, aside);
    return aside;
  } catch (cause) {
    const message = `Cannot rename ${path} to ${aside}: ${fileFault(cause)}`;
    throw new ConfigError(message, { code: "unwritable", path, cause });
  }
}

/**
 * The identity of this installation, made at the first start. A damaged file is kept aside as
 * `….corrupt`, and clients that knew the agent will refuse the new identity until they are told. Where
 * the file can be neither read nor written the identity lasts until the program ends. The log tells
 * all of it; never throws.
 *
 * Spec: design.md decision 5, agent.md 1.5
 */
export async function loadAgentIdentity(
  { path, random, log }: KeyFileOptions,
): Promise<AgentIdentity> {
  try {
    let identity = await read(path);
    if (identity === "damaged") {
      log(`${path} holds no key of an agent: kept as ${await setAside(path)}`);
      log("This agent gets a new identity; clients that knew it will refuse it until told");
      identity = undefined;
    }
    identity ??= await create(path, random);
    if (identity !== "damaged") return identity;
    log(`${path} was damaged while this agent started`);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    log(error.message);
  }
  log("The identity of this agent lasts only until it ends");
  return new AgentIdentity(generateSeed(random));
}
