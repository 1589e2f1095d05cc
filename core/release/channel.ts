/**
 * The name of a release channel as it is kept: letters, digits and hyphens, in lower case. Undefined if
 * the text can be none.
 *
 * Spec: hub-api.md 7, client.md 1.4
 */
export function channelName(text: string): string | undefined {
  const name = text.trim().toLowerCase();
  return /^[a-z0-9-]+$/.test(name) ? name : undefined;
}

/**
 * Where the manifest of a channel is, without the file's name and final slashes, as `http:` or `https:`.
 * Undefined if the text is no such address.
 *
 * Spec: hub-api.md 1.6 (PUT), client.md 1.4
 */
export function manifestBase(text: string): string | undefined {
  const base = text.trim().replace(/\/+$/, "").replace(/\/[^/]*\.json$/, "").replace(/\/+$/, "");
  return /^https?:\/\//i.test(base) && URL.canParse(base) ? base : undefined;
}
