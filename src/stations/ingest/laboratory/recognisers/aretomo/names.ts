/** What a file is by the part of its name behind the name of the stack. */
export type Kind =
  | "stack"
  | "alignment"
  | "ctf"
  | "volume"
  | "half map"
  | { readonly leftOut: string; readonly isCertain?: boolean };

const out = (leftOut: string): Kind => ({ leftOut });

/** Source: DataUtil/CTsPackage.cpp, CAsyncSaveVol.cpp, FindCtf/CSaveCtfResults.cpp of AreTomo3; CProcessThread.cpp of AreTomo2. */
const ENDS: readonly (readonly [form: RegExp, kind: Kind])[] = [
  [/^\.(?:mrc|mrcs|st)$/i, "stack"],
  [/^(?:\.aln|_TLT\.txt)$/i, "alignment"],
  [/^_ctf\.txt$/i, "ctf"],
  [/^_CTF_Imod\.txt$/i, out("the CTF estimate, for IMOD")],
  [/^_ctf\.mrc$/i, out("power spectra")],
  [/^(?:_(?:2ND|3RD))?_Vol\.mrc$/i, "volume"],
  [/^_(?:EVN|ODD)(?:_2ND|_3RD)?_Vol\.mrc$/i, "half map"],
  [/^_(?:EVN|ODD)\.(?:mrc|st)$/i, out("a stack of every other frame")],
  [/_proj[XYZ]{2}\.mrc$/i, out("a projection of the volume")],
  [/^_(?:MC|AT)_\w+\.csv$|_CC\.csv$/i, out("a log of AreTomo3")],
];

export function kindOf(rest: string): Kind | undefined {
  return ENDS.find(([form]) => form.test(rest))?.[1];
}

/** Files that carry no name of a stack. */
export function isBookkeeping(name: string): boolean {
  return /^(?:AreTomo3_Session\.json|TiltSeries_(?:Metrics|TimeStamp)\.csv|MdocDone\.txt)$/i.test(name);
}

/** Words in the name that a person gave to a volume. */
export const isHalfName = (rest: string): boolean => /(?:^|[_.-])(?:EVN|ODD|even|half[-_]?[12ab])(?=[_.-]|$)/i.test(rest);
