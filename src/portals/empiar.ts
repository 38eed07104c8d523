import { isEmporiumError } from "../core/errors.js";
import type { Json, JsonObject } from "../core/json.js";
import { jsonObject } from "../core/json-fields.js";
import { counted } from "../core/units.js";
import { dataFolder } from "./empiar-folder.js";
import { notFound, replyFault } from "./faults.js";
import { at, numberOf, objectsOf, textOf } from "./fields.js";
import { encodeSegment } from "./links.js";
import type { Portal, PortalFile, PortalNet } from "./portal.js";
import { walkIndex } from "./walk-index.js";
import { xmlObject } from "./xml-object.js";

const API = "https://www.ebi.ac.uk/empiar/api/entry";
const ARCHIVE = "https://ftp.ebi.ac.uk/empiar/world_availability";

/** EMPIAR, the archive of raw electron microscopy images: a JSON API, an XML file beside the data, and folders of files. */
export const empiar: Portal = {
  name: "empiar",
  title: "EMPIAR",
  hosts: ["www.ebi.ac.uk", "ftp.ebi.ac.uk"],
  home: "www.ebi.ac.uk",
  accession: "EMPIAR-",
  folderName: ({ id }) => id,
  recognise({ text, link }) {
    const id = link
      ? link.host === "ebi.ac.uk"
        ? /^\/(?:pdbe\/emdb\/)?empiar\/(?:entry\/)?(?:EMPIAR-)?(\d+)$/i.exec(link.path)?.[1]
        : /^(?:dx\.)?doi\.org$/.test(link.host)
          ? /^\/10\.6019\/EMPIAR-(\d+)$/i.exec(link.path)?.[1]
          : undefined
      : /^(?:(?:doi:\s*)?10\.6019\/)?EMPIAR-(\d+)$/i.exec(text)?.[1];
    return id === undefined ? undefined : { kind: "entry", id, url: `https://www.ebi.ac.uk/empiar/EMPIAR-${id}/` };
  },

  async *describe({ id }, net, { compat }) {
    const warnings: string[] = [];
    const raw = compat ? await ofXml(id, net) : await ofApi(id, net, warnings);
    yield { key: "empiar", suffix: id, raw, links: [`${ARCHIVE}/${id}`], warnings };
  },

  async *list({ id }, net, { warn }) {
    const warnings: string[] = [];
    const raw = await ofApi(id, net, warnings);
    for (const warning of warnings) warn(`EMPIAR-${id}: ${warning}`);
    const sets = imageSets(raw, id);
    const folders = [...new Set(sets.map(({ directory }) => directory))];
    // A set inside another's folder is listed with it.
    const tops = folders.filter((folder) => !folders.some((other) => folder !== other && folder.startsWith(`${other}/`)));
    const listed = new Map<string, PortalFile>();
    for (const top of tops.length > 0 ? tops : ["data"]) {
      for await (const file of filesBelow(id, top, net, warn)) {
        if (!listed.has(file.path)) yield file;
        listed.set(file.path, file);
      }
    }
    // One of the mirror's machines may lack a file that the next one has.
    for (const { name, directory, images } of sets) {
      const count = () => [...listed.keys()].filter((path) => path.startsWith(`${directory}/`)).length;
      if (images === undefined || count() >= images || count() === 1) continue; // one file may be a stack of all
      if (count() > 0) {
        for await (const file of filesBelow(id, directory, net, warn)) {
          if (!listed.has(file.path)) yield file;
          listed.set(file.path, file);
        }
      }
      if (count() < images)
        warn(
          `EMPIAR-${id}: ${counted(count(), "file")} below ${directory}, the image set "${name}" counts ${counted(images, "image")}`,
        );
    }
  },
};

/** The interface's object, or the XML file's where the interface does not answer. */
async function ofApi(id: string, net: PortalNet, warnings: string[]): Promise<JsonObject> {
  const url = `${API}/EMPIAR-${id}/`;
  let failure: unknown;
  try {
    const entry = entryOf(await net.getJson(url), id, url);
    if (entry) return entry;
    failure = notFound(url, `there is no entry EMPIAR-${id}`);
  } catch (error) {
    if (!isEmporiumError(error) || error.code === "CANCELLED") throw error;
    failure = error;
  }
  try {
    const raw = await ofXml(id, net);
    warnings.push(`the entry interface did not answer (${(failure as Error).message}): the metadata are those of the XML file`);
    return raw;
  } catch (error) {
    if (isEmporiumError(error) && error.code === "CANCELLED") throw error;
    throw failure;
  }
}

/** The reply, if it has the entry under its accession (any field may be null); undefined for an empty one. */
function entryOf(reply: Json, id: string, url: string): JsonObject | undefined {
  const object = jsonObject(reply);
  if (!object) throw replyFault(url, "expected an object with the entry");
  const entry = jsonObject(object[`EMPIAR-${id}`]) ?? jsonObject(object[id]);
  return entry && Object.keys(entry).length > 0 ? object : undefined;
}

async function ofXml(id: string, net: PortalNet): Promise<JsonObject> {
  const url = `${ARCHIVE}/${id}/${id}.xml`;
  const raw = xmlObject(await net.getText(url), url);
  if (jsonObject(at(raw, "entry", "admin")) === undefined)
    throw replyFault(url, "expected an entry with its administrative part");
  return raw;
}

export interface ImageSet {
  name: string;
  /** Path below the entry's own folder: `data`, `data/raw`. */
  directory: string;
  images: number | undefined;
}

/** The image sets of an entry in either form, interface or XML. */
export function imageSets(raw: JsonObject, id: string): ImageSet[] {
  const entry = jsonObject(raw[`EMPIAR-${id}`]) ?? jsonObject(raw[id]);
  const ofInterface = objectsOf(entry?.imagesets);
  const sets = ofInterface.length > 0 ? ofInterface : objectsOf(at(raw, "entry", "imageSet"));
  return sets.map((set) => ({
    name: textOf(set.name) ?? "",
    directory: dataFolder(textOf(set.directory) ?? "", id),
    images: numberOf(set.num_images_or_tilt_series ?? set.numImagesOrTiltSeries),
  }));
}

async function* filesBelow(
  id: string,
  folder: string,
  net: PortalNet,
  warn: (message: string) => void,
): AsyncGenerator<PortalFile> {
  const unlisted = (address: string) => warn(`EMPIAR-${id}: ${address} cannot be listed: what it holds is left out`);
  const start = `${ARCHIVE}/${id}/${folder.split("/").map(encodeSegment).join("/")}/`;
  for await (const { url, path, size, modifiedMs } of walkIndex(start, net, { unlisted })) {
    yield { url, path: `${folder}/${path}`, kind: "file", size, modifiedMs };
  }
}
