export const BUNDLED: readonly string[];
export function packageOf(specifier: string): string;
export function fileOfPackage(specifier: string): string;
