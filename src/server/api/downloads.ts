import type { DownloadSize } from "../../model/page-api.js";
import type { ArchiveSources } from "../downloads/archive.js";
import { Chosen, type Selection } from "../downloads/selection.js";
import { FILE_PIECES } from "../piece-budget.js";
import type { ApiContext, Routes } from "./context.js";
import { noCatalogue } from "./facets.js";
import { get } from "./route.js";

/** `GET download?of=run&ids=…`: what entities hold; `download/levels`, `download/size` and `download/zip` of all or some of it. */
export const downloadRoutes: Routes = (app, context) => {
  const { pieces = FILE_PIECES } = context;
  const archive = () => import("../downloads/archive.js");
  const zip = () => import("../../formats/zip/write.js");

  get(
    app,
    "/download",
    {
      summary: "What runs, datasets, tomograms or annotations hold, to choose from",
      query: Chosen.pick({ of: true, ids: true }),
    },
    async (c, query) => {
      const { contentsOf } = await import("../downloads/contents.js");
      return c.json(await contentsOf(sourcesOf(context).pool, query));
    },
  );
  get(
    app,
    "/download/levels",
    { summary: "Levels of chosen OME-Zarr volumes, with their bytes", query: Chosen.omit({ level: true }) },
    async (c, query) => {
      const { levelsOf } = await import("../downloads/levels.js");
      return c.json(await levelsOf(sourcesOf(context), selectionOf(query), c.req.raw.signal));
    },
  );
  get(app, "/download/size", { summary: "Files and bytes of the archive of a choice", query: Chosen }, async (c, query) => {
    const { archivedFiles } = await archive();
    const { zipBytes } = await zip();
    const { files, letGo } = await archivedFiles(sourcesOf(context), selectionOf(query), c.req.raw.signal);
    letGo();
    return c.json({ files: files.length, sizeBytes: zipBytes(files) ?? null } satisfies DownloadSize);
  });
  get(app, "/download/zip", { summary: "The files of a choice as one ZIP archive", query: Chosen }, async (c, query) => {
    const { archiveBytes, archivedFiles } = await archive();
    const { zipBytes } = await zip();
    const sources = sourcesOf(context);
    const selection = selectionOf(query);
    const { signal, method } = c.req.raw;
    const listed = await archivedFiles(sources, selection, signal);
    const length = zipBytes(listed.files);
    const headers = {
      "content-type": "application/zip",
      "content-disposition": `attachment; filename="${nameOf(selection)}"`,
      "cache-control": "no-store",
      "accept-ranges": "none",
      ...(length !== undefined && { "content-length": String(length) }),
    };
    if (method === "HEAD") {
      listed.letGo();
      return c.body(null, 200, headers);
    }
    return c.body(streamOf(archiveBytes(sources.store, listed, { pieces, signal }), listed.letGo), 200, headers);
  });
};

function sourcesOf(context: ApiContext): ArchiveSources {
  const { catalogue } = context;
  if (!catalogue) throw noCatalogue(context);
  return { store: catalogue.place.store, pool: catalogue.pool };
}

const selectionOf = ({ of, ids, only, level }: Partial<Selection> & Pick<Selection, "of" | "ids">): Selection => ({
  of,
  ids,
  only,
  level,
});

/** `run-12.zip`, `runs-12-and-4-more.zip`. */
function nameOf({ of, ids }: Selection): string {
  const [first, ...others] = ids;
  return others.length === 0 ? `${of}-${first}.zip` : `${of}s-${first}-and-${others.length}-more.zip`;
}

/** Pieces as they are asked for. @param letGo is called also where nobody has asked for any */
function streamOf(bytes: AsyncGenerator<Uint8Array>, letGo: () => void): ReadableStream<Uint8Array> {
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const { done, value } = await bytes.next();
        if (done) controller.close();
        else controller.enqueue(value);
      },
      async cancel() {
        letGo();
        await bytes.return(undefined);
      },
    },
    { highWaterMark: 0 },
  );
}
