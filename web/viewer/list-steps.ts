/** The list that one came from, in its order: addresses of the viewer. Of this tab, until another list takes its place. */
const KEY = "emporium.viewerList";

export function keepList(addresses: readonly { readonly ref: string; readonly to: string }[]): void {
  try {
    sessionStorage.setItem(KEY, JSON.stringify(addresses));
  } catch {
    // full or forbidden: there is nothing to step through then
  }
}

/** The address before or after; undefined at the ends, and for what is in no list. */
export function stepList(ref: string, by: 1 | -1): string | undefined {
  const { list, at } = placeInList(ref);
  return at === -1 ? undefined : list[at + by]?.to;
}

export function placeInList(ref: string): {
  readonly list: readonly { readonly ref: string; readonly to: string }[];
  readonly at: number;
} {
  try {
    const found: unknown = JSON.parse(sessionStorage.getItem(KEY) ?? "[]");
    const list = Array.isArray(found) ? found.filter((one) => typeof one?.ref === "string" && typeof one?.to === "string") : [];
    return { list, at: list.findIndex((one) => one.ref === ref) };
  } catch {
    return { list: [], at: -1 };
  }
}
