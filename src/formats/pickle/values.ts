import { EmporiumError } from "../../core/errors.js";

/** Contents of a pickle as data: no class is looked up and nothing is called. */
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

/** Record of a call of a global, by which Python would make an object; it is not carried out. */
export class PickleCall {
  /** State from which Python would have the object restore itself. */
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
