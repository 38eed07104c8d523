import { EmporiumError, isEmporiumError } from "../core/errors.js";
import type { Json, JsonObject } from "../core/json.js";
import { jsonObject } from "../core/json-fields.js";
import { notFound } from "./faults.js";
import { objectsOf, textOf } from "./fields.js";
import { distinct } from "./links.js";
import { findVolumes } from "./openorganelle-bucket.js";
import { manifestSections, type Sections, sourceLink, tableSections } from "./openorganelle-facts.js";
import { readDatasetPage } from "./openorganelle-page.js";
import type { DescribeOptions, Description, Portal, PortalNet, Target } from "./portal.js";

const SITE = "https://openorganelle.janelia.org/datasets";
const BUCKET = "janelia-cosem-datasets";
const MANIFESTS = "https://raw.githubusercontent.com/janelia-cellmap/fibsem-metadata/stable/api";

/**
 * OpenOrganelle of Janelia. Four sources describe data sets, each only some of them: the manifests of the older sets, the site's
 * own database (which requires a key), the page (which a browser fills), and the bucket. They are read in this order until
 * metadata and links are found.
 */
export const openorganelle: Portal = {
  name: "openorganelle",
  title: "OpenOrganelle",
  hosts: ["openorganelle.janelia.org", "raw.githubusercontent.com", `${BUCKET}.s3.amazonaws.com`],
  home: "openorganelle.janelia.org",
  keyed: {
    keyVariable: "EMPORIUM_OPENORGANELLE_KEY",
    baseVariable: "EMPORIUM_OPENORGANELLE_URL",
    base: "https://openorganelle.janelia.org",
  },
  recognise({ link }) {
    if (link?.host === "openorganelle.janelia.org") {
      const id = /^\/datasets\/([A-Za-z0-9_-]+)$/.exec(link.path)?.[1];
      return id === undefined ? undefined : { kind: "dataset", id, url: `${SITE}/${id}` };
    }
    const key = /^s3:\/\/janelia-cosem-datasets\/+([^?#]*)$/i.exec(link?.text ?? "")?.[1]?.replace(/\/+$/, "");
    const id = /^([A-Za-z0-9_-]+)(?:\/|$)/.exec(key ?? "")?.[1];
    if (key === undefined || id === undefined) return undefined;
    // Below a data set the address chooses among its volumes.
    return { kind: key === id ? "dataset" : "volume", id: key, url: `${SITE}/${id}` };
  },

  async *describe(target, net, options) {
    yield await describeDataset(target, net, options);
  },

  async *list(target, net, { warn }) {
    const { links, warnings = [] } = await describeDataset(target, net, { compat: false });
    for (const warning of warnings) warn(warning);
    const names = new Set<string>();
    for (const url of links) {
      const key = url.split(`/${BUCKET}/`)[1] ?? url.replace(/^.*:\/\//, "");
      const last = key.split("/").at(-1)!;
      const path = names.has(last) ? key : last;
      names.add(path);
      yield { url, path, kind: "volume" };
    }
  },
};

async function describeDataset(target: Target, net: PortalNet, options: DescribeOptions): Promise<Description> {
  const id = target.id.split("/", 1)[0]!;
  const warnings: string[] = [];
  const sources: Record<string, Json> = {};
  const sections: Sections = {};
  let links: string[] = [];

  const manifest = jsonObject(await optional("manifest", warnings, () => net.findJson(`${MANIFESTS}/${id}/manifest.json`)));
  if (manifest) {
    sources.manifest = manifest;
    links = objectsOf(Object.values(jsonObject(manifest.sources) ?? {}) as Json[]).flatMap(sourceLink);
  }
  const row = manifest ? undefined : await databaseRow(id, net, options, warnings);
  if (row) {
    sources.dataset = row;
    links = objectsOf(row.images ?? row.image).flatMap(sourceLink);
  }
  if (!(manifest || row) || options.compat) {
    const html = await optional("page", warnings, () => net.findText(`${SITE}/${id}`));
    const page = html === undefined ? undefined : readDatasetPage(html, `${SITE}/${id}`);
    if (page && Object.keys(page.sections).length > 0) Object.assign(sections, page.sections);
    if (page) sources.page = page.raw;
    // The reference takes the layers of the page's viewer link and nothing else.
    if (page && page.links.length > 0 && (links.length === 0 || options.compat)) links = page.links;
  }
  if (Object.keys(sections).length === 0) {
    Object.assign(sections, manifest ? manifestSections(id, manifest) : row ? tableSections(id, row) : {});
  }
  if (links.length === 0 || target.kind === "volume") {
    const prefix = `${target.id}/`;
    const found = await findVolumes({ bucket: BUCKET, prefix }, net, (message) => warnings.push(message));
    if (found.volumes.length > 0) sources.bucket = found.raw;
    links = found.volumes;
  }
  if (links.length === 0 && Object.keys(sections).length === 0) throw notFound(target.url, `no source knows the data set ${id}`);
  const raw: JsonObject = options.compat ? sections : { ...sections, sources };
  return { key: "openorganelle", suffix: id, raw, links: distinct(links), warnings };
}

/** The row of the site's database, with the key of the user's environment. Without one the next source is tried. */
async function databaseRow(
  id: string,
  net: PortalNet,
  { access }: DescribeOptions,
  warnings: string[],
): Promise<JsonObject | undefined> {
  if (!access) {
    const error = new EmporiumError("NEEDS_KEY", `${id}: OpenOrganelle's database wants a key, none is set`);
    warnings.push(`${error.code}: ${error.message}; the page and the bucket are asked instead`);
    return undefined;
  }
  const query = `name=eq.${encodeURIComponent(id)}&select=*,sample(*),image(*),image_acquisition(*),publication(*)`;
  const key = access.key.reveal();
  const request = { headers: { apikey: key, authorization: `Bearer ${key}` } };
  const rows = await optional("database", warnings, () =>
    net.findJson(`${access.base.replace(/\/+$/, "")}/rest/v1/dataset?${query}`, request),
  );
  return objectsOf(rows).find((row) => textOf(row.name) === id);
}

async function optional<T>(what: string, warnings: string[], work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    if (!isEmporiumError(error) || error.code === "CANCELLED") throw error;
    warnings.push(`${what}: ${error.message}`);
    return undefined;
  }
}
