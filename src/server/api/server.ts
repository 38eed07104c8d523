import type { PlaceFacts, ServerFacts } from "../../model/page-api.js";
import type { Place } from "../places.js";
import type { Routes } from "./context.js";

/** `GET server`: what is served, and where. */
export const serverRoutes: Routes = (app, { places, catalogue, server }) => {
  app.get("/server", (c) =>
    c.json({
      ...server,
      places: places.map(factsOf),
      catalogue: catalogue?.state(),
      addresses: { graphql: "graphql", files: "files", s3: "s3", viewer: "viewer/" },
      writing: false,
    } satisfies ServerFacts),
  );
};

function factsOf({ id, name, kind, key }: Place): PlaceFacts {
  return { id, name, kind, key };
}
