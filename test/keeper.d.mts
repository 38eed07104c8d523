export const RUN: string;
export function cleanUp(folders: readonly string[]): Promise<void>;
