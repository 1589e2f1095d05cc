/**
 * The program `telahubd`: its verbs and flags.
 *
 * @module
 */

export { telahubd } from "./program.ts";
