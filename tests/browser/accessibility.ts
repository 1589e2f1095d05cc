import type { Page } from "playwright-core";
import {
  contrastProblems,
  layoutProblems,
  nameProblems,
  structureProblems,
} from "./in_page/checks.js";

/**
 * Rules of WCAG 2.2 that a program can test, for what is on screen: names of what can be operated
 * (4.1.2), references and roles (1.3.1), headings (1.3.1, 2.4.6), contrast of text (1.4.3), size of
 * targets (2.5.8).
 *
 * @returns what breaks them, empty if nothing does
 */
export async function accessibilityProblems(page: Page): Promise<string[]> {
  return [
    ...await page.evaluate(nameProblems),
    ...await page.evaluate(structureProblems),
    ...await page.evaluate(layoutProblems),
    ...await page.evaluate(contrastProblems),
  ];
}
