/**
 * Release channels: what they may be called, and where their manifests are.
 *
 * @example
 * ```ts
 * import { channelName, manifestBase } from "./mod.ts";
 *
 * console.log(channelName(" Stable "), manifestBase("https://releases.example.com/stable.json"));
 * // stable https://releases.example.com
 * ```
 *
 * @module
 */

export { channelName, manifestBase } from "./channel.ts";
