import type { Page } from "playwright-core";

/** Signs in, as a person does. */
export async function signIn(page: Page, token: string): Promise<void> {
  await page.click("#sign-in-open");
  await page.fill("#sign-in-token", token);
  await page.keyboard.press("Enter");
  await page.waitForSelector("#sign-out:not([hidden])");
  await page.waitForSelector("#sign-in:not([open])", { state: "attached" });
}

/** Presses a button and waits for what it leads to. */
export async function act(
  page: Page,
  name: string,
  leadsTo: () => Promise<unknown>,
): Promise<void> {
  await page.getByRole("button", { name, exact: true }).click();
  await leadsTo();
}
