/**
 * How long streams wait for a socket unless configured otherwise: a hub or a notebook that restarts is
 * back by then, and whoever waits for longer has given up. Spec: design.md decision 3
 */
export const DEFAULT_GRACE_SECONDS = 120;

/** Most that may be configured; keys are kept for as long. */
export const MAX_GRACE_SECONDS = 3600;
