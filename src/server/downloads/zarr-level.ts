import { EmporiumError, isEmporiumError } from "../../core/errors.js";
import { counted } from "../../core/units.js";
import { parseZattrs } from "../../formats/zarr/metadata.js";
import { parseOmeImage } from "../../formats/zarr/ome-v05.js";
import { parseZarrV3Group } from "../../formats/zarr/v3-metadata.js";
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
 * @throws {EmporiumError} FORMAT_UNSUPPORTED, FORMAT_UNKNOWN for a volume without levels; what its documents or the store throw
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

/** Paths of the levels of the first image, in both versions of Zarr. */
async function pathsOf(read: (key: string) => Promise<Uint8Array | undefined>, name: string): Promise<string[]> {
  const older = await read(".zattrs");
  const newer = older ? undefined : await read("zarr.json");
  if (!older && !newer)
    throw new EmporiumError("FORMAT_UNSUPPORTED", `${name} has no levels: neither .zattrs nor zarr.json is in it`, {
      place: { file: name },
      hint: "take the whole volume",
    });
  const [at, attributes] = older
    ? [`${name}/.zattrs`, parseZattrs(older, `${name}/.zattrs`)]
    : [`${name}/zarr.json`, parseZarrV3Group(newer!, `${name}/zarr.json`).attributes];
  // which unit its voxels have does not matter here
  return parseOmeImage(attributes, at, { unitWhenAbsent: "angstrom" }).datasets.map(({ path }) => path);
}
