import type { Archive, ArchiveFile, ArchiveFolder } from "./archive.js";
import { csvBytes, csvLine } from "./csv.js";
import { writeWhole } from "./write-whole.js";

/** One file of `archive.json`. Fields that do not apply are absent; paths are absolute. */
interface IndexEntry {
  drive: string;
  path: string;
  dir: string;
  name: string;
  ext: string;
  size: number;
  /** Time of the last change, ISO 8601 in UTC. */
  mtime: string;
  kind: ArchiveFile["kind"];
  run?: string;
  /** Author and date of the run, if the pattern that it matches has these groups. */
  author?: string;
  date?: string;
  species?: string;
  /** Label of a model, by the vocabulary. */
  label?: string;
  hygiene?: readonly string[];
  /** Sections, rows and columns of a volume; its `voxel_size` is in Å, `[z, y, x]`. */
  shape?: readonly number[];
  voxel_size?: readonly (number | null)[];
  /** Counts of a model. `max` is the size x, y, z of its volume; `pixel_size` is in Å, null where the units are pixels. */
  model?: {
    objects: number;
    contours: number;
    points: number;
    slicer_angles: number;
    max: readonly number[];
    pixel_size: number | null;
  };
  /** Facts from the name of a file of PEET. */
  peet?: { object: string; iteration?: number; particles?: number };
}

/** The label of a model's name; undefined for the name of an automatic model, which is no annotation. */
export type LabelOf = (stem: string) => string | undefined;

function indexEntry(folder: ArchiveFolder, file: ArchiveFile, labelOf: LabelOf): IndexEntry {
  const { name, path, ext, size, kind, head, hygiene, peet } = file;
  const label = kind === "model" ? labelOf(name.slice(0, name.length - ext.length)) : undefined;
  return {
    drive: folder.drive,
    path,
    dir: folder.path,
    name,
    ext,
    size,
    mtime: isoTime(file.mtimeUs),
    kind,
    ...(folder.run === undefined ? {} : { run: folder.run }),
    ...(folder.author === undefined ? {} : { author: folder.author }),
    ...(folder.date === undefined ? {} : { date: folder.date }),
    ...(folder.species === undefined ? {} : { species: folder.species }),
    ...(label === undefined ? {} : { label }),
    ...(hygiene.length === 0 ? {} : { hygiene }),
    ...(head?.format === "mrc" ? { shape: head.shape, voxel_size: head.voxel } : {}),
    ...(head?.format === "mod" ? { model: modelOf(head) } : {}),
    ...(peet === undefined || peet.kind === "other"
      ? {}
      : {
          peet: {
            object: peet.object,
            ...("iteration" in peet ? { iteration: peet.iteration } : {}),
            ...("particles" in peet ? { particles: peet.particles } : {}),
          },
        }),
  };
}

function modelOf(head: Extract<ArchiveFile["head"], { format: "mod" }>): NonNullable<IndexEntry["model"]> {
  const { objects, contours, points, slicerAngles, max, pixelAngstrom } = head;
  return { objects, contours, points, slicer_angles: slicerAngles, max, pixel_size: pixelAngstrom };
}

/** A time as ISO 8601. An invalid time on the disk becomes the epoch. */
function isoTime(us: number): string {
  const date = new Date(us / 1000);
  return Number.isNaN(date.getTime()) ? new Date(0).toISOString() : date.toISOString();
}

const FIXED = ["drive", "path", "dir", "name", "ext", "size", "mtime", "kind", "run", "species", "label", "hygiene"] as const;
const MORE = [
  "shape",
  "voxel_size",
  "objects",
  "contours",
  "points",
  "slicer_angles",
  "max",
  "pixel_size",
  "peet_object",
  "peet_iteration",
  "peet_particles",
  "author",
  "date",
];

/** Writes the index as JSON (an array, an entry a line) or CSV, by the name's end. Needs memory for one folder. */
export async function writeIndex(archive: Archive, path: string, labelOf: LabelOf, signal?: AbortSignal): Promise<number> {
  const csv = /\.csv$/i.test(path);
  let count = 0;
  async function* pieces(): AsyncGenerator<string | Uint8Array> {
    yield csv ? csvLine([...FIXED, ...MORE]) : "[";
    for await (const folder of archive.folders({ signal })) {
      let text = "";
      for (const file of folder.files) {
        const entry = indexEntry(folder, file, labelOf);
        text += csv ? csvRow(entry) : `${count === 0 ? "" : ","}\n${JSON.stringify(entry)}`;
        count++;
        if (text.length > 1024 * 1024) {
          yield csv ? csvBytes(text) : text;
          text = "";
        }
      }
      if (text !== "") yield csv ? csvBytes(text) : text;
    }
    if (!csv) yield "\n]\n";
  }
  await writeWhole(path, pieces());
  return count;
}

function csvRow(entry: IndexEntry): string {
  const { model, peet } = entry;
  const list = (values: readonly (number | null)[] | undefined) => values?.map((value) => value ?? "").join(" ");
  return csvLine([
    ...FIXED.map((name) => (name === "hygiene" ? entry.hygiene?.join(" ") : entry[name])),
    list(entry.shape),
    list(entry.voxel_size),
    model?.objects,
    model?.contours,
    model?.points,
    model?.slicer_angles,
    list(model?.max),
    model?.pixel_size ?? undefined,
    peet?.object,
    peet?.iteration,
    peet?.particles,
    entry.author,
    entry.date,
  ]);
}
