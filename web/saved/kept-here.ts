import { SAVED_LETTERS, shownByAddress } from "../../src/model/saved-view.js";
import { base } from "../parts/api.js";
import { readKept, remembered } from "../parts/store.js";

/** An address of this site with a name, kept by this browser: a view of a volume, or a search. */
export interface KeptHere {
  readonly id: string;
  readonly name: string;
  readonly note: string;
  /** Relative to the base, with what was chosen there. */
  readonly to: string;
  /** What it shows: the name of a volume, or of a list. */
  readonly of: string;
  /** Number of the run that a volume is of. */
  readonly run?: number | undefined;
  /** ISO 8601. */
  readonly savedAt: string;
}

const NAME = "saved";
const KEPT_MAX = 500;
const SEARCH = /^\/(?:datasets|runs|annotations|depositions)(?:\/\d{1,10})?(?:\?[!-~]*)?$/;

/** Whether an address is one of a list, with what is chosen there. */
export const isSearch = (to: string): boolean => to.length <= SAVED_LETTERS.address && SEARCH.test(to);

export const keptHere = remembered<readonly KeptHere[]>(NAME, [], isKept);

// another tab has saved something
addEventListener("storage", ({ key }) => {
  if (key === `emporium.${NAME}`) keptHere.set(readKept(key, isKept) ?? []);
});

/** @throws {Error} where this browser keeps no more */
export function keepHere(what: Omit<KeptHere, "id" | "savedAt">): void {
  const kept: KeptHere = { ...what, id: crypto.getRandomValues(new Uint32Array(2)).join("-"), savedAt: new Date().toISOString() };
  if (!isKept([kept])) throw new Error("This address cannot be kept: it is too long, or not one of a volume or a list.");
  change((all) => {
    if (all.length >= KEPT_MAX) throw new Error(`This browser keeps ${KEPT_MAX} views and searches: remove some first.`);
    return [kept, ...all];
  });
  const isThere = readKept(`emporium.${NAME}`, isKept)?.some(({ id }) => id === kept.id);
  if (!isThere)
    throw new Error("This browser keeps nothing: its storage is full, or forbidden. What you saved is gone with this tab.");
}

export const changeHere = (id: string, words: Pick<KeptHere, "name" | "note">): void =>
  change((all) => all.map((one) => (one.id === id ? { ...one, ...words } : one)));

export const removeHere = (id: string): void => change((all) => all.filter((one) => one.id !== id));

/** On what is kept now: another tab may have changed it. */
function change(work: (all: readonly KeptHere[]) => readonly KeptHere[]): void {
  keptHere.set(work(readKept(`emporium.${NAME}`, isKept) ?? keptHere.get()));
}

/** Address of the page, relative to the base. */
export const addressBelow = (href: string): string => {
  const { pathname, search, hash } = new URL(href);
  return `/${pathname.slice(base.pathname.length)}${search}${hash}`;
};

function isKept(value: unknown): value is readonly KeptHere[] {
  return (
    Array.isArray(value) &&
    value.every((one: Partial<KeptHere> | null) => {
      const texts = [one?.id, one?.name, one?.note, one?.to, one?.of, one?.savedAt];
      if (!one || !texts.every((text) => typeof text === "string")) return false;
      return (one.run === undefined || Number.isInteger(one.run)) && (isSearch(one.to!) || shownByAddress(one.to!) !== undefined);
    })
  );
}
