/** Root of the tree. */
export const ROOT: URL = new URL("../../", import.meta.url);

/** Folders of source code at the top, as design.md names them. */
export const SOURCE_FOLDERS = ["core", "hub", "agent", "client", "deploy", "tests"] as const;

/** Every file and folder below the source folders, given from the root; folders end in `/`. */
export async function walk(folder: string = ""): Promise<string[]> {
  const found: string[] = [];
  for await (const { name, isDirectory } of Deno.readDir(new URL(folder, ROOT))) {
    if (folder === "" && !SOURCE_FOLDERS.some((known) => known === name)) continue;
    const path = folder + name + (isDirectory ? "/" : "");
    found.push(path);
    if (isDirectory) found.push(...await walk(path));
  }
  return found.sort();
}

/** Every `mod.ts` of the tree, given from the root. */
export async function frontDoors(): Promise<string[]> {
  return (await walk()).filter((path) => path.endsWith("/mod.ts"));
}

/** Text of a file given from the root. */
export function read(path: string): Promise<string> {
  return Deno.readTextFile(new URL(path, ROOT));
}
