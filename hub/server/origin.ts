/**
 * Tells whether a page of this origin may open a WebSocket. Programs send no origin. On a secured
 * hub a page must have come from this host; an open hub has nothing to protect.
 *
 * Spec: wire.md 1.1, hub-api.md 1.0 (upgrade origin rule)
 */
export function isOriginAllowed(
  { origin, host }: { origin?: string | undefined; host?: string | undefined },
  { isSecured }: { isSecured: boolean },
): boolean {
  if (origin === undefined || !isSecured) return true;
  return host !== undefined && host !== "" && origin.endsWith(`://${host}`);
}
