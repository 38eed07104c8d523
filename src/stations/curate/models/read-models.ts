import type { RandomAccess } from "../../../core/bytes.js";
import { asEmporiumError, EmporiumError, type ErrorRecord, toErrorRecord } from "../../../core/errors.js";
import { exitOf } from "../../../core/report.js";
import { modAscii, oneLine, slicerNumbers } from "../../../formats/mod/ascii.js";
import { readModDocument } from "../../../formats/mod/document.js";
import { readModParts } from "../../../formats/mod/read.js";
import { openObject } from "../../../stores/store.js";
import { openLocation } from "../../../stores/url.js";
import { appleFormat } from "../inventory/head-facts.js";
import { type DrawnOn, drawnOn } from "./drawn-on.js";
import { asModelError } from "./model-error.js";
import { type ModelInfo, modelInfo } from "./model-info.js";
import { type NearVolumes, tomogramsNear } from "./tomograms-near.js";

export interface ModelsOptions {
  anonymous?: boolean | undefined;
  signal?: AbortSignal | undefined;
}

/** The result for each readable model, in the order of the request. */
export interface ModelsRead<T> {
  readonly models: readonly { readonly file: string; readonly value: T }[];
  readonly errors: readonly ErrorRecord[];
  /** 0 all, 3 some, 1 none. */
  readonly exitStatus: number;
}

/** All facts of each model, and the volume beside it that it was drawn on; null if there is no volume. */
export async function inspectModels(
  files: readonly string[],
  options: ModelsOptions = {},
): Promise<ModelsRead<ModelInfo & { readonly drawn_on: DrawnOn | null }>> {
  const near = volumeFinder(options);
  return readEach(files, options, async (source) => {
    const { info, summary } = await modelInfo(source, options);
    const { volumes, warnings } = await near(source.name);
    return {
      ...info,
      warnings: [...info.warnings, ...warnings],
      drawn_on: volumes.length > 0 ? drawnOn(summary, volumes) : null,
    };
  });
}

/** Finds the volumes near a model; each folder is listed once. */
function volumeFinder(options: ModelsOptions): (model: string) => Promise<NearVolumes> {
  const known = new Map<string, Promise<NearVolumes>>();
  return (model) => {
    const folder = model.replace(/[^/]*$/, "");
    const found =
      known.get(folder) ??
      // a folder that cannot be listed is no reason to fail: the model can be read
      tomogramsNear(model, options).catch((thrown: unknown): NearVolumes => {
        if (options.signal?.aborted) throw thrown;
        return { volumes: [], warnings: [`no volumes were compared with the model: ${asEmporiumError(thrown).message}`] };
      });
    known.set(folder, found);
    return found;
  };
}

/** Each model in IMOD's text form. */
export async function modelsAsAscii(files: readonly string[], options: ModelsOptions = {}): Promise<ModelsRead<string>> {
  return readEach(files, options, async (source) => modAscii(await readModDocument(source, options)));
}

/** The slicer angles of each model: a line for each, six numbers, a tab and the label. */
export async function slicerLines(files: readonly string[], options: ModelsOptions = {}): Promise<ModelsRead<string[]>> {
  return readEach(files, options, async (source) => {
    const lines: string[] = [];
    for await (const part of readModParts(source, { ...options, points: false }))
      if (part.kind === "slicerAngles") lines.push(`${slicerNumbers(part.slicer)}\t${oneLine(part.slicer.label)}`);
    return lines;
  });
}

async function readEach<T>(
  files: readonly string[],
  { anonymous, signal }: ModelsOptions,
  read: (source: RandomAccess) => Promise<T>,
): Promise<ModelsRead<T>> {
  const models: { file: string; value: T }[] = [];
  const errors: ErrorRecord[] = [];
  for (const file of files) {
    signal?.throwIfAborted();
    try {
      const { store, key } = await openLocation(file, { anonymous });
      const source = await openObject(store, key, { signal });
      await refuseSidecar(source, signal);
      models.push({ file, value: await read(source) });
    } catch (error) {
      if (signal?.aborted) throw error;
      errors.push(toErrorRecord(asModelError(asEmporiumError(error))));
    }
  }
  return { models, errors, exitStatus: exitOf(errors.length, models.length) };
}

async function refuseSidecar(source: RandomAccess, signal: AbortSignal | undefined): Promise<void> {
  const head = await source.read({ offset: 0, length: 8 }, { signal });
  const apple = appleFormat(head);
  if (apple === undefined && head.length > 0) return;
  const found =
    apple === undefined ? "an empty file" : `a sidecar of macOS (${apple === "appledouble" ? "AppleDouble" : "AppleSingle"})`;
  throw new EmporiumError("NOT_IMOD", `${source.name}: ${found}; expected a model`, {
    place: { file: source.name, byte: 0 },
    hint:
      apple === undefined
        ? "copy the file again, or leave it out"
        : "give the model itself, which has the same name without ._ in front",
  });
}
