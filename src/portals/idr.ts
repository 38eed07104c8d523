import { isEmporiumError } from "../core/errors.js";
import type { Json, JsonObject } from "../core/json.js";
import { jsonObject } from "../core/json-fields.js";
import { counted } from "../core/units.js";
import { notFound, replyFault } from "./faults.js";
import { at, idOf, listOf, numberOf, objectsOf, textOf } from "./fields.js";
import { findLinks } from "./idr-files.js";
import type { Description, Portal, PortalNet, Target } from "./portal.js";

const SITE = "https://idr.openmicroscopy.org";
const API = `${SITE}/api/v0/m`;
/** Rows of one page: OMERO's own default, well below the 500 that it allows. */
const PAGE_ROWS = 200;

/** Kinds of things that an address may select. A study is named by its number, `idr0086`. */
type Kind = "image" | "well" | "dataset" | "project" | "plate" | "screen" | "study" | "search";

/** The Image Data Resource: OMERO's JSON as its public user sees it; the files themselves are in EBI's archive. */
export const idr: Portal = {
  name: "idr",
  title: "IDR",
  hosts: ["idr.openmicroscopy.org", "ftp.ebi.ac.uk", "raw.githubusercontent.com"],
  home: "idr.openmicroscopy.org",
  accession: "idr\\d",
  // requests of more than 3 MB were seen to be cut short
  fetching: { connections: 4, segmentBytes: 3_000_000 },
  recognise({ text, link }) {
    if (!link) {
      const study = /^(idr\d{4})(?:-[\w-]+)?$/i.exec(text)?.[1]?.toLowerCase();
      return study === undefined ? undefined : target("study", study, `${SITE}/search/?query=Name:${study}`);
    }
    if (link.host !== "idr.openmicroscopy.org") return undefined;
    const detail = /^\/webclient\/img_detail\/(\d+)$/.exec(link.path)?.[1];
    if (detail !== undefined) return target("image", detail);
    if (link.path === "/webclient") return shown(link.query.get("show") ?? "");
    if (link.path === "/iviewer") {
      const images = [...(link.query.get("images") ?? "").matchAll(/\d+/g)].map(([id]) => `image-${id}`);
      return shown(images.join("|")) ?? shown(`dataset-${link.query.get("dataset") ?? ""}`);
    }
    if (link.path === "/search") {
      const study = /\bidr\d{4}\b/i.exec(link.query.get("query") ?? "")?.[0].toLowerCase();
      return study === undefined ? target("search", "", link.text) : target("study", study, link.text);
    }
    return undefined;
  },

  async *describe(wanted, net, { compat }) {
    await enter(net);
    for await (const id of imageIds(wanted, net)) yield await describeImage(id, net, compat);
  },

  async *list(wanted, net, { warn }) {
    await enter(net);
    const paths = new Set<string>();
    const urls = new Set<string>();
    for await (const id of imageIds(wanted, net)) {
      const { links, warnings = [] } = await describeImage(id, net, true);
      for (const warning of warnings) warn(warning);
      for (const url of links) {
        if (urls.has(url)) continue; // images of one file
        urls.add(url);
        const segments = new URL(url).pathname.split("/").slice(1).map(decodeURIComponent);
        const name = segments.at(-1)!;
        const path = paths.has(name) ? segments.slice(3).join("/") : name;
        paths.add(path);
        yield { url, path, kind: /\.(?:zarr|n5)$/i.test(path) ? "volume" : "file" };
      }
    }
  },
};

function target(kind: Kind, id: string, url = `${SITE}/webclient/?show=${kind}-${id}`): Target {
  return { kind, id, url };
}

/** `show=image-1|image-2`: things to show, as the web client writes them. */
function shown(text: string): Target | undefined {
  const things = [...text.matchAll(/(?:^|\|)(image|dataset|project|screen|plate|well)-(\d+)(?=$|\|)/g)];
  const [first] = things;
  if (!first) return undefined;
  const url = `${SITE}/webclient/?show=${things.map(([, kind, id]) => `${kind}-${id}`).join("|")}`;
  return target(first[1] as Kind, things.length === 1 ? first[2]! : things.map(([, kind, id]) => `${kind}-${id}`).join("|"), url);
}

/** The cookies of the public user, without which OMERO answers with its log-in page. */
async function enter(net: PortalNet): Promise<void> {
  await net.findText(`${SITE}/webclient/?experimenter=-1`);
}

async function* imageIds({ kind, id, url }: Target, net: PortalNet): AsyncGenerator<string> {
  if (kind === "search") throw notFound(url, "a search names no study: give idrNNNN, or the address of an image or dataset");
  const things = id.includes("-")
    ? id.split("|").map((thing) => thing.split("-") as [Kind, string])
    : [[kind as Kind, id] as const];
  const seen = new Set<string>();
  for (const [what, number] of things) {
    for await (const image of imagesOf(what, number, net)) {
      if (!seen.has(image)) yield image;
      seen.add(image);
    }
  }
  if (seen.size === 0) throw notFound(url, `${kind} ${id} holds no images`);
}

