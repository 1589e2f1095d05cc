/** The version of every program of this tree: semantic versioning, no leading `v`. */
export const VERSION = "0.1.0";

/** Where a program runs, as Deno names it. */
export interface Platform {
  /** As `Deno.build.os`. */
  os: string;
  /** As `Deno.build.arch`. */
  arch: string;
}

const GO_ARCH: Readonly<Record<string, string>> = { x86_64: "amd64", aarch64: "arm64" };

/** The names that Go uses, which are those of the wire and of release files: `linux`, `amd64`. */
export function goPlatform({ os, arch }: Platform = Deno.build): { os: string; arch: string } {
  return { os, arch: GO_ARCH[arch] ?? arch };
}

/** `tela 0.1.0 linux/amd64`. Spec: client.md 1.1 (version) */
export function versionLine(program: string, platform: Platform = Deno.build): string {
  const { os, arch } = goPlatform(platform);
  return `${program} ${VERSION} ${os}/${arch}`;
}
