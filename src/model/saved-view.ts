import { parseRef, refOfView } from "./ref.js";
import { VIEW_PARAMETERS } from "./view-parameters.js";

/** Letters of a name, of a note, and of the address of what is saved. */
export const SAVED_LETTERS = { name: 80, note: 2_000, address: 8_000 } as const;

const ANYWHERE = "http://emporium.invalid";

/** What an address of the viewer shows. */
export interface ShownByAddress {
  /** The volume, as `parseRef` reads it. */
  readonly ref: string;
  /** The one beside it. */
  readonly other?: string | undefined;
}

/**
 * What an address of the viewer shows, `/view/tomogram/5?p=1,2,3`, relative to the base of the pages. Undefined for any other text: one that leads elsewhere,
 * or that has a parameter which no viewer reads. What stands behind `#` is what is too long for a query.
 */
export function shownByAddress(to: string): ShownByAddress | undefined {
  if (to.length > SAVED_LETTERS.address || !/^\/view\/[!-~]+$/.test(to) || !URL.canParse(to, ANYWHERE)) return undefined;
  const { origin, pathname, search, hash } = new URL(to, ANYWHERE);
  // an address that is put in order on the way is not the one that was given
  if (origin !== ANYWHERE || `${pathname}${search}${hash}` !== to) return undefined;
  const given = [...new URLSearchParams(search), ...new URLSearchParams(hash.slice(1))];
  const names = new Set(given.map(([name]) => name));
  if (names.size < given.length || [...names].some((name) => !(VIEW_PARAMETERS as readonly string[]).includes(name)))
    return undefined;
  try {
    const [kind, ...rest] = pathname.slice("/view/".length).split("/").map(decodeURIComponent);
    if (!/^(?:tomogram|tiltseries|frame|at)$/.test(kind!) || (kind !== "at" && rest.length > 1)) return undefined;
    const ref = refOfView([kind!, ...rest])!;
    const other = given.find(([name]) => name === "w")?.[1];
    for (const one of other === undefined ? [ref] : [ref, other]) parseRef(one);
    return { ref, other };
  } catch {
    return undefined; // half an escape, or no reference
  }
}

/** The same address with as many of its layers as somebody may see. */
export function withLayers(to: string, isSeen: (id: string) => boolean): string {
  const { pathname, search, hash } = new URL(to, ANYWHERE);
  const kept = (text: string) =>
    [...new URLSearchParams(text)]
      .map(([name, value]) => {
        const isOfLayers = name === "on" || name === "o";
        const left = isOfLayers
          ? value
              .split(",")
              .filter((one) => isSeen(one.split(":")[0]!))
              .join()
          : value;
        return `${name}=${encodeURIComponent(left).replace(/%(?:2C|3A|2F|40)/g, decodeURIComponent)}`;
      })
      .join("&");
  const [query, behind] = [kept(search), kept(hash.slice(1))];
  return `${pathname}${query && `?${query}`}${behind && `#${behind}`}`;
}

/** Numbers of the layers that an address names: files of annotations, where the volume is a tomogram of the catalogue. */
export function layersIn(to: string): readonly string[] {
  const { search, hash } = new URL(to, ANYWHERE);
  return [search, hash.slice(1)].flatMap((text) => {
    const given = new URLSearchParams(text);
    return ["on", "o"].flatMap(
      (name) =>
        given
          .get(name)
          ?.split(",")
          .map((one) => one.split(":")[0]!) ?? [],
    );
  });
}
