import { fileFault } from "../config/mod.ts";
import { type RunResult, ServiceError, type ServiceHost } from "./manager.ts";

/** Units and property lists hold no secrets, and their readers are not always root. */
const MODE = 0o644;

async function run([program = "", ...args]: readonly string[]): Promise<RunResult> {
  try {
    const output = await new Deno.Command(program, { args, stdin: "null" }).output();
    const decoder = new TextDecoder();
    return {
      code: output.code,
      stdout: decoder.decode(output.stdout),
      stderr: decoder.decode(output.stderr),
    };
  } catch (cause) {
    const why = cause instanceof Deno.errors.NotCapable
      ? `start this program with --allow-run=${program} too`
      : fileFault(cause);
    throw new ServiceError(`Cannot run ${program}: ${why}`, { cause });
  }
}

async function onFile<T>(what: string, path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    throw new ServiceError(`Cannot ${what} ${path}: ${fileFault(cause)}`, { cause });
  }
}

/** This machine. */
export const systemServiceHost: ServiceHost = {
  os: Deno.build.os,
  run,
  exists: (path) =>
    onFile("look for", path, async () => {
      try {
        return (await Deno.stat(path)).isFile;
      } catch (error) {
        if (error instanceof Deno.errors.NotFound) return false;
        throw error;
      }
    }),
  write: (path, content) =>
    onFile("write", path, () => Deno.writeFile(path, content, { mode: MODE })),
  remove: (path) => onFile("remove", path, () => Deno.remove(path)),
  temporary: () => onFile("make", "a temporary file", () => Deno.makeTempFile()),
};
