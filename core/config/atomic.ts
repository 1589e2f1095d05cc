import { basename, dirname, join, resolve } from "node:path";
import { ConfigError, fileFault } from "./error.ts";

/** Mode of a new file, which may hold a secret. */
const FILE_MODE = 0o600;

/** Mode of a new directory. */
const DIR_MODE = 0o700;

/** Options of {@linkcode writeFileAtomic}. */
export interface WriteFileOptions {
  /** Mode the file gets. Default: that of the file replaced, 0600 if there is none. */
  mode?: number;
  /** Also closes an existing directory to others (0700). Default false. */
  privateDir?: boolean;
}

/** Follows a symbolic link, also one whose target does not exist yet. Private to this folder. */
export async function targetOf(path: string): Promise<string> {
  try {
    return await Deno.realPath(path);
  } catch (cause) {
    if (!(cause instanceof Deno.errors.NotFound)) throw cause;
  }
  const info = await statIfPresent(path, Deno.lstat);
  return info?.isSymlink ? resolve(dirname(path), await Deno.readLink(path)) : path;
}

/** What `stat` says of a file; undefined if there is none. Private to this folder. */
export async function statIfPresent(
  path: string,
  stat: (path: string) => Promise<Deno.FileInfo>,
): Promise<Deno.FileInfo | undefined> {
  try {
    return await stat(path);
  } catch (cause) {
    if (cause instanceof Deno.errors.NotFound) return undefined;
    throw cause;
  }
}

async function prepareDir(dir: string, privateDir: boolean): Promise<void> {
  await Deno.mkdir(dir, { recursive: true, mode: DIR_MODE });
  if (!privateDir || Deno.build.os === "windows") return;
  const { mode } = await Deno.stat(dir);
  if (mode !== null && (mode & 0o777) !== DIR_MODE) await Deno.chmod(dir, DIR_MODE);
}

/** Gives a file the owner of the one it belongs to, and `mode`. Private to this folder. */
export async function takeOver(
  temp: string,
  old: Deno.FileInfo | undefined,
  mode?: number,
): Promise<void> {
  if (Deno.build.os === "windows") return;
  // Not left to open(): the umask would narrow what the operator chose.
  await Deno.chmod(temp, mode ?? (old?.mode ?? FILE_MODE) & 0o777);
  if (old === undefined) return;
  const own = await Deno.stat(temp);
  if (own.uid === old.uid && own.gid === old.gid) return;
  try {
    // An administrator who edits the file of a service must not take it away from the service.
    await Deno.chown(temp, old.uid, old.gid);
  } catch (cause) {
    // Only root may give files away. Whoever is not root keeps the new file, as an editor would.
    if (!(cause instanceof Deno.errors.PermissionDenied)) throw cause;
  }
}

async function fill(temp: string, data: Uint8Array): Promise<void> {
  using file = await Deno.open(temp, { write: true });
  for (let done = 0; done < data.length;) done += await file.write(data.subarray(done));
  await file.sync();
}

/** Makes the new name itself survive a power cut, where the system lets a directory be opened. */
async function syncDir(dir: string): Promise<void> {
  if (Deno.build.os === "windows") return;
  using file = await Deno.open(dir);
  await file.sync();
}

const TEMP_SUFFIX = ".tmp";

/** A leading dot, as programs that take over every file of a folder pass such files by. */
function tempPrefix(target: string): string {
  return `.${basename(target)}.`;
}

async function replace(path: string, data: Uint8Array, options: WriteFileOptions): Promise<void> {
  const target = await targetOf(path);
  const dir = dirname(target);
  await prepareDir(dir, options.privateDir ?? false);
  const temp = join(dir, `${tempPrefix(target)}${crypto.randomUUID()}${TEMP_SUFFIX}`);
  let left = false;
  try {
    const old = await statIfPresent(target, Deno.stat);
    (await Deno.open(temp, { write: true, createNew: true, mode: FILE_MODE })).close();
    left = true;
    await takeOver(temp, old, options.mode);
    await fill(temp, data);
    await Deno.rename(temp, target);
    left = false;
  } finally {
    if (left) await Deno.remove(temp);
  }
  await syncDir(dir);
}

/**
 * Replaces a file so that any reader, and anyone after a crash, finds the old or the new content
 * whole. Missing directories are made with mode 0700; a symbolic link stays and its target is
 * replaced; owner and mode of the replaced file are kept. No temporary file is left on failure.
 *
 * @throws {ConfigError} code `unwritable`
 */
export async function writeFileAtomic(
  path: string,
  text: string,
  options: WriteFileOptions = {},
): Promise<void> {
  try {
    await replace(path, new TextEncoder().encode(text), options);
  } catch (cause) {
    const message = `Cannot write ${path}: ${fileFault(cause)}`;
    throw new ConfigError(message, { code: "unwritable", path, cause });
  }
}

/**
 * Removes what {@linkcode writeFileAtomic} has left beside a file where the process was killed on the
 * way, which may hold the same secrets. Only for whoever knows that nobody is writing the file.
 *
 * @returns how many files that were
 * @throws what `Deno.readDir` and `Deno.remove` throw
 */
export async function removeUnfinished(path: string): Promise<number> {
  const target = await targetOf(path);
  const dir = dirname(target);
  const prefix = tempPrefix(target);
  let removed = 0;
  for await (const { name, isFile } of Deno.readDir(dir)) {
    const middle = name.startsWith(prefix) ? name.slice(prefix.length, -TEMP_SUFFIX.length) : "";
    if (!isFile || !name.endsWith(TEMP_SUFFIX) || !/^[0-9a-f-]{36}$/.test(middle)) continue;
    await Deno.remove(join(dir, name));
    removed++;
  }
  return removed;
}
