import { isEmporiumError } from "../core/errors.js";
import type { Place } from "../server/places.js";
import type { Io } from "./command.js";
import { version } from "./version.js";

export interface DemoPages {
  readonly url: string;
  /** Address of Neuroglancer. */
  readonly page: string;
  /** The views that are in the tree at this moment: their pages, and the links that open them in Neuroglancer. */
  views(): Promise<{ key: string; page: string | undefined; link: string }[]>;
  close(): Promise<void>;
}

const USUAL_PORT = 8080;

/**
 * Serves a tree to this machine, which may still be empty, and what commands have left in the workspace. At the usual port, or any that is free
 * where another program has that.
 *
 * @throws {EmporiumError} STORE_FAILED where the port that was asked for is taken
 */
export async function serveTree(folder: string, port: number | undefined, { log, workspace }: Io): Promise<DemoPages> {
  const [{ servePortal }, { treeViews }, { viewerLink }, { parseLocation }, { fileStore }, { viewAddress }] = await Promise.all([
    import("../server/portal.js"),
    import("../server/views.js"),
    import("../server/viewer.js"),
    import("../stores/url.js"),
    import("../stores/file/store.js"),
    import("../model/ref.js"),
  ]);
  const store = fileStore(folder, { sync: false });
  const place: Place = { id: "portal", name: "portal", kind: "tree", location: parseLocation(folder), store };
  const open = (at: number) => servePortal({ places: [place], bucket: "portal", version: version(), port: at, workspace, log });
  const { url, files, viewer, close } = await open(port ?? USUAL_PORT).catch((error: unknown) => {
    if (port === undefined && isEmporiumError(error)) return open(0);
    throw error;
  });
  const views = async () =>
    (await treeViews(store)).map(({ key, volume }) => ({
      key,
      page: volume && `${url}/${viewAddress(place.id, volume)}`,
      link: viewerLink(viewer, `${files}/${key}`),
    }));
  return { url, page: viewer, views, close };
}
