/** Frames of a stack that say where a defect is; more only fill the log. */
const MAX_FRAMES = 6;

/** An exception that should not have been, on one line: what it says, and where it comes from. */
export function defectText(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const frames = (error.stack ?? "").split("\n")
    .map((line) => line.trim())
    .filter((line) => line.startsWith("at "));
  return [String(error), ...frames.slice(0, MAX_FRAMES)].join(" ").replaceAll(/\s+/g, " ");
}
