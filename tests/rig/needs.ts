/** Where Debian keeps programs that are not for every user's `PATH`. */
const MORE_FOLDERS = ["/usr/local/sbin", "/usr/sbin", "/sbin"];

/** Says that there is no such file, or none for this user. */
function isAbsent(error: unknown): boolean {
  return error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory ||
    error instanceof Deno.errors.PermissionDenied;
}

/** The newest PostgreSQL comes first. */
function postgresFolders(): string[] {
  try {
    const versions = [...Deno.readDirSync("/usr/lib/postgresql")].map(({ name }) => name);
    return versions.sort((a, b) => Number(b) - Number(a)).map((version) =>
      `/usr/lib/postgresql/${version}/bin`
    );
  } catch (error) {
    if (isAbsent(error)) return [];
    throw error;
  }
}

/** The whole path of a program of this machine, or undefined. */
function findProgram(name: string): string | undefined {
  const folders = [...(Deno.env.get("PATH") ?? "").split(":"), ...MORE_FOLDERS];
  for (const folder of [...folders, ...postgresFolders()]) {
    try {
      if (Deno.statSync(`${folder}/${name}`).isFile) return `${folder}/${name}`;
    } catch (error) {
      if (!isAbsent(error)) throw error;
    }
  }
  return undefined;
}

/** Options of {@linkcode programTest}. */
export interface ProgramTestOptions<Name extends string> {
  /** Title of the test. */
  name: string;
  /** Programs of other people that the test runs. */
  needs: readonly Name[];
  /** The test; receives the whole path of each program. */
  fn: (programs: Record<Name, string>) => Promise<void>;
}

/** Registers a test against other people's programs; it skips, with the reason, without them. */
export function programTest<Name extends string>(
  { name, needs, fn }: ProgramTestOptions<Name>,
): void {
  const found = needs.map((need) => [need, findProgram(need)] as const);
  const missing = found.filter(([, path]) => path === undefined).map(([need]) => need);
  const reason = missing.length > 0 ? ` (skipped: no ${missing.join(", ")})` : "";
  Deno.test({
    name: name + reason,
    ignore: missing.length > 0,
    fn: () => fn(Object.fromEntries(found) as Record<Name, string>),
  });
}
