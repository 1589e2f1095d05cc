import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import { type Fabric, fetchLocal } from "../rig/mod.ts";

/** Asks the hub as its owner, past the page. */
export async function administer(fabric: Fabric, request: string, body?: object) {
  const [method, path] = request.split(" ");
  const response = await fetchLocal(`http://127.0.0.1:${fabric.hubPort}${path}`, {
    method: method!,
    headers: { authorization: `Bearer ${fabric.token}` },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  const answer = await response.json();
  assert.ok(response.ok, JSON.stringify(answer));
  return answer;
}

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
