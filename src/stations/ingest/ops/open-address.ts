import { openLocation, parseLocation } from "../../../stores/url.js";
import type { OpenAddress } from "./photo.js";

export interface AddressAccess {
  readonly anonymous?: boolean | undefined;
  /** Addresses of private networks and files of this machine as well. Default false. */
  readonly allowPrivate?: boolean | undefined;
}

/**
 * Opens addresses that a configuration or metadata name: somebody else may have written them, so that they are held to the rule for
 * links. Public hosts and buckets are read, private networks and this machine only where the person who runs the program allows it.
 * Redirections are held to the same rule.
 *
 * @throws {EmporiumError} of the result: ADDRESS_REFUSED, LOCATION_UNKNOWN, STORE_…
 */
export function addressOpener({ anonymous, allowPrivate = false }: AddressAccess = {}): OpenAddress {
  // the network is loaded where an address is opened: most configurations name none
  return async (location) => {
    const { publicGate, refused } = await import("../../../net/gate.js");
    const gate = publicGate(undefined, { allowPrivate });
    const place = parseLocation(location);
    if (place.scheme === "file" && !allowPrivate) throw refused(location, "files of this machine are not allowed");
    if (URL.canParse(location) && /^(?:https?|ftp):/i.test(location)) gate.check(new URL(location));
    return openLocation(place, { anonymous, readOnly: true, gate, allowPrivate });
  };
}
