import { type AddressAccess, namedAddress } from "../../../stores/named-address.js";
import { openLocation, parseLocation } from "../../../stores/url.js";
import type { OpenAddress } from "./photo.js";

/**
 * Opens addresses that a configuration or metadata name, as `namedAddress` has it. Files of this machine are read only where private addresses may be,
 * and an address with a password never.
 *
 * @throws {EmporiumError} of the result: ADDRESS_REFUSED, LOCATION_UNKNOWN, STORE_…
 */
export function addressOpener(access: AddressAccess = {}): OpenAddress {
  return async (location) => {
    const place = parseLocation(location);
    const isSecret = (place.authorization ?? place.login?.password) !== undefined;
    if ((place.scheme === "file" && !access.allowPrivate) || isSecret) {
      const { refused } = await import("../../../net/gate.js");
      throw refused(location, isSecret ? "the URL contains credentials" : "files of this machine are not allowed");
    }
    return openLocation(place, { ...(await namedAddress(place, access)), readOnly: true });
  };
}
