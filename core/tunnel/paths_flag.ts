import { UsageError } from "../cli/mod.ts";
import { PATH_KINDS, type PathKind } from "../path/mod.ts";

/** The flag `-paths` of agent and client, which {@linkcode readPaths} reads. */
export const PATHS_FLAG = {
  type: "string",
  placeholder: "list",
  summary: `Paths to send by, to find a fault: of ${PATH_KINDS.join(",")}. Default: all.`,
} as const;

/**
 * The paths that `-paths` names; `undefined` where it names none, which allows all.
 *
 * @throws {UsageError} if one is unknown
 */
export function readPaths(text: string = ""): readonly PathKind[] | undefined {
  if (text === "") return undefined;
  return text.split(",").map((word) => {
    const kind = PATH_KINDS.find((known) => known === word.trim().toLowerCase());
    if (kind !== undefined) return kind;
    throw new UsageError(`Invalid -paths "${text}": must be of ${PATH_KINDS.join(", ")}`);
  });
}
