import { useEffect } from "react";
import { base } from "./api.js";
import type { PageCommand } from "./command-text.js";
import { noteSeen } from "./seen.js";
import { shared } from "./store.js";

/** A part of the way to a page. Without an address: the page itself. */
export interface Crumb {
  readonly label: string;
  /** Relative to the base: `/runs`. */
  readonly to?: string | undefined;
}

export const crumbs = shared<readonly Crumb[]>([]);
export const command = shared<PageCommand | undefined>(undefined);
/** Width in CSS pixels below which a page is a phone's: its style sheet says the same. */
export const PHONE_PX = 720;
/** Name of the house in titles of windows. */
export const house = shared("emporium");
export const toast = shared<Toast | undefined>(undefined);

interface Toast {
  /** Those that were said at once, such as one for each part of an address. */
  readonly texts: readonly string[];
  /** Path of the page that it is about, if any: it goes with that page. */
  readonly path?: string | undefined;
  readonly atMs: number;
}

/** Offers, as long as the page is there, what asks or does the same in other programs. */
export function useCommand(what: PageCommand | undefined): void {
  const text = JSON.stringify(what);
  useEffect(() => {
    command.set(text === undefined ? undefined : JSON.parse(text));
    return () => command.set(undefined);
  }, [text]);
}

/** Title of the window and the way to the page in the header. */
export function useCrumbs(...way: readonly Crumb[]): void {
  const text = JSON.stringify(way);
  const name = house.use();
  useEffect(() => {
    const parts = JSON.parse(text) as readonly Crumb[];
    crumbs.set(parts);
    if (parts.length > 0) noteSeen(parts.map(({ label }) => label).join(" › "), ownPath(), location.search);
    document.title = [...parts.map(({ label }) => label).reverse(), name].join(" · ");
    return () => crumbs.set([]);
  }, [text, name]);
}

const AT_ONCE_MS = 250;

/** Says something above the page, for some seconds or until the page of this path is left. The newest takes the place of what was said before. */
export function notify(text: string, path?: string): void {
  const before = toast.get();
  const atMs = performance.now();
  const others = before && atMs - before.atMs < AT_ONCE_MS ? before.texts.filter((one) => one !== text) : [];
  toast.set({ texts: [...others, text], path, atMs });
}

/** Path of the page, relative to the base: `/runs/71`. */
const ownPath = (): string => `/${location.pathname.slice(base.pathname.length)}`;
