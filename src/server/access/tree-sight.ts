import type pg from "pg";
import { databaseError } from "../../catalog/database-errors.js";
import { knownPrefixes } from "../../catalog/import-prefixes.js";
import type { Clock } from "../../core/clock.js";
import { Recent } from "../../core/recent.js";
import { orientedMeshFolder, viewFolderKey } from "../../model/annotation-files.js";
import { keyOf } from "../find.js";
import type { View } from "./access.js";

/** Which objects and folders of the catalogue's tree are seen. Keys of folders have no slash at their end. */
export interface TreeSight {
  sees(key: string): Promise<boolean>;
  /** As `sees`, by what has been looked up before: an object that nobody has asked for is not seen. */
  seesAtOnce(key: string): boolean;
  /** Whether something at the same run is not seen, which its documents may name. */
  isPartOfRun(key: string): Promise<boolean>;
}

export interface TreeSightOptions {
  readonly view: View;
  /** Sessions that are limited to the view, and those that see all; undefined without a catalogue. */
  readonly seen: pg.Pool | undefined;
  readonly all: pg.Pool | undefined;
  readonly clock: Clock;
}

/** Objects of one run by the rows of the catalogue. Keys are relative to the run's folder. */
interface RunSight {
  readonly ms: number;
  /** Folders and files of what is seen, one for each tomogram, annotation, tilt series and alignment. */
  readonly own: ReadonlySet<string>;
  /** Folders that these are in. */
  readonly folders: ReadonlySet<string>;
  /** Files and folders of rows that are not seen. */
  readonly hidden: ReadonlySet<string>;
}

/** Milliseconds for which what is known of a run holds: imports go on while a server runs. */
const KNOWN_MS = 2_000;
const RUNS_MAX = 2_000;
/** Whatever is in one of these folders of a run is of one row, with its deposition. */
const OWNED = /^(?:TiltSeries|Alignments|Reconstructions\/VoxelSpacing[^/]+\/(?:Tomograms|Annotations))(?:\/[^/]+)?/i;
const SPACING = /^Reconstructions\/VoxelSpacing[^/]+/i;
const BESIDE = /^(Reconstructions\/VoxelSpacing[^/]+)\/(NeuroglancerPrecompute|Images)\/(?:(\d+)(?=[-/]|$))?([^/]*)/i;

/**
 * What a view has of the tree. A folder of a dataset is known by its row, or else by its number; one that the catalogue does not know follows the rules all the
 * same. Within a dataset, whatever has a deposition of its own is seen where a row that is seen has it.
 */
export async function treeSight({ view, seen, all, clock }: TreeSightOptions): Promise<TreeSight> {
  const told = (error: unknown): never => {
    throw databaseError(error);
  };
  const prefixes = all ? await knownPrefixes(all).catch(told) : [];
  /** Datasets of a folder; where trees of several places have one of the name, all of them. */
  const datasetsOf = new Map<string, readonly number[]>();
  for (const { id, prefix } of view.roots.datasets.values()) {
    const folder = prefix === undefined ? String(id) : keyOf(prefix, prefixes);
    datasetsOf.set(folder, [...(datasetsOf.get(folder) ?? []), id]);
  }
  const runs = new Recent<string, RunSight>(RUNS_MAX);
  const seesAnyDeposition = [...view.roots.depositions.keys()].some((id) => view.seesDeposition(id));

  /** Whether the topmost folder or file of a key is seen. */
  function seesTop([top = "", second]: readonly string[]): boolean {
    if (top.toLowerCase() === "depositions_metadata") {
      if (second === undefined) return seesAnyDeposition;
      return /^\d{1,9}$/.test(second) ? view.seesDeposition(Number(second)) : view.seesOthers;
    }
    const ids = datasetsOf.get(top) ?? (/^\d{1,9}$/.test(top) ? [Number(top)] : []);
    return ids.length === 0 ? view.seesOthers : ids.every((id) => view.seesDataset(id));
  }

  async function lookedUp(dataset: string, run: string): Promise<RunSight> {
    const name = `${dataset}/${run}`;
    const known = runs.get(name);
    if (known && clock.monotonic() - known.ms < KNOWN_MS) return known;
    const ids = datasetsOf.get(dataset) ?? [];
    const keys = async (pool: pg.Pool | undefined) => {
      const { rows = [] } = (await pool?.query<{ path: string }>(PATHS, [ids, run]).catch(told)) ?? {};
      const own = rows.map(({ path }) => keyOf(path, prefixes)).filter((key) => key.startsWith(`${name}/`));
      return new Set(own.map((key) => key.slice(name.length + 1)));
    };
    const [mine, whole] = await Promise.all([keys(seen), keys(all)]);
    const found = sightOf(mine, whole, clock.monotonic());
    runs.set(name, found);
    return found;
  }

  const needsRun = ([, second, third]: readonly string[]) => view.hidesDepositions && second !== undefined && third !== undefined;
  return {
    async sees(key) {
      if (key === "" || view.isWhole) return true;
      const segments = key.split("/");
      if (!seesTop(segments)) return false;
      return !needsRun(segments) || seesInRun(await lookedUp(segments[0]!, segments[1]!), segments.slice(2).join("/"));
    },
    seesAtOnce(key) {
      if (key === "" || view.isWhole) return true;
      const segments = key.split("/");
      if (!seesTop(segments)) return false;
      if (!needsRun(segments)) return true;
      const known = runs.get(`${segments[0]}/${segments[1]}`);
      return known !== undefined && seesInRun(known, segments.slice(2).join("/"));
    },
    async isPartOfRun(key) {
      const segments = key.split("/");
      return needsRun(segments) && (await lookedUp(segments[0]!, segments[1]!)).hidden.size > 0;
    },
  };
}

