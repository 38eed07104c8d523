import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { CatalogueFacts } from "../../src/model/page-api.js";
import { type Portal, servePortal } from "../../src/server/portal.js";
import { fileStore } from "../../src/stores/file/store.js";
import { parseLocation } from "../../src/stores/url.js";
import { type PortalDatabase, type PortalRows, portalDatabase } from "../e2e/graphql-kit.js";

/** Pages over rows: as `emporium serve TREE` has them, with a catalogue that was made by hand. */
export interface CataloguePages {
  readonly portal: Portal;
  readonly database: PortalDatabase;
  /** Of the tree: what lies there is at `/files`. */
  readonly folder: string;
  stop(): Promise<void>;
}

export async function cataloguePages(rows: PortalRows, { name = "portal" } = {}): Promise<CataloguePages> {
  const folder = mkdtempSync(join(tmpdir(), "emporium-pages-"));
  const database = await portalDatabase(rows);
  const place = { id: "portal", name, kind: "tree", location: parseLocation(folder), store: fileStore(folder) } as const;
  const sizeOf = (entity: Parameters<PortalRows["get"]>[0]) => rows.get(entity)?.length ?? 0;
  const counts = {
    datasets: sizeOf("Dataset"),
    runs: sizeOf("Run"),
    tomograms: sizeOf("Tomogram"),
    annotations: sizeOf("Annotation"),
    depositions: sizeOf("Deposition"),
  };
  const state: CatalogueFacts = { place: place.id, state: "ready", importedAt: "2026-11-22T14:02:00Z", counts };
  const portal = await servePortal({
    places: [place],
    catalogue: { place, pool: database.reader.pool, api: database.api(), state: () => ({ ...state, error: undefined }) },
    bucket: "portal",
    version: "0",
    pages: fileURLToPath(new URL("../../dist/web", import.meta.url)),
  });
  return {
    portal,
    database,
    folder,
    async stop() {
      await portal.close();
      await database.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
