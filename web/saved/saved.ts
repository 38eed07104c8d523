import { type QueryClient, useQuery, useQueryClient } from "@tanstack/react-query";
import type { SavedView, SavedViews } from "../../src/model/page-api.js";
import { parseRef } from "../../src/model/ref.js";
import { shownByAddress } from "../../src/model/saved-view.js";
import { AnswerError, ask } from "../parts/api.js";
import { tellTabs, useTabs } from "../parts/tabs.js";
import { send, useWriting } from "../parts/writing.js";
import { changeHere, isSearch, type KeptHere, keptHere, removeHere } from "./kept-here.js";

export interface Words {
  readonly name: string;
  readonly note: string;
}

/** A view or a search with a name, wherever it is kept. */
export interface Saved extends Words {
  readonly id: string;
  readonly to: string;
  /** What it shows. */
  readonly of: string;
  readonly savedAt: string;
  readonly who?: string | undefined;
  readonly isHere: boolean;
  readonly isGone: boolean;
  /** Absent where this page may not change it. */
  readonly change?: ((words: Words) => Promise<void>) | undefined;
  readonly remove?: (() => Promise<void>) | undefined;
}

/** Of which volume, or run, views are wanted; of neither: all. */
export interface Of {
  readonly ref?: string | undefined;
  readonly run?: number | undefined;
}

/** Views that the server and this browser keep: the newest first of each. */
export function useViews({ ref, run }: Of) {
  const queries = useQueryClient();
  const isWriting = useWriting("write");
  const here = keptHere.use();
  useTabs("saved views");
  const parameters = new URLSearchParams({ ...(ref !== undefined && { ref }), ...(run !== undefined && { run: String(run) }) });
  const asked = useQuery({
    queryKey: ["saved views", ref, run],
    queryFn: ({ signal }) =>
      ask<SavedViews>(`views?${parameters}`, signal).catch((error: unknown) => {
        // a server without a workspace keeps none
        if (error instanceof AnswerError && error.status === 404) return { views: [] } as SavedViews;
        throw error;
      }),
    staleTime: 0,
    refetchOnWindowFocus: true,
  });
  const isOf = (one: KeptHere): boolean => {
    if (isSearch(one.to)) return false;
    if (ref === undefined && run === undefined) return true;
    return (run !== undefined && one.run === run) || (ref !== undefined && shownByAddress(one.to)?.ref === ref);
  };
  const own = here.filter(isOf).map(savedHere);
  const kept = asked.data?.views.map((one) => savedThere(one, isWriting, queries)) ?? [];
  return { asked, views: [...own, ...kept], isCut: asked.data?.isCut === true };
}

/** Searches that this browser keeps. */
export const useSearches = (): readonly Saved[] =>
  keptHere
    .use()
    .filter(({ to }) => isSearch(to))
    .map(savedHere);

export function refreshViews(queries: QueryClient): Promise<void> {
  tellTabs("saved views");
  return queries.invalidateQueries({ queryKey: ["saved views"] });
}

const savedHere = ({ id, name, note, to, of, savedAt }: KeptHere): Saved => ({
  ...{ id, name, note, to, of, savedAt, isHere: true, isGone: false },
  change: async (words) => changeHere(id, words),
  remove: async () => removeHere(id),
});

function savedThere(view: SavedView, isWriting: boolean, queries: QueryClient): Saved {
  const { id, name, note, to, ref, run, who, savedAt, etag, isGone } = view;
  const changed = async (method: "PUT" | "POST", path: string, body: object): Promise<void> => {
    try {
      await send(method, path, body, { ifMatch: `"${etag}"` });
    } finally {
      await refreshViews(queries);
    }
  };
  const path = `views/${encodeURIComponent(id)}`;
  return {
    ...{ id, name, note, to, savedAt, who, isHere: false, isGone: isGone === true },
    of: volumeWords(ref, run?.name),
    ...(isWriting && {
      change: (words: Words) => changed("PUT", path, words),
      remove: () => changed("POST", `${path}/remove`, {}),
    }),
  };
}

/** `tomogram 5 of TS_0001`; of a file its name. */
export function volumeWords(ref: string, run: string | undefined): string {
  const of = parseRef(ref);
  if (of.kind === "place") return of.key.split("/").filter(Boolean).at(-1) ?? of.place;
  const noun = of.kind === "tiltseries" ? "tilt series" : of.kind;
  return `${noun} ${of.id}${run === undefined ? "" : ` of ${run}`}`;
}
