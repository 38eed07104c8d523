/** A format of volumes that are folders. */
interface FolderFormat {
  readonly family: string;
  /** Words for the format in links, with a version or without: `zarr://`, `zarr3://`. */
  readonly words: readonly string[];
  /** Usual names of such folders; undefined where no name is certain. */
  readonly folderName?: RegExp | undefined;
  /** Documents that make a folder such a volume, and the word of the format that each shows. */
  readonly documents: readonly (readonly [name: string, word: string])[];
}

/** The formats in the order in which their documents are looked for. */
const FAMILIES = [
  {
    family: "zarr",
    words: ["zarr", "zarr2", "zarr3"],
    folderName: /\.zarr(?:\/|$)/i,
    documents: [
      ["zarr.json", "zarr3"],
      [".zattrs", "zarr2"],
      [".zarray", "zarr2"],
    ],
  },
  { family: "precomputed", words: ["precomputed"], folderName: undefined, documents: [["info", "precomputed"]] },
  { family: "n5", words: ["n5"], folderName: /\.n5(?:\/|$)/i, documents: [["attributes.json", "n5"]] },
] as const satisfies readonly FolderFormat[];

/** A format without its version. */
export type VolumeFamily = (typeof FAMILIES)[number]["family"];

/** Format that a location names; `zarr` leaves the version open. */
export type VolumeFormat = (typeof FAMILIES)[number]["words"][number];

export function familyOf(format: VolumeFormat): VolumeFamily {
  return FAMILIES.find(({ words }) => (words as readonly string[]).includes(format))!.family;
}

export const VOLUME_FORMATS: readonly VolumeFormat[] = FAMILIES.flatMap(({ words }) => words);

/** Documents that make a folder a volume, in the order in which they are looked for. */
export const VOLUME_DOCUMENTS: readonly {
  readonly name: string;
  readonly format: VolumeFormat;
  readonly family: VolumeFamily;
}[] = FAMILIES.flatMap(({ family, documents }) => documents.map(([name, format]) => ({ name, format, family })));

/** Text for messages: `no zarr.json, .zattrs, .zarray, info or attributes.json`. */
export function noVolumeDocument(): string {
  const names = VOLUME_DOCUMENTS.map(({ name }) => name);
  return `no ${names.slice(0, -1).join(", ")} or ${names.at(-1)}`;
}

/** Whether the name, the last of a key, is that of a folder with a volume: `em.zarr`. */
export function namesFolder(key: string): boolean {
  return namedFamily(key.slice(key.lastIndexOf("/") + 1)) !== undefined;
}

/** Format that the name of a folder, or of one above it, stands for: the innermost counts. Undefined without one. */
export function namedFamily(name: string): VolumeFamily | undefined {
  const families: readonly FolderFormat[] = FAMILIES;
  return families.findLast(({ folderName }) => folderName?.test(name))?.family as VolumeFamily | undefined;
}

/** Formats that a folder of this name may have, the likeliest first: each look is a request. */
export function likelyFamilies(name: string): VolumeFamily[] {
  const families: readonly FolderFormat[] = FAMILIES;
  const named = namedFamily(name);
  const first = ({ family, folderName }: FolderFormat) => (named ? family === named : folderName === undefined);
  return [...families.filter(first), ...families.filter((one) => !first(one))].map(({ family }) => family as VolumeFamily);
}
