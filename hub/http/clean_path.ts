/**
 * The path without empty and dot segments, as a redirect to it names it. Always begins with one
 * slash, so that it cannot lead to another host.
 *
 * Spec: hub-api.md 1.0 (duplicate slashes or dot segments)
 */
export function cleanPath(path: string): string {
  const kept: string[] = [];
  const segments = path.split("/").slice(1);
  for (const segment of segments) {
    if (segment === "..") kept.pop();
    else if (segment !== "" && segment !== ".") kept.push(segment);
  }
  const isFolder = ["", ".", ".."].includes(segments.at(-1) ?? "");
  return kept.length === 0 ? "/" : `/${kept.join("/")}${isFolder ? "/" : ""}`;
}
