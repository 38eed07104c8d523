import { EmporiumError, isEmporiumError } from "../../core/errors.js";
import { isJsonObject, jsonList, jsonObject, jsonText, member } from "../../core/json-fields.js";
import { counted } from "../../core/units.js";
import { parseMetadata } from "../../formats/zarr/json.js";
import { groupContents } from "../../stations/harvest/download/group-contents.js";
import { folderOf } from "../../stations/harvest/records/volume-folder.js";
import type { Entry, Store } from "../../stores/store.js";

/** A file of one level: an object of the store, or a document with the bytes that it gets. */
export type LevelFile = Entry | { readonly key: string; readonly body: Uint8Array };

/** An OME-Zarr volume whose levels can be taken one by one. */
export interface LeveledVolume {
  /** Names of the levels' arrays, the finest first. */
  readonly paths: readonly string[];
  /**
   * Objects of one level, and the metadata that name this level alone: as `harvest download --scale` writes it.
   *
   * @throws {EmporiumError} USAGE for a level that it does not have
   */
  files(level: number): AsyncGenerator<LevelFile>;
}

/**
 * Reads which levels a volume has.
 *
 * @param key of its folder, with a last `/`
 * @throws {EmporiumError} FORMAT_UNSUPPORTED for a volume without levels; what its documents or the store throw
 */
export async function leveledVolume(store: Store, key: string, signal: AbortSignal | undefined): Promise<LeveledVolume> {
  const name = key.slice(0, -1);
  const folder = folderOf(store, key, name, { signal });
  const paths = await pathsOf(folder.read, name);
  return {
    paths,
    async *files(level) {
      if (level >= paths.length) throw noLevel(name, level, paths.length);
      const contents = await groupContents(folder.read, "zarr", { name, scale: level }).catch((error: unknown) => {
        // labels of an image may have fewer levels
        throw isEmporiumError(error) && error.code === "USAGE" ? noLevel(name, level, paths.length) : error;
      });
      const documents = new Set(contents.documents);
      for (const document of documents) {
        const body = contents.rewritten.get(document) ?? (await folder.read(document));
        if (body) yield { key: key + document, body };
      }
      for (const { array } of contents.grids)
        for await (const entry of store.list(`${key}${array}/`, { signal }))
          if (!documents.has(entry.key.slice(key.length))) yield entry;
    },
  };
}

function noLevel(name: string, level: number, levels: number): EmporiumError {
  return new EmporiumError(
    "USAGE",
    `${name} has no level ${level}, or its labels have none: it has ${counted(levels, "level")}`,
    {
      hint: "choose a level that all volumes have, 0 is the finest",
    },
  );
}

/** Paths of the levels of the first image, as OME-NGFF has them in both versions of Zarr. */
async function pathsOf(read: (key: string) => Promise<Uint8Array | undefined>, name: string): Promise<string[]> {
  for (const document of [".zattrs", "zarr.json"]) {
    const bytes = await read(document);
    if (!bytes) continue;
    const whole = parseMetadata(bytes, `${name}/${document}`);
    const attributes = document === "zarr.json" ? (jsonObject(member(whole, "attributes")) ?? {}) : whole;
    const ome = jsonObject(member(attributes, "ome")) ?? attributes;
    const [image] = jsonList(member(ome, "multiscales")).filter(isJsonObject);
    const datasets = jsonList(image && member(image, "datasets")).filter(isJsonObject);
    const paths = datasets.map((dataset) => jsonText(member(dataset, "path")) ?? "");
    if (paths.length > 0 && !paths.includes("")) return paths;
  }
  throw new EmporiumError("FORMAT_UNSUPPORTED", `${name} has no levels: its metadata name no image with several of them`, {
    place: { file: name },
    hint: "take the whole volume",
  });
}
