/** A sentence on a gain reference that bookkeeping names: without it nobody can correct the frames any more. */
export const gainNote = (path: string, named: string): string =>
  `${path} names a gain reference that is not in the folder: ${named}.`;
