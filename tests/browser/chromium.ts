import { type Browser, chromium, type Page } from "playwright-core";
import { programTest } from "../rig/mod.ts";

/**
 * No GPU, no network of its own, no first-run pages; as root there is no sandbox to be had, and in a
 * container little shared memory.
 */
const FLAGS = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-dev-shm-usage",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** What a page did wrong by itself. */
export interface Complaints {
  /** Errors and warnings of the page's console, refusals of its security policy among them. */
  readonly lines: string[];
}

/** Options of {@linkcode openPage}. */
export interface PageOptions {
  /** Width of the window in pixels. Default: 1280. */
  readonly width?: number;
  /** What the system asks for. Default: light. */
  readonly colorScheme?: "light" | "dark";
  /** Takes certificates that nobody vouches for. Default: no. */
  readonly ignoreHTTPSErrors?: boolean;
}

/** A page in a window of its own, with no cookie and no storage yet. */
export async function openPage(
  browser: Browser,
  { width = 1280, ...options }: PageOptions = {},
): Promise<{ page: Page; complaints: Complaints }> {
  const context = await browser.newContext({ viewport: { width, height: 860 }, ...options });
  const page = await context.newPage();
  const complaints: Complaints = { lines: [] };
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) complaints.lines.push(message.text());
  });
  page.on("pageerror", (error) => complaints.lines.push(error.stack ?? error.message));
  return { page, complaints };
}

/**
 * Registers a test that drives Debian's Chromium; it skips, with the reason, without it, or without
 * other programs that it `needs`.
 */
export function browserTest<Name extends string>(
  name: string,
  fn: (browser: Browser, programs: Record<Name, string>) => Promise<void>,
  { needs = [] }: { needs?: readonly Name[] } = {},
): void {
  programTest<Name | "chromium">({
    name,
    needs: ["chromium", ...needs],
    fn: async (programs) => {
      const browser = await chromium.launch({ executablePath: programs.chromium, args: FLAGS });
      try {
        await fn(browser, programs);
      } finally {
        await browser.close();
      }
    },
  });
}
