import { groupsOf, keyOf } from "../../../../core/groups.js";
import { mapLimit } from "../../../../system/parallel.js";
import type { Decision } from "../decide.js";
import { baseName, folderOf } from "../recognisers/common/paths.js";
import { withoutNumbers } from "../run-names.js";
import type { Laboratory } from "../survey/laboratory.js";

type Size = readonly [rows: number, columns: number];
interface Pages {
  readonly size: Size;
  /** Images in the file. */
  readonly count: number;
}

const PEEKS_IN_FLIGHT = 8;

/**
 * TIFF files that only their names make frames are none where they are too small: people save the sections of a tomogram so, one a file as mrc2tif does, or
 * all in one. A movie has at least as many pixels as the image that was made of it. Of files that are called alike and lie together one is opened. A single file with
 * as many images as the tomogram has sections is a volume, of labels as a rule, that somebody may want published: it is told what to do with it.
 */
export async function leaveSmallFrames(
  { files, undecided }: { readonly files: Map<string, Decision>; readonly undecided: Map<string, string> },
  laboratory: Laboratory,
): Promise<void> {
  const ofRuns = groupsOf(
    [...files.values()].filter(({ run }) => run !== undefined),
    ({ run }) => run!,
  );
  const frames = [...files.values()].filter(
    ({ role, strength, run, path }) =>
      role === "frame" && strength === "name" && run !== undefined && laboratory.get(path)?.format === "tiff",
  );
  const groups = groupsOf(frames, ({ run, path }) => keyOf(run!, folderOf(path), withoutNumbers(baseName(path))));
  await mapLimit([...groups.values()], PEEKS_IN_FLIGHT, async (group) => {
    const pages = await pagesOf(laboratory, group[0]!.path);
    if (!pages) return;
    const { size } = pages;
    const ofRun = ofRuns.get(group[0]!.run!)!;
    const because = tooSmall(size, ofRun, laboratory);
    const whole = because === undefined || group.length > 1 ? undefined : wholeOf(pages, ofRun, laboratory);
    if (whole !== undefined) {
      files.delete(group[0]!.path);
      undecided.set(group[0]!.path, `it seems to be a volume in TIFF of the size of ${whole}: save it as MRC to publish it`);
      return;
    }
    if (because !== undefined)
      for (const file of group) files.set(file.path, { ...file, role: "left out", because, details: {} });
  });
}

async function pagesOf(laboratory: Laboratory, path: string): Promise<Pages | undefined> {
  const image = (await laboratory.peek(path))?.images[0];
  const [rows, columns] = ["y", "x"].map((axis) => image?.shape[image.axes.indexOf(axis)]);
  return rows === undefined || columns === undefined ? undefined : { size: [rows, columns], count: image!.pages?.count ?? 1 };
}

/** The tomogram of the run that has the size of a TIFF with several images. */
function wholeOf(
  { size: [rows, columns], count }: Pages,
  ofRun: readonly Decision[],
  laboratory: Laboratory,
): string | undefined {
  const isWhole = ({ role, path }: Decision) => {
    const [z, y, x] = laboratory.get(path)?.volume?.shape ?? [];
    return role === "tomogram" && count > 1 && z === count && y === rows && x === columns;
  };
  return ofRun.find(isWhole)?.path;
}

/** Why images of this size are no frames of the run, as the end of a sentence. */
function tooSmall([rows, columns]: Size, ofRun: readonly Decision[], laboratory: Laboratory): string | undefined {
  const sizes = (role: Decision["role"]) =>
    ofRun.flatMap((file) => {
      const shape = file.role === role ? laboratory.get(file.path)?.volume?.shape : undefined;
      return shape ? [{ path: file.path, rows: shape[1], columns: shape[2] }] : [];
    });
  const stacks = sizes("tilt series");
  if (stacks.some((stack) => rows >= stack.rows || columns >= stack.columns)) return undefined;
  const tomogram = sizes("tomogram").find((one) => one.rows === rows && one.columns === columns);
  if (tomogram) return `images of the size of the sections of ${tomogram.path}, as which people save them, and no movie`;
  const [stack] = stacks;
  return stack && `${columns}×${rows} pixels, fewer than the ${stack.columns}×${stack.rows} of ${stack.path}: no movie of it`;
}
