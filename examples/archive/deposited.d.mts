export const DEPOSITED_DATASET: number;
export function depositedTomograms(): { name: string; bytes: Uint8Array }[];
export function depositedDrive(): Generator<{ path: string; bytes: Uint8Array }>;
