import type pg from "pg";
import { databaseError } from "../../catalog/database-errors.js";
import { knownPrefixes } from "../../catalog/import-prefixes.js";
import { EmporiumError } from "../../core/errors.js";
import { groupsOf } from "../../core/groups.js";
import { counted } from "../../core/units.js";
import type { DownloadContent, DownloadContents } from "../../model/page-api.js";
import { shapeWords } from "../../model/shape-words.js";
import { keyOf } from "../find.js";
import type { Entity, Selection } from "./selection.js";

/** Runs whose contents are listed: commands for more of them would be longer than a terminal takes. */
export const RUNS_MAX = 2_000;
/** Files and volumes of one answer. */
const PARTS_MAX = 200_000;
/** Formats of annotations, as those of volumes are called. */
const FORMATS: Readonly<Record<string, string>> = { zarr: "OME-Zarr", mrc: "MRC" };

/** A row with a file; `prefix` is that of its dataset. */
interface FileRow {
  readonly kind: DownloadContent["kind"];
  readonly what: string | null;
  readonly shape: string | null;
  readonly spacing: number | null;
  readonly format: string | null;
  readonly path: string;
  readonly size: number | null;
  readonly prefix: string;
}

/**
 * What entities hold, put together by what a person would choose.
 *
 * @throws {EmporiumError} NOT_FOUND for an entity that the catalogue does not have; USAGE for too many; what the database throws
 */
export async function contentsOf(pool: pg.Pool, { of, ids }: Pick<Selection, "of" | "ids">): Promise<DownloadContents> {
  const ask = asking(pool);
  await requireAll(ask, of, ids);
  const runs = of === "dataset" || of === "run" ? await runsOf(ask, of, ids) : [];
  const { text, values } =
    of === "tomogram" || of === "annotation" ? { text: FILES_OF[of], values: [ids] } : { text: FILES_OF.run, values: [runs] };
  const rows = await ask<FileRow>(`${text} limit ${PARTS_MAX + 1}`, values);
  if (rows.length > PARTS_MAX) throw tooMany(`more than ${counted(PARTS_MAX, "file")}`);
  const prefixes = await knownPrefixes(pool).catch(told);
  const here = rows.filter(({ path, prefix }) => path.startsWith(prefix));
  const all = [...groupsOf(here, (row) => JSON.stringify([row.kind, whatOf(row), formatOf(row)])).values()].map((some) => {
    const [kind, what, format] = [some[0]!.kind, whatOf(some[0]!), formatOf(some[0]!)];
    const parts = some.map(({ path, size }) => {
      const key = keyOf(path, prefixes);
      return { key: format === "OME-Zarr" ? `${key}/` : key, sizeBytes: size };
    });
    return { kind, what, format, parts };
  });
  return { all, elsewhere: rows.length - here.length };
}

/**
 * Folders of whole datasets or runs, as keys that end with `/`.
 *
 * @throws {EmporiumError} as `contentsOf`
 */
export async function foldersOf(pool: pg.Pool, of: "dataset" | "run", ids: readonly number[]): Promise<string[]> {
  const ask = asking(pool);
  await requireAll(ask, of, ids);
  const rows = await ask<{ path: string }>(
    `select s3_prefix as path from emporium_portal.${of} where id = any($1::integer[]) order by id`,
    [ids],
  );
  const prefixes = await knownPrefixes(pool).catch(told);
  return rows.map(({ path }) => `${keyOf(path, prefixes)}/`);
}

type Ask = <T extends object>(text: string, values: readonly unknown[]) => Promise<T[]>;

function asking(pool: pg.Pool): Ask {
  return async <T extends object>(text: string, values: readonly unknown[]) =>
    (await pool.query<T & pg.QueryResultRow>(text, [...values]).catch(told)).rows;
}

const told = (error: unknown): never => {
  throw databaseError(error);
};

async function requireAll(ask: Ask, of: Entity, ids: readonly number[]): Promise<void> {
  const rows = await ask<{ id: number }>(`select id from emporium_portal.${of} where id = any($1::integer[])`, [ids]);
  const found = new Set(rows.map(({ id }) => id));
  const missing = ids.find((id) => !found.has(id));
  if (missing !== undefined) throw new EmporiumError("NOT_FOUND", `there is no ${of} ${missing} in the catalogue`);
}

