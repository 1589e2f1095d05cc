/**
 * The HTTP interface of a hub, for whoever asks it: where it is, requests, pairing codes.
 *
 * @example
 * ```ts
 * import { parseHubAddress, pathOf } from "./mod.ts";
 *
 * const { httpUrl } = parseHubAddress("wss://hub.example.com");
 * console.log(httpUrl + pathOf("api", "status")); // https://hub.example.com/api/status
 * ```
 *
 * @module
 */

export { type HubAddress, type HubAddressOptions, parseHubAddress } from "./hub_address.ts";
export {
  ApiError,
  type ApiMethod,
  type Fetch,
  JsonApi,
  type JsonApiOptions,
  pathOf,
} from "./json_api.ts";
export { redeemCode, type Redeemed, type VouchedAgent } from "./redeem.ts";
