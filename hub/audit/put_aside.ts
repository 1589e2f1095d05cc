/** The database, its write-ahead log and the index of that belong together. */
const SUFFIXES = ["", "-wal", "-shm"];

/**
 * Renames a database that cannot be used, so that it can be looked at and a new one can take its
 * place. Throws what the file system reports.
 *
 * @returns the new path
 */
export function putAside(path: string, wallMs: number): string {
  const stamp = new Date(wallMs).toISOString().replace(/[-:.]/g, "");
  const target = `${path}.damaged-${stamp}`;
  for (const suffix of SUFFIXES) {
    try {
      Deno.renameSync(path + suffix, target + suffix);
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }
  return target;
}
