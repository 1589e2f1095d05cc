import { ConfigError, type Host } from "../core/config/mod.ts";
import {
  Credentials,
  systemCredentialsPath,
  userCredentialsPath,
} from "../core/credentials/mod.ts";

function userPath(host: Host): string | undefined {
  try {
    return userCredentialsPath(host);
  } catch (error) {
    if (error instanceof ConfigError) return undefined;
    throw error;
  }
}

/**
 * The token that this user, or else this machine, keeps for a hub; "" if neither does. A process
 * without a home directory, as a service may be, has only the machine's.
 *
 * Spec: client.md 1.0 (token), 4.1
 *
 * @throws {ConfigError} if the user's store cannot be read, or either is malformed
 */
export async function storedToken(hubUrl: string, host: Host): Promise<string> {
  const system = systemCredentialsPath(host);
  const credentials = await Credentials.read({ user: userPath(host) ?? system, system });
  return credentials.find(hubUrl)?.token ?? "";
}
