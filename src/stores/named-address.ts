import type { Location, StoreOptions } from "./location.js";

export interface AddressAccess {
  readonly anonymous?: boolean | undefined;
  /** Addresses of private networks and of this machine as well. Default false. */
  readonly allowPrivate?: boolean | undefined;
}

/**
 * Options with which a location is opened that stands in a file: a configuration, a table, a graph. Somebody else may have
 * written it, so that it is held to the rule for links: public hosts are asked, private networks and this machine only where the
 * person who runs the program allows it, also by redirections. A bucket's name is no host: the environment of that person says
 * which server has it.
 *
 * @throws {EmporiumError} ADDRESS_REFUSED, by the address alone; names are looked up when they are asked for
 */
export async function namedAddress(
  place: Location,
  { anonymous, allowPrivate = false }: AddressAccess = {},
): Promise<Pick<StoreOptions, "anonymous" | "gate" | "allowPrivate">> {
  if (!["http", "https", "ftp"].includes(place.scheme)) return { anonymous };
  // the network is loaded where an address is opened: most files name none
  const { publicGate } = await import("../net/gate.js");
  const gate = publicGate(undefined, { allowPrivate });
  gate.check(new URL(place.url));
  return { anonymous, gate, allowPrivate };
}
