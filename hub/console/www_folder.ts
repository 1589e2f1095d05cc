import { type FileFacts, fileHeaders, isUnchanged, type Range, rangeOf } from "./respond.ts";

/** Bytes that are read at a time. */
const CHUNK_BYTES = 64 * 1024;

/** What looking for a file gives that is not there, or not for us. */
function isAbsent(error: unknown): boolean {
  return [Deno.errors.NotFound, Deno.errors.NotADirectory, Deno.errors.PermissionDenied]
    .some((kind) => error instanceof kind) || error instanceof Deno.errors.NotCapable;
}

/** Where a path leads below a folder; undefined if it would leave it or names no file. */
function placeBelow(folder: string, path: string): string | undefined {
  const parts = path.split("/").filter((part) => part !== "");
  const isPlain = parts.every((part) => !/^\.|[\\:\0]/.test(part));
  return isPlain ? [folder, ...parts].join("/") : undefined;
}

/** What is at a place, or in the `index.html` of the folder there. */
async function fileAt(place: string): Promise<string | undefined> {
  try {
    const path = await Deno.realPath(place);
    const { isFile, isDirectory } = await Deno.stat(path);
    if (isFile) return path;
    return isDirectory ? await fileAt(`${path}/index.html`) : undefined;
  } catch (error) {
    if (isAbsent(error)) return undefined;
    throw error;
  }
}

/** The bytes of a part of a file; closes it at the end. */
function streamOf(file: Deno.FsFile, { start, end }: Range): ReadableStream<Uint8Array> {
  let left = end - start;
  return new ReadableStream({
    async start() {
      await file.seek(start, Deno.SeekMode.Start);
    },
    async pull(controller) {
      const chunk = new Uint8Array(Math.min(CHUNK_BYTES, left));
      const lenBytes = left === 0 ? null : await file.read(chunk);
      if (lenBytes === null) {
        file.close();
        return controller.close();
      }
      left -= lenBytes;
      controller.enqueue(chunk.subarray(0, lenBytes));
    },
    cancel: () => file.close(),
  }, { highWaterMark: 0 });
}

/** A folder of the operator's own files that stand in for the built-in page. Spec: hub-api.md 1.7 */
export class WwwFolder {
  readonly #root: string;

  private constructor(root: string) {
    this.#root = root;
  }

  /** Undefined unless there is a folder that can be read. */
  static async open(path: string): Promise<WwwFolder | undefined> {
    if (path === "") return undefined;
    try {
      const root = await Deno.realPath(path);
      return (await Deno.stat(root)).isDirectory ? new WwwFolder(root) : undefined;
    } catch (error) {
      if (isAbsent(error)) return undefined;
      throw error;
    }
  }

  /** Answers with the file at a path, which is percent-decoded; undefined if there is none. */
  async answer(request: Request, path: string): Promise<Response | undefined> {
    const place = placeBelow(this.#root, path);
    const found = place && await fileAt(place);
    // A link may lead anywhere; what it leads to must still be below the folder.
    if (!found?.startsWith(`${this.#root}/`)) return undefined;
    const file = await Deno.open(found);
    let isTaken = false;
    try {
      const { size: sizeBytes, mtime } = await file.stat();
      const modifiedMs = mtime?.getTime() ?? 0;
      const facts: FileFacts = { name: found, etag: `"${sizeBytes}-${modifiedMs}"`, modifiedMs };
      const headers = fileHeaders(facts);
      headers.set("accept-ranges", "bytes");
      if (isUnchanged(request, facts)) return new Response(null, { status: 304, headers });
      const range = rangeOf(request, { sizeBytes, etag: facts.etag });
      if (range === "none") {
        headers.set("content-range", `bytes */${sizeBytes}`);
        return new Response(null, { status: 416, headers });
      }
      const part = range ?? { start: 0, end: sizeBytes };
      headers.set("content-length", `${part.end - part.start}`);
      if (range !== undefined) {
        headers.set("content-range", `bytes ${part.start}-${part.end - 1}/${sizeBytes}`);
      }
      isTaken = true;
      return new Response(streamOf(file, part), { status: range ? 206 : 200, headers });
    } finally {
      if (!isTaken) file.close();
    }
  }
}
