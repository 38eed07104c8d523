import { remembered } from "./store.js";

/** A page that was looked at in this browser. */
export interface Seen {
  readonly title: string;
  /** Relative to the base, with what was chosen there. */
  readonly to: string;
}

const KEPT = 8;
/** Lists are found anyway; what one goes on with is a thing. */
const THINGS = /^\/(?:datasets|runs|depositions|annotations|view|neuroglancer)\/./;

export const seen = remembered<readonly Seen[]>("seen", [], isSeen);

/** The last is the first; a page counts once, whatever was chosen there. */
export function noteSeen(title: string, path: string, search: string): void {
  if (!THINGS.test(path)) return;
  const others = seen.get().filter(({ to }) => to.split("?")[0] !== path);
  seen.set([{ title, to: `${path}${search}` }, ...others].slice(0, KEPT));
}

function isSeen(value: unknown): value is readonly Seen[] {
  return (
    Array.isArray(value) &&
    value.every(
      (one: Partial<Seen> | null) => typeof one?.title === "string" && typeof one.to === "string" && THINGS.test(one.to),
    )
  );
}