/** OMERO's containers, from a study down to its images. */
async function* imagesOf(kind: Kind, id: string, net: PortalNet): AsyncGenerator<string> {
  const below = async function* (path: string, inner: Kind): AsyncGenerator<string> {
    for await (const row of rows(path, net)) {
      const number = idOf(row["@id"]);
      if (number !== undefined) yield* imagesOf(inner, number, net);
    }
  };
  switch (kind) {
    case "image":
      yield id;
      return;
    case "well":
      yield* samples(jsonObject(at(await net.getJson(`${API}/wells/${id}/`), "data")) ?? {});
      return;
    case "plate":
      for await (const well of rows(`plates/${id}/wells/`, net)) yield* samples(well);
      return;
    case "dataset":
      return yield* below(`datasets/${id}/images/`, "image");
    case "project":
      return yield* below(`projects/${id}/datasets/`, "dataset");
    case "screen":
      return yield* below(`screens/${id}/plates/`, "plate");
    default:
      for (const [path, inner] of [
        ["projects/", "project"],
        ["screens/", "screen"],
      ] as const) {
        for await (const row of rows(path, net)) {
          const number = idOf(row["@id"]);
          if (number !== undefined && textOf(row.Name)?.toLowerCase().startsWith(id)) yield* imagesOf(inner, number, net);
        }
      }
  }
}

function* samples(well: JsonObject): Generator<string> {
  for (const sample of objectsOf(well.WellSamples)) {
    const id = idOf(at(sample, "Image", "@id"));
    if (id !== undefined) yield id;
  }
}

/** All rows of a listing, page by page. */
async function* rows(path: string, net: PortalNet): AsyncGenerator<JsonObject> {
  for (let offset = 0; ; ) {
    const url = `${API}/${path}?limit=${PAGE_ROWS}&offset=${offset}`;
    const page = await net.getJson(url);
    if (at(page, "data") === undefined) throw replyFault(url, "expected a list of rows");
    const data = objectsOf(at(page, "data"));
    yield* data;
    offset += data.length;
    const total = numberOf(at(page, "meta", "totalCount"));
    if (total === undefined ? data.length < PAGE_ROWS : offset >= total) return;
    if (data.length === 0) throw replyFault(url, `the list ends after ${offset} of ${counted(total ?? 0, "row")}`);
  }
}

async function describeImage(id: string, net: PortalNet, compat: boolean): Promise<Description> {
  const warnings: string[] = [];
  const url = `${SITE}/webclient/imgData/${id}/`;
  const imgData = jsonObject(await net.getJson(url));
  if (!imgData || Object.keys(imgData).length === 0) throw notFound(url, `there is no image ${id}`);
  // Everything besides is worth having, and no reason to fail.
  const optional = async <T>(what: string, work: () => Promise<T>): Promise<T | undefined> => {
    try {
      return await work();
    } catch (error) {
      if (!isEmporiumError(error) || error.code === "CANCELLED") throw error;
      warnings.push(`${what}: ${error.message}`);
      return undefined;
    }
  };
  const image = compat ? undefined : await optional("image", async () => at(await net.findJson(`${API}/images/${id}/`), "data"));
  const parents = compat ? undefined : await optional("parents", () => parentsOf(id, imgData, net));
  const annotations = compat ? undefined : await optional("annotations", () => annotationsOf(id, net));
  const original = await optional("original_file", () => net.findJson(`${SITE}/webgateway/original_file_paths/${id}/`));
  const project = textOf(at(imgData, "meta", "projectName")) ?? textOf(objectsOf(parents?.projects)[0]?.Name);
  const name = textOf(at(imgData, "meta", "imageName")) ?? textOf(at(image, "Name")) ?? "";
  const dataset = textOf(at(imgData, "meta", "datasetName"));
  const links = await optional("files", () =>
    findLinks({ name, dataset, project, original }, net, (message) => warnings.push(`image ${id}: ${message}`)),
  );
  if (links?.length === 0) warnings.push(`no file of the public archive was found for image ${id}, "${name}"`);
  const raw = { imgData, image: image ?? null, ...parents, annotations: annotations ?? [], original_file: original ?? null };
  return { key: "idr", suffix: id, raw: compat ? {} : raw, links: links ?? [], warnings };
}

/** Images of a well have its plates as parents, others their datasets and projects. */
async function parentsOf(id: string, imgData: JsonObject, net: PortalNet): Promise<Record<string, Json>> {
  const well = idOf(at(imgData, "meta", "wellId"));
  const all = async (path: string) => {
    const found: JsonObject[] = [];
    for await (const row of rows(path, net)) found.push(row);
    return found;
  };
  if (well !== undefined) return { plates: await all(`wells/${well}/plates/`) };
  const datasets = await all(`images/${id}/datasets/`);
  const projects = new Map<string, JsonObject>();
  for (const dataset of datasets) {
    const number = idOf(dataset["@id"]);
    if (number === undefined) continue;
    for (const project of await all(`datasets/${number}/projects/`)) projects.set(idOf(project["@id"]) ?? "", project);
  }
  return { datasets, projects: [...projects.values()] };
}

async function annotationsOf(id: string, net: PortalNet): Promise<JsonObject[]> {
  const reply = await net.findJson(`${SITE}/webclient/api/annotations/?type=map&image=${id}`);
  return objectsOf(at(reply, "annotations")).map(({ ns, values }) => ({ ns: ns ?? null, values: listOf(values) }));
}