function sightOf(mine: ReadonlySet<string>, whole: ReadonlySet<string>, ms: number): RunSight {
  const own = new Set<string>();
  const folders = new Set<string>();
  for (const path of mine) {
    const owned = OWNED.exec(path)?.[0];
    const spacing = SPACING.exec(path)?.[0];
    if (spacing !== undefined) folders.add(spacing);
    if (owned === undefined) continue;
    own.add(owned);
    folders.add(owned.slice(0, owned.lastIndexOf("/")));
  }
  const hidden = new Set<string>();
  for (const path of whole) {
    if (mine.has(path)) continue;
    hidden.add(path);
    const [, spacing, annotation] = /^(.+\/VoxelSpacing[^/]+)\/Annotations\/(\d+)\//i.exec(`/${path}`) ?? [];
    if (spacing === undefined) continue;
    const drawn = viewFolderKey(spacing.slice(1), Number(annotation), path);
    hidden.add(drawn).add(orientedMeshFolder(drawn));
  }
  return { ms, own, folders, hidden };
}

/** @param key relative to the run's folder */
function seesInRun({ own, folders, hidden }: RunSight, key: string): boolean {
  for (let end = key.length; end > 0; end = key.lastIndexOf("/", end - 1)) if (hidden.has(key.slice(0, end))) return false;
  const owned = OWNED.exec(key)?.[0];
  // without a name below it this is the folder of all that are of one kind
  if (owned !== undefined) return own.has(owned) || folders.has(owned);
  const spacing = SPACING.exec(key)?.[0];
  if (spacing !== undefined && !folders.has(spacing)) return false;
  const beside = BESIDE.exec(key);
  if (!beside) return true;
  const [, at, folder, number, name] = beside;
  if (number === undefined) return name === "";
  const isOfTomogram = /^Images$/i.test(folder!) || /^-neuroglancer_config\.json$/i.test(name!);
  return own.has(`${at}/${isOfTomogram ? "Tomograms" : "Annotations"}/${number}`);
}

/** Addresses of the files and folders of a run's rows. The run is known by its dataset and the last name of its folder. */
const PATHS = `with the_run as (
    select r.id, r.s3_prefix from emporium_portal.run as r where r.dataset_id = any($1::integer[]) and right('/' || rtrim(r.s3_prefix, '/'), length($2::text) + 1) = '/' || $2)
  select path from (
    select unnest(array[t.s3_omezarr_dir, t.s3_mrc_file, t.s3_angle_list]) as path from emporium_portal.tiltseries as t where t.run_id in (select id from the_run)
    union all select t.s3_alignment_metadata from emporium_portal.alignment as t where t.run_id in (select id from the_run)
    union all select unnest(array[t.s3_omezarr_dir, t.s3_mrc_file]) from emporium_portal.tomogram as t where t.run_id in (select id from the_run)
    union all select t.s3_metadata_path from emporium_portal.annotation as t where t.run_id in (select id from the_run)
    union all select f.s3_path from emporium_portal.annotation_file as f join emporium_portal.annotation_shape as s on s.id = f.annotation_shape_id
      join emporium_portal.annotation as t on t.id = s.annotation_id where t.run_id in (select id from the_run)
    union all select t.s3_frame_path from emporium_portal.frame as t where t.run_id in (select id from the_run)
    union all select t.s3_prefix from emporium_portal.tomogram_voxel_spacing as t where t.run_id in (select id from the_run)
  ) as all_paths where path is not null`;
