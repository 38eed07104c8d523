import { useEffect } from "react";
import { type Input, runNumbersQuery, runsQuery } from "../../queries/generated.js";
import { askCatalogue } from "../api.js";
import { isTyping, letterKeys } from "../settings.js";

/** The list that one came from, so that the next and the previous of it can be gone to. It lasts as long as the tab. */
export interface NotedList {
  readonly where: Input;
  readonly orderBy: readonly Input[];
  readonly total: number;
  /** Place in the list of the row that was opened. */
  readonly index: number;
}

const keyOf = (of: string) => `emporium.list.${of}`;

export function noteList(of: string, list: NotedList): void {
  try {
    sessionStorage.setItem(keyOf(of), JSON.stringify(list));
  } catch {
    // full or forbidden: there is no next, then
  }
}

function notedList(of: string): NotedList | undefined {
  try {
    const list = JSON.parse(sessionStorage.getItem(keyOf(of)) ?? "null") as NotedList | null;
    return list !== null && Number.isInteger(list.index) && Number.isInteger(list.total) ? list : undefined;
  } catch {
    return undefined;
  }
}

/** Most rows that one may have stepped since the list was noted. */
const NEAR = 2;

/** The runs before and after in the list that one came from. Undefined where this run is not of it any more. */
export async function askListed(id: number, signal: AbortSignal) {
  const list = notedList("runs");
  if (!list) return undefined;
  const { where, orderBy, total, index } = list;
  const offset = Math.max(index - NEAR, 0);
  const { runs } = await askCatalogue(runNumbersQuery, { where, orderBy, offset, limit: 2 * NEAR + 1 }, signal);
  const at = runs.findIndex((run) => run.id === id);
  if (at < 0) return undefined;
  noteList("runs", { ...list, index: offset + at });
  return { before: runs[at - 1]?.id, after: runs[at + 1]?.id, at: offset + at, of: total };
}

/** The next or previous run of the list that one came from. @returns the address of its tomogram, or of the run where it has none */
export async function stepRuns(by: 1 | -1): Promise<string | undefined> {
  const list = notedList("runs");
  const index = (list?.index ?? -1) + by;
  if (!list || index < 0 || index >= list.total) return undefined;
  const { where, orderBy } = list;
  const { runs } = await askCatalogue(runsQuery, { where, orderBy: [...orderBy], offset: index, limit: 1 });
  const run = runs[0];
  if (!run) return undefined;
  noteList("runs", { ...list, index });
  const tomogram = run.tomograms.edges[0]?.node.id;
  return tomogram === undefined ? `/runs/${run.id}` : `/view/tomogram/${tomogram}`;
}

/** Steps to the next row with N and to the previous one with P. */
export function useStepKeys(go: (step: "before" | "after") => void): void {
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      const step = ({ n: "after", p: "before" } as const)[event.key];
      if (!step || !letterKeys.get() || isTyping(event) || event.ctrlKey || event.metaKey || event.altKey) return;
      if (event.defaultPrevented || document.querySelector("dialog[open]")) return;
      event.preventDefault();
      go(step);
    };
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  }, [go]);
}
