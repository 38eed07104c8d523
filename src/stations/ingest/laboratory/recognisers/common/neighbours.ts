import { few } from "../../../../../core/finding.js";
import { tightName } from "../../run-names.js";
import { folderOf } from "./paths.js";

/** Paths of one name: mdocs, and whatever else tells a series. */
export interface Named {
  readonly name: string;
  readonly mdocs: readonly string[];
  readonly others: readonly string[];
}

/** Whether the series that lie beside files of one name have their mdocs where this mdoc lies. */
export type Neighbours = (mdoc: string, other: string, name: string) => boolean;

/**
 * Where the mdocs of the series of a folder lie: `data/session_2` for `processed/anna` where `TS_02` of that folder has its only mdoc there. Of a `TS_01` of the
 * folder, of which several sessions have one, that tells the session.
 *
 * @param series names that one series alone has
 */
export function neighboursOf(series: readonly Named[]): Neighbours {
  const sessions = new Map<string, Set<string>>();
  for (const { name, mdocs, others } of series) {
    const folders = new Set(mdocs.map(folderOf));
    if (folders.size !== 1) continue;
    const [folder] = folders as Iterable<string> as [string];
    for (const path of others) {
      const place = placeOf(path, name);
      sessions.set(place, (sessions.get(place) ?? new Set()).add(folder));
    }
  }
  return (mdoc, other, name) => sessions.get(placeOf(other, name))?.has(folderOf(mdoc)) === true;
}

/** The folder of a file, without those that are called after its series. */
function placeOf(path: string, name: string): string {
  const series = tightName(name);
  const parts = folderOf(path).split("/");
  const at = parts.findIndex((part) => tightName(part).includes(series));
  return (at < 0 ? parts : parts.slice(0, at)).join("/");
}

/** That files were taken for those of a session by what lies beside them. */
export const neighboursNote = (names: readonly string[]): string =>
  `Several sessions have series called ${few(names)}: a file of that name in another folder is published with the session that the other series of its folder belong to.`;
