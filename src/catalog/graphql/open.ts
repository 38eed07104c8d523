import type { PortalApi, PortalApiOptions } from "./answer.js";

/**
 * The portal's GraphQL API over the catalogue's tables.
 *
 * A request is planned as a whole and asked in one statement; rows go through to the client as they come, so whole tables take no more memory
 * than a portion of their rows.
 */
export function openPortalApi(options: PortalApiOptions): PortalApi {
  // GraphQL's library is loaded, and checks the whole schema, from now on; not while somebody waits for an answer
  const api = import("./answer.js").then(({ portalApi }) => portalApi(options));
  api.catch(() => {}); // told to who asks
  return { answer: async (request, own, enter) => (await api).answer(request, own, enter) };
}