async function runsOf(ask: Ask, of: "dataset" | "run", ids: readonly number[]): Promise<readonly number[]> {
  const rows =
    of === "run"
      ? ids.map((id) => ({ id }))
      : await ask<{ id: number }>(
          `select id from emporium_portal.run where dataset_id = any($1::integer[]) order by id limit ${RUNS_MAX + 1}`,
          [ids],
        );
  if (rows.length > RUNS_MAX) throw tooMany(`more than ${counted(RUNS_MAX, "run")}`);
  return rows.map(({ id }) => id);
}

function tooMany(what: string): EmporiumError {
  return new EmporiumError("USAGE", `${what}: what they hold is not listed`, {
    hint: "choose among fewer of them, or take everything",
  });
}

function whatOf({ kind, what, shape, spacing }: FileRow): string {
  if (kind === "tomograms") return `${what}, ${spacing!.toFixed(2)} Å`;
  return kind === "annotations" ? `${what ?? ""}, ${shapeWords(shape ?? "")}` : "";
}

function formatOf({ kind, format, path }: FileRow): string {
  if (kind === "frames") return /\.([A-Za-z0-9]+)$/.exec(path)?.[1]?.toUpperCase() ?? "file";
  return FORMATS[format!] ?? format!;
}

/** @param of each of the volumes' table `t` and its run `r` */
const volumes = (kind: string, table: string, words: string, of: string) => `
  select '${kind}' as kind, ${words}, f.format, f.path, f.size, d.s3_prefix as prefix, t.id, f.at
    from emporium_portal.${table} as t join emporium_portal.run as r on r.id = t.run_id join emporium_portal.dataset as d on d.id = r.dataset_id
    cross join lateral (values ('zarr', t.s3_omezarr_dir, t.file_size_omezarr, 1), ('mrc', t.s3_mrc_file, t.file_size_mrc, 2)) as f (format, path, size, at)
    where f.path is not null and ${of}`;
const tomograms = (of: string) =>
  volumes("tomograms", "tomogram", "t.processing::text as what, null::text as shape, t.voxel_spacing as spacing", of);
const NO_WORDS = "null::text as what, null::text as shape, null::float8 as spacing";
const annotations = (of: string) => `
  select 'annotations' as kind, a.object_name as what, s.shape_type::text as shape, null::float8 as spacing, f.format, f.s3_path as path, f.file_size as size,
    d.s3_prefix as prefix, f.id, 1 as at
    from emporium_portal.annotation_file as f join emporium_portal.annotation_shape as s on s.id = f.annotation_shape_id
    join emporium_portal.annotation as a on a.id = s.annotation_id join emporium_portal.run as r on r.id = a.run_id
    join emporium_portal.dataset as d on d.id = r.dataset_id where ${of}`;
const OF_RUNS = "r.id = any($1::integer[])";
const inOrder = (...parts: readonly string[]) =>
  `select kind, what, shape, spacing, format, path, size, prefix from (${parts
    .map((part, at) => `select ${at} as part, one.* from (${part}) as one`)
    .join(" union all ")}) as files order by part, at, id`;

/** Files and volumes of runs, tomograms or annotations. */
const FILES_OF = {
  run: inOrder(
    tomograms(OF_RUNS),
    volumes("tilt series", "tiltseries", NO_WORDS, OF_RUNS),
    `select 'frames' as kind, ${NO_WORDS}, null::text as format, t.s3_frame_path as path, t.file_size as size, d.s3_prefix as prefix, t.id, 1 as at
      from emporium_portal.frame as t join emporium_portal.run as r on r.id = t.run_id join emporium_portal.dataset as d on d.id = r.dataset_id
      where t.s3_frame_path is not null and ${OF_RUNS}`,
    annotations(OF_RUNS),
  ),
  tomogram: inOrder(tomograms("t.id = any($1::integer[])")),
  annotation: inOrder(annotations("a.id = any($1::integer[])")),
} as const;
