export function sourcesDigest(): string;
export function isCompiled(digest?: string): boolean;
export function noteCompiled(digest: string): void;
