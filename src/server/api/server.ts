import { z } from "zod";
import { SLAB_MAX } from "../../arrays/plane/plane.js";
import { QUERY_LIMITS } from "../../catalog/graphql/limits.js";
import type { AccessNotes, CatalogueFacts, PlaceFacts, ServerFacts } from "../../model/page-api.js";
import type { Place } from "../places.js";
import type { Holder } from "../tokens.js";
import type { Routes, ServedCatalogue } from "./context.js";
import { toApiError } from "./errors.js";
import { showsWorkspace } from "./kept.js";
import { get } from "./route.js";

const limits: ServerFacts["limits"] = {
  queryDepth: QUERY_LIMITS.depth,
  queryNames: QUERY_LIMITS.aliases,
  queryRows: QUERY_LIMITS.cost,
  slabSections: SLAB_MAX,
};

/** `GET server`: what is served, and where. */
export const serverRoutes: Routes = (app, context) => {
  const { places, catalogue, treeChangedAt, server } = context;
  const told = (state: ReturnType<ServedCatalogue["state"]>): CatalogueFacts => ({
    ...state,
    treeChangedAt: treeChangedAt?.(),
    error: state.error && toApiError(state.error, places),
  });
  const { access } = context;
  get(app, "/server", { summary: "What is served, and where", query: z.object({}) }, async (c) =>
    c.json({
      ...server,
      places: places.map(factsOf),
      catalogue: catalogue && told((await catalogue.look?.()) ?? catalogue.state()),
      addresses: { graphql: "graphql", files: "files", s3: "s3", viewer: "viewer/" },
      limits,
      writing: context.writing !== undefined,
      holder: toldOf(context.writing?.tokens.holderOf(c.req.raw)),
      jobs: showsWorkspace(context, c.req.raw),
      portal: await context.portal?.(),
      access: access && { signIn: access.signIn, viewer: access.viewerOf(c.req.raw) },
    } satisfies ServerFacts),
  );
  if (!access) return;
  get(app, "/access", { summary: "What is shown that is not public, and to whom", query: z.object({}) }, (c) =>
    c.json(access.notes satisfies AccessNotes, 200, { "cache-control": "no-store" }),
  );
};

const toldOf = (holder: Holder | undefined): ServerFacts["holder"] => holder && { name: holder.name, scopes: [...holder.scopes] };

function factsOf({ id, name, kind, key }: Place): PlaceFacts {
  return { id, name, kind, key };
}
