import { keepPreviousData, QueryCache, QueryClient, useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef } from "react";
import type {
  Overlays,
  ReportFacts,
  ReportFindings,
  ReportList,
  SearchHits,
  ServerFacts,
  VolumeFacts,
} from "../../src/model/page-api.js";
import { AnswerError, ask } from "./api.js";
import { shared } from "./store.js";

const FRESH_MS = 30_000;
const AGAIN_MS = 3_000;
/** Milliseconds between questions whether the tree has changed, while the page is in sight. */
const TREE_MS = 60_000;

/** The server gave no answer to the last question. */
export const isDown = shared(false);

const wasNoAnswer = (error: unknown): boolean => error instanceof AnswerError && error.error.code === "NETWORK";

export function makeQueries(): QueryClient {
  return new QueryClient({
    queryCache: new QueryCache({
      onError: (error) => wasNoAnswer(error) && isDown.set(true),
      onSuccess: () => isDown.get() && isDown.set(false),
    }),
    defaultOptions: {
      queries: {
        staleTime: FRESH_MS,
        networkMode: "always", // the server may be this machine, with no network at all
        retry: (failures, error) =>
          failures < 1 && (wasNoAnswer(error) || (error instanceof AnswerError && error.status === 503)),
        refetchOnWindowFocus: false,
      },
    },
  });
}

const asking =
  <T>(path: string) =>
  ({ signal }: { signal: AbortSignal }) =>
    ask<T>(path, signal);

/** Query for the facts of a volume. */
export const volumeQuery = (ref: string) => ({ queryKey: ["volume", ref], queryFn: asking<VolumeFacts>(`volumes/${ref}`) });
/** Query for the layers that can be drawn over a volume. @param added ids of files beside it that have other names */
export const overlaysQuery = (ref: string, added: readonly string[] = []) => ({
  queryKey: ["overlays", ref, added],
  queryFn: asking<Overlays>(`overlays/${ref}${added.length > 0 ? `?with=${added.join()}` : ""}`),
});

/** Reports on what is served; a command may have made another one meanwhile. */
export const reportsQuery = { queryKey: ["reports"], queryFn: asking<ReportList>("reports"), staleTime: 0 };
export const reportQuery = (id: string) => ({
  queryKey: ["report", id],
  queryFn: asking<ReportFacts>(`reports/${encodeURIComponent(id)}`),
});
/** 100 findings of a report. @param parameters of the address: what is chosen, and how it is grouped */
export const reportFindings = (id: string, parameters: string, offset: number) => ({
  queryKey: ["findings", id, parameters, offset],
  queryFn: asking<ReportFindings>(`reports/${encodeURIComponent(id)}/findings?${parameters}&offset=${offset}&limit=100`),
  gcTime: 60_000,
});

/** Query for hits of a word in the catalogue and the files. */
export const searchQuery = (q: string) => ({
  queryKey: ["search", q],
  queryFn: asking<SearchHits>(`search?${new URLSearchParams({ q })}`),
  enabled: q !== "",
  placeholderData: keepPreviousData,
});

/**
 * Facts of the server. They are asked for again once a minute with a catalogue, and every few seconds while the catalogue is
 * brought up to date, or until a server that went away is back.
 */
export function useServer() {
  const queries = useQueryClient();
  const down = isDown.use();
  const asked = useQuery({
    queryKey: ["server"],
    queryFn: ({ signal }) => ask<ServerFacts>("server", signal),
    refetchInterval: ({ state }) =>
      down || state.data?.catalogue?.state === "importing" ? AGAIN_MS : state.data?.catalogue ? TREE_MS : false,
  });
  const state = asked.data?.catalogue?.state;
  const before = useRef({ down, state });
  useEffect(() => {
    const { down: wasDown, state: was } = before.current;
    before.current = { down, state };
    if ((wasDown && !down) || (was === "importing" && state !== "importing"))
      void queries.invalidateQueries({
        predicate: ({ queryKey, meta, state: { status } }) => queryKey[0] !== "server" && !(meta?.stays && status === "success"),
      });
  }, [queries, down, state]);
  return asked;
}
