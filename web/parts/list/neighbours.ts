import type { Input } from "../../queries/generated.js";

/** The list that one came from, so that the next and the previous of it can be gone to. It lasts as long as the tab. */
export interface NotedList {
  readonly where: Input;
  readonly orderBy: readonly Input[];
  readonly total: number;
  /** Of the row that was opened. */
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

export function notedList(of: string): NotedList | undefined {
  try {
    const list = JSON.parse(sessionStorage.getItem(keyOf(of)) ?? "null") as NotedList | null;
    return list !== null && Number.isInteger(list.index) && Number.isInteger(list.total) ? list : undefined;
  } catch {
    return undefined;
  }
}
