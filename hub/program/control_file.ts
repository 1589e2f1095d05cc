import { type Host, joinPath, runDir, writeFileAtomic } from "../../core/config/mod.ts";

/** What other programs of this user find out about a running hub. Spec: hub-api.md 5.3 */
export interface ControlFile {
  /** Process id. */
  readonly pid: number;
  /** Port of HTTP and WebSocket. */
  readonly port: number;
  /** Name of the hub, "" if it has none. */
  readonly name: string;
}

/** Where the file is. @throws ConfigError if the environment does not tell the home directory */
function pathOf(host: Host): string {
  return joinPath(host, [runDir(host), "telahubd.json"]);
}

/** Writes the file, readable by its user alone. @throws ConfigError if that fails */
export async function writeControlFile(
  host: Host,
  { pid, port, name }: ControlFile,
): Promise<void> {
  const text = JSON.stringify({ pid, port, name, adminPort: port }) + "\n";
  await writeFileAtomic(pathOf(host), text, { mode: 0o600, privateDir: true });
}

/** Removes the file unless another hub has put its own there. */
export async function removeControlFile(host: Host, pid: number): Promise<void> {
  const path = pathOf(host);
  try {
    if (JSON.parse(await Deno.readTextFile(path)).pid === pid) await Deno.remove(path);
  } catch (error) {
    // Gone already, or not what a hub wrote: either way it is not this hub's to remove.
    if (!(error instanceof Deno.errors.NotFound) && !(error instanceof SyntaxError)) throw error;
  }
}
