import { asEmporiumError, type ErrorRecord, toErrorRecord } from "../../../core/errors.js";
import { refuseGone } from "../../../stores/gone.js";
import { memoryStore } from "../../../stores/memory/store.js";
import { openStore } from "../../../stores/url.js";
import type { IngestConfig } from "../config/schema.js";
import { toldOnce } from "../draft.js";
import { addressOpener } from "../ops/open-address.js";
import { planIngest } from "../plan.js";
import { makeSelection } from "../selection.js";
import type { FileAccount } from "./account.js";

export interface SourceCheckOptions {
  /** Folder or bucket of the sources. */
  readonly source: string;
  /** Earlier output, with voxel spacings and tomograms that the configuration refers to. Default: an empty target. */
  readonly target?: string | undefined;
  /** Findings that may be intended are errors, too. */
  readonly strict?: boolean | undefined;
  readonly anonymous?: boolean | undefined;
  /** Pictures at private addresses are read, too. Default false. */
  readonly allowPrivate?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface CheckedSource {
  readonly errors: readonly ErrorRecord[];
  readonly warnings: readonly ErrorRecord[];
  /** Undefined where no plan can be made. */
  readonly account?: FileAccount | undefined;
}

/**
 * Plans a configuration with everything selected: tells what cannot be made, and the findings of the account of its source files.
 */
export async function checkSource(config: IngestConfig, options: SourceCheckOptions): Promise<CheckedSource> {
  const { strict, anonymous = false, allowPrivate, signal } = options;
  const source = await openStore(options.source, { anonymous, readOnly: true });
  await refuseGone(source, "--source");
  const target =
    options.target === undefined
      ? memoryStore({ url: "memory:none" })
      : await openStore(options.target, { anonymous, readOnly: true });
  try {
    const selection = makeSelection({ everything: true });
    const plan = await planIngest(config, source, target, {
      selection,
      strict,
      signal,
      open: addressOpener({ anonymous, allowPrivate }),
    });
    return {
      errors: [...plan.refusals, ...toldOnce(plan.failures).map(({ error }) => error)],
      warnings: plan.warnings.flatMap(({ code, message, place }) => (code === undefined ? [] : [{ code, message, ...place }])),
      account: await plan.account(),
    };
  } catch (thrown) {
    const error = asEmporiumError(thrown);
    if (error.code === "CANCELLED") throw error;
    return { errors: [toErrorRecord(error)], warnings: [] };
  }
}
