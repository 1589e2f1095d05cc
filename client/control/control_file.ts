import { type Host, joinPath, runDir, writeFileAtomic } from "../../core/config/mod.ts";

/** Where the control API of a process is, and the secret to show. */
export interface ControlAddress {
  /** Process id. */
  readonly pid: number;
  /** Port on 127.0.0.1. */
  readonly port: number;
  /** 64 hexadecimal digits. */
  readonly token: string;
}

/** A control file and what it says. */
export interface ControlFile {
  /** Where it is. */
  readonly path: string;
  /** What it says; undefined if that is not what a client writes. */
  readonly address: ControlAddress | undefined;
}

/** Other programs know this name. Spec: client.md 3 */
const FIRST_NAME = "control.json";

const NAME = /^control(-\d+)?\.json$/;

/** Longest file that is read, in bytes. */
const MAX_FILE_BYTES = 4096;

function isPort(value: unknown): value is number {
  return typeof value === "number" && Number.isInteger(value) && value > 0 && value < 65_536;
}

function parseAddress(text: string): ControlAddress | undefined {
  try {
    const { pid, port, token } = Object(JSON.parse(text));
    const isToken = typeof token === "string" && /^[0-9a-f]{64}$/.test(token);
    return typeof pid === "number" && isPort(port) && isToken ? { pid, port, token } : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** What a file says; undefined if there is no such file, or it is another user's. */
async function readControlFile(path: string): Promise<ControlFile | undefined> {
  try {
    if ((await Deno.stat(path)).size > MAX_FILE_BYTES) return { path, address: undefined };
    return { path, address: parseAddress(await Deno.readTextFile(path)) };
  } catch (error) {
    const absent = error instanceof Deno.errors.NotFound;
    if (absent || error instanceof Deno.errors.PermissionDenied) return undefined;
    throw error;
  }
}

/** All control files of this user, in the order of their names, that of the first client first. */
export async function readControlFiles(host: Host): Promise<ControlFile[]> {
  const dir = runDir(host);
  const names: string[] = [];
  try {
    for await (const { name } of Deno.readDir(dir)) if (NAME.test(name)) names.push(name);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  names.sort((a, b) => Number(b === FIRST_NAME) - Number(a === FIRST_NAME) || (a < b ? -1 : 1));
  const files = await Promise.all(
    names.map((name) => readControlFile(joinPath(host, [dir, name]))),
  );
  return files.filter((file) => file !== undefined);
}

/** Removes a file unless another process has put its own there meanwhile. */
export async function removeControlFile({ path, address }: ControlFile): Promise<void> {
  const now = await readControlFile(path);
  if (now === undefined || now.address?.token !== address?.token) return;
  try {
    await Deno.remove(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

/** Gives a whole file a name that must be free; false if it is taken. */
async function linkIfFree(from: string, to: string): Promise<boolean> {
  try {
    await Deno.link(from, to);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.AlreadyExists) return false;
    throw error;
  }
}

/** Options of {@linkcode writeControlFile}. */
export interface WriteControlFileOptions {
  /** Tells whose `run` folder. */
  host: Host;
  /** Whether the process that wrote an address is there no more. */
  isGone: (address: ControlAddress) => Promise<boolean>;
}

/**
 * Writes the file of this process, which its user alone can read: `control.json`, or
 * `control-<pid>.json` while another process that lives has that name.
 *
 * Deviation: the reference has one name; a second client takes it from the first, and whichever ends
 * first removes it.
 *
 * Spec: client.md 3, checklist 57
 *
 * @throws {import("../../core/config/mod.ts").ConfigError} if it cannot be written
 */
export async function writeControlFile(
  address: ControlAddress,
  { host, isGone }: WriteControlFileOptions,
): Promise<ControlFile> {
  const dir = runDir(host);
  const first = joinPath(host, [dir, FIRST_NAME]);
  const own = joinPath(host, [dir, `control-${address.pid}.json`]);
  const options = { mode: 0o600, privateDir: true };
  await writeFileAtomic(own, `${JSON.stringify(address, null, 2)}\n`, options);
  for (let attempt = 0; attempt < 2; attempt++) {
    if (await linkIfFree(own, first)) {
      await Deno.remove(own);
      return { path: first, address };
    }
    const holder = await readControlFile(first);
    if (holder === undefined) continue;
    if (holder.address !== undefined && !await isGone(holder.address)) break;
    await removeControlFile(holder);
  }
  return { path: own, address };
}
