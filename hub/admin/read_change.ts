import { type Body, type JsonObject, problem, readJsonObject } from "../http/mod.ts";
import { type AdminOptions, MAX_BODY_BYTES } from "./context.ts";
import type { AdminContext } from "./gate.ts";

/** What is read, for whom. */
export interface ChangeRequest {
  /** Whose body is read. */
  readonly request: Request;
  /** Who asks. */
  readonly context: AdminContext;
  /** Longest body taken. Default: {@linkcode MAX_BODY_BYTES} */
  readonly maxBytes?: number;
  /** Whether no body, or null, stands for an empty object. Default: no. */
  readonly isOptional?: boolean;
}

/** As the reference's clients mean it, what is null is not given. */
function withoutNulls(value: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(value).filter(([, item]) => item !== null));
}

/**
 * Reads what a request is to change. Who asks is looked at once more when it is there: a token that is
 * revoked must not go on working for as long as its holder lets a body trickle.
 */
export async function readChange(
  { store, clock }: AdminOptions,
  { request, context, maxBytes = MAX_BODY_BYTES, isOptional = false }: ChangeRequest,
): Promise<Body<JsonObject>> {
  const body = await readJsonObject(request, { maxBytes, clock, isOptional });
  const caller = store.access.authenticateDigest(context.caller.digest, clock.wallMs());
  if (!store.access.canAdminister(caller)) return { refusal: problem("forbidden", 403) };
  return body.value === undefined ? body : { value: withoutNulls(body.value) };
}
