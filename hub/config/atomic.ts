import { basename, dirname, join } from "node:path";

const NEW_FILE_MODE = 0o600;
const NEW_DIR_MODE = 0o700;

let written = 0;

/** Mode of the file, or undefined if there is none. */
async function modeOf(path: string): Promise<number | undefined> {
  try {
    const { mode } = await Deno.stat(path);
    return mode === null ? NEW_FILE_MODE : mode & 0o777;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

/** Follows a link, so that it is the file behind it that is replaced. */
async function targetOf(path: string): Promise<string> {
  try {
    return await Deno.realPath(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return path;
    throw error;
  }
}

/**
 * Writes a file so that a reader, and a machine that stops at any moment, finds the old text or
 * the new one, never part of one. A new file gets mode 0600 and a new folder 0700, for there are
 * secrets in them; an existing file keeps its mode.
 *
 * Spec: hub-api.md 5.2. @throws the error of the file system; the old file is then unchanged
 */
export async function replaceFile(path: string, text: string): Promise<void> {
  await Deno.mkdir(dirname(path), { recursive: true, mode: NEW_DIR_MODE });
  const target = await targetOf(path);
  const mode = await modeOf(target) ?? NEW_FILE_MODE;
  const temporary = join(dirname(target), `.${basename(target)}.${Deno.pid}-${written++}.tmp`);
  try {
    using file = await Deno.open(temporary, { write: true, createNew: true, mode });
    const bytes = new TextEncoder().encode(text);
    for (let done = 0; done < bytes.length;) done += await file.write(bytes.subarray(done));
    await file.sync();
  } catch (error) {
    await Deno.remove(temporary).catch(() => undefined); // the first failure is the one to report
    throw error;
  }
  await Deno.rename(temporary, target);
}
