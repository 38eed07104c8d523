const KEPT = "token";
const GIVEN = /^#token=([!-~]+)/;

/** Undefined in a browser that keeps nothing: the page reads only. */
function kept(): Storage | undefined {
  try {
    return sessionStorage;
  } catch {
    return undefined;
  }
}

/**
 * The token of an address `…/#token=…`, as `emporium serve --write` prints it: kept for this tab, and taken out of the address before anything else reads
 * it. What stands behind `#` goes to no server.
 */
export function takeToken(): void {
  const given = GIVEN.exec(location.hash);
  if (!given) return;
  keepToken(given[1]!);
  history.replaceState(null, "", location.pathname + location.search);
}

/** Whether this tab has a token. */
export const hasToken = (): boolean => Boolean(kept()?.getItem(KEPT));

/** Empty: none. */
export const keepToken = (token: string): void => kept()?.setItem(KEPT, token);

/** A request that says who asks, where this tab knows it. */
export function signed(init?: RequestInit): RequestInit | undefined {
  const token = kept()?.getItem(KEPT);
  // to this origin the credentials are the same as by default; but an answer that was fetched ahead, for nobody, is not taken for this one's
  return token ? { ...init, headers: { ...init?.headers, authorization: `Bearer ${token}` }, credentials: "include" } : init;
}
