import { portalOverview } from "../../catalog/portal-overview.js";
import { readRoots, seenPool } from "../../catalog/seen.js";
import type { Clock } from "../../core/clock.js";
import type { Log } from "../../core/log.js";
import type { ApiContext, ServedCatalogue } from "../api/context.js";
import type { Handler } from "../handler.js";
import type { ServedMemory } from "../memory-shares.js";
import { noReports } from "../reports.js";
import type { ServedSources, SourcesHandler } from "../sources.js";
import type { Tokens } from "../tokens.js";
import { openAccess, type View } from "./access.js";
import { byView, VIEWS_MAX } from "./by-view.js";
import { seenPlaces } from "./seen-places.js";
import { withSessions } from "./sessions.js";
import { treeSight } from "./tree-sight.js";

export interface ServedByViewOptions {
  readonly file: string;
  readonly tokens?: Tokens | undefined;
  readonly sources: ServedSources;
  readonly handlerOf: (sources: ServedSources, ofView: Partial<ApiContext>) => SourcesHandler;
  readonly memory: ServedMemory;
  readonly clock: Clock;
  readonly log: Log;
  /** Path under which people find the server, with slashes at both ends. */
  readonly base: string;
  /** Origin of the public URL. */
  readonly origin: string | undefined;
}

/** Serves each request what the rules let its sender see, as if there were nothing else. */
export async function servedByView(options: ServedByViewOptions): Promise<SourcesHandler> {
  const { file, tokens, sources, handlerOf, memory, clock, log, base, origin } = options;
  const { places, catalogue, microscopy } = sources;
  const access = await openAccess({
    ...{ file, tokens, clock, log },
    roots: catalogue && (() => readRoots(catalogue.pool)),
    isSettled: () => catalogue?.state().state !== "importing",
  });
  const shared: ServedMemory = {
    ...memory,
    limits: { ...memory.limits, counts: memory.limits.counts / VIEWS_MAX, layers: memory.limits.layers / VIEWS_MAX },
  };
  const make = async (view: View): Promise<SourcesHandler> => {
    const ofView: Partial<ApiContext> = {
      access: {
        notes: view.notes,
        seesAll: view.isWhole,
        viewerOf: (request) => access.viewerOf(request).shownName,
        signIn: tokens !== undefined,
      },
      memory: shared,
      ...(!view.seesWorkspace && NO_WORKSPACE),
    };
    if (view.isWhole) return handlerOf(sources, ofView);
    const seen = catalogue && seenPool(catalogue.pool, view.seen);
    const sight = await treeSight({ view, seen: seen?.pool, all: catalogue?.pool, clock });
    const own = await seenPlaces(places, catalogue?.place ?? places.find(({ kind }) => kind === "tree"), view, sight);
    const place = own.find(({ id }) => id === catalogue?.place.id);
    const limited: ServedSources = {
      places: own,
      catalogue: catalogue && seen && place && seenCatalogue({ ...catalogue, place }, seen, view),
      microscopy: view.seesOthers ? microscopy : undefined,
    };
    return handlerOf(limited, ofView);
  };
  const answered = byView(access, make);
  // whoever asks: a list of addresses is handed on
  const handler: Handler = (request, path) =>
    answered(path === "sitemap.xml" ? new Request(request.url, { method: request.method }) : request, path);
  return { api: (request, path) => handler(request, `api/v1/${path}`), handler: withSessions(access, { base, origin }, handler) };
}

/** Of the workspace there is nothing for who has no token. */
const NO_WORKSPACE: Partial<ApiContext> = {
  workspace: undefined,
  jobs: undefined,
  plans: undefined,
  submissions: undefined,
  treeChangedAt: undefined,
  reports: noReports,
};

function seenCatalogue(catalogue: ServedCatalogue, { pool, enter }: ReturnType<typeof seenPool>, view: View): ServedCatalogue {
  const state = (): ReturnType<ServedCatalogue["state"]> => {
    const { place, state, importedAt, otherDatasets, ...more } = catalogue.state();
    const others = otherDatasets?.filter((id) => view.seesDataset(id));
    // what an import failed of may be what is hidden
    return {
      place,
      state,
      importedAt,
      otherDatasets: others,
      ...(view.seesWorkspace && { error: more.error, inPart: more.inPart }),
    };
  };
  return {
    place: catalogue.place,
    pool,
    api: { answer: (request, own) => catalogue.api.answer(request, own, enter) },
    state,
    look: async () => ({ ...state(), counts: catalogue.state().counts && (await portalOverview(pool)).counts }),
  };
}
