import { useEffect } from "react";
import { base } from "./api.js";
import { noteSeen } from "./seen.js";
import { shared } from "./store.js";

/** A part of the way to a page. Without an address: the page itself. */
export interface Crumb {
  readonly label: string;
  /** Relative to the base: `/runs`. */
  readonly to?: string | undefined;
}

export const crumbs = shared<readonly Crumb[]>([]);
export const command = shared<string | undefined>(undefined);
export const notices = shared<readonly Notice[]>([]);

interface Notice {
  readonly text: string;
  /** Path of the page that the notice is about, if any: it goes with that page. */
  readonly path?: string | undefined;
}

/** Shows at the foot of the page the command line that answers the same question, and takes it away with the page. */
export function useCommand(text: string | undefined): void {
  useEffect(() => {
    command.set(text);
    return () => command.set(undefined);
  }, [text]);
}

/** Title of the window and the way to the page in the header. */
export function useCrumbs(...way: readonly Crumb[]): void {
  const text = JSON.stringify(way);
  useEffect(() => {
    const parts = JSON.parse(text) as readonly Crumb[];
    crumbs.set(parts);
    if (parts.length > 0) noteSeen(parts.map(({ label }) => label).join(" › "), ownPath(), location.search);
    document.title = [...parts.map(({ label }) => label).reverse(), "emporium"].join(" · ");
    return () => crumbs.set([]);
  }, [text]);
}

/** Says something above the page until it is put away, or the page of this path is left. The same is said once. */
export function notify(text: string, path?: string): void {
  const others = notices.get().filter((one) => one.text !== text);
  notices.set([...others, { text, path }]);
}

/** Path of the page, relative to the base: `/runs/71`. */
const ownPath = (): string => `/${location.pathname.slice(base.pathname.length)}`;
