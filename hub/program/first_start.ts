import type { Io } from "../../core/cli/mod.ts";
import { systemRandom } from "../../core/clock/mod.ts";
import type { Log } from "../../core/log/mod.ts";
import { bootstrap, type HubConfig, type HubConfigFile } from "../config/mod.ts";

/** The one time that a token is printed. Spec: hub-api.md 2 (bootstrap) */
function banner(token: string, { path, isSaved }: { path: string; isSaved: boolean }): string {
  const rule = "=".repeat(72);
  const place = isSaved
    ? `It is saved in ${path} (auth.tokens, id owner).`
    : `It could NOT be saved in ${path}: after a restart there will be another.`;
  return `${rule}\nOwner token of this hub, shown this once:\n\n  ${token}\n\n${place}\n${rule}\n`;
}

/** Makes the configuration fit to start with and saves what was missing. */
export async function firstStart(
  file: HubConfigFile,
  { io, log, effective }: { io: Io; log: Log; effective: HubConfig },
): Promise<void> {
  const ownerToken = io.env("TELA_OWNER_TOKEN");
  const { changed, newOwnerToken, renamed } = bootstrap(file, {
    random: systemRandom,
    ownerToken,
    effective,
  });
  if (!changed) return;
  for (const { from, to } of renamed) {
    log(`two identities had the id ${JSON.stringify(from)}: one is ${JSON.stringify(to)} now`);
  }
  let isSaved = true;
  try {
    await file.save();
    log(`configuration saved: ${file.path}`);
  } catch (error) {
    isSaved = false;
    log(`warning: ${(error as Error).message}; going on without`);
  }
  if (newOwnerToken !== undefined) io.stdout(banner(newOwnerToken, { path: file.path, isSaved }));
}
