import type { MdocFacts } from "../common/mdocs.js";

/** A file of frames as Tomography 5 calls it: position, number of the exposure, tilt, date and time. */
const FRAME =
  /^(?<run>.+)_(?<number>\d{3,4})(?:_(?<tilt>[+-]?\d+(?:\.\d+)?)|\[(?<old>[+-]?\d+(?:\.\d+)?)\])(?:_\d{8}_\d{6})?_(?:fractions\.(?:tiff?|mrc)|EER\.eer)$/i;
/** The sum of an exposure, its picture or its facts: the same without the ending of frames. */
const SUM = /^(?<run>.+)_\d{3,4}(?:_[+-]?\d+(?:\.\d+)?_\d{8}_\d{6}|\[[+-]?\d+(?:\.\d+)?\])\.(?:mrc|tiff?|jpe?g|png|xml)$/i;

/** The position that a file of frames is of, by its own name: whole, `Position_1_2`. */
export const positionOfFrame = (name: string): string | undefined => FRAME.exec(name)?.groups?.run;
export const positionOfSum = (name: string): string | undefined => SUM.exec(name)?.groups?.run;

/** Tomography's own titles, as they stand in https://github.com/czimaginginstitute/AreTomo3/issues/61. */
const TITLE = /^Tomography(?:_([\d.]+))?:/;

/** Written by Tomography 5: by its title, or since its frames are called so. */
export function isTomo5({ titles, sections }: MdocFacts): boolean {
  if (titles.some((title) => TITLE.test(title) || /^TiltAxisAngle\s*=/.test(title))) return true;
  const named = sections.filter(({ subFramePath }) => subFramePath !== undefined);
  return (
    named.length > 0 && named.every(({ subFramePath }) => positionOfFrame(subFramePath!.split(/[\\/]/).at(-1)!) !== undefined)
  );
}

export function versionOf(mdocs: readonly MdocFacts[]): string | undefined {
  for (const { titles } of mdocs) {
    const version = titles.map((title) => TITLE.exec(title)?.[1]).find((one) => one !== undefined);
    if (version !== undefined) return version;
  }
  return undefined;
}
