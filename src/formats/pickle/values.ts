import { EmporiumError } from "../../core/errors.js";

/** What a pickle holds, as data: no class is looked up and nothing is called. */
export type PickleValue =
  | null
  | boolean
  | number
  | string
  | Uint8Array
  | PickleValue[]
  | Map<PickleValue, PickleValue>
  | PickleGlobal
  | PickleCall;

/** The name of a class or function. */
export class PickleGlobal {
  constructor(
    /** `pandas.core.frame.DataFrame` */
    readonly name: string,
  ) {}
}

/** What Python would make by calling a global; here it stays a note of the call. */
export class PickleCall {
  /** What Python would give the object to restore itself from. */
  state: PickleValue | undefined;

  constructor(
    readonly global: PickleGlobal,
    readonly args: readonly PickleValue[],
  ) {}
}

export function pickleError(
  file: string,
  code: "FORMAT_UNSUPPORTED" | "FORMAT_FIELD" | "FORMAT_TRUNCATED" | "FORMAT_LIMIT" | "FORMAT_UNKNOWN",
  found: string,
  byte: number | undefined,
  hint: string,
): EmporiumError {
  return new EmporiumError(code, `${file}: ${found}`, { place: { file, byte }, hint });
}
