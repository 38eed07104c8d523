import type { DownloadContent, DownloadContents, DownloadLevels, DownloadSize } from "../../src/model/page-api.js";
import { ask } from "./api.js";

/** What entities hold, put together by what a person would choose. @param selection as `selectionText` gives it */
export const contentsOf = (selection: string, signal: AbortSignal): Promise<DownloadContents> =>
  ask(`download?${selection}`, signal);

/** Levels of the OME-Zarr volumes that are chosen. */
export const levelsOf = (selection: string, signal: AbortSignal): Promise<DownloadLevels> =>
  ask(`download/levels?${selection}`, signal);

/** Files and bytes of the archive that a selection makes. */
export const sizeOf = (selection: string, signal: AbortSignal): Promise<DownloadSize> =>
  ask(`download/size?${selection}`, signal);

/** Names of chosen contents: kinds and formats of which all is chosen stand for what they have. */
export function onlyOf(all: readonly DownloadContent[], chosen: readonly DownloadContent[]): readonly (readonly string[])[] {
  const isWhole = (words: readonly string[]) =>
    all.every((one) => !words.every((word, at) => wordsOf(one)[at] === word) || chosen.includes(one));
  const named = chosen.map((one) => {
    const words = wordsOf(one);
    return [1, 2].map((count) => words.slice(0, count)).find(isWhole) ?? words;
  });
  return [...new Map(named.map((words) => [JSON.stringify(words), words])).values()];
}

const wordsOf = ({ kind, format, what }: DownloadContent): readonly string[] => [kind, format, what];
